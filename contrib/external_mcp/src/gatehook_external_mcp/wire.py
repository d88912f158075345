"""JSON-RPC 2.0 as it goes over a line: https://www.jsonrpc.org/specification"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from gatehook_external import ServiceError
from mcp import MCPError
from pydantic_core import from_json

Json = dict[str, Any]

METHOD_NOT_FOUND: Final = -32601
INTERNAL_ERROR: Final = -32603
_encode = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode


def dump(message: Mapping[str, Any]) -> bytes:
    """Raises :class:`ServiceError` for what is no JSON."""
    try:
        return _encode(message).encode()
    except (TypeError, ValueError, RecursionError):
        raise ServiceError("what is to be sent is no JSON, or nests too deep", "payload") from None


def load(raw: bytes | str) -> Any:
    """Raises :class:`ValueError` for what is no JSON."""
    return from_json(raw, allow_inf_nan=False)


def request(number: int, method: str, params: Mapping[str, Any] | None) -> bytes:
    if params is None:
        return dump({"jsonrpc": "2.0", "id": number, "method": method})
    return dump({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


def notification(method: str, params: Mapping[str, Any] | None) -> bytes:
    if params is None:
        return dump({"jsonrpc": "2.0", "method": method})
    return dump({"jsonrpc": "2.0", "method": method, "params": params})


def cancellation(number: int) -> bytes:
    return notification("notifications/cancelled", {"requestId": number, "reason": "the caller went away"})


def is_answer(message: Any) -> bool:
    return type(message) is dict and "method" not in message and ("result" in message) != ("error" in message)


def answer_to(number: int, message: Any) -> Json:
    """The message, if it is the answer to that request; ids are compared with their type.

    Raises:
        ServiceError: it is not.
    """
    if not is_answer(message):
        raise ServiceError("it answered with JSON that is no answer")
    if type(message.get("id")) is not int or message["id"] != number:
        raise ServiceError("it answered another call than this one")
    answer: Json = message
    return answer


def result_of(answer: Json) -> Json:
    """What an answer says.

    Raises:
        MCPError: an error.
        ServiceError: nothing that JSON-RPC knows.
    """
    if "error" in answer:
        error = answer["error"]
        code = error.get("code") if type(error) is dict else None
        raise MCPError(code if type(code) is int else INTERNAL_ERROR, "the server's own words are not repeated")
    result = answer["result"]
    if type(result) is not dict:
        raise ServiceError("it answered with a result that is no object")
    return result
