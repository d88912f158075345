"""The operator's own regular expressions, run by RE2, which no text can make backtrack."""

from __future__ import annotations

import re
from collections.abc import Iterable
from time import perf_counter, thread_time
from typing import Any, Final
from unicodedata import normalize

import re2  # type: ignore[import-untyped]  # it ships no types
from gatehook.text import view

_QUIET = re2.Options()
_QUIET.log_errors = False  # RE2 would print them to stderr; they are raised anyway


SECONDS: Final = 0.04
"""Processor time that a pattern may take on 64 kB, and on less. Only those that look far ahead after each match come
near, as `a(.*b)?`: RE2 takes linear time for one match, but not for all of them."""
_SECONDS_A_MATCH: Final = 2e-6  # granted besides: what a match costs anyway, on a slow machine
_SECONDS_UNWATCHED: Final = 0.005
_ANYWHERE: Final = re2._re2.RE2.Anchor.UNANCHORED

_RANGE = re.compile(r"\[[^]]*(?:[^\x00-\x7f]-[^]]|[^]]-[^\x00-\x7f])")


def compile_pattern(pattern: str) -> Any:
    """A compiled pattern with the methods of :mod:`re`, for texts as :func:`gatehook.text.view` shows them.

    Raises:
        ValueError: RE2 cannot take the pattern, or takes it for something else than its author means.
    """
    if not pattern.isascii() and re.search(r"(?<!\\)(?:\\\\)*\\[bB]", pattern):
        raise ValueError(r"\b knows ASCII letters only, so it fails beside others; write (?:^|[^\pL]) and (?:[^\pL]|$)")
    if _RANGE.search(pattern):
        raise ValueError(
            "a range of letters beyond ASCII misses those that are seen as the Latin ones they look like; write \\pL"
        )
    try:
        return re2.compile(_seen(pattern), options=_QUIET)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error
        raise ValueError(
            f"not a regular expression that RE2 takes: {reason} (it has no look-around and no back-references,"
            " and \\z for \\Z: https://github.com/google/re2/wiki/Syntax)"
        ) from None


class TooSlow(Exception):
    """A pattern takes too long on a text. The message has nothing of the text."""


def spans(compiled: Any, texts: Iterable[str]) -> list[tuple[int, int]]:
    """Where a pattern matches something in texts, counted as if one character stood between each two.

    Raises:
        TooSlow: it would take much longer than other patterns do. The plugin fails then, and the runner goes by the
            mode; what is not searched to its end does not pass as clean.
    """
    # The public methods make objects and count characters, which takes four times as long as to match.
    match = compiled._regexp.Match
    found: list[tuple[int, int]] = []
    behind = 0
    clock = _Clock()
    for text in texts:
        data, characters, counted, position = text.encode(), behind, 0, 0
        is_ascii = len(data) == len(text)
        while position < len(data):
            if perf_counter() > clock.look_at:
                clock.check(len(found), behind + len(text))
            start, end = match(_ANYWHERE, data, position, len(data))[0]
            if start < 0:
                break
            if is_ascii and end > start:
                found.append((behind + start, behind + end))
            elif end > start:
                characters += len(data[counted:start].decode())
                length = len(data[start:end].decode())
                found.append((characters, characters + length))
                characters, counted = characters + length, end
            position = end if end > start else start + 1
            while position < len(data) and data[position] & 0xC0 == 0x80:
                position += 1  # to the next character
        behind += len(text) + 1
    return found


class _Clock:
    """To be asked when :func:`perf_counter` passes ``look_at``; processor time takes longer to read."""

    def __init__(self) -> None:
        self._began = thread_time()
        self.look_at = perf_counter() + SECONDS

    def check(self, matches: int, size: int) -> None:
        allowed = SECONDS * max(1, size / 65_536) + matches * _SECONDS_A_MATCH
        if thread_time() - self._began > allowed:
            raise TooSlow(f"one of custom_patterns took more than {allowed * 1000:.0f} ms of processor time")
        self.look_at = perf_counter() + _SECONDS_UNWATCHED


def _seen(pattern: str) -> str:
    """The pattern with its letters as the text shows them: without accents, and Latin where they look so."""
    return re.sub(
        r"[^\x00-\x7f]+", lambda letters: re.escape(view(letters[0], case=True).text), normalize("NFC", pattern)
    )
