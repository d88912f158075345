"""The server as a child of its client."""

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters
from serve_frames import COMMAND, HERE, answer, call, request

ARGUMENTS = {
    "hook_type": "tool_pre_invoke",
    "plugin_name": "Add",
    "payload": {"name": "lookup", "args": {}},
    "context": {},
}


def cancelled(request_id):
    return {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": request_id}}


def text(result):
    (block,) = result.content
    return json.loads(block.text)


@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
async def test_the_sdk_s_client_can_call_it(config, mode):
    command, *options = [*COMMAND, "--config", str(config("Add"))]
    parameters = StdioServerParameters(command=command, args=options, env={"PYTHONPATH": str(HERE)})
    async with Client(parameters, mode=mode) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == [
            "get_plugin_configs", "get_plugin_config", "invoke_hook", "configure_plugin",
        ]  # fmt: skip
        assert text(await client.call_tool("get_plugin_config", {"name": "add"}))["name"] == "Add"
        said = text(await client.call_tool("invoke_hook", ARGUMENTS))
        assert said["result"]["modified_payload"]["args"] == {"added": 1}
        configured = text(await client.call_tool("configure_plugin", {"name": "Add", "config": {"value": 2}}))
        meta = {"gatehook/config": configured["config_id"]}
        said = text(await client.call_tool("invoke_hook", ARGUMENTS, meta=meta))
        assert said["result"]["modified_payload"]["args"] == {"added": 2}


def test_calls_run_at_the_same_time_and_each_gets_its_own_answer(config, serve):
    with serve(config("Wait", "Add", drain_timeout="10ms")) as server:
        server.send(call(1, "Wait"), *(call(f"a{item}", item=item) for item in range(50)))
        answers = [server.receive() for _ in range(50)]
        assert {told["id"]: answer(told)["result"]["modified_payload"]["args"]["item"] for told in answers} == {
            f"a{item}": item for item in range(50)
        }


def test_a_cancelled_call_is_cancelled_and_not_answered(config, serve):
    with serve(config("Wait")) as server:
        server.send(call(1, "Wait"))
        server.says("the wait begins")
        server.send(call("1", "Wait", seconds=0.1))
        server.send(cancelled(1))
        server.says("the wait was cancelled")
        assert (server.receive())["id"] == "1"


def test_a_call_may_be_cancelled_in_one_breath(config, serve):
    with serve(config("Wait")) as server:
        server.send(call(1, "Wait"), cancelled(1))
        server.answers(request(2, "ping"))
        assert (server.answers(request(1, "ping")))["id"] == 1


def test_a_cancellation_of_no_request_changes_nothing(config, serve):
    with serve(config("Wait")) as server:
        server.send(call(1, "Wait", seconds=0.1), *(cancelled(item) for item in (2, "1", 1.0, True, {}, None)))
        assert "result" in answer(server.receive())


def test_an_id_that_is_in_use_is_refused_to_the_second(config, serve):
    with serve(config("Wait")) as server:
        server.send(call(1, "Wait", seconds=0.2), request(1, "ping"))
        refused, told = server.receive(), server.receive()
        assert refused["id"] is None
        assert refused["error"]["code"] == -32600
        assert "result" in answer(told)


def test_bad_lines_are_answered_and_harm_no_other(config, serve):
    with serve(config("Add", max_request_bytes=2048)) as server:
        server.send(b"nonsense\n", b"\n", b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}\n', b"[]\n")
        assert [(server.receive())["error"]["code"] for _ in range(3)] == [-32700, -32700, -32600]
        told = server.answers(call(3, padding="x" * 5000))
        assert told["id"] == 3
        assert told["error"]["message"] == "the message is longer than 2048 bytes"
        assert "result" in answer(server.answers(call(4)))


def test_nothing_that_a_plugin_prints_reaches_the_client(config, serve):
    with serve(config({"name": "wait", "kind": "serve_toys.Wait", "timeout": "10ms"})) as server:
        assert answer(server.answers(call(1, "wait")))["error"]["code"] == "PLUGIN_TIMEOUT"
        assert "the wait was cancelled" in server.said()


def test_large_messages_pass_both_ways(config, serve):
    with serve(config("Add")) as server:
        large = "é" * 500_000
        said = answer(server.answers(call(1, text=large)))
        assert said["result"]["modified_payload"]["args"]["text"] == large


# -- the end


def test_when_the_client_closes_running_calls_are_answered_first(config, serve):
    with serve(config("Wait")) as server:
        server.send(call(1, "Wait", seconds=0.2))
        server.stdin.close()
        assert "result" in answer(server.receive())
        assert server.code() == 0
        assert "Wait is shut down" in server.said()


def test_sigterm_lets_running_calls_end(config, serve):
    with serve(config("Wait")) as server:
        server.send(call(1, "Wait", seconds=0.3))
        server.says("the wait begins")
        server.signal(signal.SIGTERM)
        assert "result" in answer(server.receive())
        assert server.code() == 0
        assert "Wait is shut down" in server.said()


def test_a_call_that_does_not_end_is_cancelled_after_a_while(config, serve):
    with serve(config("Wait", drain_timeout="50ms")) as server:
        server.send(call(1, "Wait"))
        server.says("the wait begins")
        server.signal(signal.SIGTERM)
        assert server.code() == 0
        assert "the wait was cancelled" in server.said()
        assert "Wait is shut down" in server.said()


def test_a_client_that_closed_and_then_signals_does_not_wait_for_calls(config, serve):
    with serve(config("Wait")) as server:
        server.send(call(1, "Wait"))
        server.says("the wait begins")
        server.stdin.close()
        time.sleep(0.2)
        server.signal(signal.SIGTERM)
        assert server.code() == 0
        assert "the wait was cancelled" in server.said()


def test_a_client_that_reads_nothing_more_ends_the_server(config, serve):
    with serve(config("Wait")) as server:
        server.send(call(1, "Wait"))
        server.says("the wait begins")
        server.stdout.close()
        assert server.code() == 0
        assert "the wait was cancelled" in server.said()


def test_sighup_reads_the_config_again(config, serve):
    with serve(config("Add")) as server:
        assert answer(server.answers(call(1)))["result"]["modified_payload"]["args"] == {"added": 1}
        config({"name": "Add", "kind": "serve_toys.Add", "config": {"value": 2}})
        server.signal(signal.SIGHUP)
        server.says("the config was reloaded")
        assert answer(server.answers(call(2)))["result"]["modified_payload"]["args"] == {"added": 2}
        config("Never")
        server.signal(signal.SIGHUP)
        server.says("the config was not reloaded, the old one goes on:\n.*'Never' cannot be initialized")
        assert answer(server.answers(call(3)))["result"]["modified_payload"]["args"] == {"added": 2}


# -- streams that are no pipes


def run(config: Path, stdin: int, stdout: int) -> subprocess.Popen:
    return subprocess.Popen(
        [*COMMAND, "--config", str(config)], stdin=stdin, stdout=stdout, env={**os.environ, "PYTHONPATH": str(HERE)}
    )


def test_requests_may_come_from_a_file_and_answers_go_into_one(config, tmp_path):
    asked, told = tmp_path / "asked", tmp_path / "told"
    asked.write_text("".join(json.dumps(call(item)) + "\n" for item in range(3)))
    with asked.open() as stdin, told.open("w") as stdout:
        assert run(config("Add"), stdin.fileno(), stdout.fileno()).wait(20) == 0
    assert sorted(json.loads(line)["id"] for line in told.read_text().splitlines()) == [0, 1, 2]


def test_one_socket_may_be_both_streams(config):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = run(config("Add"), theirs.fileno(), theirs.fileno())
        theirs.close()
        ours.settimeout(20)
        ours.sendall(json.dumps(call(1)).encode() + b"\n")
        assert json.loads(ours.makefile().readline())["id"] == 1
        ours.shutdown(socket.SHUT_WR)
        assert process.wait(20) == 0
