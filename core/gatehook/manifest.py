"""What a distribution says of its plugins, readable without importing any of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from gatehook.config import validate
from gatehook.document import Document, parse_document
from gatehook.errors import ConfigError, ManifestError
from gatehook.faults import shown
from gatehook.plugin import Text

MANIFEST_FILE: Final = "plugin-manifest.yaml"


class Manifest(BaseModel):
    """``plugin-manifest.yaml``: one plugin, or, for several, a map from entry point to such a description."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    description: str
    """What the plugin does, in a sentence."""
    author: str = ""
    """Who to ask."""
    version: Text
    """The distribution's version."""
    tags: list[str] = []
    """Words to search by."""
    available_hooks: list[str]
    """The hooks that the class implements."""
    default_config: dict[str, Any] = {}
    """Lies under the entry's `config`."""
    config_schema: dict[str, Any] | None = None
    """JSON Schema of `config`."""
    sections: dict[str, dict[str, Any]] = {}
    """JSON Schemas of further keys of the entry that this kind takes, such as `mcp`."""
    access: Literal["read", "write"] = "write"
    """`read` promises that payloads are never changed, and saves their copy."""
    grants: bool = False
    """Whether the plugin gives something, such as credentials: then an unknown condition field means skip."""
    violation_codes: list[str] = []
    """The codes that its violations carry."""
    aliases: list[str] = []
    """Dotted kinds of other frameworks that this plugin serves."""
    requires: str = ""
    """The versions of gatehook that it works with, such as `>=0.1,<0.2`."""


def parse_manifests(text: str, names: list[str], origin: str) -> dict[str, Manifest]:
    """The manifests in ``text``, by entry point; ``names`` are the entry points of the distribution.

    Raises:
        ManifestError: the text is not YAML, not a manifest, or not about these entry points. It names ``origin``.
    """
    return dict(_parsed(text, tuple(names), origin))


@lru_cache(maxsize=256)  # every start and reload reads all that is installed, and hardly any of it ever changes
def _parsed(text: str, names: tuple[str, ...], origin: str) -> dict[str, Manifest]:
    try:
        document = parse_document(text, origin, environ=None)
    except ConfigError as error:
        raise ManifestError(str(error)) from None
    data = document.data
    if not isinstance(data, Mapping):
        raise ManifestError(f"{origin}: a manifest is a mapping, got {shown(data)}")
    several = bool(data) and all(isinstance(value, Mapping) and "available_hooks" in value for value in data.values())
    if not several and len(names) > 1:
        raise ManifestError(
            f"{origin}: describes one plugin, but the distribution has {', '.join(names)}; map each to its description"
        )
    if several and set(data) != set(names):
        raise ManifestError(f"{origin}: describes {', '.join(data)}, but the distribution has {', '.join(names)}")
    described = data if several else {names[0]: data}
    found = {name: _parse(description, document, (name,) if several else ()) for name, description in described.items()}
    if document.problems:
        raise ManifestError("\n".join(map(str, document.problems)))
    return found


def _parse(description: Any, document: Document, path: tuple[str, ...]) -> Any:
    manifest = validate(Manifest, description, document, path)
    if manifest is not None:
        if manifest.config_schema is not None:
            _check_schema(manifest.config_schema, document, (*path, "config_schema"))
        for section, schema in manifest.sections.items():
            _check_schema(schema, document, (*path, "sections", section))
    return manifest


def _check_schema(schema: dict[str, Any], document: Document, path: tuple[str, ...]) -> None:
    from jsonschema import SchemaError  # noqa: PLC0415  # a slow import that only checking needs
    from jsonschema.validators import validator_for  # noqa: PLC0415

    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as error:
        document.report(f"{path[-1]} is not a JSON Schema: {error.message}", path)
    except Exception as error:  # noqa: BLE001  # a `$schema` that is no text, say; jsonschema promises nothing of it
        document.report(f"{path[-1]} is not a JSON Schema: {type(error).__name__}: {error}", path)
