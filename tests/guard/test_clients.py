"""Real clients, real servers, and the guard with real plugins between them."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from mcp import Client, MCPError, StdioServerParameters

HERE = Path(__file__).parent
SERVER = [sys.executable, str(HERE / "server.py")]
POLICY = """
plugins:
  - {name: words, kind: deny_list, config: {words: [drop table]}, priority: 10}
  - {name: personal data, kind: pii_filter, priority: 20}
"""
MAIL = "ann@example.com"


@pytest.fixture
def guarded(tmp_path: Path) -> Callable[..., list[str]]:
    """`guarded(command)` is the command with the guard before it: what goes into a client's list of servers."""

    def command(server: list[str], policy: str = POLICY) -> list[str]:
        config = tmp_path / "gatehook.yaml"
        config.write_text(policy)
        return [sys.executable, "-m", "gatehook", "guard", "--config", str(config), "--", *server]

    return command


@asynccontextmanager
async def sdk(command: list[str], mode: str = "auto"):
    parameters = StdioServerParameters(command=command[0], args=command[1:])
    async with Client(parameters, mode=mode, read_timeout_seconds=30) as client:
        yield client


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28", "auto"])
async def test_the_official_client_sees_masked_data_and_blocked_calls(guarded, mode):
    async with sdk(guarded(SERVER), mode) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == {"customer", "echo", "steps"}
        found = await client.call_tool("customer", {"name": "Ann"})
        assert not found.is_error
        assert found.structured_content["visits"] == 3
        assert found.structured_content["name"] == "Ann"
        assert MAIL not in found.model_dump_json()
        refused = await client.call_tool("echo", {"text": "please DROP TABLE users"})
        assert refused.is_error
        assert "'words'" in refused.content[0].text
        assert "drop table" not in refused.model_dump_json().lower()
        prompt = await client.get_prompt("letter", {"name": "Ann"})
        assert MAIL not in prompt.model_dump_json()
        assert MAIL not in (await client.read_resource("crm://notes")).model_dump_json()
        with pytest.raises(MCPError) as error:
            await client.get_prompt("letter", {"name": "drop table"})
        assert error.value.code == -32010
        assert error.value.data["plugin"] == "words"


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_progress_reaches_the_official_client(guarded, mode):
    steps: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        steps.append(progress)

    async with sdk(guarded(SERVER), mode) as client:
        done = await client.call_tool("steps", {}, progress_callback=note)
    assert done.content[0].text == "done"
    assert steps == [1, 2, 3]


async def test_fastmcps_client_sees_masked_data_and_blocked_calls(guarded):
    from fastmcp import Client as FastMCPClient
    from fastmcp.client.transports import StdioTransport
    from fastmcp.exceptions import ToolError

    command = guarded(SERVER)
    async with FastMCPClient(StdioTransport(command[0], command[1:], keep_alive=False), timeout=30) as client:
        found = await client.call_tool("customer", {"name": "Ann"})
        assert found.structured_content["visits"] == 3
        assert MAIL not in str(found)
        with pytest.raises(ToolError, match="'words'"):
            await client.call_tool("echo", {"text": "drop table"})
        assert MAIL not in str(await client.read_resource("crm://notes"))


NODE_CLIENT = """
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
const [command, ...args] = JSON.parse(process.argv[1]);
const client = new Client({ name: "node", version: "1" });
await client.connect(new StdioClientTransport({ command, args }));
const said = await client.callTool({ name: "echo", arguments: { message: "ann@example.com ".repeat(20000) } });
const refused = await client.callTool({ name: "echo", arguments: { message: "drop table" } });
await client.close();
const text = said.content[0].text;
console.log(JSON.stringify({ length: text.length, leaks: text.includes("ann@"), refused }));
"""


def test_the_official_client_for_node_works_through_its_sockets(guarded, npm_server):
    command = guarded(npm_server("server-everything", "stdio"))
    node = npm_server("server-everything")[0]
    done = subprocess.run(
        [node, "--input-type=module", "--eval", NODE_CLIENT, "--", json.dumps(command)],
        cwd=HERE.parents[1] / ".cache" / "npm", capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["leaks"] is False
    assert answer["length"] > 20_000
    assert answer["refused"]["isError"] is True


async def test_files_are_masked_and_forbidden_paths_refused(guarded, npm_server, tmp_path):
    folder = (tmp_path / "files").resolve()
    folder.mkdir()
    (folder / "notes.txt").write_text(f"write to {MAIL} about the visit")
    policy = (
        POLICY + "  - {name: paths, kind: deny_list, config: {words: [secret.txt]}, conditions: [{tools: [write_*]}]}\n"
    )
    async with sdk(guarded(npm_server("server-filesystem", str(folder)), policy), "legacy") as client:
        read = await client.call_tool("read_text_file", {"path": str(folder / "notes.txt")})
        assert "about the visit" in read.content[0].text
        assert MAIL not in read.model_dump_json()
        written = await client.call_tool("write_file", {"path": str(folder / "secret.txt"), "content": "x"})
        assert written.is_error
        assert not (folder / "secret.txt").exists()


async def test_the_time_server_works_behind_the_guard(guarded):
    async with sdk(guarded([sys.executable, "-m", "mcp_server_time", "--local-timezone", "UTC"])) as client:
        now = await client.call_tool("get_current_time", {"timezone": "Europe/Rome"})
        assert "Europe/Rome" in now.content[0].text


async def test_a_commit_is_refused_by_what_it_says(guarded, tmp_path):
    folder = tmp_path / "repository"
    await asyncio.to_thread(subprocess.run, ["git", "init", "--quiet", str(folder)], check=True)
    async with sdk(guarded([sys.executable, "-m", "mcp_server_git", "--repository", str(folder)])) as client:
        status = await client.call_tool("git_status", {"repo_path": str(folder)})
        assert not status.is_error
        refused = await client.call_tool("git_commit", {"repo_path": str(folder), "message": "drop table"})
        assert refused.is_error
        assert "'words'" in refused.content[0].text
