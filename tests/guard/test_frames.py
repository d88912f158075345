"""A recorder on the far side of the guard: without a plugin that has something to say, every byte is the same."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
INITIALIZE = {"protocolVersion": "2025-11-25", "clientInfo": {"name": "t", "version": "1"}}
CAPABILITIES = {"roots": {"listChanged": True}, "sampling": {}, "elicitation": {"form": {}, "url": {}}}
EVERYTHING: list[tuple[str, dict[str, Any]]] = [
    ("ping", {}),
    ("tools/list", {}),
    ("tools/call", {"name": "echo", "arguments": {"message": "snow☃ \u2028 1.0"}}),
    ("tools/call", {"name": "get-sum", "arguments": {"a": 1.50, "b": 2}}),
    ("tools/call", {"name": "get-structured-content", "arguments": {"location": "Chicago"}}),
    ("tools/call", {"name": "get-annotated-message", "arguments": {"messageType": "error", "includeImage": True}}),
    ("tools/call", {"name": "get-tiny-image", "arguments": {}}),
    ("tools/call", {"name": "get-env", "arguments": {}}),
    ("tools/call", {"name": "get-resource-links", "arguments": {"count": 3}}),
    ("tools/call", {"name": "get-resource-reference", "arguments": {"resourceType": "Text", "resourceId": 1}}),
    ("tools/call", {"name": "no such tool", "arguments": {}}),
    ("tools/call", {"name": "get-roots-list", "arguments": {}}),
    ("tools/call", {"name": "trigger-sampling-request", "arguments": {"prompt": "x", "maxTokens": 5}}),
    ("tools/call", {"name": "trigger-elicitation-request", "arguments": {}}),
    (
        "tools/call",
        {
            "name": "trigger-long-running-operation",
            "arguments": {"duration": 0.2, "steps": 4},
            "_meta": {"progressToken": "p"},
        },
    ),
    ("prompts/list", {}),
    ("prompts/get", {"name": "simple-prompt"}),
    ("prompts/get", {"name": "args-prompt", "arguments": {"city": "Rome", "state": "x"}}),
    ("prompts/get", {"name": "completable-prompt", "arguments": {"department": "Engineering", "name": "Ann"}}),
    ("prompts/get", {"name": "resource-prompt", "arguments": {"resourceType": "Text", "resourceId": "1"}}),
    ("resources/list", {}),
    ("resources/templates/list", {}),
    ("resources/read", {"uri": "demo://resource/dynamic/text/1"}),
    ("resources/read", {"uri": "demo://resource/dynamic/blob/1"}),
    ("resources/read", {"uri": "demo://resource/static/document/architecture.md"}),
    ("resources/read", {"uri": "demo://nothing"}),
    ("resources/subscribe", {"uri": "demo://resource/dynamic/text/1"}),
    ("resources/unsubscribe", {"uri": "demo://resource/dynamic/text/1"}),
    (
        "completion/complete",
        {"ref": {"type": "ref/prompt", "name": "completable-prompt"}, "argument": {"name": "department", "value": "E"}},
    ),
    ("logging/setLevel", {"level": "debug"}),
    ("tasks/list", {}),
    ("tasks/get", {"taskId": "none"}),
    ("server/discover", {}),
    ("no/such-method", {"x": [1, None, 1e3]}),
]
ANSWERS = {
    "roots/list": {"roots": [{"uri": "file:///tmp", "name": "t"}]},
    "sampling/createMessage": {"role": "assistant", "content": {"type": "text", "text": "s"}, "model": "m"},
    "elicitation/create": {"action": "decline"},
}


class RawClient:
    """Plays the client by raw lines, and keeps every byte in both directions."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.sent = self.received = b""

    def send(self, frame: dict[str, Any]) -> None:
        # Not as the guard itself would write it: blanks, escapes and the order of keys must survive.
        line = json.dumps(dict(reversed(frame.items())), separators=(", ", " : ")).encode() + b"\n"
        self.sent += line
        assert self.process.stdin is not None
        self.process.stdin.write(line)

    async def until(self, request_id: object) -> dict[str, Any]:
        """Answer what the server asks, until it answers."""
        assert self.process.stdout is not None
        while line := await asyncio.wait_for(self.process.stdout.readline(), 30):
            self.received += line
            frame: dict[str, Any] = json.loads(line)
            if "method" in frame and "id" in frame:
                self.send({"jsonrpc": "2.0", "id": frame["id"], "result": ANSWERS[frame["method"]]})
            elif "method" not in frame and frame["id"] == request_id:
                return frame
        raise AssertionError(f"the stream ended before the answer to {request_id!r}")

    async def ask(self, request_id: object, method: str, params: dict[str, Any]) -> dict[str, Any]:
        frame = {"jsonrpc": "2.0", "id": request_id, "method": method}
        self.send(frame | {"params": params} if params else frame)
        return await self.until(request_id)

    async def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.received += await asyncio.wait_for(self.process.stdout.read(), 30)
        assert await self.process.wait() == 0


