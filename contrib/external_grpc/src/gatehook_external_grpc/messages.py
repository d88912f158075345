"""Calls and answers as JSON data, in the shape that they have over MCP, and as the messages of plugin_service.proto."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gatehook import PayloadError

from gatehook_external_grpc.plugin_service_pb2 import (
    GlobalContext,
    InvokeHookRequest,
    InvokeHookResponse,
    PluginContext,
    PluginError,
)
from gatehook_external_grpc.structs import fill, plain

_IDS: Final = ("request_id", "server_id", "tenant_id")


def request(hook: str, plugin: str, payload: Mapping[str, Any], context: Mapping[str, Any]) -> InvokeHookRequest:
    """What a client sends.

    Raises:
        PayloadError: the messages cannot carry it.
    """
    message = InvokeHookRequest(hook_type=hook, plugin_name=plugin)
    fill(message.payload, payload)
    _fill_context(message.context, context)
    return message


def asked(message: InvokeHookRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """The payload and the context that a server was sent.

    Raises:
        PayloadError: a number in them is none.
    """
    return plain(message.payload), _context(message.context)


def response(answer: Mapping[str, Any]) -> InvokeHookResponse:
    """What a server answers.

    Raises:
        PayloadError: the messages cannot carry it.
    """
    message = InvokeHookResponse(plugin_name=answer["plugin_name"])
    if (error := answer.get("error")) is not None:
        message.error.CopyFrom(_error(error))
    if (result := answer.get("result")) is not None:
        fill(message.result, result)
    if (context := answer.get("context")) is not None:
        _fill_context(message.context, context)
    return message


def answered(
    message: InvokeHookResponse, payload: Mapping[str, Any] | None = None, context: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The answer that a client got to this payload and context, whose integers and floats it keeps apart.

    Raises:
        PayloadError: a number in it is none.
    """
    answer: dict[str, Any] = {"plugin_name": message.plugin_name}
    if message.HasField("error"):
        error = message.error
        answer["error"] = {
            "message": error.message,
            "plugin_name": error.plugin_name,
            "code": error.code,
            "details": plain(error.details),
            "mcp_error_code": error.mcp_error_code,
        }
    if message.HasField("result"):
        answer["result"] = plain(message.result, {"modified_payload": payload})
    if message.HasField("context"):
        answer["context"] = _context(message.context, context or {})
    return answer


def _error(error: Mapping[str, Any]) -> PluginError:
    message = PluginError(
        message=error.get("message") or "",
        plugin_name=error.get("plugin_name") or "",
        code=error.get("code") or "",
        mcp_error_code=error.get("mcp_error_code") or 0,
    )
    if details := error.get("details"):
        fill(message.details, details)
    return message


def _fill_context(message: PluginContext, context: Mapping[str, Any]) -> None:
    shared = context.get("global_context") or {}
    _fill_global(message.global_context, shared)
    for key in ("state", "metadata"):
        if data := context.get(key):
            fill(getattr(message, key), data)


def _fill_global(message: GlobalContext, shared: Mapping[str, Any]) -> None:
    message.SetInParent()
    try:
        for key in _IDS:
            setattr(message, key, shared.get(key) or "")
        user = shared.get("user")
        if isinstance(user, str):
            message.user_string = user
    except UnicodeEncodeError:
        raise PayloadError("gRPC cannot carry a text with half a surrogate pair") from None
    if isinstance(user, Mapping):
        fill(message.user_struct, user)
    for key in ("state", "metadata"):
        if data := shared.get(key):
            fill(getattr(message, key), data)


def _context(message: PluginContext, sent: Mapping[str, Any] | None = None) -> dict[str, Any]:
    sent = sent or {}
    ours = sent.get("global_context") or {}
    shared = message.global_context
    user: Any = None
    if shared.HasField("user_string"):
        user = shared.user_string
    elif shared.HasField("user_struct"):
        user = plain(shared.user_struct, ours.get("user"))
    return {
        "state": plain(message.state, sent.get("state")),
        "metadata": plain(message.metadata, sent.get("metadata")),
        "global_context": {
            **{key: getattr(shared, key) or None for key in _IDS},
            "user": user,
            "state": plain(shared.state, ours.get("state")),
            "metadata": plain(shared.metadata, ours.get("metadata")),
        },
    }
