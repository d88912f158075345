"""What the columns of tables are called: CSV, values between tabs, tables of Markdown."""

from __future__ import annotations

import re
from typing import Final

_BREAKS: Final = ("\0", "\n\n")
_DELIMITERS: Final = "|\t;,"
_QUOTED = re.compile(r'"[^"\n]*"?')
_LONGEST_LINE: Final = 1024
_LONGEST_CELL: Final = 64
_MOST_LINES: Final = 3
"""A header is one of so many lines after an empty line or the beginning."""


class Columns:
    """The names of columns in a text, or in several with NUL between them.

    The lines from one empty line to the next are looked at once, so that many questions cost no more than the text.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._start = self._end = 0
        self._headers: list[str] = []
        self._next = dict.fromkeys(_BREAKS, -1)

    def name(self, position: int) -> str:
        """What the column is called that a position is in; empty if it is in none, or behind words in its cell."""
        if not self._start <= position < self._end:
            self._enter(position)
        if not self._headers:
            return ""
        text = self._text
        first = text.rfind("\n", max(self._start, position - _LONGEST_LINE), position) + 1
        if first <= self._start:
            return ""
        last = text.find("\n", position, min(self._end, position + _LONGEST_LINE))
        row = _unquoted(text[first : last if last >= 0 else self._end])
        for header in self._headers:
            delimiter = max(_DELIMITERS, key=header.count)
            if row.count(delimiter) == header.count(delimiter):
                cell = text[first:position].rpartition(delimiter)[2]
                if len(cell) > _LONGEST_CELL or any(map(str.isalpha, cell)):
                    return ""
                return header.split(delimiter)[_unquoted(text[first:position]).count(delimiter)]
        return ""

    def _enter(self, position: int) -> None:
        """Find the lines that a position is among."""
        text = self._text
        since = self._end
        if position < since:
            since, self._next = 0, dict.fromkeys(_BREAKS, -1)
        self._start = max(since, text.rfind("\0", since, position) + 1, text.rfind("\n\n", since, position) + 1)
        self._end = self._next_break(position)
        lines = text[self._start : min(self._end, self._start + _LONGEST_LINE)].lstrip("\n").split("\n")
        self._headers = [line for line in lines[:_MOST_LINES] if _may_be_header(line)]

    def _next_break(self, position: int) -> int:
        """Behind the next break. Each is only looked for behind where it was, much faster than by one expression."""
        for sign, place in self._next.items():
            if place < position:
                place = self._text.find(sign, position)
                self._next[sign] = place if place >= 0 else len(self._text)
        place, sign = min((place, sign) for sign, place in self._next.items())
        return min(place + len(sign), len(self._text) + 1)


def _unquoted(text: str) -> str:
    return _QUOTED.sub('"', text) if '"' in text else text


def _may_be_header(line: str) -> bool:
    return any(delimiter in line for delimiter in _DELIMITERS) and not any(map(str.isdigit, line))
