"""Plugins in child processes."""

import asyncio
import json
import logging
import os
import signal
import sys
from pathlib import Path
from time import monotonic

import pytest
from gatehook import ConfigError, GatehookError
from gatehook.testing import assert_blocked, tool_call, tool_result


@pytest.fixture
def log(tmp_path):
    """What the server tells of itself: a file, and its lines."""

    class Log:
        file = str(tmp_path / "log")

        @property
        def lines(self):
            return (tmp_path / "log").read_text().splitlines()

        def pids(self):
            return [int(line.split()[1]) for line in self.lines if line.startswith("started ")]

        async def until(self, word):
            for _ in range(100):
                if found := [line for line in self.lines if word in line]:
                    return found
                await asyncio.sleep(0.05)
            raise AssertionError(f"no {word} among {self.lines}")

    return Log()


def processes():
    return {int(path.name) for path in Path("/proc").glob("[0-9]*")}


def members(group):
    """The processes of a process group, but for those that are dead and not yet buried by init."""
    stats = [path.read_text().rpartition(")")[2].split() for path in Path("/proc").glob("[0-9]*/stat")]
    return [stat for stat in stats if int(stat[2]) == group and stat[0] != "Z"]


async def test_what_the_plugin_there_says_is_what_happens_here(opened, lines):
    async with opened(lines()) as asked:
        outcome = await asked.call(q="word", n=1, none=None)
        assert outcome.payload.args == {"q": "WORD", "n": 1, "none": None}
        assert outcome.metadata == {"Ext": {"seen": 1}}
        assert_blocked(await asked.call("deny"), "DENIED")
        assert not (await asked.run(tool_result(text="x"))).blocked


async def test_the_state_of_the_plugin_there_is_kept_here(opened, lines):
    async with opened(lines()) as asked, asked.runner.request() as request:
        await request.run(tool_call("ok"))
        assert request.states == {"Ext": {"seen": "ok"}}


async def test_its_mode_and_priority_there_are_shown_and_not_obeyed(opened, lines):
    async with opened(lines(), mode="enforce", priority=3) as asked:
        assert (await asked.call("deny")).blocked
        assert asked.status.priority == 3
        assert asked.status.details["remote"] == {
            "name": "Ext",
            "kind": "e.Ext",
            "hooks": ["tool_pre_invoke", "tool_post_invoke"],
            "mode": "audit",
            "priority": 7.0,
        }
        assert asked.status.details["connection"] == "open"


async def test_its_hooks_are_those_that_it_has_there(opened, lines):
    async with opened(lines()) as asked:
        assert set(asked.status.hooks) == {"tool_pre_invoke", "tool_post_invoke"}


async def test_a_hook_that_it_has_not_there_is_a_config_error(opened, lines):
    with pytest.raises(ConfigError, match="Ext has no prompt_pre_fetch"):
        async with opened(lines(), hooks=["tool_pre_invoke", "prompt_pre_fetch"]):
            pass


async def test_an_unknown_name_is_a_config_error_that_names_the_known_ones(opened, lines):
    with pytest.raises(ConfigError, match=r"mcp\.plugin: the server has no plugin 'Exd'; it has Ext, Other"):
        async with opened({**lines(), "plugin": "Exd"}):
            pass


async def test_config_for_a_server_that_takes_none_is_a_config_error(opened, lines):
    with pytest.raises(ConfigError, match=r"config\.words: the server takes no config from here"):
        async with opened(lines(), config={"words": ["x"], "timeout_ms": 100}):
            pass
    with pytest.raises(ConfigError, match=r"config\.timeout_mss: the server takes no .*, did you mean 'timeout_ms'\?"):
        async with opened(lines(), config={"timeout_mss": 100}):
            pass


