"""What a server of plugins says over the Model Context Protocol while all is well. The standard library alone."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]

TOOLS = [
    {"name": name, "inputSchema": {"type": "object"}}
    for name in ("get_plugin_configs", "get_plugin_config", "invoke_hook")
]


def result_of(message: Json) -> Json:
    """The result of a request that is not ``invoke_hook``."""
    method, params = message["method"], message.get("params") or {}
    if method == "initialize":
        info = {"name": "fault server", "version": "1"}
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": info}
    if method == "tools/list":
        return {"tools": TOOLS}
    if method == "tools/call":
        return content_of(description(params["arguments"]["name"]))
    return {}


def description(name: str, protocol: int = 1) -> Json:
    """A plugin as ``get_plugin_config`` tells of it."""
    manifest = {"available_hooks": ["tool_pre_invoke"], "access": "write", "accepts_config": False}
    manifest["protocol"] = protocol
    return {"name": name, "hooks": ["tool_pre_invoke"], "manifest": manifest}


def envelope(plugin: str, payload: Json) -> Json:
    """The answer to a call: its canary, so that nobody can take it for the answer to another one."""
    return {
        "plugin_name": plugin,
        "result": {"continue_processing": True, "modified_payload": {**payload, "args": answered(payload["args"])}},
    }


def answered(args: Json) -> Json:
    return {**args, "canary": f"answered {args['canary']}"}


def content_of(value: Any) -> Json:
    return {"content": [{"type": "text", "text": json.dumps(value)}], "isError": False}


def reply(message: Json, result: Json) -> Json:
    return {"jsonrpc": "2.0", "id": message["id"], "result": result}


def is_call(message: Json) -> bool:
    """Whether it is the call of a plugin, the only thing that faults are played on."""
    return message.get("method") == "tools/call" and message["params"]["name"] == "invoke_hook"


def canary_of(message: Json) -> str:
    return message["params"]["arguments"]["payload"]["args"]["canary"]


def answer_to(message: Json, fault: str) -> Json:
    """The answer to a call. Of the faults, those are played that concern the message and not the transport."""
    arguments = message["params"]["arguments"]
    said = envelope(arguments["plugin_name"], arguments["payload"])
    if fault == "wrong plugin name":
        said["plugin_name"] = "Somebody Else"
    answer = reply(message, content_of(said))
    if fault == "not JSON":
        answer["result"]["content"][0]["text"] = f"{LEAK} {{"
    if fault == "wrong id":
        answer["id"] = 1_000_000 + message["id"]
    if fault == "version mismatch":
        del answer["result"]
        answer["error"] = {"code": -32022, "message": f"Unsupported protocol version {LEAK}"}
    return answer


LEAK = "LEAKED-BY-THE-SERVICE"
"""Stands in whatever a faulty server says, and nowhere else."""
