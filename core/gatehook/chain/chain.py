"""The compiled form of the config for one hook, and the one loop that runs it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from time import perf_counter_ns as clock
from typing import Any, Final

from gatehook.chain.bands import run_band
from gatehook.chain.deadline import Failure, Suspended, begin
from gatehook.errors import GatehookError
from gatehook.hooks import Hook
from gatehook.chain.observers import Observer, tell
from gatehook.payloads import AuthPostCheckPayload, Payload
from gatehook.request import PluginContext, Request
from gatehook.results import Outcome, PluginResult, PluginViolation
from gatehook.chain.run import Run
from gatehook.chain.selection import Band, Selector
from gatehook.chain.steps import NEVER, Step

logger = logging.getLogger("gatehook")


class Chain:
    """All steps of one hook, in order."""

    def __init__(
        self,
        hook: Hook,
        steps: Sequence[Step],
        observers: Sequence[Observer] = (),
        *,
        parallel: bool = False,
        hook_timeout: float | None = None,
        max_payload_bytes: int | None = None,
        raises: bool = False,
    ) -> None:
        assert hook.payload is not None, "observers have no chain"  # noqa: S101
        self.hook, self.name, self.payload = hook, hook.name, hook.payload
        self.steps = tuple(steps)
        self.observers = tuple(observers)
        self.parallel, self.raises = parallel, raises
        self.time = NEVER if hook_timeout is None else int(hook_timeout * 1e9)
        self.max_payload_bytes = max_payload_bytes
        self.binds_identity = hook.payload is AuthPostCheckPayload
        self.idle = not (self.steps or self.observers or self.binds_identity)
        for step in self.steps:
            step.compile_conditions(self.payload.condition)
        self.select = Selector(self.steps, self.payload, parallel)

    async def run(self, payload: Payload, request: Request, size: int | None = None, told: bool = True) -> Outcome[Any]:
        """Run the steps that apply, and say what they come to. ``told=False`` leaves the observers out."""
        if self.idle:
            return Outcome(payload)
        run = Run(self, payload, request, NEVER if self.time is NEVER else clock() + self.time)
        selection = run.selected(self.select(payload, request))
        try:
            if size is not None and self.max_payload_bytes is not None and size > self.max_payload_bytes:
                run.refuse(selection.flat(), Failure("payload", f"the payload's {size} bytes are over max_payload_bytes"))
            else:
                await self._walk(run, selection.steps)
            if run.payload is not payload and run.violation is None:
                await self._look_again(run)
        except BaseException as error:
            run.ended_by(error)
            if self.observers and told and not isinstance(error, GeneratorExit):
                await tell(self.observers, run.outcome(), request)
            raise
        outcome = run.outcome()
        if self.binds_identity and not outcome.blocked:
            identify(request, outcome.payload)
        if self.observers and told:
            await tell(self.observers, outcome, request)
        if logger.isEnabledFor(logging.DEBUG):
            for record in outcome.records:
                logger.debug("%s at %s: %s %s", record.plugin, record.hook, record.verdict, record.reason)
        return outcome

    async def _walk(self, run: Run, steps: Sequence[Step | Band]) -> None:
        """The hot path: each step in order on what the ones before it left, until one blocks."""
        request, payload = run.request, run.payload
        start = clock()
        for step in steps:
            if step.parallel:
                await run_band(run, step)
                end = clock()
            elif start >= run.deadline:
                run.fold(step, Failure("timeout", "the hook's time was used up"), payload, None, 0)
                end = start
            elif step.breaker is not None and not step.breaker.admits(start):
                run.skip(step)
                end = start
            else:
                deadline = start + step.timeout
                if deadline > run.deadline:
                    deadline = run.deadline
                context = PluginContext(request, step.name)
                lent = payload if step.reads else payload.lend()
                said = begin(step.call, step.suspends, lent, context)
                waited = said.__class__ is Suspended
                if waited:
                    said = await said.finish(deadline)
                end = clock()
                if end > deadline and said.__class__ is not Failure:
                    said = overrun(waited)
                if (said is None or is_quiet(said)) and not context.touched and not step.watched:
                    step.tally.runs += 1
                    step.tally.nanoseconds += end - start
                    run.trace.append((step, end - start, payload, None))
                    start = end
                    continue
                run.fold(step, said, lent, context, end - start)
            start = end
            if run.violation is not None:
                return
            if run.payload is not payload:
                renamed, payload = run.payload.subject != payload.subject, run.payload
                if renamed:  # the conditions of the steps to come are about the subject as it now is
                    later = run.selected(self.select(payload, request))
                    return await self._walk(run, [item for item in later.steps if item.index > step.index])

    async def _look_again(self, run: Run) -> None:
        """The final-subject rule, and ``recheck``: guards see what the plugins after them made of the payload.

        They may only block; a change they want is a block.
        """
        final = run.payload
        renamed = final.subject != run.first.subject
        if not renamed and not any(step.recheck for step in self.steps):
            return
        approved = {step.index: left for step, _, left, _ in run.trace}
        for step in self.select(final, run.request).flat():
            left = approved.get(step.index)
            unseen = renamed and (left is None or left.subject != final.subject)
            changed = step.recheck and left is not None and left is not final
            if not (step.enforces and (unseen or changed)):
                continue
            start = clock()
            context = PluginContext(run.request, step.name)
            lent = final.lend()
            said = begin(step.call, step.suspends, lent, context)
            waited = isinstance(said, Suspended)
            if waited:
                said = await said.finish(min(start + step.timeout, run.deadline))
            end = clock()
            if end > min(start + step.timeout, run.deadline) and not isinstance(said, Failure):
                said = overrun(waited)
            run.recheck(step, said, lent, context, end - start)
            if run.violation is not None:
                return


def is_quiet(said: Any) -> bool:
    """Whether a plugin has nothing to say, in the very form that nearly all answers have."""
    return (
        said.__class__ is PluginResult
        and said.continue_processing is True
        and said.modified_payload is None
        and said.violation is None
        and said.response is None
        and not said.metadata
    )


def overrun(waited: bool) -> Failure:
    if waited:
        return Failure("timeout", "took longer than its timeout")
    return Failure("blocking", "took longer than its timeout without ever giving way to the event loop")


def identify(request: Request, payload: AuthPostCheckPayload) -> None:
    """Bind the request to who it turned out to be.

    Raises:
        GatehookError: it was bound before.
    """
    if request.identified:
        raise GatehookError("auth_post_check binds a request's identity once; this request has one already")
    request.identified = True
    request.user, request.tenant_id, request.roles = payload.user, payload.tenant_id, tuple(payload.roles)


class ClosedChain:
    """Stands in for the chains of a generation that was shut down while requests were still open on it."""

    name: Final = "closed"

    async def run(self, payload: Payload, request: Request, size: int | None = None, told: bool = True) -> Outcome[Any]:
        violation = PluginViolation("the guard that this request began with was shut down", code="SHUT_DOWN")
        return Outcome(payload, violation=violation, violations=[violation])
