"""Single flight: who asks what is being asked already waits for that answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from time import monotonic
from typing import Any, TypeVar

from gatehook_external.errors import ServiceError

T = TypeVar("T")
Call = Callable[[float], Coroutine[Any, Any, T]]


class Flights:
    """Calls under way, by key."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight] = {}

    async def join(self, key: Hashable, until: float, call: Call[T]) -> T:
        """What ``call`` comes to, or what the same call comes to that somebody else began.

        It runs in a task of its own, so that it goes on when the caller who began it is cancelled; when nobody waits
        any more, it is cancelled, too. Time is the caller's own: nobody waits longer than for himself, and a call that
        ran out of its beginner's time begins anew for those who have more.

        Args:
            until: when this caller's time is up, by ``time.monotonic``.
            call: is given the time at which to give up.

        Raises:
            TimeoutError: this caller's time is up.
            Exception: whatever the call raised, the same one for all who wait.
        """
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(until, call)
            flight.task.add_done_callback(lambda _: self._landed(key, flight))
        else:
            flight.deadlines.append(until)
        try:
            done, _ = await asyncio.wait({flight.task}, timeout=None if until == float("inf") else until - monotonic())
        finally:
            flight.deadlines.remove(until)
            if not flight.deadlines and not flight.task.done():
                self._forget(key, flight)
                await flight.end()
        if not done:
            raise TimeoutError
        if flight.task.cancelled():
            raise ServiceError("the call was cancelled from within")
        answer: T = flight.task.result()
        return answer

    def _landed(self, key: Hashable, flight: _Flight) -> None:
        self._forget(key, flight)
        if not flight.task.cancelled():
            flight.task.exception()  # there may be nobody left to be told, and asyncio would complain of that

    def _forget(self, key: Hashable, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]


class _Flight:
    """One call. ``deadlines`` are those of the callers who wait for it."""

    def __init__(self, until: float, call: Call[Any]) -> None:
        self.deadlines = [until]
        self.task = asyncio.create_task(self._fly(call), name="gatehook shared call")

    async def _fly(self, call: Call[Any]) -> Any:
        while True:
            until = max(self.deadlines)
            try:
                return await call(until)
            except TimeoutError:
                if max(self.deadlines, default=until) <= until:
                    raise

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.wait({self.task})
