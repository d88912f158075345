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


class _Node(NamedTuple):
    """An object, array or JSON text of the payload, and where it stands."""

    content: Any
    parent: int
    key: Any
    shape: Shape
    depth: int
    opens: int  # how many JSON texts deep to look from here


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
        self._nodes: list[_Node] = []
        self._paths_in: dict[int, dict[int, Path]] = {}  # of JSON texts, made when first asked for
        self._keys = keys
        self._numbers = numbers
        self._opens = opens
        self._enter(_Node(root, -1, None, shape, 0, MAX_NESTED_JSON))

    def _enter(self, node: _Node) -> None:
        content, shape = node.content, node.shape
        if node.depth > MAX_DEPTH:
            raise PayloadError(f"the payload nests deeper than {MAX_DEPTH} levels, or is cyclic")
        here = len(self._nodes)
        self._nodes.append(node)
        items: Iterable[tuple[Any, Any]]
        if isinstance(content, dict | Model):
            named = content if isinstance(content, dict) else content.__dict__
            items = named.items()
            if shape is not None:
                items = [item for item in items if item[0] not in PROTOCOL_WORDS]
            elif self._keys:
                for name in named:
                    self._add(name, here, _Key(name))
        elif isinstance(content, list | tuple):
            items = enumerate(content)
        else:
            raise PayloadError(
                f"{describe(self._path_to(node.parent, node.key))} is a {type(content).__name__};"
                " text is only found in JSON data, so hand over that"
            )
        skips = _NO_TEXT if shape is not None or not self._numbers else ()
        values, homes, keys = self.values, self._homes, self._keys_there
        for key, item in items:
            kind = type(item)
            if kind is str and (not item or item[0] not in _MAY_OPEN_JSON):
                values.append(item)
                homes.append(here)
                keys.append(key)
            elif kind not in skips:
                self._visit(item, here, key)

    def _visit(self, item: Any, here: int, key: Any) -> None:
        node = self._nodes[here]
        if isinstance(item, str):
            opens = item[:1] in _MAY_OPEN_JSON and node.opens and self._opens(item)
            pieces = Pieces.of(item, self._numbers) if opens else None
            if pieces is None:
                self._add(item, here, key)
            else:
                self._enter_json(_Node(pieces, here, key, None, node.depth + 1, node.opens - 1))
        elif isinstance(item, int | float) and not isinstance(item, bool):
            if self._numbers:
                self._add_number(json.dumps(item), here, key)
        elif item is not None and not isinstance(item, bool):
            shape = node.shape
            if shape is not None and isinstance(node.content, dict | Model):
                shape = shape.get(key)
            self._enter(_Node(item, here, key, shape, node.depth + 1, node.opens))

    def _enter_json(self, node: _Node) -> None:
        here = len(self._nodes)
        self._nodes.append(node)
        for place, is_key, value in node.content.strings():
            if not is_key:
                self._visit(value, here, place)
            elif self._keys:
                self._add(value, here, _Key(place))
        for place, number in node.content.numbers() if self._numbers else ():
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
        key = self._keys_there[index]
        if isinstance(key, str):
            return key
        return next((part for part in reversed(self.path(index)[1:]) if isinstance(part, str)), "")

    def _path_to(self, node: int, key: Any) -> Path:
        path: list[Any] = []
        while node >= 0:
            content, parent, own, *_ = self._nodes[node]
            key = key.key if isinstance(key, _Key) else key
            if isinstance(content, Pieces):
                if node not in self._paths_in:
                    self._paths_in[node] = content.paths()
                path[:0] = self._paths_in[node][key]
            else:
                path.insert(0, key)
            node, key = parent, own
        return tuple(path)

    def replaced(self, texts: Mapping[int, str]) -> Any:
        """The root with other texts at the given places; what holds none of them is shared, not copied."""
        copies: dict[int, Any] = {}
        renamed: dict[int, dict[Any, str]] = {}  # by node: its keys, or their places in a JSON text
        for index, text in texts.items():
            node, key = self._homes[index], self._keys_there[index]
            if node not in copies:
                self._copy(node, copies)
            if isinstance(key, _Key):
                renamed.setdefault(node, {})[key.key] = text
            else:
                _put(copies[node], key, text)
        for node in sorted(copies, reverse=True):  # what is inside comes after what it is in
            content, parent, key, *_ = self._nodes[node]
            done = _finished(content, copies[node], renamed.get(node))
            if parent < 0:
                return done
            _put(copies[parent], key, done)
        return self._nodes[0].content

    def _copy(self, node: int, copies: dict[int, Any]) -> None:
        while node >= 0 and node not in copies:
            content, parent, *_ = self._nodes[node]
            if isinstance(content, Pieces):
                copies[node] = Pieces(content)
            elif isinstance(content, dict | Model):
                copies[node] = dict(content if isinstance(content, dict) else content.__dict__)
            else:
                copies[node] = list(content)
            node = parent


def _put(content: Any, key: Any, value: Any) -> None:
    old = content[key]
    if type(content) is dict and type(old) is str:
        content[key] = value
    elif isinstance(content, Pieces) and old[0] == '"':
        content.put(key, value)
    elif isinstance(content, Pieces):
        content[key] = value if is_number(value) else json.dumps(value)
    elif isinstance(old, int | float) and is_number(value):
        content[key] = json.loads(value)
    else:
        content[key] = value


def _finished(old: Any, new: Any, renamed: Mapping[Any, str] | None) -> Any:
    if type(old) is dict and not renamed:
        return new
    if renamed and isinstance(new, Pieces):
        new.rename(renamed)
    elif renamed:
        names = distinct(renamed, new.keys() - renamed.keys())
        new = {names.get(key, key): value for key, value in new.items()}
    match old:
        case Pieces():
            return "".join(new)
        case tuple():
            return tuple(new)
        case Model():
            changed = copy(old)
            changed.__dict__.clear()
            changed.__dict__.update(new)
            return changed
        case _:
            return new
