"""The circuit breaker: when calls pass, and whose end it hears."""

import asyncio
import logging

import pytest
from gatehook_external import ServiceError
from gatehook_external.breaker import Breaker
from hypothesis import given
from hypothesis import strategies as st


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(3, 60, clock)


def fail(breaker, times=3):
    for _ in range(times):
        breaker.failed(breaker.admit())


def test_it_opens_after_failures_in_a_row(breaker):
    fail(breaker, 2)
    assert breaker.state == "closed"
    fail(breaker, 1)
    assert breaker.state == "open"
    assert breaker.admit() is None


def test_a_success_between_failures_starts_the_count_anew(breaker):
    fail(breaker, 2)
    breaker.succeeded(breaker.admit())
    fail(breaker, 2)
    assert breaker.state == "closed"


def test_calls_that_were_under_way_together_fail_as_one(breaker):
    for ticket in [breaker.admit() for _ in range(10)]:
        breaker.failed(ticket)
    assert breaker.state == "closed"
    fail(breaker, 2)
    assert breaker.state == "open"


def test_exactly_one_call_tries_the_service_after_the_wait(breaker, clock):
    fail(breaker)
    clock.now += 59.9
    assert breaker.admit() is None
    clock.now += 0.1
    assert breaker.admit() is not None
    assert breaker.state == "half-open"
    assert [breaker.admit() for _ in range(10)] == [None] * 10


def test_the_call_that_tries_closes_it_when_it_succeeds(breaker, clock):
    fail(breaker)
    clock.now += 60
    breaker.succeeded(breaker.admit())
    assert breaker.state == "closed"
    fail(breaker, 2)
    assert breaker.state == "closed"


def test_the_call_that_tries_opens_it_for_the_whole_wait_when_it_fails(breaker, clock):
    fail(breaker)
    clock.now += 60
    breaker.failed(breaker.admit())
    assert (breaker.state, breaker.wait) == ("open", 60)


def test_when_the_call_that_tries_tells_nothing_the_next_one_tries(breaker, clock):
    fail(breaker)
    clock.now += 60
    breaker.told_nothing(breaker.admit())
    assert breaker.admit() is not None
    assert breaker.admit() is None


def test_calls_that_began_before_it_opened_are_not_heard(breaker, clock):
    early, late = breaker.admit(), breaker.admit()
    fail(breaker)
    clock.now += 30
    breaker.failed(early)
    assert breaker.wait == 30
    clock.now += 30
    probe = breaker.admit()
    breaker.succeeded(late)
    assert breaker.state == "half-open"
    breaker.failed(late)
    breaker.told_nothing(late)
    assert breaker.admit() is None
    breaker.succeeded(probe)
    assert breaker.state == "closed"


@given(st.lists(st.sampled_from(["ask", "succeed", "fail", "leave", "wait"])))
def test_whatever_happens_an_open_circuit_has_at_most_one_call_out_and_can_close(moves):
    clock = Clock()
    breaker = Breaker(2, 60, clock)
    tickets = []
    tried = []
    for move in moves:
        if move == "wait":
            clock.now += 60
        elif move == "ask":
            was = breaker.state
            if (ticket := breaker.admit()) is not None:
                tickets.append(ticket)
                if was != "closed":
                    tried.append(ticket)
        elif tickets:
            ticket = tickets.pop(0)
            if ticket in tried:
                tried.remove(ticket)
            {"succeed": breaker.succeeded, "fail": breaker.failed, "leave": breaker.told_nothing}[move](ticket)
        assert len(tried) <= 1
        assert (breaker.state == "half-open") == bool(tried)
    for ticket in tickets:
        breaker.told_nothing(ticket)
    clock.now += 60
    breaker.succeeded(breaker.admit())
    assert breaker.state == "closed"


# -- in a service


REFUSED = ServiceError("it answered with status 503")


async def test_an_open_circuit_spares_the_service_and_tells_why(desk, backend):
    backend.fault = REFUSED
    async with desk(circuit_breaker_failure_threshold=2) as plugin:
        for _ in range(5):
            record = await plugin.ask()
        assert backend.calls == 2
        assert (record.error_type, record.effective) == ("backend", True)
        assert "its circuit is open for another 60 s; it failed last: it answered with status 503" in record.reason
        assert (plugin.details["circuit"], plugin.details["failures"]) == ("open", 2)


