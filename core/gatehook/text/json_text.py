"""Texts that are JSON themselves: servers put the same data into ``content[].text`` as into ``structuredContent``.

Such a text is cut into pieces: tokens at the odd places, and what stands between them at the even ones. So a token can
be replaced while all else stays as it is to the letter, white space too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Self

from gatehook.values import Path

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_STRINGS = re.compile(f"({_STRING})")
_STRINGS_AND_NUMBERS = re.compile(rf"({_STRING}|-?\d[-+.eE\d]*+)")

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
            json.loads(text)
        except (ValueError, RecursionError):
            return None
        return cls((_STRINGS_AND_NUMBERS if numbers else _STRINGS).split(text))

    def strings(self) -> Iterator[tuple[int, bool, str]]:
        """Of each string its place, whether it is a key, and its value."""
        for place in range(1, len(self), 2):
            token = self[place]
            if token[0] == '"':
                after = self[place + 1]
                is_key = after[:1] == ":" or after.lstrip()[:1] == ":"
                yield place, is_key, json.loads(token) if "\\" in token else token[1:-1]

    def numbers(self) -> Iterator[tuple[int, str]]:
        """Of each number its place, and how it is written."""
        return ((place, self[place]) for place in range(1, len(self), 2) if self[place][0] != '"')

    def put(self, place: int, value: Any) -> None:
        """Replace a token by the JSON of ``value``, in ASCII if the token was."""
        self[place] = json.dumps(value, ensure_ascii=self[place].isascii())

    def paths(self) -> dict[int, Path]:
        """The path of each token within the text, by its place."""
        paths: dict[int, Path] = {}
        path: list[str | int] = []
        keys = {place: value for place, is_key, value in self.strings() if is_key}
        for place, piece in enumerate(self):
            if place % 2 == 0:
                for char in piece:
                    _step(path, char)
            elif place in keys:
                path[-1] = keys[place]
            paths[place] = tuple(path)
        return paths


def _step(path: list[str | int], char: str) -> None:
    """Go with the path over one character between tokens."""
    if char in "{[":
        path.append("" if char == "{" else 0)
    elif char in "}]":
        path.pop()
    elif char == "," and isinstance(path[-1], int):
        path[-1] += 1
