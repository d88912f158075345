"""Faults and ends: each defined, each with its exit code; nothing unchecked passes."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import tty
from pathlib import Path

import pytest
from guard_frames import notification, request, response, text

GONE = -32012


# -- the server ends


async def test_when_the_server_dies_what_is_in_flight_is_answered_by_errors(guard):
    async with guard("Mask", server=["7"]) as it:
        it.client.send(request(1, "ping"), request("2", "tools/call", name="t"))
        await it.server.line()
        await it.server.line()
        it.server.writer.close()
        answers = {(await it.client.receive())["id"]: 0, (await it.client.receive())["id"]: 0}
        assert answers == {1: 0, "2": 0}
        assert await it.client.ended()
        assert await it.code() == 7


async def test_an_answer_in_its_hook_outlives_the_server(guard):
    async with guard({"name": "slow", "kind": "toys.Hang", "timeout": "300ms", "on_error": "allow"}) as it:
        it.client.send(request(1, "tools/call", name="t"), request(2, "ping"))
        await it.server.line()
        await it.server.line()
        it.server.send(response(1, text("x")))
        it.server.writer.close()
        assert (await it.client.receive())["error"]["code"] == GONE
        assert await it.client.receive() == response(1, text("x"))


async def test_half_a_line_of_a_dying_server_does_not_pass(guard):
    async with guard() as it:
        it.client.send(request(1, "ping"))
        await it.server.line()
        it.server.send(b'{"jsonrpc":"2.0","id":1,"resu')
        it.server.writer.close()
        assert (await it.client.receive())["error"]["code"] == GONE
        assert await it.client.ended()


async def test_a_server_killed_by_a_signal_gives_the_exit_code_of_a_shell(guard):
    async with guard(server=["0"]) as it:
        pids = await asyncio.to_thread(
            subprocess.check_output, ["ps", "-o", "pid=", "--ppid", str(it.process.pid)], text=True
        )
        for pid in pids.split():
            os.kill(int(pid), signal.SIGKILL)
        assert await it.code() == 128 + signal.SIGKILL


# -- the client ends


async def test_when_the_client_closes_what_is_in_flight_is_still_answered(guard):
    async with guard("Mask") as it:
        it.client.send(request(1, "tools/call", name="t"))
        it.client.writer.close()
        await it.server.line()
        assert await it.server.ended()
        it.server.send(response(1, text("Bob")))
        assert await it.client.receive() == response(1, text("***"))
        it.server.writer.close()
        assert await it.client.ended()
        assert await it.code() == 0


async def test_a_last_line_without_a_line_feed_counts(guard):
    async with guard("Mask") as it:
        it.client.send(json.dumps(request(1, "ping")).encode())
        it.client.writer.close()
        assert await it.server.receive() == request(1, "ping")


async def test_a_call_in_its_hook_when_the_client_closes_is_still_checked_first(guard):
    async with guard({"name": "g", "kind": "toys.Gate", "timeout": "200ms"}) as it:
        it.client.send(request(1, "tools/call", name="held"))
        it.client.writer.close()
        assert (await it.client.receive())["result"]["isError"] is True
        assert await it.server.ended()


async def test_a_server_that_does_not_end_is_made_to(guard):
    async with guard(server=["0", "stubborn"], stop_timeout="100ms", kill_timeout="100ms") as it:
        it.client.writer.close()
        assert await it.server.ended()
        assert await it.code() == 0


def test_what_the_server_started_ends_with_it(tmp_path):
    config, started = tmp_path / "c.yaml", tmp_path / "pid"
    config.write_text("{plugins: [], guard: {stop_timeout: 100ms}}\n")
    done = run("--config", str(config), "--", "sh", "-c", f"sleep 300 & echo $! > {started}; wait")
    assert done.returncode == 0
    stat, deadline = Path(f"/proc/{started.read_text().strip()}/stat"), time.monotonic() + 10
    while stat.exists() and " Z " not in stat.read_text():
        assert time.monotonic() < deadline, "it still runs"


async def test_a_client_that_neither_reads_nor_writes_any_more_ends_the_session(guard):
    async with guard("Gate", stop_timeout="100ms") as it:
        it.client.send(request(1, "tools/call", name="held"))
        await it.nothing_for_server()
        it.process._transport.get_pipe_transport(1).close()  # as a client that crashed
        assert await it.code() == 0


# -- signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_guard_and_server(guard, number):
    async with guard(server=["0", "stubborn"], kill_timeout="100ms") as it:
        it.client.send(request(1, "ping"))
        await it.server.line()
        it.process.send_signal(number)
        assert await it.code() == 128 + number
        assert await it.server.ended()


async def test_sighup_reloads_the_config_and_calls_in_flight_keep_the_old_one(guard):
    async with guard("Mask", "Gate") as it:
        it.client.send(request(1, "tools/call", name="t"))
        await it.server.line()
        it.configure(["Deny"], {"violation_as": "error"})
        it.process.send_signal(signal.SIGHUP)
        await it.says("the config was reloaded")
        it.client.send(request(2, "tools/call", name="forbidden"))
        assert (await it.client.receive())["error"]["code"] == -32010
        it.server.send(response(1, text("Bob")))
        assert await it.client.receive() == response(1, text("***"))


async def test_a_config_that_is_wrong_leaves_the_old_one_serving(guard):
    async with guard("Deny") as it:
        it.configure(["Dney"])
        it.process.send_signal(signal.SIGHUP)
        await it.says("the config was not reloaded, the old one goes on")
        it.client.send(request(2, "tools/call", name="forbidden"))
        assert (await it.client.receive())["result"]["isError"] is True


# -- long lines


async def test_a_long_request_is_refused_with_its_id_and_the_session_goes_on(guard):
    async with guard("Mask", max_message_bytes=10_000) as it:
        line = request(1, "tools/call", name="t", arguments={"q": "x" * 50_000_000})
        it.client.send(line, request(2, "ping"))
        answer = await it.client.receive()
        assert (answer["id"], answer["error"]["code"]) == (1, -32600)
        assert "max_message_bytes" in answer["error"]["message"]
        assert await it.server.receive() == request(2, "ping")
        status = await asyncio.to_thread(Path(f"/proc/{it.process.pid}/status").read_text)
        (peak,) = [int(row.split()[1]) for row in status.splitlines() if row.startswith("VmHWM")]
        assert peak < 150_000


@pytest.mark.parametrize("last", [False, True], ids=["id first", "id last"])
async def test_a_long_answer_becomes_an_error_with_its_id(guard, last):
    async with guard("Mask", max_message_bytes=10_000) as it:
        it.client.send(request(1, "tools/call", name="t"), request(2, "ping"))
        await it.server.line()
        await it.server.line()
        for number in (1, 2):
            answer = response(number, text("x" * 100_000))
            it.server.send(dict(reversed(answer.items())) if last else answer)
            got = await it.client.receive()
            assert (got["id"], got["error"]["code"]) == (number, -32011)


async def test_a_long_notification_is_dropped_and_said(guard):
    async with guard(max_message_bytes=10_000) as it:
        it.server.send(notification("notifications/message", data="x" * 100_000))
        await it.nothing_for_client()
        await it.says("more than max_message_bytes allows")


# -- starting


def run(*args, **env):
    command = [sys.executable, "-m", "gatehook", "guard", *args]
    return subprocess.run(
        command, input="", capture_output=True, text=True, env={**os.environ, **env}, timeout=60, check=False
    )


def test_a_missing_config_ends_with_code_2_and_no_traceback(tmp_path):
    done = run("--config", str(tmp_path / "no.yaml"), "--", "true")
    assert done.returncode == 2
    assert "no.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_config_at_all_is_an_error_of_usage():
    done = run("--", "true", PLUGIN_CONFIG_FILE="")
    assert done.returncode == 2
    assert "--config" in done.stderr


def test_every_mistake_in_the_guards_section_is_named(tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text("plugins: []\nguard:\n  violation_at: result\n  max_message_bytes: 0\n")
    done = run("--config", str(config), "--", "true")
    assert done.returncode == 2
    assert "did you mean 'violation_as'" in done.stderr
    assert "max_message_bytes" in done.stderr


@pytest.mark.parametrize(("command", "code"), [("/no/such/command", 127), (__file__, 126), ("true", 0), ("false", 1)])
def test_the_exit_code_tells_about_the_command(tmp_path, command, code):
    config = tmp_path / "c.yaml"
    config.write_text("plugins: []\n")
    done = run("--config", str(config), "--", command)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_the_config_file_can_come_from_the_environment(tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text("plugins: []\n")
    assert run("--", "true", PLUGIN_CONFIG_FILE=str(config)).returncode == 0


def test_a_config_named_by_the_environment_that_is_wrong_is_told_with_the_variable(tmp_path):
    config = str(tmp_path / "no.yaml")
    named = f"gatehook: the environment variable PLUGIN_CONFIG_FILE names this config: {config}\n"
    assert named in run("--", "true", PLUGIN_CONFIG_FILE=config).stderr
    assert "PLUGIN_CONFIG_FILE" not in run("--config", config, "--", "true").stderr


def test_the_log_tells_as_much_as_is_asked(tmp_path):
    config = tmp_path / "c.yaml"
    source = "from gatehook import Plugin\nclass Quiet(Plugin):\n    def tool_pre_invoke(self):\n        return None\n"
    (tmp_path / "local_class.py").write_text(source)
    config.write_text("plugins: [{name: mask, kind: local_class.Quiet}]\n")
    arguments = ("--config", str(config), "--", "true")
    assert run(*arguments).stderr == ""
    assert "mask" in run("--log-level", "info", *arguments).stderr
    assert "mask" in run(*arguments, GATEHOOK_LOG_LEVEL="INFO").stderr
    assert run("--log-level", "error", *arguments, GATEHOOK_LOG_LEVEL="debug").stderr == ""
    assert run("--log-level", "loud", *arguments).returncode == 2


async def test_at_debug_every_record_is_logged_and_never_the_text(guard):
    async with guard("Mask", options=("--log-level", "debug")) as it:
        assert await it.call("t", {"to": "Bob"}, text("Bob")) == response("call-1", text("***"))
        await it.says("tool_post_invoke")
        assert "Bob" not in it.said()


def test_options_after_the_command_are_the_commands(tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text("plugins: []\n")
    assert run("--config", str(config), "--", "sh", "-c", 'test "$1" = --user', "--", "--user").returncode == 0


async def test_that_plugins_are_off_is_said_loudly(guard):
    async with guard("Deny", env={"PLUGINS_ENABLED": "false"}) as it:
        await it.says("PLUGINS_ENABLED is false")
        await it.call("forbidden", {}, text("x"))


# -- streams that are not pipes


ECHO = 'read line; echo \'{"jsonrpc":"2.0","id":1,"result":{}}\''
PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
PONG = b'{"jsonrpc":"2.0","id":1,"result":{}}\n'


@pytest.fixture
def answering(tmp_path):
    """The command of a guard before a server that answers one ping and ends."""
    config = tmp_path / "c.yaml"
    config.write_text("plugins: []\n")
    return [sys.executable, "-m", "gatehook", "guard", "--config", str(config), "--", "sh", "-c", ECHO]


def test_standard_streams_may_be_files(answering, tmp_path):
    (tmp_path / "in").write_bytes(PING)
    with (tmp_path / "in").open() as stdin, (tmp_path / "out").open("w") as stdout:
        subprocess.run(answering, stdin=stdin, stdout=stdout, check=True, timeout=60)
    assert (tmp_path / "out").read_bytes() == PONG


def test_one_socket_may_be_both_streams(answering):
    ours, theirs = socket.socketpair()
    with ours, theirs, subprocess.Popen(answering, stdin=theirs, stdout=theirs) as process:
        ours.sendall(PING)
        assert ours.recv(1000) == PONG
        assert process.wait(60) == 0


def test_a_terminal_may_be_both_streams(answering):
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    with subprocess.Popen(answering, stdin=theirs, stdout=theirs) as process:
        os.write(ours, PING)
        assert os.read(ours, 1000) == PONG
        assert process.wait(60) == 0
    assert os.get_blocking(theirs)
    os.close(theirs)
    os.close(ours)
