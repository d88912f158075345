"""Microseconds of one request, as the median over short batches."""

import gc
from collections.abc import Awaitable, Callable
from statistics import median
from time import perf_counter

# Does that many requests, in a loop of its own: calling a coroutine function per request would cost as much as
# a request without plugins.
Loop = Callable[[int], Awaitable[None]]

BATCH_SECONDS = 0.01
LEAST_BATCHES = 5


async def microseconds(loop: Loop, seconds: float) -> float:
    size = 1
    while (elapsed := await _elapsed(loop, size)) < BATCH_SECONDS / 2:
        size *= 2
    size = max(1, round(size * BATCH_SECONDS / elapsed))
    gc.collect()
    batches: list[float] = []
    end = perf_counter() + seconds
    while perf_counter() < end or len(batches) < LEAST_BATCHES:
        batches.append(await _elapsed(loop, size) / size)
    return median(batches) * 1e6


async def _elapsed(loop: Loop, size: int) -> float:
    start = perf_counter()
    await loop(size)
    return perf_counter() - start
