"""Microseconds of one request, over short batches: their median, or the fastest of them."""

import gc
from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from time import perf_counter

# Does that many requests, in a loop of its own: calling a coroutine function per request would cost as much as
# a request without plugins.
Loop = Callable[[int], Awaitable[None]]

BATCH_SECONDS = 0.01
LEAST_BATCHES = 5


async def microseconds(loop: Loop, seconds: float, of: Callable[[Sequence[float]], float] = median) -> float:
    size = 1
    while (elapsed := await _elapsed(loop, size)) < BATCH_SECONDS / 2:
        size *= 2
    size = max(1, round(size * BATCH_SECONDS / elapsed))
    gc.collect()
    batches: list[float] = []
    end = perf_counter() + seconds
    while perf_counter() < end or len(batches) < LEAST_BATCHES:
        batches.append(await _elapsed(loop, size) / size)
    return of(batches) * 1e6


async def _elapsed(loop: Loop, size: int) -> float:
    start = perf_counter()
    await loop(size)
    return perf_counter() - start
