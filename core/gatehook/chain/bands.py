"""Steps of one priority at the same time: each on the same input, in a task of its own, with a deterministic answer."""

from __future__ import annotations

import asyncio
from time import perf_counter_ns as clock
from typing import TYPE_CHECKING, Any

from gatehook.chain.deadline import Deadline, Failure, bounded
from gatehook.errors import PayloadError
from gatehook.payloads import Payload
from gatehook.request import PluginContext

if TYPE_CHECKING:
    from gatehook.chain.run import Run
    from gatehook.chain.selection import Band
    from gatehook.chain.steps import Step


async def run_band(run: Run, band: Band) -> None:
    """Run all members to their end, then fold what they said in configured order, so that timing decides nothing."""
    base = run.payload
    tasks = [asyncio.create_task(call(run, step, base), name=f"gatehook {step.name}") for step in band.steps]
    try:
        await asyncio.wait(tasks)
    finally:
        for task in tasks:
            task.cancel()  # does nothing to a task that is done
        await asyncio.gather(*tasks, return_exceptions=True)
    run.base = base
    try:
        for step, task in zip(band.steps, tasks, strict=True):
            run.fold(step, *task.result())
    finally:
        run.base = None


async def call(run: Run, step: Step, payload: Payload) -> tuple[Any, Payload, PluginContext, int]:
    """Call one step: what it said, the payload lent to it, its context and the nanoseconds that it took."""
    start = clock()
    deadline = Deadline(min(start + step.timeout, run.deadline))
    context = PluginContext(run.request, step.name, deadline)
    said: Any = run.hindrance(step, start) if step.limited else None
    lent = payload
    try:
        lent = payload if step.reads else payload.lend()
    except PayloadError as error:
        said = Failure.of(error)
    if said is None:
        said = await bounded(step.call, step.suspends, deadline.at, lent, context)
    return said, lent, context, clock() - start
