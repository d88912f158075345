"""Further attempts of calls that surely did not reach the service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final, TypeVar

from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential,
    wait_random,
)

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

    # tenacity costs 20 µs a call, so it comes in only now, and is told of the attempt above as the first.
    attempts = AsyncRetrying(
        retry=retry_if_exception_type(NotDelivered),
        wait=wait_exponential(FIRST_WAIT, LONGEST_WAIT) + wait_random(0, JITTER),
        stop=stop_after_attempt(1 + further) | stop_before_delay(until - monotonic()),
        reraise=True,
    )
    async for attempt in attempts:
        with attempt:
            if attempt.retry_state.attempt_number == 1:
                raise first
            return await send(until - monotonic())
    raise first  # for mypy: the last attempt returns or raises
