"""Copies and strict comparison of the values inside payloads: JSON data, typed models, and whatever a host adds.

Python's ``==`` takes ``True`` for ``1`` and ``1`` for ``1.0``; on the wire these differ, so here they differ too.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from operator import is_
from typing import Any, Final

from gatehook.errors import PayloadError, dotted

MAX_DEPTH: Final = 200
"""How deep payloads may nest. Deeper ones, cyclic ones among them, are refused."""

ATOMS: Final = frozenset({str, int, float, bool, type(None), bytes})
"""Types whose values cannot change, so that sharing them is copying them."""

Path = tuple[str | int, ...]


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""Stands in a difference for a key that one side does not have."""


class Model:
    """A typed JSON object: its attributes are the object's keys, known or unknown, in their order.

    Nothing is coerced or filled in, so :meth:`to_json` gives back exactly what was read.
    """

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and not any(differences(self, other))

    __hash__ = None  # type: ignore[assignment]  # mutable, like the dict that it stands for

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in self.__dict__.items())})"

    def to_json(self) -> dict[str, Any]:
        """The object as JSON data; what is not a model in it is shared, not copied."""
        return {key: to_json(value) for key, value in self.__dict__.items()}


def to_json(value: Any) -> Any:
    if isinstance(value, Model):
        return Model.to_json(value)  # not value.to_json(): a JSON key of that name would answer
    return [to_json(item) for item in value] if type(value) is list else value


def copy_value(value: Any, depth: int = 0) -> Any:
    """An independent copy, several times faster than :func:`copy.deepcopy` on JSON data.

    Raises:
        PayloadError: the value nests deeper than ``MAX_DEPTH``, is cyclic, or holds something that cannot be copied.
    """
    if depth > MAX_DEPTH:
        raise PayloadError(f"the payload nests deeper than {MAX_DEPTH} levels, or is cyclic")
    kind = type(value)
    if kind is dict:
        copied = value.copy()
        for key, item in value.items():
            if type(item) not in ATOMS:
                copied[key] = copy_value(item, depth + 1)
        return copied
    if kind is list:
        return [item if type(item) in ATOMS else copy_value(item, depth + 1) for item in value]
    if kind in ATOMS:
        return value
    if isinstance(value, Model):
        return _model(kind, copy_value(value.__dict__, depth + 1))
    try:
        return copy.deepcopy(value)
    except Exception as error:
        raise PayloadError(f"the payload holds a {kind.__name__}, which cannot be copied") from error


def adopt(old: Any, new: Any, depth: int = 0) -> Any:
    """``new`` by value, sharing with ``old`` what equals it; ``old`` itself when nothing differs.

    One pass both copies and compares, so a change to one leaf of a large payload does not pay for two walks.
    """
    if new is old:
        return old
    if depth > MAX_DEPTH:
        raise PayloadError(f"the payload nests deeper than {MAX_DEPTH} levels, or is cyclic")
    kind = type(new)
    if kind is not type(old):
        return copy_value(new, depth)
    if kind is dict:
        return _adopt_dict(old, new, depth + 1)
    if kind is list:
        if len(new) != len(old):
            return copy_value(new, depth)
        items = [adopt(before, after, depth + 1) for before, after in zip(old, new, strict=True)]
        return old if all(map(is_, old, items)) else items
    if isinstance(new, Model):
        content = _adopt_dict(old.__dict__, new.__dict__, depth + 1)
        return old if content is old.__dict__ else _model(kind, content)
    return old if _equal(old, new) else copy_value(new, depth)


def _adopt_dict(old: dict[Any, Any], new: dict[Any, Any], depth: int) -> dict[Any, Any]:
    changed = len(new) != len(old)
    if not changed and all(map(is_, new, old)) and all(map(is_, new.values(), old.values())):
        return old  # a copy that nobody touched: its keys and leaves are the very same objects
    taken = new.copy()
    for key, item in new.items():
        mine = old.get(key, MISSING)
        if item is not mine:
            taken[key] = item = adopt(mine, item, depth)
            changed = changed or item is not mine
    return taken if changed else old


def _model(kind: type[Any], content: dict[str, Any]) -> Any:
    model = object.__new__(kind)
    model.__dict__.update(content)
    return model


def differences(before: Any, after: Any, path: Path = (), depth: int = 0) -> Iterator[tuple[Path, Any, Any]]:
    """The leaves in which two values differ: ``(path, before, after)``, with ``MISSING`` for a key of one side only.

    Lists of different lengths differ as a whole, since nobody can tell which items moved.
    """
    if before is after:
        return
    if depth > MAX_DEPTH:
        raise PayloadError(f"the payload nests deeper than {MAX_DEPTH} levels, or is cyclic")
    if type(before) is not type(after):
        yield path, before, after
    elif isinstance(before, Model):
        yield from differences(before.__dict__, after.__dict__, path, depth)
    elif type(before) is dict:
        for key in before.keys() | after.keys() if before.keys() != after.keys() else before:
            old, new = before.get(key, MISSING), after.get(key, MISSING)
            yield from differences(old, new, (*path, key), depth + 1)
    elif type(before) is list and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, (*path, index), depth + 1)
    elif not _equal(before, after):
        yield path, before, after


def _equal(before: Any, after: Any) -> bool:
    # NaN is unequal to itself, yet a NaN left alone is no change; a host's own type may refuse comparison.
    if type(before) is float:
        return repr(before) == repr(after)
    try:
        return bool(before == after)
    except Exception:  # noqa: BLE001  # whatever a foreign __eq__ raises, the safe answer is "changed"
        return False


def put(root: Any, path: Path, value: Any) -> None:
    """Set (or, for ``MISSING``, delete) the leaf at ``path``, which must not be empty, in place."""
    *way, last = path
    for key in way:
        root = _inside(root)[key]
    root = _inside(root)
    if value is MISSING:
        root.pop(last, None)
    else:
        root[last] = value


def _inside(value: Any) -> Any:
    return value.__dict__ if isinstance(value, Model) else value


def describe(path: Path) -> str:
    return dotted(path) or "the whole value"
