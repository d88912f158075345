"""The loop of a worker: a case for each line, microseconds for each answer."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from benchmarks.timing import Loop, microseconds

Prepare = Callable[[str, Any], AbstractAsyncContextManager[tuple[Loop, Callable[[], Awaitable[Any]]]]]
"""Takes a route and a tool's result; gives a loop, and a call that returns the masked result."""


async def _measure(prepare: Prepare, question: dict[str, Any], seconds: float) -> float:
    result = question["result"]
    async with prepare(question["route"], result) as (loop, once):
        if question["has_items"]:
            assert await once() != result, f"{question['route']} found nothing"
        return await microseconds(loop, seconds, of=min)  # of work that long, any noise is a loss


def serve(prepare: Prepare) -> None:
    for line in sys.stdin:
        elapsed = asyncio.run(_measure(prepare, json.loads(line), float(sys.argv[1])))
        print(json.dumps({"microseconds": elapsed}), flush=True)
