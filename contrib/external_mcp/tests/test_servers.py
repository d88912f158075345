"""Servers as others make them."""

import asyncio
import sys
from pathlib import Path

import pytest
from gatehook import ConfigError, GatehookError, PromptPrehookPayload
from gatehook.testing import assert_blocked

SERVERS = Path(__file__).parent / "servers"


def sdk(*args):
    return {"proto": "STDIO", "script": str(SERVERS / "sdk.py"), "args": ["stdio", *args]}


async def works(asked):
    assert (await asked.call(q="word", none=None)).payload.args == {"q": "WORD", "none": None}
    assert_blocked(await asked.call("deny"), "DENIED")


async def test_the_sdk_s_server_over_stdio(opened):
    async with opened(sdk(), timeout=20) as asked:
        await works(asked)


@pytest.mark.parametrize("transport", ["streamable-http", "sse"])
async def test_the_sdk_s_server_over_http(opened, start, free_port, transport):
    start("sdk.py", transport, free_port)
    proto, path = ("SSE", "sse") if transport == "sse" else ("STREAMABLEHTTP", "mcp")
    await listening(free_port)
    async with opened({"proto": proto, "url": f"http://127.0.0.1:{free_port}/{path}"}) as asked:
        await works(asked)


async def listening(port):
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            await writer.wait_closed()
            return


async def test_a_server_with_a_tool_for_each_hook(opened):
    async with opened({**sdk("old"), "plugin": "Other"}, timeout=20) as asked:
        assert asked.status.hooks == ("prompt_pre_fetch",)
        outcome = await asked.run(PromptPrehookPayload("hello", {"q": "a"}))
        assert outcome.payload.args == {"q": "A"}
        assert outcome.payload.name == "hello"
    async with opened(sdk("old"), timeout=20) as asked:
        assert asked.status.hooks == ("tool_pre_invoke",)
        await works(asked)


async def test_the_plugins_of_such_a_server_are_named_when_one_is_not_there(opened):
    with pytest.raises(ConfigError, match="it has Ext, Other"):
        async with opened({**sdk(), "plugin": "Exd"}, timeout=20):
            pass


async def test_a_server_of_other_tools_is_no_plugin_server(opened):
    server = (
        "from mcp.server.mcpserver import MCPServer; s = MCPServer('x'); s.tool(name='x')(lambda: 1); s.run('stdio')"
    )
    with pytest.raises(GatehookError, match="it is no plugin server"):
        async with opened({"proto": "STDIO", "command": sys.executable, "args": ["-c", server]}, timeout=20):
            pass
