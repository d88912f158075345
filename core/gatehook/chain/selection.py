"""Which steps of a chain concern a request: worked out once for each combination of what the conditions look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, final

from gatehook.chain.steps import Step
from gatehook.conditions import ALWAYS, REQUEST_FIELDS, Fit, Match
from gatehook.payloads import Payload
from gatehook.request import Request

CACHE_SIZE: Final = 1024
"""Combinations remembered per hook. The oldest is forgotten first, and worked out again when it comes back."""


LONGEST_KEY: Final = 2048
"""Characters of a combination that is remembered: names and URIs come from clients, who could fill the memory."""


@final
class Band:
    """Steps of one priority that run at the same time. ``index`` is the last member's: what comes after it comes after
    them."""

    __slots__ = ("index", "priority", "steps")

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = tuple(steps)
        self.index, self.priority = steps[-1].index, steps[-1].priority


class Selection:
    """The steps to run, in order, and of every other step why not."""

    __slots__ = ("notes", "passed_over", "steps", "uses")

    def __init__(self, steps: Sequence[Step | Band], passed_over: dict[Step, str], notes: dict[int, str]) -> None:
        self.steps = tuple(steps)
        self.passed_over = passed_over
        self.notes = notes  # by a step's index: which unknown field it ran in spite of
        self.uses = 0  # how many runs began with it, which is how often each of the passed over was skipped

    def flush(self) -> None:
        for step, reason in self.passed_over.items():
            step.tally.skipped += self.uses
            if reason is step.absent:
                step.tally.let_through += self.uses
        self.uses = 0

    def flat(self) -> Iterator[Step]:
        for item in self.steps:
            if isinstance(item, Band):
                yield from item.steps
            else:
                yield item


class Selector:
    """``selector(payload, request)`` is the :class:`Selection` for them."""

    def __init__(self, steps: Sequence[Step], payload: type[Payload], parallel: bool) -> None:
        self._steps, self.parallel = tuple(steps), parallel
        self._names = tuple(dict.fromkeys(name for step in steps if step.conditions for name in step.conditions[0]))
        self._key = condition_values(self._names, payload)
        self._cache: dict[Any, Selection] = {}

    def __call__(self, payload: Payload, request: Request) -> Selection:
        key = self._key(payload, request) if self._names else ()
        try:
            selection = self._cache.get(key)
        except TypeError:  # unhashable, so it is no text, and says so below
            selection = None
        if selection is None:
            selection = self._select(key)
            if sum(len(value or "") for value in key) <= LONGEST_KEY:
                if len(self._cache) >= CACHE_SIZE:
                    self._forget(next(iter(self._cache)))
                self._cache[key] = selection
        return selection

    @property
    def always(self) -> Selection | None:
        """The one selection that there is, when no step has conditions and none is absent."""
        if self._names or any(step.absent for step in self._steps):
            return None
        return self._select(())

    def flush(self) -> None:
        """Write the skips that were counted per selection into the steps' tallies."""
        for selection in self._cache.values():
            selection.flush()

    def _forget(self, key: Any) -> None:
        self._cache.pop(key).flush()

    def _select(self, key: tuple[str | None, ...]) -> Selection:
        values = dict(zip(self._names, key, strict=True))
        for name, value in values.items():
            if not isinstance(value, str | None):
                raise TypeError(f"what the condition {name!r} looks at must be text, got {type(value).__name__}")
        chosen: list[Step] = []
        passed_over: dict[Step, str] = {}
        notes: dict[int, str] = {}
        for step in self._steps:
            found = _match(step, values)
            if found.fit is Fit.NO_MATCH:
                passed_over[step] = f"condition on {found.field}"
            elif found.fit is Fit.UNKNOWN and step.when_unknown == "skip":
                passed_over[step] = f"{found.field}: unknown, and when_unknown is skip"
            elif step.absent:
                passed_over[step] = step.absent
            elif found.fit is Fit.UNKNOWN and step.when_unknown == "block":
                chosen.append(step.refusing(found.field))
            else:
                chosen.append(step)
                if found.fit is Fit.UNKNOWN:
                    notes[step.index] = f"{found.field}: unknown, so it ran"
        return Selection(list(_bands(chosen)) if self.parallel else chosen, passed_over, notes)


def _match(step: Step, values: dict[str, str | None]) -> Match:
    if step.conditions is None:
        return ALWAYS
    names, match = step.conditions
    found: Match = match([values[name] for name in names])
    return found


def _bands(steps: Sequence[Step]) -> Iterator[Step | Band]:
    for _, members in groupby(steps, key=lambda step: step.priority):
        first, *others = members
        yield Band([first, *others]) if others else first


def condition_values(names: Sequence[str], payload: type[Payload]) -> Callable[[Payload, Request], Any]:
    """The values of the condition fields ``names``, as a tuple, in that order."""
    getters = [
        (True, attrgetter(payload.subject_field)) if name == payload.condition and payload.subject_field
        else (False, attrgetter(REQUEST_FIELDS[name]))
        for name in names
    ]  # fmt: skip
    if len(getters) == 1:
        ((of_payload, get),) = getters
        return (lambda payload, request: (get(payload),)) if of_payload else (lambda payload, request: (get(request),))
    return lambda payload, request: tuple([get(payload if of_payload else request) for of_payload, get in getters])