async def test_one_call_tries_while_others_fail_at_once(desk, backend):
    backend.fault = REFUSED
    async with desk(circuit_breaker_failure_threshold=1, circuit_breaker_timeout="20ms") as plugin:
        await plugin.ask()
        await asyncio.sleep(0.03)
        backend.fault = None
        backend.gate.clear()
        backend.asked.clear()
        trying = asyncio.create_task(plugin.ask())
        await backend.asked.wait()
        assert "one call tries the service" in (await plugin.ask()).reason
        backend.gate.set()
        assert await trying == 2
        assert await plugin.ask() == 3


async def test_a_cancelled_try_leaves_it_to_the_next_call(desk, backend):
    backend.fault = REFUSED
    async with desk(circuit_breaker_failure_threshold=1, circuit_breaker_timeout="20ms") as plugin:
        await plugin.ask()
        await asyncio.sleep(0.03)
        backend.fault = None
        backend.gate.clear()
        backend.asked.clear()
        trying = asyncio.create_task(plugin.ask())
        await backend.asked.wait()
        trying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trying
        assert plugin.details["circuit"] == "open"
        backend.gate.set()
        assert await plugin.ask() == 3
        assert plugin.details["circuit"] == "closed"


async def test_cancelled_calls_do_not_open_the_circuit(desk, backend):
    backend.gate.clear()
    async with desk(circuit_breaker_failure_threshold=1) as plugin:
        asking = asyncio.create_task(plugin.ask())
        await backend.asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        backend.gate.set()
        assert await plugin.ask() == 2
        assert plugin.details["failures"] == 0


@pytest.mark.parametrize("keys", [{"timeout": 0.02}, {"timeout_ms": 20}, {"timeout": 0.02, "timeout_ms": 20}])
async def test_calls_that_hang_open_the_circuit_whoever_holds_the_time(desk, backend, keys):
    backend.gate.clear()
    async with desk(circuit_breaker_failure_threshold=2, **keys) as plugin:
        assert [(await plugin.ask()).error_type for _ in range(4)] == ["timeout", "timeout", "backend", "backend"]
        assert backend.cancelled == 2


@pytest.mark.parametrize("error_type", ["exception", "payload"])
async def test_what_is_no_fault_of_the_service_does_not_open_the_circuit(desk, backend, error_type):
    backend.fault = ServiceError("the plugin there failed", error_type)
    async with desk(circuit_breaker_failure_threshold=1) as plugin:
        assert [(await plugin.ask()).error_type for _ in range(3)] == [error_type] * 3
        assert plugin.details["circuit"] == "closed"


async def test_a_defect_of_the_caller_does_not_open_the_circuit(desk, backend):
    backend.fault = ZeroDivisionError()
    async with desk(circuit_breaker_failure_threshold=1) as plugin:
        assert (await plugin.ask()).error_type == "exception"
        assert plugin.details["circuit"] == "closed"


async def test_it_can_be_switched_off(desk, backend):
    backend.fault = REFUSED
    async with desk(circuit_breaker_failure_threshold=1, circuit_breaker_enabled=False) as plugin:
        for _ in range(10):
            await plugin.ask()
        assert backend.calls == 10
        assert plugin.details["circuit"] == "off"


async def test_opening_and_closing_are_logged(desk, backend, caplog):
    caplog.set_level(logging.WARNING, "gatehook.external")
    backend.fault = REFUSED
    async with desk(circuit_breaker_failure_threshold=1, circuit_breaker_timeout="20ms") as plugin:
        await plugin.ask()
        await asyncio.sleep(0.03)
        backend.fault = None
        await plugin.ask()
    told = [record.getMessage() for record in caplog.records if record.name == "gatehook.external"]
    assert told == [
        "plugin 'Asks': no calls for 0.02 s: it answered with status 503",
        "plugin 'Asks': its service answers again, and calls are made again",
    ]
