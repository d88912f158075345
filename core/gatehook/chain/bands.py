"""Steps of one priority at the same time: each on the same input, in a task of its own, with one deterministic answer."""

from __future__ import annotations

import asyncio
from time import perf_counter_ns as clock
from typing import TYPE_CHECKING, Any

from gatehook.chain.deadline import Failure, Suspended, begin
from gatehook.payloads import Payload
from gatehook.request import PluginContext

if TYPE_CHECKING:
    from gatehook.chain.run import Run
    from gatehook.chain.selection import Band
    from gatehook.chain.steps import Step


async def run_band(run: Run, band: Band) -> None:
    """Run all members to their end, then fold what they said in configured order, so that timing decides nothing."""
    base, start = run.payload, clock()
    tasks: dict[Step, asyncio.Task[tuple[Any, Payload, PluginContext, int]]] = {}
    for step in band:
        if start >= run.deadline:
            run.fold(step, Failure("timeout", "the hook's time was used up"), base, None, 0)
        elif step.breaker is not None and not step.breaker.admits(start):
            run.skip(step)
        else:
            tasks[step] = asyncio.create_task(_member(run, step, base, start), name=f"gatehook {step.name}")
    try:
        if tasks:
            await asyncio.wait(tasks.values())
    finally:
        for task in tasks.values():
            task.cancel()  # does nothing to a task that is done
        await asyncio.gather(*tasks.values(), return_exceptions=True)
    run.base = base
    try:
        for step, task in tasks.items():
            said, lent, context, elapsed = task.result()
            run.fold(step, said, lent, context, elapsed)
    finally:
        run.base = None


async def _member(run: Run, step: Step, base: Payload, start: int) -> tuple[Any, Payload, PluginContext, int]:
    deadline = min(start + step.timeout, run.deadline)
    context = PluginContext(run.request, step.name)
    lent = base if step.reads else base.lend()
    said = begin(step.call, step.suspends, lent, context)
    if isinstance(said, Suspended):
        said = await said.finish(deadline)
    elapsed = clock() - start
    if start + elapsed > deadline and not isinstance(said, Failure):
        said = Failure("timeout", "took longer than its timeout")
    return said, lent, context, elapsed
