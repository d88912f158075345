"""How a plugin tells a service who is calling, in headers."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from gatehook_external.files import File, fault, read

Secret = Annotated[SecretStr, Field(min_length=1)]
"""Its schema says ``writeOnly``, so that a config must take it from a variable."""
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # "token" of RFC 9110, section 5.6.2
_VALUE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?")  # RFC 9110, section 5.5, without obs-text


def _header(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("must be the name of a header")
    return name


HeaderName = Annotated[str, AfterValidator(_header)]


class _Auth(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    def headers(self) -> dict[str, str]:
        """What goes with every request; files are read now.

        Raises:
            ConfigError: a file cannot be read, or its content cannot be a header's. Paths begin at these settings; see
                :func:`gatehook_external.within`.
        """
        raise NotImplementedError

    def _secret(self, key: str) -> str:
        """The secret at ``key``, or in the file at ``key_file``."""
        given: SecretStr | None = getattr(self, key)
        if given is not None:
            return given.get_secret_value()
        file: Path = getattr(self, f"{key}_file")
        try:
            return read(file, f"{key}_file").decode().strip()
        except UnicodeDecodeError:
            raise fault(f"{file} is not UTF-8", f"{key}_file") from None

    def _where(self, key: str) -> str:
        return key if getattr(self, key) is not None else f"{key}_file"

    def _needs_one(self, key: str) -> None:
        if (getattr(self, key) is None) == (getattr(self, f"{key}_file") is None):
            raise ValueError(f"needs `{key}` or `{key}_file`, and not both")


class Bearer(_Auth):
    """``Authorization: Bearer …``"""

    type: Literal["bearer"]
    token: Secret | None = None
    """From a variable: `${SERVICE_TOKEN}`."""
    token_file: File | None = None
    """A file that holds the token, relative to the config's folder."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        self._needs_one("token")
        return self

    def headers(self) -> dict[str, str]:
        return {"Authorization": _value(f"Bearer {self._secret('token')}", self._where("token"))}


class APIKey(_Auth):
    """A key in a header of its own."""

    type: Literal["api_key"]
    key: Secret | None = None
    """From a variable: `${SERVICE_KEY}`."""
    key_file: File | None = None
    """A file that holds the key, relative to the config's folder."""
    header: HeaderName = "X-API-Key"
    """The header that it is sent in."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        self._needs_one("key")
        return self

    def headers(self) -> dict[str, str]:
        return {self.header: _value(self._secret("key"), self._where("key"))}


class Basic(_Auth):
    """``Authorization: Basic …``, in UTF-8 (RFC 7617)."""

    type: Literal["basic"]
    username: Annotated[str, Field(pattern=r"^[^:\x00-\x1f\x7f]+$")]
    """Without a colon, which ends it."""
    password: Secret | None = None
    """From a variable: `${SERVICE_PASSWORD}`."""
    password_file: File | None = None
    """A file that holds the password, relative to the config's folder."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        self._needs_one("password")
        return self

    def headers(self) -> dict[str, str]:
        pair = f"{self.username}:{self._secret('password')}"
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


class Headers(_Auth):
    """Whatever headers the service asks for."""

    type: Literal["headers"]
    values: Annotated[dict[HeaderName, Secret], Field(min_length=1, alias="headers")]
    """By name; the values from variables."""

    def headers(self) -> dict[str, str]:
        return {name: _value(secret.get_secret_value(), "headers", name) for name, secret in self.values.items()}


Auth = Annotated[Bearer | APIKey | Basic | Headers, Field(discriminator="type")]


def _value(value: str, *path: str) -> str:
    if not _VALUE.fullmatch(value):
        raise fault("cannot be sent in a header: it holds a line break, or other than ASCII", *path)
    return value
