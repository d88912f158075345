"""What the sides of the section `external` share: a client of each route stays open and answers line by line.

A question is ``{"route": …, "concurrent": …, "seconds": …}``, an answer ``{"seconds": …, "milliseconds": […]}``.
"""

import asyncio
import gc
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from time import perf_counter
from typing import Any

from benchmarks.cases import Case

PLUGIN = "revise"
ARGUMENTS = Case("", "").arguments
"""200 bytes. The plugin adds one to ``revision``."""

Call = Callable[[], Awaitable[None]]
Connect = Callable[[dict[str, Any]], AbstractAsyncContextManager[Call]]


async def serve(connect: Connect, routes: dict[str, dict[str, Any]]) -> None:
    """``connect`` is called with the value of each route."""
    async with AsyncExitStack() as stack:
        calls = {route: await stack.enter_async_context(connect(where)) for route, where in routes.items()}
        # In a thread, so that connections live on between questions.
        while line := await asyncio.to_thread(sys.stdin.readline):
            question = json.loads(line)
            answer = await measure(calls[question["route"]], question["concurrent"], question["seconds"])
            print(json.dumps(answer), flush=True)


async def measure(call: Call, concurrent: int, seconds: float) -> dict[str, Any]:
    milliseconds: list[float] = []
    gc.collect()
    start = perf_counter()
    end = start + seconds

    async def caller() -> None:
        while (begin := perf_counter()) < end:
            await call()
            milliseconds.append((perf_counter() - begin) * 1e3)

    await asyncio.gather(*(caller() for _ in range(concurrent)))
    return {"seconds": perf_counter() - start, "milliseconds": milliseconds}


def main(connect: Connect) -> None:
    """The routes are the only argument, as JSON."""
    asyncio.run(serve(connect, json.loads(sys.argv[1])))
