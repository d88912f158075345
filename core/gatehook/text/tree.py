"""The texts of a value, laid out flat, with the way back to where each stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from typing import Any, Final, NamedTuple

from gatehook.errors import PayloadError
from gatehook.text.json_text import Pieces, distinct, is_number
from gatehook.values import MAX_DEPTH, Model, Path, describe

MAX_NESTED_JSON: Final = 5
"""How often JSON texts may be strings of one another and still be opened; one deeper is a text like any other."""

PROTOCOL_WORDS: Final = frozenset(
    {"_meta", "annotations", "blob", "data", "icons", "id", "mimeType", "role", "toolUseId", "type", "uri"}
)
"""Keys of MCP's own objects whose values are no text: to change them would break the message. Base64 is not read.

See "Tools" (Tool Result), "Prompts" (PromptMessage) and "Resources" in https://modelcontextprotocol.io/specification.
"""

Shape = dict[str, Any] | None
"""``None`` is data, in which everything is text. A dict is an object of MCP, with the shapes of what is in it."""

_MAY_OPEN_JSON = frozenset("{[ \t\r\n")
_NO_TEXT = frozenset({int, float, bool, type(None)})
_COPIED_AS_IT_IS = frozenset({dict, list})
"""Types that are finished when they are copied, unless keys are renamed."""


class _Key(NamedTuple):
    """The place of a key itself, not of its value."""

    key: Any


class Tree:
    """The texts of one value; ``root`` is a dict or list, and its own keys begin the paths."""

    def __init__(
        self, root: Any, shape: Shape, keys: bool = False, numbers: bool = False, opens: Callable[[str], bool] = bool
    ) -> None:
        self.values: list[str] = []
        self.numbers: set[int] = set()
        # Where each text stands: the number of its node, and its key there. Two lists, as a tuple for each text would
        # be most of the cost.
        self._homes: list[int] = []
        self._keys_there: list[Any] = []
        # Objects, arrays and JSON texts: the number of the node that each stands in, and its key there.
        self._nodes: list[tuple[Any, int, Any]] = []
        self._keys = keys
        self._numbers = numbers
        self._opens = opens
        self._enter(root, (-1, None), shape, 0, MAX_NESTED_JSON)

    def _enter(self, content: Any, at: tuple[int, Any], shape: Shape, depth: int, opens: int) -> None:
        """Add the texts of an object or array: ``at`` is the node that it stands in and its key there, ``opens`` how
        many JSON texts deep to look from here.
        """
        if depth > MAX_DEPTH:
            raise PayloadError(f"the payload nests deeper than {MAX_DEPTH} levels, or is cyclic")
        here = len(self._nodes)
        self._nodes.append((content, *at))
        items = content.items() if type(content) is dict and shape is None else self._items(content, shape, here)
        if self._keys and shape is None and isinstance(content, dict | Model):
            for name in content if isinstance(content, dict) else content.__dict__:
                self._add(name, here, _Key(name))
        skips = _NO_TEXT if shape is not None or not self._numbers else ()
        values, homes, keys = self.values, self._homes, self._keys_there
        for key, item in items:
            kind = type(item)
            if kind is str and item[:1] not in _MAY_OPEN_JSON:
                values.append(item)
                homes.append(here)
                keys.append(key)
            elif kind not in skips:
                inner = shape if shape is None or isinstance(content, list | tuple) else shape.get(key)
                if kind is dict or kind is list:
                    self._enter(item, (here, key), inner, depth + 1, opens)
                else:
                    self._visit(item, (here, key), inner, depth, opens)

    def _items(self, content: Any, shape: Shape, here: int) -> Iterable[tuple[Any, Any]]:
        if isinstance(content, list | tuple):
            return enumerate(content)
        if isinstance(content, dict | Model):
            items = (content if isinstance(content, dict) else content.__dict__).items()
            return items if shape is None else [item for item in items if item[0] not in PROTOCOL_WORDS]
        _, parent, key = self._nodes[here]
        raise PayloadError(
            f"{describe(self._path_to(parent, key))} is a {type(content).__name__};"
            " text is only found in JSON data, so hand over that"
        )

    def _visit(self, item: Any, at: tuple[int, Any], shape: Shape, depth: int, opens: int) -> None:
        if isinstance(item, str):
            may_open = item[:1] in _MAY_OPEN_JSON and opens and self._opens(item)
            pieces = Pieces.of(item, self._numbers) if may_open else None
            if pieces is None:
                self._add(item, *at)
            else:
                self._enter_json(pieces, at, depth + 1, opens - 1)
        elif isinstance(item, int | float) and not isinstance(item, bool):
            if self._numbers:
                self._add_number(json.dumps(item), *at)
        elif item is not None and not isinstance(item, bool):
            self._enter(item, at, shape, depth + 1, opens)

    def _enter_json(self, pieces: Pieces, at: tuple[int, Any], depth: int, opens: int) -> None:
        here = len(self._nodes)
        self._nodes.append((pieces, *at))
        if self._keys:
            for place, name in pieces.names():
                self._add(name, here, _Key(place))
        values, homes, keys = self.values, self._homes, self._keys_there
        for place, text in pieces.values():
            if text[:1] in _MAY_OPEN_JSON:
                self._visit(text, (here, place), None, depth, opens)
            else:
                values.append(text)
                homes.append(here)
                keys.append(place)
        for place, number in pieces.numbers() if self._numbers else ():
            self._add_number(number, here, place)

    def _add(self, text: str, here: int, key: Any) -> None:
        self.values.append(text)
        self._homes.append(here)
        self._keys_there.append(key)

    def _add_number(self, number: str, here: int, key: Any) -> None:
        self.numbers.add(len(self.values))
        self._add(number, here, key)

    def path(self, index: int) -> Path:
        return self._path_to(self._homes[index], self._keys_there[index])

    def label(self, index: int) -> str:
        node, key = self._homes[index], self._keys_there[index]
        while node > 0:
            content, parent, key_there = self._nodes[node]
            key = key.key if isinstance(key, _Key) else key
            label = content.label(key) if isinstance(content, Pieces) else key
            if isinstance(label, str):
                return label
            node, key = parent, key_there
        return ""

    def _path_to(self, node: int, key: Any) -> Path:
        path: Path = ()
        while node >= 0:
            content, parent, key_there = self._nodes[node]
            key = key.key if isinstance(key, _Key) else key
            path = (content.path(key) if isinstance(content, Pieces) else (key,)) + path
            node, key = parent, key_there
        return path

    def replaced(self, texts: Mapping[int, str]) -> Any:
        """The root with other texts at the given places; what holds none of them is shared, not copied."""
        copies: dict[int, Any] = {}
        renamed: dict[int, dict[Any, str]] = {}  # by node: its keys, or their places in a JSON text
        for index, text in texts.items():
            node, key = self._homes[index], self._keys_there[index]
            content = copies[node] if node in copies else self._copy(node, copies)
            if type(key) is _Key:
                renamed.setdefault(node, {})[key.key] = text
            elif isinstance(content, Pieces):
                content.put(key, text)
            elif index in self.numbers and is_number(text):
                content[key] = json.loads(text)
            else:
                content[key] = text
        for node in sorted(copies, reverse=True):  # what is inside comes after what it is in
            content, parent, key = self._nodes[node]
            if type(content) in _COPIED_AS_IT_IS and node not in renamed:
                continue
            done = _finished(content, copies[node], renamed.get(node))
            if parent < 0:
                return done
            _put(copies[parent], key, done)
        return copies[0] if copies else self._nodes[0][0]

    def _copy(self, node: int, copies: dict[int, Any]) -> Any:
        """The copy of a node, already in the copy of what holds it unless it is yet to be finished."""
        content, parent, key = self._nodes[node]
        if type(content) in _COPIED_AS_IT_IS or isinstance(content, Pieces):
            copied = content.copy()
        elif isinstance(content, dict | Model):
            copied = dict(content if isinstance(content, dict) else content.__dict__)
        else:
            copied = list(content)
        copies[node] = copied
        if parent >= 0:
            holder = copies[parent] if parent in copies else self._copy(parent, copies)
            if type(content) in _COPIED_AS_IT_IS:
                holder[key] = copied
        return copied


def _put(content: Any, key: Any, value: Any) -> None:
    if isinstance(content, Pieces):
        content.put(key, value)
    else:
        content[key] = value


def _finished(old: Any, new: Any, renamed: Mapping[Any, str] | None) -> Any:
    if renamed and isinstance(new, Pieces):
        new.rename(renamed)
    elif renamed:
        names = distinct(renamed, new.keys() - renamed.keys())
        new = {names.get(key, key): value for key, value in new.items()}
    match old:
        case Pieces():
            return new.text()
        case tuple():
            return tuple(new)
        case Model():
            changed = copy(old)
            changed.__dict__.clear()
            changed.__dict__.update(new)
            return changed
        case _:
            return new
