"""What the corpus says about a text: where the planted values are. Plain data, as every side reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Span:
    path: Path
    """Where the string is in the sample's result."""
    start: int
    end: int
    """In characters of that string; for a text that is JSON, of the text."""
    kind: str
    inner: tuple[int, int]
    """The part of the string that identifies."""
    value: str


@dataclass(frozen=True, slots=True)
class Sample:
    group: str
    """The row it belongs to: ``positive``, ``benign``, a hard negative's or a disguise's."""
    variant: str
    """Country, issuer or format of the value, or which of the group's texts it is."""
    form: str
    """Where it stands: prose, log, json …"""
    result: dict[str, Any]
    """An MCP ``CallToolResult``."""
    spans: tuple[Span, ...] = ()
    twin: str = ""
    """The same for a value in disguise and the plain one in the same text."""


TEXT_PATH: Path = ("content", 0, "text")


def text_result(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "isError": False}


def object_result(data: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": "done"}], "structuredContent": data, "isError": False}


def at(value: Any, path: Path) -> Any:
    for part in path:
        value = value[part]
    return value


def strings(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every string of a JSON value with its path."""
    match value:
        case str():
            yield path, value
        case dict():
            for key, item in value.items():
                yield from strings(item, (*path, key))
        case list():
            for index, item in enumerate(value):
                yield from strings(item, (*path, index))


def shape(value: Any) -> Any:
    """Keys and types of a JSON value, of a text in it that is JSON too."""
    match value:
        case dict():
            return {key: shape(item) for key, item in value.items()}
        case list():
            return [shape(item) for item in value]
        case str():
            inside = parsed(value)
            return "str" if inside is None else {"JSON text": shape(inside)}
        case _:
            return type(value).__name__


def parsed(text: str) -> Any:
    """The JSON object or array that the text is, or None."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None