CONFIGS = {
    "no plugin": "plugins: []\n",
    "plugins with nothing to say": """
plugins:
  - {name: words, kind: deny_list, config: {words: [zebra-crossing]}}
  - {name: replace, kind: search_replace, config: {words: [{search: zebra-crossing, replace: x}]}}
""",
}


async def start(command: list[str]) -> RawClient:
    return RawClient(await asyncio.create_subprocess_exec(*command, stdin=-1, stdout=-1, limit=2**24))


def behind_guard(folder: Path, config: str, server: list[str]) -> list[str]:
    path = folder / "gatehook.yaml"
    path.write_text(config)
    recorder = [sys.executable, str(HERE / "recorder.py"), str(folder), *server]
    return [sys.executable, "-m", "gatehook", "guard", "--config", str(path), "--", *recorder]


def check_recorded(folder: Path, client: RawClient) -> None:
    assert (folder / "to_server").read_bytes() == client.sent
    assert (folder / "to_client").read_bytes() == client.received


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
async def test_every_byte_of_every_method_of_server_everything_passes(tmp_path, npm_server, config):
    client = await start(behind_guard(tmp_path, config, npm_server("server-everything", "stdio")))
    await client.ask(0, "initialize", INITIALIZE | {"capabilities": CAPABILITIES})
    client.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    for number, (method, params) in enumerate(EVERYTHING, start=1):
        await client.ask(number if number % 2 else f"id-{number}", method, params)
    slow = {"name": "trigger-long-running-operation", "arguments": {"duration": 1, "steps": 2}}
    client.send({"jsonrpc": "2.0", "id": "slow", "method": "tools/call", "params": slow})
    client.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "slow"}})
    client.send({"jsonrpc": "2.0", "method": "notifications/roots/list_changed"})
    await client.ask("last", "ping", {})
    await client.close()
    check_recorded(tmp_path, client)


async def test_every_byte_of_a_task_passes(tmp_path, npm_server):
    config = CONFIGS["plugins with nothing to say"]
    client = await start(behind_guard(tmp_path, config, npm_server("server-everything", "stdio")))
    await client.ask(0, "initialize", INITIALIZE | {"capabilities": {"tasks": {"requests": {"tools": {"call": {}}}}}})
    client.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    research = {"name": "simulate-research-query", "arguments": {"topic": "x"}, "task": {"ttl": 60000}}
    begun = await client.ask(1, "tools/call", research)
    task = {"taskId": begun["result"]["task"]["taskId"]}
    await client.ask(2, "tasks/get", task)
    done = await client.ask(3, "tasks/result", task)
    assert done["result"]["content"]
    await client.ask(4, "tasks/list", {})
    await client.close()
    check_recorded(tmp_path, client)


MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
async def test_every_byte_in_the_protocol_of_2026_passes(tmp_path, config):
    client = await start(behind_guard(tmp_path, config, [sys.executable, str(HERE / "server.py")]))
    asked: list[tuple[str, dict[str, Any]]] = [
        ("server/discover", {}),
        ("tools/list", {}),
        ("tools/call", {"name": "customer", "arguments": {"name": "Änn"}}),
        ("tools/call", {"name": "no such tool", "arguments": {}}),
        ("prompts/list", {}),
        ("prompts/get", {"name": "letter", "arguments": {"name": "Ann"}}),
        ("resources/list", {}),
        ("resources/templates/list", {}),
        ("resources/read", {"uri": "crm://notes"}),
        ("resources/read", {"uri": "crm://nothing"}),
        ("no/such-method", {}),
    ]
    for number, (method, params) in enumerate(asked, start=1):
        await client.ask(number, method, params | {"_meta": MODERN})
    steps = {"name": "steps", "arguments": {}, "_meta": MODERN | {"progressToken": 1}}
    answer = await client.ask("steps", "tools/call", steps)
    assert answer["result"]["resultType"] == "complete"
    assert client.received.count(b"notifications/progress") == 3
    await client.close()
    check_recorded(tmp_path, client)
