"""JSON data: what may cross the line, in either direction."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any, Final

from gatehook import Content, Message, PayloadError, PromptResult, ResourceContent

MAX_DEPTH: Final = 128
"""How deep a value may nest. The parsers on both sides stop at about 200, envelopes included."""
_EASY: Final = frozenset({int, bool, type(None)})
"""What is JSON whatever its value."""
_MODELS: Final = (Content, Message, PromptResult, ResourceContent)
_BARE: Final[tuple[tuple[type, Callable[[Any], Any]], ...]] = (
    (str, str.__str__),
    (int, int.__int__),
    (float, float.__float__),
)
"""What makes the value itself of one of a type derived from it, such as an enum's member."""
_NOUNS: Final = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


def noun(value: Any) -> str:
    """What kind of JSON a value is, without quoting it."""
    return "null" if value is None else _NOUNS.get(type(value), f"a {type(value).__name__}")


def plain(value: Any, what: str, depth: int = 0) -> Any:
    """A copy of a value as JSON data; tuples become lists, MCP's typed objects become objects.

    Raises:
        PayloadError: the value has no JSON, or nests too deep. The message names ``what`` and quotes nothing.
    """
    kind = type(value)
    if kind is dict:
        copied = {}
        depth = _deeper(depth, what)
        for key, item in value.items():
            if type(key) is not str or not key.isascii():
                _check_key(key, what)
            # Most leaves need no call of their own, here and below: this runs several times in each call of a plugin.
            leaf = type(item)
            easy = leaf in _EASY or (leaf is str and item.isascii())
            copied[key] = item if easy else plain(item, what, depth)
        return copied
    if kind is list or kind is tuple:
        depth = _deeper(depth, what)
        return [
            item if type(item) in _EASY or (type(item) is str and item.isascii()) else plain(item, what, depth)
            for item in value
        ]
    if isinstance(value, _MODELS):
        return plain(vars(value), what, depth)
    return _leaf(value, what)


def _deeper(depth: int, what: str) -> int:
    if depth >= MAX_DEPTH:
        raise PayloadError(f"{what} nests deeper than {MAX_DEPTH} levels, or is cyclic")
    return depth + 1


def _leaf(value: Any, what: str) -> Any:
    kind = type(value)
    if kind in _EASY:
        return value
    if kind is str:
        return value if value.isascii() else _encodable(value, what)
    if kind is float:
        if not isfinite(value):
            raise PayloadError(f"{what} holds a number that is not finite, which JSON has not")
        return value
    for base, bare in _BARE:
        if isinstance(value, base):
            return _leaf(bare(value), what)
    raise PayloadError(f"{what} holds a {kind.__name__}, which JSON has not")


def _check_key(key: Any, what: str) -> None:
    if type(key) is not str:
        raise PayloadError(f"{what} holds an object with a key that is a {type(key).__name__}; in JSON it is text")
    _encodable(key, what)


def _encodable(text: str, what: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PayloadError(f"{what} holds text with half of a surrogate pair, which has no UTF-8") from None
    return text


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: ``1``, ``1.0`` and ``True`` are three."""
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if kind is dict:
        return len(one) == len(other) and all(key in other and same(item, other[key]) for key, item in one.items())
    if kind is list:
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
