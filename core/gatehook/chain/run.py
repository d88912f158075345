"""The state of one run of one hook: what the steps said so far, folded."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from functools import cached_property
from time import perf_counter_ns as clock
from typing import TYPE_CHECKING, Any

from gatehook.chain.answers import fault_of, signed, unusable, verdict_of
from gatehook.chain.deadline import NEVER, Failure, Watch
from gatehook.chain.merge import merge
from gatehook.chain.records import Note, records_of
from gatehook.chain.selection import Band, Selection
from gatehook.chain.steps import Step
from gatehook.errors import PluginError
from gatehook.payloads import Payload
from gatehook.request import PluginContext, Request
from gatehook.results import Outcome, PluginMode, PluginResult, PluginViolation, Record, Verdict
from gatehook.values import copy_value

if TYPE_CHECKING:
    from gatehook.chain.chain import Chain

logger = logging.getLogger("gatehook")


class Run(Outcome[Any]):
    """One run of one hook: an outcome in the making. ``payload`` is what the steps so far made of ``first``."""

    deadline = NEVER
    """When the hook's time is used up."""
    watch: Watch | None = None
    """There once a step has waited for something."""
    step: Step | None = None
    """The step whose turn it is."""
    since = 0
    """When its turn began."""
    base: Payload | None = None
    """Of a band: what all its members were given."""
    left: Payload | None = None
    """Of a band: what its member made of ``base``, which is all that it has seen."""
    turned: Sequence[tuple[int, Selection]] = ()
    """After a change of subject: from which step on, which selection holds."""

    def __init__(self, chain: Chain, payload: Payload, request: Request, selection: Selection) -> None:
        self.chain, self.request, self.selection = chain, request, selection
        self.first = self.payload = payload
        self.trace: list[tuple[Step, int, Payload, Note | None]] = []

    @cached_property
    def records(self) -> tuple[Record, ...]:  # type: ignore[override]  # worked out when somebody asks
        return records_of(self)

    def until(self) -> int:
        """The deadline of the step whose turn it is."""
        return NEVER if self.step is None else min(self.since + self.step.timeout, self.deadline)

    def after(self, step: Step | Band) -> list[Step | Band]:
        """What is left to run after ``step``."""
        selection, start = self.turned[-1][1] if self.turned else self.selection, self._next(step)
        return [item for item in selection.steps if item.index >= start]

    def _next(self, step: Step | Band) -> int:
        """The position from which on steps have not had their turn; those of one priority may have it together."""
        if not self.chain.select.parallel:
            return step.index + 1
        later = (other.index for other in self.chain.steps if other.priority > step.priority)
        return next(later, len(self.chain.steps))

    def turn(self, step: Step | Band, selection: Selection) -> list[Step | Band]:
        """Go on by another selection after ``step``; returns what is left to run."""
        self.turned = [*self.turned, (self._next(step), selection)]
        return self.after(step)

    # -- folding

    def fold(self, step: Step, said: Any, lent: Payload, context: PluginContext | None, elapsed: int) -> None:
        """Take into account what a step said, whatever it is."""
        self.left, given = self.base, self.base or self.payload
        said = self._checked(step, said, lent)
        if not isinstance(said, Failure) or said.called:
            step.tally.runs += 1
            step.tally.nanoseconds += elapsed
        if isinstance(said, Failure):
            note = self._fail(step, said, elapsed)
        else:
            try:
                note = self._apply(step, said, context)
            except Exception as error:  # noqa: BLE001  # a payload or result of the plugin's own make may raise anything
                note = self._fail(step, unusable(error), elapsed)
        note.given = given
        self.trace.append((step, elapsed, self.left or self.payload, note))

    def _checked(self, step: Step, said: Any, lent: Payload) -> PluginResult[Any] | Failure:
        """The result in its full form, or the failure that a wrong one is."""
        given = self.base or self.payload
        if step.verifies and not isinstance(said, Failure) and given.adopt(lent) is not given:
            if step.promises:
                return Failure("access", "changed its payload in place, although its manifest says access: read")
            if getattr(said, "modified_payload", None) is None:
                logger.warning(
                    "plugin %r changed its payload in place at %s and did not return it, so nothing changes",
                    step.name,
                    self.chain.name,
                )
        if said is None:
            return _QUIET
        if isinstance(said, Failure):
            return said
        wrong = fault_of(said, self.chain.payload, step)
        return Failure("invalid_result", wrong) if wrong else said

    def _apply(self, step: Step, said: PluginResult[Any], context: PluginContext | None) -> Note:
        blocks = not said.continue_processing
        violation = signed(step, said.violation, blocks)
        before = self.payload
        adopted = before if said.modified_payload is None else self._adopted(said.modified_payload)
        response = None if said.response is None else copy_value(said.response)
        metadata = copy_value(said.metadata) if said.metadata else said.metadata
        told = copy_value(context.told) if context and context.touched else {}
        if step.breaker is not None:
            step.breaker.succeeded()
        muted = step.mode is PluginMode.AUDIT or self.violation is not None
        if context and context.touched:
            context.commit(shared=not muted)
        note = Note(verdict_of(violation, response, adopted is not before), code=violation.code if violation else "")
        note.changed = (before, adopted) if adopted is not before else None
        self._count(step, note.verdict, violation)
        if muted:
            self.left = self.base  # what it would have made of it is not there for anybody to change
            return note
        if told or metadata:
            mine = {**self.metadata.get(step.name, {}), **told, **metadata}
            self.metadata = {**self.metadata, step.name: mine}
        if violation is not None:
            self.violations = [*self.violations, violation]
        if blocks and step.enforces:
            self.violation, self.response, note.effective = violation, None, True
            self.withheld = adopted if adopted is not before else None
            return note
        self.payload = adopted
        self.modified = adopted is not self.first
        if response is not None and self.response is None:
            self.response = response
            note.effective = True
        note.effective = note.effective or adopted is not before
        return note

    def _adopted(self, returned: Payload) -> Payload:
        subject = returned.subject
        if not isinstance(subject, str) and subject != self.payload.subject:
            raise TypeError(f"the {returned.subject_field} of a payload is text")
        payload: Payload = self.payload
        if self.base is None:
            return payload.adopt(returned)
        self.left = left = self.base.adopt(returned)
        if left is self.base:
            return payload
        return left if payload is self.base else merge(self.base, payload, left)

    def _fail(self, step: Step, failure: Failure, elapsed: int) -> Note:
        """Apply the step's error policy."""
        if failure is OUT:
            step.tally.let_through += 1
            return Note(Verdict.SKIPPED, reason=f"{failure.reason}, let through")
        errors = step.tally.errors
        errors[failure.error_type] = errors.get(failure.error_type, 0) + 1
        blocks = step.on_error != "allow" and step.mode is not PluginMode.AUDIT and self.violation is None
        if step.breaker is not None and failure.called:
            step.breaker.failed(clock())
        timeout = failure.error_type in ("timeout", "blocking")
        note = Note(Verdict.TIMEOUT if timeout else Verdict.ERROR, reason=failure.reason, error_type=failure.error_type)
        if self.chain.raises and self.violation is None:
            note.effective = True
            self.trace.append((step, elapsed, self.payload, note))
            raise PluginError(step.name, self.chain.name, failure.error_type, failure.reason) from failure.error
        if blocks:
            violation = PluginViolation(
                f"plugin {step.name!r} {'ran out of time' if timeout else 'failed'} at {self.chain.name}",
                code="PLUGIN_TIMEOUT" if timeout else "PLUGIN_ERROR",
                details={"hook": self.chain.name, "error_type": failure.error_type},
                plugin_name=step.name,
            )
            self.violation, self.response, note.effective, note.code = violation, None, True, violation.code
            self.violations = [*self.violations, violation]
        elif self.violation is None:
            step.tally.let_through += 1
            note.reason += ", let through"
        logger.warning("plugin %r failed at %s: %s%s", step.name, self.chain.name, note.reason, _where(failure))
        return note

    def _count(self, step: Step, verdict: Verdict, violation: PluginViolation | None) -> None:
        if violation is not None:
            step.tally.violations += 1
            # Who made the call is told of a block; of all else only the operator can know.
            level = logging.INFO if step.enforces else logging.WARNING
            logger.log(level, "plugin %r (%s) objects at %s: %s", step.name, step.mode, self.chain.name, violation.code)
        elif verdict is Verdict.RESPONSE:
            step.tally.responses += 1
        elif verdict is Verdict.MODIFIED:
            step.tally.modified += 1

    def hindrance(self, step: Step, now: int) -> Failure | None:
        """Why a step cannot be called now, if it cannot."""
        if now >= self.deadline:
            return Failure("timeout", "the hook's time was used up before its turn", called=False)
        if step.breaker is not None and not step.breaker.admits(now):
            return OUT
        return None

    def refuse(self, failure: Failure) -> None:
        """Every step fails without being called, until one blocks."""
        for step in self.selection.flat():
            self.fold(step, failure, self.payload, None, 0)
            if self.violation is not None:
                return

    def recheck(self, step: Step, said: Any, lent: Payload, context: PluginContext, elapsed: int) -> None:
        """Fold the second look of a guard: it may only block."""
        said = self._checked(step, said, lent)
        if isinstance(said, PluginResult) and said.continue_processing:
            try:
                wants = said.modified_payload is not None and self._adopted(said.modified_payload) is not self.payload
            except Exception as error:  # noqa: BLE001  # as in fold
                return self._fold_again(step, unusable(error), lent, context, elapsed)
            if wants or said.response is not None:
                reason = f"plugin {step.name!r} would change what a later plugin made of this call"
                said = PluginResult(False, violation=PluginViolation(reason, code="RECHECK_FAILED"))
            else:
                said = PluginResult(violation=said.violation, metadata=said.metadata)
        elif isinstance(said, PluginResult):
            said = PluginResult(False, violation=said.violation, metadata=said.metadata)
        return self._fold_again(step, said, lent, context, elapsed)

    def _fold_again(self, step: Step, said: Any, lent: Payload, context: PluginContext, elapsed: int) -> None:
        self.fold(step, said, lent, context, elapsed)
        if (note := self.trace[-1][3]) is not None:
            note.recheck = True

    # -- what it came to

    def ended_by(self, error: BaseException) -> None:
        """The run raised instead of answering; observers see it as a block."""
        code = "PLUGIN_ERROR" if isinstance(error, Exception) else "CANCELLED"
        self.violation = PluginViolation(f"the run ended by {type(error).__name__}", code=code)


OUT = Failure("exception", "disabled after failures in a row", called=False)
"""Stands for the answer of a step that `on_error: disable` has taken out."""
_QUIET: PluginResult[Any] = PluginResult()


def _where(failure: Failure) -> str:
    """Where the plugin failed, when debugging is on: code, never the exception's text, which may quote."""
    if failure.error is None or not logger.isEnabledFor(logging.DEBUG):
        return ""
    return "\n" + "".join(traceback.format_tb(failure.error.__traceback__)).rstrip()
