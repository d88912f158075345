"""What the guard says itself, in the server's place: in words that an agent can act on, never with what was matched."""

from __future__ import annotations

from typing import Any, Final

from gatehook import PluginViolation

from gatehook_guard.wire import Id, dump

# -32000 and -32001 mean "connection closed" and "timeout" inside the official SDKs, -32020 and on belong to MCP.
BLOCKED: Final = -32010
"""A plugin's violation."""
FAILED: Final = -32011
"""The guard could not check the message, so it did not pass."""
SERVER_GONE: Final = -32012
"""The server ended before it answered."""

PROTOCOL_VERSION: Final = "io.modelcontextprotocol/protocolVersion"
VIOLATION: Final = "dev.gatehook/violation"
"""The key in ``_meta`` under which a violation is there for machines."""

UNREADABLE: Final = "UNREADABLE"
GUARD_ERROR: Final = "GUARD_ERROR"
SCHEMA_BREAK: Final = "SCHEMA_BREAK"
UNKNOWN_TASK: Final = "UNKNOWN_TASK"
FAILURES: Final = frozenset({UNREADABLE, GUARD_ERROR, SCHEMA_BREAK, UNKNOWN_TASK, "PLUGIN_ERROR", "PLUGIN_TIMEOUT"})
"""Codes of violations that say: this could not be checked. All others say: this was checked and refused."""


class BlockedError(Exception):
    """A call that must not go on. ``hook`` is where it was stopped, ``after`` whether the server has done its part."""

    def __init__(self, violation: PluginViolation, hook: str, after: bool) -> None:
        self.violation, self.hook, self.after = violation, hook, after
        super().__init__(violation.code)


def failure(code: str, reason: str, hook: str, after: bool) -> BlockedError:
    """A block by the guard itself."""
    return BlockedError(PluginViolation(reason, code=code), hook, after)


def error(request_id: Id | None, code: int, message: str, data: dict[str, Any] | None = None) -> bytes:
    body: dict[str, Any] = {"code": code, "message": message}
    if data is not None:
        body["data"] = data
    return dump({"jsonrpc": "2.0", "id": request_id, "error": body})


def blocked_error(request_id: Id | None, method: str, blocked: BlockedError) -> bytes:
    """A violation as a JSON-RPC error."""
    code = FAILED if blocked.violation.code in FAILURES else BLOCKED
    return _with_details(blocked, lambda data: error(request_id, code, _sentence(method, blocked), data))


def blocked_result(request_id: Id | None, method: str, blocked: BlockedError, modern: bool) -> bytes:
    """A violation as the result of tools/call."""
    text = _sentence(method, blocked)

    def line(data: dict[str, Any]) -> bytes:
        result = {"content": [{"type": "text", "text": text}], "isError": True, "_meta": {VIOLATION: data}}
        return dump({"jsonrpc": "2.0", "id": request_id, "result": completed(result, method, modern)})

    return _with_details(blocked, line)


def completed(result: dict[str, Any], method: str, modern: bool) -> dict[str, Any]:
    """A result that the guard made, with the envelope that the protocol of 2026-07-28 asks for."""
    if not modern:
        return result
    envelope: dict[str, Any] = {"resultType": "complete"}
    if method == "resources/read":
        envelope |= {"ttlMs": 0, "cacheScope": "private"}
    return {**result, **envelope}


def is_modern(params: Any) -> bool:
    """Whether a request speaks the protocol of 2026-07-28, in which each request says so itself."""
    meta = params.get("_meta") if isinstance(params, dict) else None
    return isinstance(meta, dict) and PROTOCOL_VERSION in meta


def _with_details(blocked: BlockedError, line: Any) -> bytes:
    violation = blocked.violation
    data = {"code": violation.code, "reason": violation.reason, "plugin": violation.plugin_name, "hook": blocked.hook}
    try:
        made: bytes = line(data | {"details": violation.details} if violation.details else data)
    except (
        TypeError,
        ValueError,
        RecursionError,
    ):  # a plugin put what is not JSON into the details
        made = line({**data, "reason": data["reason"].encode(errors="replace").decode()})
    return made


_DONE: Final = {
    "tools/call": "The tool was called, but its result is withheld.",
    "prompts/get": "The prompt is withheld.",
    "resources/read": "The resource is withheld.",
}
_NOT_DONE: Final = {
    "tools/call": "The tool was not called.",
    "prompts/get": "The prompt was not fetched.",
    "resources/read": "The resource was not read.",
}


def _sentence(method: str, blocked: BlockedError) -> str:
    violation = blocked.violation
    by = f"policy {violation.plugin_name!r}" if violation.plugin_name else "the guard"
    happened = (_DONE if blocked.after else _NOT_DONE).get(method, "Nothing was passed on.")
    reason = violation.reason.encode(errors="replace").decode().rstrip(". ")
    if violation.code in FAILURES:
        advice = (
            "It could not be checked, so it was not let through; this is for the operator of the connection to solve."
        )
    elif blocked.after:
        advice = "The same call will be refused again: ask for something else, or ask the operator of the connection."
    else:
        advice = "Change the request accordingly; the same one will be refused again."
    why = f" [{violation.code}]" + (f": {reason}" if reason else "")
    return f"Blocked by {by}{why}. {happened} {advice}"
