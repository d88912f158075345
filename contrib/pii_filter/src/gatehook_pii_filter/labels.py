"""What is written above or beside a text, and so tells what it is."""

from __future__ import annotations

from typing import Any, Final

from gatehook.text import Texts

_SAY_NOTHING: Final = frozenset(
    {"content", "default", "display", "home", "main", "no", "number", "primary", "raw", "text", "val", "value"}
    | {"values", "work"}
)
_LONGEST_NAME: Final = 48
_FEWEST_DIGITS: Final = 4  # more are rather data than a name


def label(texts: Texts[Any], number: int) -> str:
    """The key under which a text stands; if it is one like ``value``, after what stands above and before it.

    ``{"ssn": {"value": …}}`` gives ``ssn value``, ``{"system": "phone", "value": …}`` gives ``phone value``.
    """
    key = texts.label(number)
    if key.lower() not in _SAY_NOTHING:
        return key
    path = texts.path(number)
    depth = max(place for place, part in enumerate(path) if isinstance(part, str))
    above = next((part for part in reversed(path[:depth]) if isinstance(part, str)), "")
    return f"{above} {_said_before(texts, number, path[:depth])} {key}"


def _said_before(texts: Texts[Any], number: int, holder: tuple[str | int, ...]) -> str:
    """The text before, if it is in the same object and may be a name."""
    if number == 0 or texts.path(number - 1)[: len(holder)] != holder:
        return ""
    said = texts.values[number - 1]
    return said if len(said) <= _LONGEST_NAME and sum(map(str.isdigit, said)) < _FEWEST_DIGITS else ""
