"""What a server says of its plugins (``get_plugin_config``), and what its client reads of it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from gatehook import PayloadError, PluginStatus
from pydantic import BaseModel, ConfigDict, Strict, ValidationError

from gatehook_external.errors import ServiceError
from gatehook_external.protocol.plain import noun, plain

PROTOCOL: Final = 1
"""The version of what gatehook adds to the protocol."""


def described(status: PluginStatus, *, accepts_config: bool = False) -> dict[str, Any]:
    """A plugin for whoever may call it. Its settings stay here, since there may be secrets among them.

    Args:
        accepts_config: whether the server takes settings from its clients.
    """
    manifest = status.manifest
    return {
        "name": status.name,
        "kind": status.kind,
        "description": status.description,
        "version": status.version,
        "author": status.author,
        "hooks": list(status.hooks),
        "tags": list(status.tags),
        "mode": str(status.mode),
        "priority": status.priority,
        "config": {},
        "manifest": {
            "available_hooks": manifest.get("available_hooks") or list(status.hooks),
            "config_schema": manifest.get("config_schema"),
            "access": status.access,
            "violation_codes": manifest.get("violation_codes", []),
            "accepts_config": accepts_config,
            "protocol": PROTOCOL,
        },
    }


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class RemoteManifest(_Read):
    """Of what gatehook's servers add, what is used here."""

    config_schema: dict[str, Any] | None = None
    accepts_config: bool = False
    protocol: Annotated[int, Strict(False)]  # gRPC makes it 1.0


class Described(_Read):
    """A plugin as its server describes it. What it says of mode and priority is for people; nothing here obeys it."""

    name: str
    kind: str | None = None
    description: str | None = None
    version: str | None = None
    author: str | None = None
    hooks: list[str] = []
    tags: list[str] = []
    mode: str | None = None
    priority: float | None = None
    manifest: RemoteManifest | None = None

    @classmethod
    def read(cls, raw: Any, plugin: str) -> Self | None:
        """What the answer to ``get_plugin_config`` says of ``plugin``; ``None`` if the server has no such plugin.

        Raises:
            ServiceError: it is no description, is another plugin's, or is of a later protocol.
        """
        try:
            if type(raw) is not dict:
                raise PayloadError(f"it must be an object, got {noun(raw)}")
            found = cls.model_validate(plain(raw, "it")) if raw else None
        except PayloadError as error:
            raise ServiceError(f"it described the plugin with what is not understood: {error}") from None
        except ValidationError as error:
            wrong = ", ".join(sorted({str(fault["loc"][0]) for fault in error.errors(include_input=False)}))
            raise ServiceError(f"it described the plugin with what is not understood, at {wrong}") from None
        if found is not None and found.name.lower() != plugin.lower():
            raise ServiceError("it described another plugin than was asked for")
        if found is not None and found.manifest is not None and found.manifest.protocol != PROTOCOL:
            spoken = found.manifest.protocol
            raise ServiceError(f"it speaks version {spoken} of gatehook's protocol; here that is {PROTOCOL}")
        return found

    @property
    def is_gatehook(self) -> bool:
        """Whether the server understands what gatehook adds to the protocol."""
        return self.manifest is not None
