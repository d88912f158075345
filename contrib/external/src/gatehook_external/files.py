"""Files that an operator names: read when a connection is made, so that renewed ones are taken up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

from gatehook import ConfigError, Problem
from pydantic import AfterValidator, ValidationInfo

MAX_BYTES: Final = 2**20


def _placed(path: Path, info: ValidationInfo) -> Path:
    folder: Path = (info.context or {}).get("folder", Path())
    return folder / path


File = Annotated[Path, AfterValidator(_placed)]
"""A path, relative to the config's folder: ``context={"folder": …}`` of the validation."""


def read(path: Path, key: str) -> bytes:
    """What a file holds, which stands at ``key`` in the settings.

    Raises:
        ConfigError: it cannot be read, is empty, or is larger than any secret or certificate.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise fault(f"{path} cannot be read: {error.strerror}", key) from None
    if not content.strip():
        raise fault(f"{path} is empty", key)
    if len(content) > MAX_BYTES:
        raise fault(f"{path} is larger than {MAX_BYTES:,} bytes", key)
    return content


def fault(message: str, *path: str) -> ConfigError:
    return ConfigError([Problem(message, path)])


@contextmanager
def within(*path: str) -> Iterator[None]:
    """Gives faults found in settings their place in the entry: ``with within("mcp"): settings.tls.context()``."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError([replace(item, path=(*path, *item.path)) for item in error.problems]) from None
