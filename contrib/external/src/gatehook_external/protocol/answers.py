"""Answers to a hook: the envelope ``{plugin_name, result | error, context}``, read and written."""

from __future__ import annotations

from typing import Any, Final

from gatehook import (
    GatehookError,
    Outcome,
    Payload,
    PayloadError,
    PluginError,
    PluginResult,
    PluginViolation,
    Request,
)

from gatehook_external.errors import NotDelivered, ServiceError
from gatehook_external.protocol.asking import context_from
from gatehook_external.protocol.contents import respelled
from gatehook_external.protocol.payloads import changed, to_wire
from gatehook_external.protocol.plain import noun, plain

CODES: Final = {
    "PLUGIN_ERROR": "the remote plugin failed",
    "PLUGIN_TIMEOUT": "the remote plugin ran out of time",
    "UNKNOWN_PLUGIN": "the service has no such plugin",
    "UNKNOWN_HOOK": "the remote plugin has no such hook",
    "UNKNOWN_CONFIG": "the service does not know this configuration of the plugin",
    "INVALID_PAYLOAD": "the service cannot read the payload",
    "OVERLOADED": "the service has too much to do",
}
"""What gatehook's servers say of a call that came to nothing, and what that means."""
ERROR_TYPES: Final = frozenset(
    {"exception", "timeout", "blocking", "cancelled", "invalid_result", "access", "conflict", "payload", "backend"}
)
_OF_CODE: Final = {"PLUGIN_ERROR": "exception", "PLUGIN_TIMEOUT": "timeout", "INVALID_PAYLOAD": "payload"}
_INTERNAL_ERROR: Final = -32603
_HINTS: Final = ("http_headers", "retry_delay_ms")
_DENIAL_HINTS: Final = ("http_headers", "http_status_code", "mcp_error_code")
"""Advice to gateways, for which gatehook has no field: it goes to the metadata, and to the violation's details."""


class RemoteError(ServiceError):
    """The service says that the call came to nothing. ``code`` is one of ``CODES``, or empty."""

    def __init__(self, reason: str, error_type: str, code: str = "") -> None:
        self.code = code
        super().__init__(reason, error_type)


# -- at the side that asked


def result_of(hook: str, payload: Payload, raw: Any, plugin: str) -> PluginResult[Any] | None:
    """What an answer says to the payload that was sent; ``None`` if nothing.

    Args:
        plugin: the name that was asked for; the answer must be of that one.

    Raises:
        ServiceError: it is no answer to the call, or says that there is none. The reason holds no text of it.
    """
    try:
        return _result_of(payload, raw, plugin)
    except PayloadError as error:
        raise ServiceError(f"it answered {hook} with what is not understood: {error}") from None


def _result_of(payload: Payload, raw: Any, plugin: str) -> PluginResult[Any] | None:
    answer = _typed(raw, dict, "the answer")
    name = _typed(answer.get("plugin_name"), str, "plugin_name")
    if name.lower() != plugin.lower():
        raise PayloadError("it is the answer of another plugin")
    result, error = answer.get("result"), answer.get("error")
    if error is not None:
        if result is not None:
            raise PayloadError("it has both a result and an error")
        raise _error_of(error)
    result = _typed(result, dict, "result")
    goes_on = _typed(result.get("continue_processing"), bool, "continue_processing")
    if result.get("modified_extensions") is not None:
        raise PayloadError("it changes extensions, which gatehook has not")
    modified, violation = result.get("modified_payload"), result.get("violation")
    said: PluginResult[Any] = PluginResult(
        goes_on,
        None if modified is None else changed(payload, modified),
        None if violation is None else _violation_of(violation),
        _hints(result, _HINTS) | _optional_object(result.get("metadata"), "metadata"),
        plain(result.get("response"), "response"),
    )
    silent = goes_on and said.modified_payload is None and said.violation is None
    return None if silent and not said.metadata and said.response is None else said


