"""What a small plugin server says: of MCP no more than it takes. The name of a tool in a payload says what happens."""

import json

PLUGINS = {
    "Ext": {
        "name": "Ext",
        "kind": "e.Ext",
        "hooks": ["tool_pre_invoke", "tool_post_invoke"],
        "mode": "audit",
        "priority": 7,
    },
    "Other": {"name": "Other", "hooks": ["prompt_pre_fetch"]},
}
TOOLS = ("get_plugin_configs", "get_plugin_config", "invoke_hook")


def text(said):
    return {"content": [{"type": "text", "text": said if type(said) is str else json.dumps(said)}], "isError": False}


def initialized(params):
    return {
        "protocolVersion": min(params["protocolVersion"], "2025-06-18"),
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "small", "version": "1"},
    }


def said(payload, context):
    """The plugin: upper-case words, and no ``deny``."""
    if payload.get("name") == "deny":
        violation = {"reason": "no", "description": "not this", "code": "DENIED", "details": {"n": 1}}
        return {"continue_processing": False, "modified_payload": None, "violation": violation, "metadata": None}
    if "args" not in payload:
        return {"continue_processing": True, "modified_payload": None, "violation": None, "metadata": {"seen": 1}}
    args = {key: value.upper() if type(value) is str else value for key, value in payload["args"].items()}
    return {"continue_processing": True, "modified_payload": {**payload, "args": args}, "metadata": {"seen": 1}}


def answer(method, params):
    """The result of a request; ``None`` for a method that is not known."""
    if method == "initialize":
        return initialized(params)
    if method == "tools/list":
        return {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in TOOLS]}
    if method == "ping":
        return {}
    if method != "tools/call":
        return None
    arguments = params["arguments"]
    if params["name"] == "get_plugin_configs":
        return text(list(PLUGINS.values()))
    if params["name"] == "get_plugin_config":
        return text(PLUGINS.get(arguments["name"], {}))
    name = arguments["payload"].get("name")
    if name == "not_json":
        return text("not JSON")
    if name == "ambiguous":
        return text('{"plugin_name": "Ext", "result": {"continue_processing": false, "continue_processing": true}}')
    if name == "failing_tool":
        return {"content": [{"type": "text", "text": "secret words"}], "isError": True}
    if name == "wrong_plugin":
        return text({"plugin_name": "Other", "result": {"continue_processing": True}})
    if name == "raises":
        error = {"message": "RuntimeError('secret words')", "plugin_name": "Ext", "code": "", "details": {}}
        return text({"plugin_name": "Ext", "error": error})
    context = {**arguments["context"], "state": {"seen": name}}
    return text(
        {"plugin_name": arguments["plugin_name"], "result": said(arguments["payload"], context), "context": context}
    )
