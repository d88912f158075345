"""The compiled form of the config for one hook, and the one loop that runs it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine, Iterable, Sequence
from time import perf_counter_ns as clock
from typing import Any

from gatehook.chain.bands import call, run_band
from gatehook.chain.deadline import ABANDONED, BLOCKING, NEVER, TIMEOUT, Failure, Watch, drive
from gatehook.chain.observers import Observer, tell
from gatehook.chain.run import Run
from gatehook.chain.selection import Band, Selector
from gatehook.chain.steps import Step
from gatehook.errors import GatehookError
from gatehook.hooks import Hook
from gatehook.payloads import AuthPostCheckPayload, Payload
from gatehook.request import PluginContext, Request
from gatehook.results import Outcome, PluginMode, PluginResult, PluginViolation

logger = logging.getLogger("gatehook")
DEBUG = logging.DEBUG


class Chain:
    """All steps of one hook, in order.

    Args:
        hook_timeout: seconds for all steps together.
        raises: raise a plugin's failure to the host, as :class:`~gatehook.PluginError`.
    """

    def __init__(  # noqa: PLR0913  # what the operator set for all steps
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
        self.raises, self.max_payload_bytes = raises, max_payload_bytes
        self.time = None if hook_timeout is None else int(hook_timeout * 1e9)
        self.binds_identity = hook.payload is AuthPostCheckPayload
        self.idle = not (self.steps or self.observers or self.binds_identity)
        for step in self.steps:
            step.compile_conditions(self.payload.condition)
            step.limited = step.breaker is not None or hook_timeout is not None
        self.select = Selector(self.steps, self.payload, parallel)
        self.selection = self.select.always
        self.rechecks = any(step.recheck for step in self.steps)
        self.lend = self.payload.lender()
        self.telling: set[asyncio.Task[None]] = set()
        """What goes on telling observers after a caller was cancelled."""

    async def run(self, payload: Payload, request: Request, size: int | None = None, told: bool = True) -> Outcome[Any]:
        """Run the steps that apply, and say what they come to. ``told=False`` leaves the observers out."""
        if self.idle:
            return Outcome(payload)
        selection = self.selection or self.select(payload, request)
        selection.uses += 1
        run = Run(self, payload, request, selection)
        try:
            if size is not None and self.max_payload_bytes is not None and size > self.max_payload_bytes:
                run.refuse(Failure("payload", f"the payload's {size} bytes are over max_payload_bytes", called=False))
            else:
                walk = self._walk(run, run.selection.steps)
                try:
                    awaited = walk.send(None)
                except StopIteration:
                    pass  # no step waited for anything
                else:
                    await self._wait(run, walk, awaited)
            if run.modified and run.violation is None:
                await self._look_again(run)
            if self.binds_identity and run.violation is None:
                identify(request, run.payload)
        except BaseException as error:
            run.ended_by(error)
            if told and isinstance(error, asyncio.CancelledError):
                self._tell_later(self.observers, run, request)
            elif told and not isinstance(error, GeneratorExit):
                await self._tell(run, request)
            raise
        if self.observers and told:
            await self._tell(run, request)
        if logger.isEnabledFor(DEBUG):
            for record in run.records:
                logger.debug("%s at %s: %s %s", record.plugin, record.hook, record.verdict, record.reason)
        return run

    async def _walk(self, run: Run, steps: Sequence[Step | Band]) -> None:
        """The hot path: each step in turn on what the ones before it left, until one blocks."""
        request, payload, trace, lend = run.request, run.payload, run.trace, self.lend
        start = clock()
        limit = NEVER
        if self.time is not None:
            limit = run.deadline = min(run.deadline, start + self.time)
        while steps:
            for step in steps:
                if type(step) is Band:
                    run.step = None
                    await run_band(run, step)
                elif step.limited and (hindrance := run.hindrance(step, start)):
                    run.fold(step, hindrance, payload, None, 0)
                else:
                    run.step, run.since = step, start
                    context = PluginContext(request, step.name, run)
                    lent = payload
                    try:
                        if not step.reads:
                            lent = lend(payload)
                        said = step.call(lent, context)
                        if step.suspends:
                            said = await said
                    except BaseException as error:  # noqa: BLE001  # raised again below if it is not the plugin's
                        said = error if run.watch else Failure.of(error)
                    if run.watch:
                        said = run.watch.settle(said)
                    end = clock()
                    spent = end - start
                    if (spent > step.timeout or end > limit) and type(said) is not Failure:
                        said = BLOCKING
                    if not (context.touched or step.watched) and (
                        said is None
                        or (
                            type(said) is PluginResult
                            and said.continue_processing is True
                            and said.modified_payload is said.violation is said.response is None
                            and not said.metadata
                        )
                    ):
                        tally = step.tally
                        tally.runs += 1
                        tally.nanoseconds += spent
                        trace.append((step, spent, payload, None))
                        start = end
                        continue
                    run.fold(step, said, lent, context, spent)
                if run.violation is not None:
                    return
                if run.payload is not payload:
                    renamed, payload = run.payload.subject != payload.subject, run.payload
                    if renamed:  # the conditions of the steps to come are about the subject as it now is
                        steps = run.turn(step, self.select(payload, request))
                        break
                start = clock()
            else:
                return

    async def _wait(self, run: Run, walk: Coroutine[Any, Any, None], awaited: Any) -> None:
        """Go on with a walk in which a step waits, under that step's deadline. A walk that had to be abandoned is
        taken up again after the step that would not stop."""
        while True:
            run.watch = Watch()
            if await drive(walk, awaited, run.watch, run.until) is not ABANDONED:
                return
            run.watch.release()
            run.watch = None
            step = run.step
            assert step is not None, "a band's members have watches of their own"  # noqa: S101
            run.fold(step, TIMEOUT, run.payload, None, clock() - run.since)
            if run.violation is not None:
                return
            walk = self._walk(run, run.after(step))
            try:
                awaited = walk.send(None)
            except StopIteration:
                return

    async def _tell(self, run: Run, request: Request) -> None:
        waiting = deque(self.observers)
        try:
            while waiting:
                await tell(waiting.popleft(), run, request)
        except asyncio.CancelledError:
            self._tell_later(waiting, run, request)
            raise

    def _tell_later(self, observers: Iterable[Observer], run: Run, request: Request) -> None:
        """Tell observers in a task of their own: the caller was cancelled, and is not to wait for them."""

        async def telling() -> None:
            for observer in observers:
                await tell(observer, run, request)

        task = asyncio.create_task(telling(), name=f"gatehook {self.name} finished")
        self.telling.add(task)
        task.add_done_callback(self.telling.discard)

    async def _look_again(self, run: Run) -> None:
        """The final-subject rule, and ``recheck``: guards see what the plugins after them made of the payload.

        A plugin in audit looks wherever an enforcing one would.
        """
        final = run.payload
        renamed = bool(run.turned) or final.subject != run.first.subject
        if not renamed and not self.rechecks:
            return
        approved = {step.index: left for step, _, left, _ in run.trace}
        seen = {
            (step.index, shown.subject)
            for step, _, left, note in run.trace
            for shown in (left, note and note.given)
            if shown
        }
        for step in self.select(final, run.request).flat():
            left = approved.get(step.index)
            unseen = renamed and (step.index, final.subject) not in seen
            changed = step.recheck and left is not None and left.adopt(final) is not left
            if step.mode is not PluginMode.PERMISSIVE and (unseen or changed):
                run.recheck(step, *await call(run, step, final))
                if run.violation is not None:
                    return


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

    async def run(self, payload: Payload, request: Request, size: int | None = None, told: bool = True) -> Outcome[Any]:
        outcome = Outcome(payload)
        outcome.violation = PluginViolation("the guard that this request began with was shut down", code="SHUT_DOWN")
        outcome.violations = (outcome.violation,)
        return outcome
