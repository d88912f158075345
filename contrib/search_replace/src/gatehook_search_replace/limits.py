"""What replacing may cost. Past that the plugin fails, and the runner blocks what it could not finish."""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter, thread_time
from typing import Final

SECONDS: Final = 0.04
"""Processor time that a rule may take on 64 kB, and on less. Only expressions that look far ahead after each match come
near: RE2 takes linear time for one match, but not for all of them."""
_SECONDS_A_MATCH: Final = 2e-6  # granted besides: what a match costs anyway, on a slow machine
_SECONDS_UNWATCHED: Final = 0.005
GROWTH: Final = 10
ROOM: Final = 1_000_000
"""The texts of a payload may together grow to ten times their size, and always by a million characters."""


class TooMuchWork(Exception):
    """A rule takes too long, or makes too much text. The message has nothing of the text."""


class Limits:
    """Of one payload."""

    def __init__(self, texts: Iterable[str]) -> None:
        size = sum(map(len, texts))
        self._seconds = SECONDS * max(1, size / 65_536)
        self._room = ROOM + (GROWTH - 1) * size
        self.begin_rule()

    def begin_rule(self) -> None:
        self._until = thread_time() + self._seconds
        self.look_at = perf_counter() + self._seconds

    def check_time(self, matches: int) -> None:
        """To be called after so many more matches, at the latest when :func:`perf_counter` passes ``look_at``."""
        self._until += matches * _SECONDS_A_MATCH
        if thread_time() > self._until:
            raise TooMuchWork(f"a rule took more than {self._seconds * 1000:.0f} ms of processor time")
        self.look_at = perf_counter() + _SECONDS_UNWATCHED

    def grow(self, count: int) -> None:
        self._room -= count
        if self._room < 0:
            raise TooMuchWork(f"the rules make the texts more than {GROWTH} times as long")
