"""Servers as others make them."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from gatehook import ConfigError, GatehookError, PromptPrehookPayload
from gatehook.testing import assert_blocked, assert_unchanged

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


@pytest.fixture
def new_plugin(tmp_path):
    new = ["new", "row_limit", "--external", "--yes", "--directory", "p"]
    subprocess.run([sys.executable, "-m", "gatehook", *new], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path / "p/src"


async def test_the_server_of_a_new_plugin(opened, new_plugin, tmp_path):
    config = tmp_path / "served.yaml"
    config.write_text("plugins: [{name: row_limit, kind: gatehook_row_limit.plugin.RowLimitPlugin}]")
    server = {
        "proto": "STDIO",
        "command": sys.executable,
        "args": ["-m", "gatehook_row_limit.server", str(config)],
        "env": {"PYTHONPATH": str(new_plugin)},
        "plugin": "row_limit",
    }
    async with opened(server, timeout=20) as asked:
        assert set(asked.status.hooks) == {"tool_pre_invoke", "tool_post_invoke"}
        assert_unchanged(await asked.call(q="short"))
        assert (await asked.call(q="0123456789" * 1001)).blocked


# -- gatehook's own


@pytest.fixture
def served(tmp_path):
    """``served(*options)``: the section for `gatehook serve` with a deny_list."""

    def served(*options, words="[secret]"):
        config = tmp_path / "served.yaml"
        config.write_text(f"plugins: [{{name: words, kind: deny_list, config: {{words: {words}}}}}]")
        args = ["-m", "gatehook", "serve", "--config", str(config), "--stdio", *options]
        return {"proto": "STDIO", "command": sys.executable, "args": args, "plugin": "words"}

    return served


@pytest.mark.parametrize("options", [[], ["--legacy"]])
async def test_gatehook_serves_it(opened, served, options):
    async with opened(served(*options), timeout=20) as asked:
        assert len(asked.status.hooks) == 6
        assert_unchanged(await asked.call(q="plan"))
        assert_blocked(await asked.call(q="secret"), "DENIED_WORD")
        assert (await asked.run(PromptPrehookPayload("p", {"q": "secret"}))).blocked


async def test_what_else_stands_in_config_is_the_plugin_s(opened, served, tmp_path):
    async with opened(served(), timeout=20, config={"words": ["plan"], "retry_attempts": 1}) as asked:
        assert (await asked.call(q="plan")).blocked
        assert_unchanged(await asked.call(q="secret"))


async def test_what_it_cannot_be_is_a_config_error_with_its_place(opened, served):
    with pytest.raises(ConfigError, match=r"plugins\[0\]\.config\.words"):
        async with opened(served(), timeout=20, config={"words": 7}):
            pass
    with pytest.raises(ConfigError, match=r"plugins\[0\]\.config\.wordz.*unknown key 'wordz'"):
        async with opened(served(), timeout=20, config={"wordz": ["x"]}):
            pass
    with pytest.raises(ConfigError, match=r"unknown key 'timeout_mss', did you mean 'timeout_ms'\?"):
        async with opened(served(), timeout=20, config={"timeout_mss": 100}):
            pass


async def test_a_server_that_was_started_again_is_told_the_config_again(opened, served):
    others = set(children())
    async with opened(served(), timeout=20, config={"words": ["plan"]}) as asked:
        assert (await asked.call(q="plan")).blocked
        (server,) = set(children()) - others
        os.kill(server, signal.SIGKILL)
        await asyncio.sleep(0.3)
        outcome = await asked.call(q="plan")
        assert_blocked(outcome, "DENIED_WORD")


def children():
    """The process ids of this process's own."""
    stats = {path.parent.name: path.read_text() for path in Path("/proc").glob("[0-9]*/stat")}
    return [int(pid) for pid, stat in stats.items() if int(stat.rpartition(")")[2].split()[1]) == os.getpid()]
