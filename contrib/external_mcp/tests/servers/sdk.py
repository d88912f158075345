"""A plugin server made with the SDK, as cpex's is: `sdk.py stdio | streamable-http | sse [PORT]`, or `… old`: with one
tool for each hook."""

import json
import sys

from answers import PLUGINS, said
from mcp.server.mcpserver import MCPServer

transport, *rest = sys.argv[1:]
server = MCPServer("MCP Plugin Server", version="1")


def answered(plugin_name, payload, context):
    changed = {**context, "state": {"seen": payload.get("name", payload.get("prompt_id"))}}
    return json.dumps({"plugin_name": plugin_name, "result": said(payload, context), "context": changed})


@server.tool()
async def get_plugin_configs() -> list[dict]:
    """All plugins."""
    return list(PLUGINS.values())


@server.tool(structured_output=False)
async def get_plugin_config(name: str) -> str:
    """One plugin."""
    return json.dumps(PLUGINS.get(name, {}))


if "old" in rest:

    @server.tool(structured_output=False)
    async def tool_pre_invoke(plugin_name: str, payload: dict, context: dict) -> str:
        """One hook."""
        return answered(plugin_name, payload, context)

    @server.tool(structured_output=False)
    async def prompt_pre_fetch(plugin_name: str, payload: dict, context: dict) -> str:
        """Another one."""
        return answered(plugin_name, payload, context)

else:

    @server.tool(structured_output=False)
    async def invoke_hook(hook_type: str, plugin_name: str, payload: dict, context: dict) -> str:
        """Any hook."""
        return answered(plugin_name, payload, context)


if transport == "stdio":
    server.run("stdio")
else:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.run(transport, port=int(rest[0]))
