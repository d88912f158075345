"""How a plugin behaves towards the event loop, its callers and its own other instances."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterable, Sequence
from time import perf_counter
from typing import Any, Final

import pytest

from gatehook.chain import Step
from gatehook.request import PluginContext, Request
from gatehook.results import Outcome, Record
from gatehook.runner import Runner
from gatehook.testing.conformance.overheard import overheard
from gatehook.testing.conformance.samples import MARK, OTHER_MARK, Sample, long_samples, samples
from gatehook.testing.conformance.subject import Checks, Subject, fail, failure_of, json_of, run

_PROMPTLY: Final = 2.0
"""Seconds within which a cancelled hook must end; many, for machines with other work to do."""
_MOST_LAG: Final = 0.25
"""Seconds for which a hook may keep the event loop from everything else, likewise."""
_ATTEMPTS: Final = 3
"""What the machine is to blame for does not happen so often in a row."""
_TICK: Final = 0.001


class ConductChecks(Checks):
    def test_cancelling_a_hook_ends_it(self) -> None:
        self.subject.skip_unless_it_starts()
        waited, wrong = run(_cancel(self.subject))
        if wrong:
            fail("a cancelled call is to end at once, by asyncio.CancelledError", wrong)
        if not waited:
            pytest.skip("no hook of it waits for anything, so there is nothing to cancel")

    def test_it_does_not_block_the_event_loop(self) -> None:
        self.subject.skip_unless_it_starts()
        if wrong := run(_block(self.subject)):
            hint = "Wait by `await`, compute in asyncio.to_thread(), or in time that grows with the text and no faster."
            fail("it keeps everything else on the event loop waiting", wrong, hint)

    def test_two_requests_at_once_do_not_see_each_other(self) -> None:
        self.subject.skip_unless_it_starts()
        if wrong := run(_overlap(self.subject)):
            hint = "What belongs to a request is kept in context.state, not on the plugin."
            fail("what becomes of a request depends on another one", wrong, hint)

    def test_it_starts_and_ends_as_often_as_it_is_asked_to(self) -> None:
        self.subject.skip_unless_it_starts()
        with overheard() as heard:
            try:
                run(_restart(self.subject))
            except Exception as error:  # noqa: BLE001  # whatever keeps it from starting
                fail("it does not start again, or not beside the instance before it, as at a reload", [str(error)])
        if wrong := [record.getMessage() for record in heard.records if "failed to shut down" in str(record.msg)]:
            fail("it does not shut down", wrong)


def _one_each(subject: Subject) -> Iterable[Sample]:
    """One sample for each hook, and the author's."""
    seen = set()
    for sample in subject.ordinary():
        if sample.payload.hook not in seen or sample.label.startswith("payloads["):
            seen.add(sample.payload.hook)
            yield sample


# -- cancellation


async def _cancel(subject: Subject) -> tuple[bool, list[str]]:
    """Whether any hook waits for something, and what those that wait do when they are cancelled there."""
    waited, wrong = False, []
    async with subject.runner() as runner, runner.request(user="alice") as request:
        for sample in _one_each(subject):
            for step in runner.generation.chains[type(sample.payload)].steps:
                said = await _cancelled_early_and_late(step, sample, request) if step.suspends else None
                waited = waited or said is not None
                wrong += [f"{sample.payload.hook} {said}"] if said else []
    return waited, wrong


async def _cancelled_early_and_late(step: Step, sample: Sample, request: Request) -> str | None:
    """What a hook does wrong, as :func:`_cancelled` has it."""
    found = None
    for ticks in (1, 3, 10):
        call = step.call(sample.payload.lend(), PluginContext(request, step.name))
        said = await _cancelled(call, ticks)
        if said:
            return said
        found = said if found is None else found
    return found


async def _cancelled(call: Coroutine[Any, Any, Any], ticks: int) -> str | None:
    """What a hook does when it is cancelled after some turns of the loop: nothing wrong (``""``); ``None`` if it had
    ended before."""
    task = asyncio.ensure_future(call)
    for _ in range(ticks):
        await asyncio.sleep(0)
    if task.done():
        task.cancelled() or task.exception()  # looked at, or asyncio would complain
        return None
    task.cancel()
    await asyncio.wait({task}, timeout=_PROMPTLY)
    if not task.done():
        call.close()  # or the event loop would wait for it
        return f"goes on for {_PROMPTLY:g} s after it was cancelled"
    if task.cancelled():
        return ""
    error = task.exception()
    return f"turns its cancellation into {type(error).__name__}" if error else "swallows its cancellation"