def _error_of(raw: Any) -> ServiceError:
    error = _typed(raw, dict, "error")
    code = error.get("code")
    code = code if type(code) is str and code in CODES else ""
    reason = CODES.get(code, CODES["PLUGIN_ERROR"])
    if code == "OVERLOADED":
        return NotDelivered(reason)
    details = error.get("details")
    told = details.get("error_type") if type(details) is dict else None
    if type(told) is not str or told not in ERROR_TYPES:
        told = _OF_CODE.get(code, "backend" if code else "exception")
    return RemoteError(reason, told, code)


def _violation_of(raw: Any) -> PluginViolation:
    violation = _typed(raw, dict, "violation")
    reason, description, code = (
        "" if violation.get(key) is None else _typed(violation[key], str, f"violation.{key}")
        for key in ("reason", "description", "code")
    )
    details = _optional_object(violation.get("details"), "violation.details")
    return PluginViolation(reason, description, code, _hints(violation, _DENIAL_HINTS) | details)


def _hints(raw: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: plain(raw[name], name) for name in names if raw.get(name)}


def _optional_object(raw: Any, what: str) -> dict[str, Any]:
    return {} if raw is None else plain(_typed(raw, dict, what), what)


def _typed(value: Any, kind: type, what: str) -> Any:
    if type(value) is not kind:
        wanted = {dict: "an object", str: "text", bool: "true or false"}[kind]
        raise PayloadError(f"{what} must be {wanted}, got {noun(value)}")
    return value


# -- at the side that was asked


def answer_of(  # noqa: PLR0913  # the call, and what came of it
    name: str, raw_payload: Any, outcome: Outcome[Any], request: Request, raw_context: Any, *, gatehook: bool
) -> dict[str, Any]:
    """An outcome as the asking side reads it. Fields of its payload that are not gatehook's stay as they came.

    Args:
        name: the plugin's name in the config.
        gatehook: whether gatehook asks, which understands an answer given in the server's place; for others that is a
            failure.
    """
    try:
        if outcome.response is not None and not gatehook:
            raise PayloadError("the plugin answers in the server's place, for which the protocol has no word")
        violation = outcome.violation or next(iter(outcome.violations), None)
        changed = outcome.payload if outcome.modified else outcome.withheld
        result = {
            "continue_processing": not outcome.blocked,
            "modified_payload": None if changed is None else _modified(raw_payload, changed),
            "violation": _violation(violation) if violation else None,
            "metadata": plain(outcome.metadata.get(name, {}), "the plugin's metadata"),
        }
        if outcome.response is not None:
            result["response"] = plain(outcome.response, "the plugin's response")
        return {"plugin_name": name, "result": result, "context": context_from(request, name, raw_context)}
    except PayloadError as error:
        return _failure(name, "PLUGIN_ERROR", str(error), "invalid_result")


def failure_of(name: str, error: GatehookError) -> dict[str, Any]:
    """The answer to a call that a plugin failed, or whose payload is none."""
    if isinstance(error, PluginError):
        code = "PLUGIN_TIMEOUT" if error.error_type in ("timeout", "blocking") else "PLUGIN_ERROR"
        return _failure(name, code, str(error), error.error_type)
    if isinstance(error, PayloadError):
        return _failure(name, "INVALID_PAYLOAD", str(error), "payload")
    return _failure(name, "PLUGIN_ERROR", f"the plugin failed ({type(error).__name__})", "exception")


def refusal(name: str, code: str, message: str) -> dict[str, Any]:
    """The answer to a call that was surely not made. ``code`` is one of ``CODES``."""
    return _failure(name, code, message, "backend")


def _failure(name: str, code: str, message: str, error_type: str) -> dict[str, Any]:
    error = {"message": message, "plugin_name": name, "code": code, "details": {"error_type": error_type}}
    return {"plugin_name": name, "error": {**error, "mcp_error_code": _INTERNAL_ERROR}}


def _modified(raw: dict[str, Any], payload: Payload) -> dict[str, Any]:
    prompt_key = "prompt_id" if "prompt_id" in raw else "name"
    said = to_wire(payload, prompt_key=prompt_key)
    return {**raw, **{key: respelled(value, raw.get(key)) for key, value in said.items()}}


def _violation(violation: PluginViolation) -> dict[str, Any]:
    said = violation.to_dict()
    del said["plugin_name"]
    return {**said, "details": plain(said["details"], "the violation's details")}
