"""Calls fail at once while a service keeps failing, and one of them tries it again after a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

State = Literal["closed", "open", "half-open"]
Ticket = tuple[int, int]


class Breaker:
    """Closed, calls pass; after ``threshold`` failures in a row it is open, and they do not; after ``seconds`` it is
    half open: one call passes, whose end closes it or opens it again.

    A call that passes is given a ticket, and returns it with how it ended. What a call says that began before the
    circuit last opened or closed is not heard: it tells nothing of the service as it is now. Failures are in a row if
    each began after the one before: calls under way at once, which one broken connection takes along, fail as one.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, threshold: float, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._threshold, self._seconds, self._clock = threshold, seconds, clock
        self._failures = 0
        self._opened = 0.0
        self._era = self._heard = 0
        self.state: State = "closed"

    @property
    def wait(self) -> float:
        """Seconds until an open circuit lets one call pass."""
        return max(0.0, self._opened + self._seconds - self._clock())

    def admit(self) -> Ticket | None:
        """A ticket, or ``None`` for a call that may not be made now."""
        if self.state == "half-open" or (self.state == "open" and self.wait > 0):
            return None
        if self.state == "open":
            self._turn("half-open")
        return self._era, self._heard

    def succeeded(self, ticket: Ticket) -> None:
        if ticket[0] != self._era:
            return
        self._failures = 0
        if self.state == "half-open":
            self._turn("closed")

    def failed(self, ticket: Ticket) -> None:
        if ticket != (self._era, self._heard):
            return
        self._heard += 1
        self._failures += 1
        if self.state == "half-open" or self._failures >= self._threshold:
            self._opened = self._clock()
            self._turn("open")

    def told_nothing(self, ticket: Ticket) -> None:
        """The call was cancelled, say. If it was the one to try the service, the next one is."""
        if ticket[0] == self._era and self.state == "half-open":
            self._turn("open")

    def _turn(self, state: State) -> None:
        self.state = state
        self._era += 1
