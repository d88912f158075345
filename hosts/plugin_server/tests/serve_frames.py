"""Messages of MCP, as short as tests want them."""

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
COMMAND = [sys.executable, "-m", "gatehook", "serve"]


def request(id: int | str, method: str, **params: Any) -> dict[str, Any]:  # noqa: A002  # JSON-RPC's word
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def call(id: int | str, plugin: str = "Add", hook: str = "tool_pre_invoke", **args: Any) -> dict[str, Any]:  # noqa: A002
    payload = {"name": "lookup", "args": args} if hook == "tool_pre_invoke" else {"name": "lookup", "result": {}}
    arguments = {"hook_type": hook, "plugin_name": plugin, "payload": payload, "context": {}}
    return request(id, "tools/call", name="invoke_hook", arguments=arguments)


def answer(response: dict[str, Any]) -> Any:
    """What the text block of a tool's result says."""
    (block,) = response["result"]["content"]
    return json.loads(block["text"])
