"""What plugins answer: whether it is an answer at all, and what it amounts to."""

from __future__ import annotations

import inspect
from typing import Any

from gatehook.chain.deadline import Failure
from gatehook.chain.merge import Conflict
from gatehook.chain.steps import Step
from gatehook.errors import PayloadError
from gatehook.payloads import Payload
from gatehook.results import PluginResult, PluginViolation, Verdict
from gatehook.values import copy_value


def fault_of(said: Any, payload: type[Payload], step: Step) -> str:
    """What is wrong with a value that a plugin returned; empty if nothing is."""
    if not isinstance(said, PluginResult):
        if inspect.isawaitable(said):
            if inspect.iscoroutine(said):
                said.close()  # or Python warns, later and elsewhere, that nobody awaited it
            return "returned something that nobody awaited; make the method `async def`, or await it there"
        return f"returned a {type(said).__name__}; a hook returns a PluginResult or None"
    modified, violation = said.modified_payload, said.violation
    if modified is not None and not isinstance(modified, payload):
        return f"returned a {type(modified).__name__} as modified_payload; at this hook it is a {payload.__name__}"
    if violation is not None and not isinstance(violation, PluginViolation):
        return f"returned a {type(violation).__name__} as violation; it is a PluginViolation"
    if violation is not None:
        for name, wanted in (("reason", str), ("description", str), ("code", str), ("details", dict)):
            if not isinstance(getattr(violation, name), wanted):
                return f"returned a violation whose {name} is a {type(getattr(violation, name)).__name__}"
    if said.continue_processing is not True and said.continue_processing is not False:
        return f"returned a {type(said.continue_processing).__name__} as continue_processing; it is a bool"
    if not isinstance(said.metadata, dict):
        return f"returned a {type(said.metadata).__name__} as metadata; it is a dict"
    if said.response is not None and not payload.answerable:
        return f"returned a response; {payload.hook} cannot answer a call"
    if modified is not None and step.promises:
        return "returned a modified payload, although its manifest says access: read"
    return ""


def unusable(error: Exception) -> Failure:
    if isinstance(error, Conflict):
        return Failure("conflict", f"changed {error} otherwise than another plugin of its band", error)
    if isinstance(error, PayloadError):
        return Failure("payload", str(error), error)
    return Failure("invalid_result", f"returned a result that cannot be read ({type(error).__name__})", error)


def signed(step: Step, violation: PluginViolation | None, blocks: bool) -> PluginViolation | None:
    """The violation by value, under the name of the plugin that raised it."""
    if violation is None:
        return PluginViolation("blocked without a reason", plugin_name=step.name) if blocks else None
    return PluginViolation(
        violation.reason, violation.description, violation.code, copy_value(violation.details), plugin_name=step.name
    )


def verdict_of(violation: PluginViolation | None, response: Any, modified: bool) -> Verdict:
    if violation is not None:
        return Verdict.VIOLATION
    if response is not None:
        return Verdict.RESPONSE
    return Verdict.MODIFIED if modified else Verdict.OK
