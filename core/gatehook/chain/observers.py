"""``hook_finished``: telling those who watch what a run of a hook came to. Nothing that they do changes it."""

from __future__ import annotations

import copy
import inspect
import logging
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter_ns as clock
from typing import Any

from gatehook.chain.deadline import Failure, bounded
from gatehook.chain.selection import condition_values
from gatehook.chain.steps import Tally, in_order
from gatehook.conditions import ALWAYS, Fit, compile_conditions
from gatehook.payloads import Payload
from gatehook.plugin import PluginConfig
from gatehook.request import Request
from gatehook.results import Outcome, PluginViolation
from gatehook.values import copy_value

logger = logging.getLogger("gatehook")


class Observer:
    """One plugin's ``hook_finished``, for the runs of one hook."""

    def __init__(  # noqa: PLR0913  # what is known at load
        self,
        config: PluginConfig,
        function: Callable[..., Any],
        argnames: Sequence[str],
        payload: type[Payload],
        timeout: float,
        tally: Tally,
    ) -> None:
        self.config, self.name, self.tally = config, config.name, tally
        self.call = in_order(function, tuple(argnames), ("outcome", "request"))
        self.suspends = inspect.iscoroutinefunction(function)
        self.timeout = int(timeout * 1e9)
        compiled = compile_conditions(config.conditions, payload.condition)
        self._match = compiled[1] if compiled else lambda values: ALWAYS
        self._key = condition_values(compiled[0], payload) if compiled else lambda payload, request: ()
        self._skips_unknown = config.when_unknown == "skip"

    def concerns(self, payload: Payload, request: Request) -> bool:
        fit = self._match(self._key(payload, request)).fit
        return fit is Fit.MATCH or (fit is Fit.UNKNOWN and not self._skips_unknown)


async def tell(observer: Observer, outcome: Outcome[Any], request: Request) -> None:
    """Tell an observer, for no longer than its time. Its errors are counted and logged, without content."""
    if not observer.concerns(outcome.payload, request):
        observer.tally.skipped += 1
        return
    start = clock()
    said = await bounded(partial(_tell_one, observer, outcome, request), observer.suspends, start + observer.timeout)
    observer.tally.runs += 1
    observer.tally.nanoseconds += clock() - start
    if isinstance(said, Failure):
        errors = observer.tally.errors
        errors[said.error_type] = errors.get(said.error_type, 0) + 1
        logger.warning("observer %r failed: %s", observer.name, said.reason)


def _tell_one(observer: Observer, outcome: Outcome[Any], request: Request) -> Any:
    return observer.call(shown(outcome), request.lend())


def shown(outcome: Outcome[Any]) -> Outcome[Any]:
    """The outcome for an observer to keep and even to change: it shares nothing mutable with the host's."""
    copied: Outcome[Any] = copy.copy(outcome)
    copied.payload = outcome.payload.lend()
    copied.metadata, copied.response = copy_value(dict(outcome.metadata)), copy_value(outcome.response)
    copied.violations = [_copied(violation) for violation in outcome.violations]
    copied.violation = outcome.violation and _copied(outcome.violation)
    return copied


def _copied(violation: PluginViolation) -> PluginViolation:
    copied = copy.copy(violation)
    copied.details = copy_value(violation.details)
    return copied