FAULTS = {
    "not_json": ("backend", "a text that is no JSON"),
    "ambiguous": ("backend", "repeats a key"),
    "failing_tool": ("backend", "its tool invoke_hook failed"),
    "wrong_plugin": ("backend", "another plugin"),
    "raises": ("exception", "the remote plugin failed"),
    "rpc_error": ("backend", "error -32000"),
    "crash": ("backend", "ended with status 3"),
    "oversize": ("backend", "a line of more than 1,048,576 bytes"),
    "endless": ("backend", "a line of more than 1,048,576 bytes"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_is_told_without_content_and_the_next_call_works(opened, lines, name):
    error_type, reason = FAULTS[name]
    async with opened(lines(), config={"max_response_size_mb": 1}) as asked:
        outcome = await asked.call(name)
        (record,) = outcome.records
        assert outcome.blocked
        assert (record.error_type, reason in record.reason) == (error_type, True), record
        assert "secret" not in record.reason
        await asyncio.sleep(0.2)
        assert (await asked.call(q="a")).payload.args == {"q": "A"}


@pytest.mark.parametrize("name", ["hang", "wrong_id", "id_as_text"])
async def test_what_gets_no_answer_ends_in_time(opened, lines, name):
    async with opened(lines(), config={"timeout_ms": 300}) as asked:
        record = await asked.record(name)
        assert (record.error_type, record.reason) == ("timeout", "failed: took longer than 300 ms (timeout_ms)")


async def test_what_comes_late_is_never_the_answer_to_another_call(opened, lines):
    async with opened(lines(), config={"timeout_ms": 200}) as asked:
        assert (await asked.record("late", q="one")).error_type == "timeout"
        assert (await asked.call("ok", q="two")).payload.args == {"q": "TWO"}
        await asyncio.sleep(0.4)
        assert (await asked.call("ok", q="three")).payload.args == {"q": "THREE"}


async def test_calls_share_the_line_and_each_gets_its_own_answer(opened, lines):
    async with opened(lines()) as asked:
        outcomes = await asyncio.gather(*(asked.call("late" if n % 3 else "ok", q=f"a{n}") for n in range(30)))
        assert [outcome.payload.args["q"] for outcome in outcomes] == [f"A{n}" for n in range(30)]


@pytest.mark.parametrize("name", ["garbage", "twice", "chatty", "last_words"])
async def test_what_else_a_server_writes_does_no_harm(opened, lines, name):
    async with opened(lines()) as asked:
        assert (await asked.call(name, q="a")).payload.args == {"q": "A"}
        await asyncio.sleep(0.2)
        assert (await asked.call("ok", q="b")).payload.args == {"q": "B"}


async def test_requests_of_a_server_are_answered(opened, lines, log):
    async with opened(lines(LOG=log.file)) as asked:
        await asked.call("chatty")
        ping, roots = [json.loads(line.removeprefix("answer ")) for line in await log.until("answer")][:2]
        assert ping["result"] == {}
        assert (roots["id"], roots["error"]["code"]) == ("r1", -32601)


async def test_answers_do_not_pile_up_for_a_server_that_does_not_read(opened, lines, log):
    async with opened(lines(LOG=log.file)) as asked:
        await asked.call("insistent")
        assert (await asked.call(q="a")).payload.args == {"q": "A"}
        assert 0 < len([line for line in log.lines if line.startswith("answer")]) < 15_000


async def test_its_standard_error_goes_to_the_log_line_by_line(opened, lines, caplog):
    caplog.set_level(logging.INFO, "gatehook.external_mcp")
    async with opened(lines()) as asked:
        await asked.call("chatty")
        await asyncio.sleep(0.1)
    said = [record.getMessage() for record in caplog.records if "its server says" in record.getMessage()]
    assert said[0] == r"plugin 'Ext': its server says: 'secret\x1b[2J words'"
    assert len(said[1]) < 1100


async def test_what_its_standard_error_warns_of_is_a_warning_here(opened, lines, caplog):
    caplog.set_level(logging.INFO, "gatehook.external_mcp")
    async with opened(lines()) as asked:
        await asked.call("warning")
        await asyncio.sleep(0.1)
    levels = {record.getMessage().partition("says: ")[2]: record.levelname for record in caplog.records}
    assert levels["gatehook: plugin 'guard' failed at tool_pre_invoke"] == "WARNING"
    assert levels["2026-01-01 ERROR it broke"] == "WARNING"
    assert levels["gatehook: serving at its standard input"] == "INFO"
    assert levels["INFO 200 OK"] == "INFO"


async def test_a_cancelled_call_is_cancelled_there(opened, lines, log):
    async with opened(lines(LOG=log.file)) as asked:
        call = asyncio.create_task(asked.call("hang"))
        (line,) = await log.until("call hang")
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        (told,) = await log.until("notifications/cancelled")
        assert json.loads(told.partition(" ")[2])["requestId"] == int(line.split()[2])
        assert (await asked.call("ok", q="b")).payload.args == {"q": "B"}


async def test_a_child_has_a_small_environment(opened, lines, log, monkeypatch):
    monkeypatch.setenv("DATABASE_PASSWORD", "x")
    async with opened(lines(LOG=log.file, TOLD="1")):
        (line,) = await log.until("started")
        assert "DATABASE_PASSWORD" not in line
        assert "TOLD" in line
        assert "PATH" in line


async def test_a_server_that_died_is_started_again_once_for_all_who_wait(opened, lines, log):
    async with opened(lines(LOG=log.file)) as asked:
        os.kill(log.pids()[0], signal.SIGKILL)
        await asyncio.sleep(0.3)
        outcomes = await asyncio.gather(*(asked.call("ok", q="a") for _ in range(5)))
        assert [outcome.payload.args for outcome in outcomes] == [{"q": "A"}] * 5
        assert len(log.pids()) == 2


async def test_its_death_is_one_failure_whatever_was_in_flight(opened, lines, log):
    async with opened(lines(LOG=log.file)) as asked:
        calls = [asyncio.create_task(asked.call("hang")) for _ in range(8)]
        await asyncio.sleep(0.3)
        os.kill(log.pids()[0], signal.SIGKILL)
        assert all(outcome.blocked for outcome in await asyncio.gather(*calls))
        assert (await asked.call("ok", q="a")).payload.args == {"q": "A"}


async def test_what_was_in_flight_when_it_died_is_not_repeated(opened, lines, log):
    async with opened(lines(LOG=log.file)) as asked:
        assert (await asked.record("crash")).error_type == "backend"
        assert len(await log.until("call crash")) == 1


async def test_a_server_that_hangs_is_started_again_by_its_health_check(opened, lines, log):
    async with opened({**lines(LOG=log.file), "health_check_interval": 0.3}) as asked:
        os.kill(log.pids()[0], signal.SIGSTOP)
        await asyncio.sleep(0.8)
        assert asked.status.health == "it did not answer in time"
        assert "health check fails" in (await asked.record("ok")).reason
        for _ in range(100):
            if asked.status.health is True:
                break
            await asyncio.sleep(0.1)
        assert (await asked.call(q="a")).payload.args == {"q": "A"}
        assert len(log.pids()) == 2


async def test_a_server_that_hangs_is_sick_however_soon_the_runner_stops_waiting(opened, lines, log):
    hasty = {"plugin_timeout": 0.3, "plugin_health_check_interval": 0.4}
    async with opened(lines(LOG=log.file), settings=hasty) as asked:
        os.kill(log.pids()[0], signal.SIGSTOP)
        await asyncio.sleep(0.9)
        began = monotonic()
        assert "health check fails" in (await asked.record("ok")).reason
        assert monotonic() - began < 0.2


async def test_a_server_that_is_busy_with_a_call_is_left_to_it(opened, lines, log):
    async with opened({**lines(LOG=log.file), "health_check_interval": 0.2}) as asked:
        assert (await asked.call("slow", q="a")).payload.args == {"q": "A"}
        assert asked.status.health is True
        assert len(log.pids()) == 1


async def test_a_server_that_keeps_dying_is_not_started_again_and_again(opened, lines, log):
    async with opened(lines("dies", LOG=log.file), mode="permissive") as asked:
        assert asked.status.state == "failed"
        assert "ended with status 1" in asked.status.reason
        assert len(log.lines) == 1


async def test_what_a_server_said_before_it_ended_is_told(opened, lines):
    async with opened(lines("dies", PASSWORD="hunter2"), mode="permissive") as asked:
        assert asked.status.reason.endswith(
            "the server ended with status 1; it said: second | third, ******** | no luck today"
        )


async def test_what_a_server_said_before_time_was_over_is_told_and_no_more_than_its_end(opened):
    long = "import sys, time; print('begin', 'x' * 492, 'the end', file=sys.stderr); time.sleep(60)"
    with pytest.raises(GatehookError, match=r"within 0\.9 seconds; it said: x{492} the end$"):
        async with opened({"proto": "STDIO", "command": sys.executable, "args": ["-c", long]}, timeout=1):
            pass


async def test_what_a_server_says_later_is_in_no_reason(opened, lines):
    async with opened(lines()) as asked:
        await asked.call("chatty")
        assert (await asked.record("crash")).reason == "failed: the server ended with status 3"


async def test_an_enforcing_plugin_whose_server_does_not_start_keeps_the_runner_from_starting(opened):
    with pytest.raises(GatehookError, match=r"cannot be initialized.*/no/such: it cannot be started.*No such file"):
        async with opened({"proto": "STDIO", "command": "/no/such"}):
            pass


async def test_a_server_that_says_nothing_keeps_nobody_waiting(opened):
    began = monotonic()
    with pytest.raises(GatehookError, match=r"it did not come up within 0\.45 seconds"):
        async with opened(
            {"proto": "STDIO", "command": sys.executable, "args": ["-c", "import time; time.sleep(60)"]}, timeout=0.5
        ):
            pass
    assert monotonic() - began < 10


@pytest.mark.parametrize("kind", [[], ["stubborn"], ["child"], ["stubborn", "child"]])
async def test_no_process_outlives_the_plugin(opened, lines, log, kind):
    async with opened(lines(*kind, LOG=log.file)) as asked:
        await asked.call()
        (leader,) = log.pids()
    assert leader not in processes()
    for _ in range(100):
        if not members(leader):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(members(leader))
