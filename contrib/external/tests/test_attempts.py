"""Further attempts: only of what surely was not delivered, and only in time."""

import asyncio

import pytest
from gatehook import ConfigError, Problem
from gatehook_external import NotDelivered, ServiceError

REFUSED = NotDelivered("nobody listens at its port")


async def test_what_was_not_delivered_is_tried_again(desk, backend):
    backend.fault = REFUSED
    async with desk() as plugin:
        record = await plugin.ask()
        assert backend.calls == 3
        assert record.error_type == "backend"
        assert "nobody listens at its port" in record.reason


async def test_several_attempts_of_one_call_are_one_failure(desk, backend):
    backend.fault = REFUSED
    async with desk(retry_attempts=1, circuit_breaker_failure_threshold=2) as plugin:
        await plugin.ask()
        assert (plugin.details["calls"], plugin.details["failures"]) == (1, 1)
        assert plugin.details["circuit"] == "closed"


async def test_an_attempt_that_succeeds_is_the_answer(desk, backend):
    backend.fault = REFUSED
    backend.gate.clear()
    async with desk(retry_attempts=5) as plugin:
        asking = asyncio.create_task(plugin.ask())
        await backend.asked.wait()
        backend.asked.clear()
        backend.gate.set()
        await backend.asked.wait()
        backend.fault = None
        assert await asking > 1
        assert plugin.details["failures"] == 0


async def test_a_later_attempt_that_may_have_been_delivered_is_the_last(desk, backend):
    backend.fault = REFUSED
    async with desk() as plugin:
        asking = asyncio.create_task(plugin.ask())
        await backend.asked.wait()
        backend.asked.clear()
        await asyncio.sleep(0)
        backend.fault = ServiceError("it hung up")
        assert "it hung up" in (await asking).reason
        assert backend.calls == 2


@pytest.mark.parametrize("fault", [ServiceError("it hung up"), TimeoutError(), OSError()])
async def test_what_may_have_been_delivered_is_not_tried_again(desk, backend, fault):
    backend.fault = fault
    async with desk() as plugin:
        await plugin.ask()
        assert backend.calls == 1


async def test_nothing_is_tried_again_where_the_operator_says_so(desk, backend):
    backend.fault = REFUSED
    async with desk(retry_attempts=0) as plugin:
        await plugin.ask()
        assert backend.calls == 1


async def test_no_attempt_is_waited_for_that_would_come_too_late(desk, backend):
    backend.fault = REFUSED
    async with desk(retry_attempts=100, timeout_ms=250) as plugin:
        record = await plugin.ask()
        assert 2 <= backend.calls <= 3
        assert record.error_type == "backend"
        assert "nobody listens" in record.reason


async def test_each_attempt_is_told_what_is_left_of_the_time(desk, backend):
    backend.fault = REFUSED
    async with desk(timeout=3, timeout_ms=2000) as plugin:
        await plugin.ask()
    first, second, third = backend.seconds
    assert 2.0 >= first > second > third > 1.0


async def test_the_entry_s_timeout_is_told_where_it_is_shorter(desk, backend):
    async with desk(timeout=3, timeout_ms=20_000) as plugin:
        await plugin.ask()
    assert 2 < backend.seconds[0] <= 3


async def test_a_timeout_names_the_limit_that_was_met(desk, backend):
    backend.gate.clear()
    async with desk(timeout_ms=20) as plugin:
        assert "took longer than 20 ms (timeout_ms)" in (await plugin.ask()).reason


async def test_a_file_of_credentials_that_is_gone_is_a_failure_that_says_so(desk, backend):
    backend.fault = ConfigError([Problem("secret.txt cannot be read", ("mcp", "auth", "token_file"))])
    async with desk() as plugin:
        record = await plugin.ask()
        assert record.error_type == "backend"
        assert "mcp.auth.token_file: secret.txt cannot be read" in record.reason
        assert plugin.details["failures"] == 1


async def test_a_call_whose_time_is_up_before_it_begins_is_not_made_and_not_counted(desk, backend):
    async with desk(timeout_ms=1e-9) as plugin:
        assert (await plugin.ask()).error_type == "timeout"
        assert (backend.calls, plugin.details["failures"]) == (0, 0)
