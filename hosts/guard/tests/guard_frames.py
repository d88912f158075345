"""Makers of JSON-RPC frames."""

import json
from typing import Any

Frame = dict[str, Any] | list[Any] | bytes


def dump(frame: Frame) -> bytes:
    return frame if isinstance(frame, bytes) else json.dumps(frame, separators=(",", ":")).encode() + b"\n"


def request(request_id: Any, method: str, **params: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"jsonrpc": "2.0", "id": request_id, "method": method}
    return made | {"params": params} if params else made


def response(request_id: Any, result: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "result": result}


def text(value: str, **more: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": value}], **more}


def notification(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}
