"""Texts that are JSON themselves: servers put the same data into ``content[].text`` as into ``structuredContent``.

Such a text is cut into pieces: tokens at the odd places, and what stands between them at the even ones. So a token can
be replaced while all else stays as it is to the letter, white space too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any, Self, TypeVar

from gatehook.text.writing import encodable
from gatehook.values import Path

K = TypeVar("K")

_INSIDE = r'[^"\\]*+(?:\\.[^"\\]*+)*+'
_STRINGS = re.compile(f'"({_INSIDE})"')
_STRINGS_AND_NUMBERS = re.compile(rf'("{_INSIDE}"|-?\d[-+.eE\d]*+)')
_STRUCTURE = re.compile(r"[][{},]")

# Numbers are not read: Python refuses those of more than 4,300 digits, which other readers of JSON do not.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
_NOT_BEHIND_KEYS = frozenset(",]}")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?", re.ASCII)


def is_number(text: str) -> bool:
    """Whether the text is a number in JSON (RFC 8259, section 6)."""
    return _NUMBER.fullmatch(text) is not None


Holder = tuple["Holder | None", "str | int | None", "str | None"]
"""An object or array: what holds it, its key there, and the nearest key that is a name."""


class Pieces(list[str]):
    """A JSON text in pieces. Tokens are strings, with an escape or as they are; and if asked, numbers.

    ``quote`` is what stands between pieces: where only strings are tokens, their quotes.
    """

    quote = '"'
    _places: dict[int, tuple[Holder | None, str | int | None]] | None = None

    @classmethod
    def of(cls, text: str, numbers: bool) -> Self | None:
        """The pieces of a JSON object or array, or ``None`` if the text is neither. Numbers are tokens if asked."""
        if text.lstrip()[:1] not in ("{", "["):
            return None
        try:
            _DECODER.decode(text)
        except (ValueError, RecursionError):
            return None
        if numbers:
            pieces = cls(_STRINGS_AND_NUMBERS.split(text))
            pieces.quote = ""
            return pieces
        return cls(_STRINGS.split(text) if '\\"' in text else text.split('"'))

    def copy(self) -> Self:
        other = type(self)(self)
        other.quote = self.quote
        return other

    def text(self) -> str:
        return self.quote.join(self)

    def values(self) -> Iterator[tuple[int, str]]:
        """Of each string that is a value its place, and what it says."""
        for place, behind in zip(range(1, len(self), 2), self[2::2], strict=True):
            if behind[:1] != ":" and (behind[:1] in _NOT_BEHIND_KEYS or behind.lstrip()[:1] != ":"):
                token = self[place]
                if self.quote and "\\" not in token:
                    yield place, token
                elif self._is_string(place):
                    yield place, self._said(place)

    def names(self) -> Iterator[tuple[int, str]]:
        """Of each key its place, and what it says."""
        for place in range(1, len(self), 2):
            if self._is_key(place):
                yield place, self._said(place)

    def numbers(self) -> Iterator[tuple[int, str]]:
        """Of each number its place, and how it is written."""
        return ((place, self[place]) for place in range(1, len(self), 2) if not self._is_string(place))

    def put(self, place: int, value: str) -> None:
        """Replace a token by the JSON of ``value``, in ASCII if the token was; a number by one, if it is one."""
        if self._is_string(place):
            in_ascii = self[place].isascii() or encodable(value) is not value
            written = encode_basestring_ascii(value) if in_ascii else encode_basestring(value)
            self[place] = written[1:-1] if self.quote else written
        else:
            self[place] = value if is_number(value) else json.dumps(value)

    def rename(self, names: Mapping[int, str]) -> None:
        """Replace keys, by their places; those that become the same in one object are told apart."""
        objects: dict[int, dict[int, str]] = {}
        for place, name in self.names():
            objects.setdefault(id(self._holders()[place][0]), {})[place] = name
        for keys in objects.values():
            wanted = {place: names[place] for place in keys if place in names}
            kept = {name for place, name in keys.items() if place not in names}
            for place, name in distinct(wanted, kept).items():
                self.put(place, name)

    def path(self, place: int) -> Path:
        """The path of a token within the text."""
        holder, key = self._holders()[place]
        path: list[Any] = []
        while holder is not None:
            path.append(key)
            holder, key, _ = holder
        return tuple(reversed(path))

    def label(self, place: int) -> str | None:
        """The nearest key that a token is under; none in an array of the outermost kind."""
        if self[place - 1].strip() == ":":
            return self._said(place - 2)
        holder, key = self._holders()[place]
        return key if isinstance(key, str) else holder and holder[2]

    def _is_string(self, place: int) -> bool:
        return self.quote != "" or self[place][0] == '"'

    def _is_key(self, place: int) -> bool:
        return self[place + 1].lstrip()[:1] == ":"

    def _said(self, place: int) -> str:
        token = f'"{self[place]}"' if self.quote else self[place]
        said: str = _DECODER.decode(token) if "\\" in token else token[1:-1]
        return said

    def _holders(self) -> dict[int, tuple[Holder | None, str | int | None]]:
        """Of each token what holds it, and its key there."""
        if self._places is None:
            self._places = {}
            outside: list[tuple[Holder | None, str | int | None]] = []
            holder: Holder | None = None
            key: str | int | None = None
            for place, piece in enumerate(self):
                if place % 2 == 1:
                    key = self._said(place) if self._is_key(place) else key
                    self._places[place] = holder, key
                    continue
                for sign in _STRUCTURE.findall(piece):
                    if sign in "{[":
                        outside.append((holder, key))
                        holder = holder, key, key if isinstance(key, str) else holder and holder[2]
                        key = "" if sign == "{" else 0
                    elif sign in "}]":
                        holder, key = outside.pop()
                    elif isinstance(key, int):
                        key += 1
        return self._places


def distinct(wanted: Mapping[K, str], kept: Iterable[str]) -> dict[K, str]:
    """The wanted names, with a number behind each that another has already, so that no key replaces another."""
    taken = set(kept)
    counts: dict[str, int] = {}
    given = {}
    for key, name in wanted.items():
        given[key] = name
        while given[key] in taken:
            counts[name] = counts.get(name, 1) + 1
            given[key] = f"{name} ({counts[name]})"
        taken.add(given[key])
    return given