# -- blocking


async def _block(subject: Subject) -> list[str]:
    async with subject.runner() as runner:
        lags = [
            (sample.label, await _least_lag(runner, sample))
            for sample in [*long_samples(subject.hooks), *_one_each(subject)]
        ]
    return [f"{label}: for {lag:.2f} s, {_MOST_LAG:g} s are too many" for label, lag in lags if lag > _MOST_LAG]


async def _least_lag(runner: Runner, sample: Sample) -> float:
    least = float("inf")
    for _ in range(_ATTEMPTS):
        least = min(least, await _lag(runner, sample))
        if least <= _MOST_LAG:
            break
    return least


async def _lag(runner: Runner, sample: Sample) -> float:
    """The longest time for which nothing else got its turn while a hook ran."""
    longest, last = 0.0, perf_counter()

    async def tick() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(_TICK)
            longest, last = max(longest, perf_counter() - last - _TICK), perf_counter()

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    try:
        async with runner.request(user="alice") as request:
            await request.run(sample.payload)
        await asyncio.sleep(2 * _TICK)
    finally:
        ticking.cancel()
    return longest


# -- requests at once


async def _overlap(subject: Subject) -> list[str]:
    """How two requests come out together that come out well alone."""
    secret = subject.secrets[0] if subject.secrets else ""
    ours = [sample.payload for sample in samples(subject.hooks, "", f"Meet {MARK} at noon. {secret}")]
    theirs = [sample.payload for sample in samples(subject.hooks, "", f"Meet {OTHER_MARK} at six.")]
    alone = [(await _talk(subject, [payloads], at_once=False))[0] for payloads in (ours, theirs)]
    wrong = []
    for order in ([0, 1], [1, 0]):
        for at_once in (False, True):
            together = await _talk(subject, [[ours, theirs][index] for index in order], at_once)
            for index, outcomes in zip(order, together, strict=True):
                other = (OTHER_MARK, MARK)[index]
                wrong += list(_crossed(alone[index], outcomes, other))
    return wrong


async def _talk(subject: Subject, talks: Sequence[Sequence[Any]], at_once: bool) -> list[list[Outcome[Any]]]:
    """Run requests by different users, hook by hook, each hook of all of them in turn or at once."""
    users = ("alice", "bob")
    found: list[list[Outcome[Any]]] = [[] for _ in talks]
    async with subject.runner() as runner:
        requests = [runner.request(user=user, tenant_id=user) for user, _ in zip(users, talks, strict=False)]
        for request in requests:
            await request.__aenter__()
        for payloads in zip(*talks, strict=True):
            calls = [request.run(payload) for request, payload in zip(requests, payloads, strict=True)]
            outcomes = await asyncio.gather(*calls) if at_once else [await call for call in calls]
            for mine, outcome in zip(found, outcomes, strict=True):
                mine.append(outcome)
        for request in requests:
            await request.__aexit__()
    return found


def _crossed(alone: list[Outcome[Any]], together: list[Outcome[Any]], other: str) -> Iterable[str]:
    for before, after in zip(alone, together, strict=True):
        hook = after.payload.hook
        if other in _all_of(after):
            yield f"{hook}: the text of another request turns up"
        elif (was := _signature(before)) != (became := _signature(after)):
            yield f"{hook}: {was} alone, {became} beside another request"


def _all_of(outcome: Outcome[Any]) -> str:
    violation = outcome.violation and outcome.violation.to_dict()
    parts = [outcome.payload.to_dict(), outcome.response, dict(outcome.metadata), violation]
    return json.dumps(json_of(parts), default=repr)


def _signature(outcome: Outcome[Any]) -> str:
    return "; ".join(_brief(record) for record in outcome.records)


def _brief(record: Record) -> str:
    return " ".join(filter(None, [record.verdict, record.code, record.error_type, ", ".join(record.changes)]))


# -- starting again


async def _restart(subject: Subject) -> None:
    """Start and end it twice, and once more beside itself.

    Raises:
        Exception: it does not start, or does not answer then.
    """
    for _ in range(2):
        async with subject.runner() as runner:
            await _answer(subject, runner)
            await runner.reload()
            await _answer(subject, runner)


async def _answer(subject: Subject, runner: Runner) -> None:
    for sample in _one_each(subject):
        async with runner.request(user="alice") as request:
            if failure := failure_of(await request.run(sample.payload)):
                raise RuntimeError(f"{sample.label}: {failure}")
