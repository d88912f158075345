"""From what the loop noted to the records that people read. Nothing here runs unless somebody reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatehook.chain.selection import Selection
from gatehook.chain.steps import Step
from gatehook.payloads import Payload
from gatehook.results import Record, Verdict
from gatehook.values import describe, differences

if TYPE_CHECKING:
    from gatehook.chain.run import Run


@dataclass(slots=True)
class Note:
    """What is to be recorded of a step beyond that it ran. ``changed`` is the payload before and after."""

    verdict: Verdict
    effective: bool = False
    reason: str = ""
    code: str = ""
    error_type: str = ""
    recheck: bool = False
    changed: tuple[Payload, Payload] | None = None
    given: Payload | None = None
    """What the step was shown, where it is not what it left."""


def records_of(run: Run) -> tuple[Record, ...]:
    """One record per step of the chain in configured order, then the second looks."""
    first = [entry for entry in run.trace if not (entry[3] and entry[3].recheck)]
    again = [entry for entry in run.trace if entry[3] and entry[3].recheck]
    records = {step.index: _ran(run, step, elapsed, note) for step, elapsed, _, note in first}
    ran = {step.index for step, *_ in run.trace}
    records |= {step.index: _passed_over(run, step) for step in run.chain.steps if step.index not in ran}
    return (
        *(records[index] for index in sorted(records)),
        *(_ran(run, step, elapsed, note) for step, elapsed, _, note in again),
    )


def _ran(run: Run, step: Step, elapsed: int, note: Note | None) -> Record:
    note = note or Note(Verdict.OK)
    unknown = _selection_for(run, step).notes.get(step.index, "")
    changes: list[str] = []
    if note.changed:
        before, after = note.changed
        changes = [describe(path) for path, *_ in differences(before.to_dict(), after.to_dict())]
    return Record(
        step.name, run.chain.name, step.mode, note.verdict, note.effective, elapsed / 1e9,
        note.reason or unknown, note.code, note.error_type, note.recheck, tuple(changes),
    )  # fmt: skip


def _passed_over(run: Run, step: Step) -> Record:
    if step is run.step:  # its turn had begun, and it has left no other trace
        reason = "the run ended while it was waiting"
        return Record(step.name, run.chain.name, step.mode, Verdict.ERROR, False, 0.0, reason, "", "cancelled")
    reason = _selection_for(run, step).passed_over.get(step) or "the run ended before its turn"
    return Record(step.name, run.chain.name, step.mode, Verdict.SKIPPED, False, 0.0, reason)


def _selection_for(run: Run, step: Step) -> Selection:
    later = [selection for start, selection in run.turned if start <= step.index]
    return later[-1] if later else run.selection
