"""Where a config comes from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from gatehook.errors import ConfigError, Problem


@dataclass(frozen=True)
class ConfigFile:
    """A config file as it was when it was read, for a host that starts further runners from it later."""

    path: str
    text: str

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Raises :class:`ConfigError` if it is missing, or cannot be read."""
        file = os.fspath(path)
        try:
            return cls(file, Path(file).read_text(encoding="utf-8"))
        except UnicodeDecodeError as error:
            message = f"not UTF-8: byte {error.start} is {error.object[error.start]:#04x}"
        except OSError as error:
            message = f"cannot read the file: {error.strerror}"
        raise ConfigError([Problem(message, file=file)])


Source = str | os.PathLike[str] | ConfigFile | Mapping[str, Any]
