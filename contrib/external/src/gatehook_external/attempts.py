"""Further attempts of calls that surely did not reach the service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final, TypeVar

import stamina

from gatehook_external.errors import NotDelivered

T = TypeVar("T")
Send = Callable[[float], Awaitable[T]]
"""Makes one attempt; it is given the seconds that are left."""

FIRST_WAIT: Final = 0.05
"""Seconds before the second attempt; each further wait is twice as long."""
LONGEST_WAIT: Final = 2.0
JITTER: Final = 0.05
"""Up to so many seconds are added to each wait, lest all callers come back at once."""


async def delivered(send: Send[T], until: float, further: int) -> T:
    """What ``send`` comes to, with up to so many ``further`` attempts while it raises NotDelivered.

    When the next wait would end after ``until`` (of ``time.monotonic``), that is the end: to run out of time would
    only hide why there is no answer.
    """
    try:
        return await send(until - monotonic())
    except NotDelivered as error:
        if not further:
            raise
        first = error

    def again(error: Exception) -> bool:
        return isinstance(error, NotDelivered) and attempt.next_wait + JITTER < until - monotonic()

    # stamina costs 20 µs a call, so it comes in only now, and is told of the attempt above as the first.
    async for attempt in stamina.retry_context(
        again, 1 + further, timeout=None, wait_initial=FIRST_WAIT, wait_max=LONGEST_WAIT, wait_jitter=JITTER
    ):
        with attempt:
            if attempt.num == 1:
                raise first
            return await send(until - monotonic())
    raise first  # never reached: the last attempt returns or raises
