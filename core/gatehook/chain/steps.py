"""A step: one configured plugin at one hook, with everything that can be known at load worked out."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from gatehook.chain.deadline import NEVER
from gatehook.conditions import compile_conditions
from gatehook.payloads import Payload
from gatehook.plugin import PluginConfig
from gatehook.results import PluginMode, PluginResult, PluginViolation


class Tally:
    """What one plugin did at one hook since the start, as plain integers; exported when somebody asks."""

    __slots__ = ("errors", "let_through", "modified", "nanoseconds", "responses", "runs", "skipped", "violations")

    def __init__(self) -> None:
        self.runs = self.nanoseconds = self.modified = self.violations = self.responses = 0
        self.let_through = self.skipped = 0
        self.errors: dict[str, int] = {}


class Breaker:
    """``on_error: disable``: out after so many failures in a row; after the cool-down one call tries the plugin again.

    One for each plugin, shared by its steps.
    """

    __slots__ = ("_after", "_cool_down", "_failures", "_out_until")

    def __init__(self, after: int, cool_down: float) -> None:
        self._after, self._cool_down = after, int(cool_down * 1e9)
        self._failures = 0
        self._out_until = 0

    @property
    def out(self) -> bool:
        return self._failures >= self._after

    def admits(self, now: int) -> bool:
        if not self.out:
            return True
        if now < self._out_until:
            return False
        self._out_until = (
            now + self._cool_down
        )  # this call is the one that tries; until it has an answer the others pass it by
        return True

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self, now: int) -> None:
        self._failures += 1
        self._out_until = now + self._cool_down


class Step:
    """Holds what the chain's loop needs, in the form in which the loop needs it.

    ``call(payload, context)`` is the plugin's own method, bound; ``suspends`` tells that it returns a coroutine;
    ``reads`` that it may share the payload uncopied; ``timeout`` is in nanoseconds; ``watched`` that a quiet answer is
    not the end of it; ``limited`` that it may have to be passed by, for a breaker or for want of time; ``absent`` why
    the plugin is not there to be called.
    """

    __slots__ = (
        "absent", "breaker", "call", "conditions", "config", "index", "limited", "mode", "name", "on_error",
        "priority", "promises", "reads", "recheck", "suspends", "tally", "timeout", "verifies", "watched",
        "when_unknown",
    )  # fmt: skip

    def __init__(self, config: PluginConfig, function: Callable[..., Any], argnames: Sequence[str], index: int) -> None:
        self.config = config
        self.name, self.mode, self.priority, self.recheck = config.name, config.mode, config.priority, config.recheck
        self.index = index
        self.call = in_order(function, tuple(argnames), ("payload", "context"))
        self.suspends = inspect.iscoroutinefunction(function)
        self.on_error = config.errors
        self.promises = self.reads = self.verifies = self.watched = self.limited = False
        self.timeout = NEVER
        self.absent = ""
        self.breaker: Breaker | None = None
        self.conditions: Any = None
        self.when_unknown = config.when_unknown or "match"
        self.tally = Tally()

    @property
    def enforces(self) -> bool:
        return self.mode is PluginMode.ENFORCE

    def refusing(self, field: str) -> Step:
        """This step for a request whose ``field`` is unknown, under ``when_unknown: block``: it objects without being
        called."""
        refusal = PluginResult[Payload](
            False,
            violation=PluginViolation(
                f"the request's {field} is not known", code="CONDITION_UNKNOWN", details={"field": field}
            ),
        )
        step = copy.copy(self)
        step.call, step.suspends = (lambda payload, context: refusal), False
        return step

    def compile_conditions(self, condition_field: str | None) -> None:
        self.conditions = compile_conditions(self.config.conditions, condition_field)


def in_order(
    function: Callable[..., Any], argnames: tuple[str, ...], given: tuple[str, str]
) -> Callable[[Any, Any], Any]:
    """``function`` as one that is always called with both of ``given``, in that order, whichever of them it takes."""
    first, second = given
    if argnames == given:
        return function
    if argnames == (second, first):
        return lambda a, b: function(b, a)
    if argnames == (first,):
        return lambda a, b: function(a)
    if argnames == (second,):
        return lambda a, b: function(b)
    return lambda a, b: function()
