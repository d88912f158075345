"""JSON-RPC messages of clients, read strictly: what two parsers could read in two ways is refused."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from gatehook_external.strict_json import decode
from pydantic_core import to_json

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603

Id = int | str


class Message(NamedTuple):
    """A request, or, without an id, a notification (or an answer, of which we expect none)."""

    id: Id | None
    method: str
    params: dict[str, Any]


class RpcError(Exception):
    """What is answered instead of a result. ``id`` is that of the request where it could be made out."""

    def __init__(self, code: int, message: str, data: Any = None, request_id: Id | None = None) -> None:
        self.code, self.message, self.data, self.id = code, message, data, request_id
        super().__init__(message)


def read(data: bytes) -> Message:
    """The message in ``data``.

    Raises:
        RpcError: it is no JSON, no single JSON-RPC message, or repeats a key.
    """
    try:
        value = decode(data)
    except ValueError as error:
        raise RpcError(PARSE_ERROR, f"the message is not JSON: {error}") from None
    if type(value) is not dict:
        what = "a batch" if type(value) is list else "no object"
        raise RpcError(INVALID_REQUEST, f"the message is {what}; send one JSON-RPC message")
    request_id, method, params = value.get("id"), value.get("method"), value.get("params")
    if not ("id" not in value or type(request_id) is int or _is_text(request_id)):
        raise RpcError(INVALID_REQUEST, "the id is neither a string nor a whole number")
    if value.get("jsonrpc") != "2.0":
        raise RpcError(INVALID_REQUEST, "jsonrpc is not '2.0'", request_id=request_id)
    if "method" not in value and ("result" in value or "error" in value):
        return Message(None, "", {})
    if type(method) is not str:
        raise RpcError(INVALID_REQUEST, "the method is no string", request_id=request_id)
    if params is not None and type(params) is not dict:
        raise RpcError(INVALID_REQUEST, "the params are no object", request_id=request_id)
    return Message(request_id, method, params or {})


def write(request_id: Id | None, result: Any) -> bytes:
    """The answer to a request."""
    return b'{"jsonrpc":"2.0","id":' + to_json(request_id) + b',"result":' + to_json(result) + b"}"


def write_error(error: RpcError) -> bytes:
    told = {"code": error.code, "message": error.message}
    if error.data is not None:
        told["data"] = error.data
    return dump({"jsonrpc": "2.0", "id": error.id, "error": told}).encode()


dump: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
"""JSON text. Raises TypeError, ValueError or RecursionError for what is no JSON data."""


def _is_text(value: Any) -> bool:
    """Whether it is a string without control characters, and without half of a surrogate pair, which has no UTF-8."""
    return type(value) is str and value.isprintable()
