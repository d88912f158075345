"""Texts as words are looked for in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gatehook.text import view

_ASCII_SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f"
_SPACES = _ASCII_SPACES + "\x85\u1680\u2028\u2029"  # what is white space to Python and no space after NFKC
_RUN = re.compile(" {2,}")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_CONTROL = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Reading:
    """A text as it looks, and every run of white space in it as one space; :meth:`spans` leads back."""

    def __init__(self, text: str, *, case: bool, accents: bool) -> None:
        self._view = view(text, case=case, accents=accents)
        spaced = self._view.text
        for space in _ASCII_SPACES if spaced.isascii() else _SPACES:
            spaced = spaced.replace(space, " ")
        self._spaced = spaced
        while "  " in spaced:  # halves the runs; an expression in place of this takes ten times as long
            spaced = spaced.replace("  ", " ")
        self.text = spaced
        self.in_place = text.isascii() and len(spaced) == len(text)
        """Whether all stands where it does in the original."""

    def spans(self, found: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Where the original holds stretches of ``text``, which come in order and begin and end with no space."""
        places, lost = self._runs()
        run = 0
        for start, end in found:
            while places[run] < start:
                run += 1
            start += lost[run]
            while places[run] < end - 1:
                run += 1
            yield self._view.span(start, end + lost[run])

    def _runs(self) -> tuple[list[int], list[int]]:
        """Where ``text`` has a space for a run, and how many characters the runs before have lost."""
        places: list[int] = []
        lost = [0]
        end = 0
        # Looked for by find(), several times as fast as finditer() where most runs are of one space.
        while (start := self._spaced.find("  ", end)) >= 0 and (run := _RUN.match(self._spaced, start)):
            end = run.end()
            places.append(start - lost[-1])
            lost.append(lost[-1] + end - start - 1)
        return [*places, len(self.text)], lost


def unescaped(json: str) -> str:
    """A JSON text with all escapes of its strings resolved (RFC 8259, section 7), and else as it is."""
    text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _CONTROL.get(found[2], found[2]), json)
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")  # joins surrogates that are pairs
