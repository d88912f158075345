"""What goes wrong at the other side: nothing hangs, nothing leaks, and the record says what it was."""

import signal

import pytest
from gatehook import ConfigError, PluginLoadError, ToolPreInvokePayload

FAULTS = {
    "hang": ("timeout", "took longer than 500 ms (timeout_ms)"),
    "garbage": ("backend", "it answered with what is no InvokeHookResponse"),
    "nothing": ("backend", "it is the answer of another plugin"),
    "other": ("backend", "it is the answer of another plugin"),
    "long": ("backend", "its answer is over the limit"),
    "packed": ("backend", "its answer is over the limit"),
    "nan": ("backend", "a number that is none"),
    "raise": ("backend", "it answered with status UNKNOWN"),
    "error": ("exception", "the remote plugin failed"),
    "UNAVAILABLE": ("backend", "it became unavailable during the call"),
    "UNAUTHENTICATED": ("backend", "it does not accept the credentials"),
    "PERMISSION_DENIED": ("backend", "it does not permit the call"),
    "RESOURCE_EXHAUSTED": ("backend", "over the limit"),
    "UNIMPLEMENTED": ("backend", "it has no such method"),
    "DEADLINE_EXCEEDED": ("timeout", "took longer than 500 ms (timeout_ms)"),
    "CANCELLED": ("backend", "it answered with status CANCELLED"),
    "INTERNAL": ("backend", "it answered with status INTERNAL"),
    "NOT_FOUND": ("backend", "it answered with status NOT_FOUND"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("on_error", ["block", "allow"])
async def test_a_fault_is_what_on_error_says_and_the_next_call_is_answered(peer, connected, fault, on_error):
    error_type, reason = FAULTS[fault]
    config = {"timeout_ms": 500, "max_response_size_mb": 1}
    async with connected(peer, config=config, on_error=on_error) as runner, runner.request() as request:
        outcome = await request.run(ToolPreInvokePayload(fault))
        (record,) = outcome.records
        assert outcome.blocked == (on_error == "block")
        assert record.error_type == error_type
        assert reason in record.reason
        assert "secret" not in record.reason
        assert not (await request.run(ToolPreInvokePayload("fine"))).blocked
        (status,) = runner.plugins()
    assert status.details["connection"] == "ready"


async def test_a_server_that_dies_in_mid_call_is_found_again(start, connected, until):
    server = start("Toy")
    config = {"retry_attempts": 1, "circuit_breaker_enabled": False}
    async with connected(server.address, config=config) as runner, runner.request() as request:
        (record,) = (await request.run(ToolPreInvokePayload("crash"))).records
        assert (record.error_type, record.reason) == ("backend", "failed: it became unavailable during the call")

        async def is_missed():
            return "refuses connections" in (await request.run(ToolPreInvokePayload("fine"))).records[0].reason

        await until(is_missed)
        port = server.address.rpartition(":")[2]
        start("Toy", f"127.0.0.1:{port}")

        async def answers():
            return not (await request.run(ToolPreInvokePayload("fine"))).blocked

        await until(answers)


async def test_a_server_that_stops_answering_is_a_timeout(start, connected):
    server = start("Toy")
    config = {"timeout_ms": 300, "circuit_breaker_failure_threshold": 2, "circuit_breaker_timeout": 3600}
    async with connected(server.address, config=config) as runner, runner.request() as request:
        server.send_signal(signal.SIGSTOP)
        reasons = [(await request.run(ToolPreInvokePayload("fine"))).records[0].reason for _ in range(3)]
        assert ["circuit" in reason for reason in reasons] == [False, False, True]
        server.send_signal(signal.SIGCONT)


async def test_a_sick_server_is_not_asked(start, connected, until):
    server = start("Toy")
    async with connected(server.address, grpc={"health_check_interval": "50ms"}) as runner, runner.request() as request:
        assert not (await request.run(ToolPreInvokePayload("sick"))).blocked

        async def seen():
            return runner.plugins()[0].health == "it says that it is not serving"

        await until(seen)
        (record,) = (await request.run(ToolPreInvokePayload("fine"))).records
        assert record.error_type == "backend"
        assert "not serving" in record.reason


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("silent", "it gave no answer in time|took longer than its timeout"),
        ("http", "does not speak gRPC"),
        ("hangs up", "closes connections"),
    ],
)
async def test_what_is_no_plugin_server_keeps_the_plugin_out(connected, stranger, behaviour, reason):
    with pytest.raises(PluginLoadError, match=reason):
        async with connected(stranger(behaviour), timeout=1):
            pass


async def test_a_server_that_is_not_there_yet_is_found_later(start, connected):
    first = start("Toy")
    first.kill()
    first.wait()
    async with connected(first.address, on_error="allow") as runner:
        assert runner.plugins()[0].state == "failed"
        assert len(runner.plugins()[0].hooks) == 6


async def test_a_plugin_that_the_server_lacks_is_a_config_error(peer, connected):
    with pytest.raises(ConfigError, match=r"the server has no plugin 'Tory'; it has Toy"):
        async with connected(peer, grpc={"plugin": "Tory"}):
            pass


async def test_a_hook_that_the_remote_plugin_lacks_is_a_config_error(peer, connected):
    with pytest.raises(ConfigError, match=r"plugins\[0\].hooks\[1\]: Toy has no prompt_pre_fetch"):
        async with connected(peer, hooks=["tool_pre_invoke", "prompt_pre_fetch"]):
            pass


async def test_settings_for_a_peer_s_plugin_are_a_config_error(peer, connected):
    with pytest.raises(ConfigError, match=r"plugins\[0\].config.words: the server takes no config"):
        async with connected(peer, config={"words": ["x"], "timeout_ms": 100}):
            pass
