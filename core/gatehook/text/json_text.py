"""Texts that are JSON themselves: servers put the same data into ``content[].text`` as into ``structuredContent``.

Such a text is cut into pieces: tokens at the odd places, and what stands between them at the even ones. So a token can
be replaced while all else stays as it is to the letter, white space too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Self, TypeVar

from gatehook.text.writing import encodable
from gatehook.values import Path

K = TypeVar("K")

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_STRINGS = re.compile(f"({_STRING})")
_STRINGS_AND_NUMBERS = re.compile(rf"({_STRING}|-?\d[-+.eE\d]*+)")

# Numbers are not read: Python refuses those of more than 4,300 digits, which other readers of JSON do not.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?", re.ASCII)


def is_number(text: str) -> bool:
    """Whether the text is a number in JSON (RFC 8259, section 6)."""
    return _NUMBER.fullmatch(text) is not None


class Pieces(list[str]):
    """A JSON text in pieces; ``"".join`` of them is the text."""

    @classmethod
    def of(cls, text: str, numbers: bool) -> Self | None:
        """The pieces of a JSON object or array, or ``None`` if the text is neither. Numbers are tokens if asked."""
        if text.lstrip()[:1] not in ("{", "["):
            return None
        try:
            _DECODER.decode(text)
        except (ValueError, RecursionError):
            return None
        return cls((_STRINGS_AND_NUMBERS if numbers else _STRINGS).split(text))

    def strings(self) -> Iterator[tuple[int, bool, str]]:
        """Of each string its place, whether it is a key, and its value."""
        for place, token, after in zip(range(1, len(self), 2), self[1::2], self[2::2], strict=True):
            if token[0] == '"':
                is_key = after[:1] == ":" or after.lstrip()[:1] == ":"
                yield place, is_key, json.loads(token) if "\\" in token else token[1:-1]

    def numbers(self) -> Iterator[tuple[int, str]]:
        """Of each number its place, and how it is written."""
        return ((place, self[place]) for place in range(1, len(self), 2) if self[place][0] != '"')

    def put(self, place: int, value: str) -> None:
        """Replace a token by the JSON of ``value``, in ASCII if the token was."""
        in_ascii = self[place].isascii() or encodable(value) is not value
        self[place] = json.dumps(value, ensure_ascii=in_ascii)

    def rename(self, names: Mapping[int, str]) -> None:
        """Replace keys, by their places; those that become the same in one object are told apart."""
        paths = self.paths()
        objects: dict[Path, dict[int, str]] = {}
        for place, is_key, name in self.strings():
            if is_key:
                objects.setdefault(paths[place][:-1], {})[place] = name
        for keys in objects.values():
            wanted = {place: names[place] for place in keys if place in names}
            kept = {name for place, name in keys.items() if place not in names}
            for place, name in distinct(wanted, kept).items():
                self.put(place, name)

    def paths(self) -> dict[int, Path]:
        """The path of each token within the text, by its place."""
        paths: dict[int, Path] = {}
        path: list[str | int] = []
        keys = {place: value for place, is_key, value in self.strings() if is_key}
        for place, piece in enumerate(self):
            if place % 2 == 0:
                for char in piece.strip():
                    if char != ":":
                        _step(path, char)
            elif place in keys:
                path[-1] = keys[place]
            paths[place] = tuple(path)
        return paths


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


def _step(path: list[str | int], char: str) -> None:
    """Go with the path over one character between tokens."""
    if char in "{[":
        path.append("" if char == "{" else 0)
    elif char in "}]":
        path.pop()
    elif char == "," and isinstance(path[-1], int):
        path[-1] += 1
