"""Sections of an entry beside ``config``, such as ``mcp``, as models."""

from __future__ import annotations

from typing import Any, TypeVar

from gatehook import ConfigError, PluginConfig, Problem
from pydantic import BaseModel, ValidationError

from gatehook_external.files import within

M = TypeVar("M", bound=BaseModel)


def read_section(config: PluginConfig, section: str, model: type[M]) -> M:
    """A section of the entry, with files relative to the config's folder.

    Raises:
        ConfigError: with everything that is wrong in it. Paths begin in the entry.
    """
    written = config.sections.get(section) or {}
    with within(section):
        try:
            return model.model_validate(written, context={"folder": config.folder})
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            raise ConfigError(
                Problem(item["msg"].removeprefix("Value error, "), _as_written(item["loc"], written)) for item in found
            ) from None


def _as_written(path: tuple[int | str, ...], value: Any) -> tuple[int | str, ...]:
    """A path of pydantic's, without the names of types among its parts."""
    found: list[int | str] = []
    for part in path:
        if isinstance(value, list) or (isinstance(value, dict) and part in value):
            found.append(part)
            value = value[part]  # type: ignore[index]  # pydantic counts the items of a list
    return tuple(found)
