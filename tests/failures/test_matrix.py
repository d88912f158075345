"""Every fault over every transport, under every policy: what the host is told, and what is left of the connection."""

import re
from itertools import product

import pytest
from gatehook import PluginLoadError, Verdict

from tests.failures.faults import CELLS, FAULTS, NOT_THERE, STARTS, TRANSPORTS, VERSIONS
from tests.failures.playing import DISABLE_AFTER, SECRET, record_of
from tests.failures.servers.speech import LEAK

SKIPPED = "disabled after failures in a row, let through"


def test_every_fault_is_played_over_every_transport_or_it_is_said_why_not():
    played = {(cell.fault, cell.transport) for cell in CELLS}
    assert played | NOT_THERE.keys() == set(product(FAULTS, TRANSPORTS))
    assert not played & NOT_THERE.keys()
    assert all(NOT_THERE.values())


def assert_answered(good, cell):
    """The call went through, and the answer is the one to this very call."""
    canary, outcome = good
    assert not outcome.blocked
    record = record_of(outcome, cell)
    assert (record.verdict, record.reason) == (Verdict.MODIFIED, "")
    answered = cell.mode != "audit"
    assert outcome.payload.args["canary"] == (f"answered {canary}" if answered else canary)
    assert record.effective is answered


def assert_failed(outcome, cell):
    """The call failed, for the reason that it had, and the policy did what it is for."""
    ends, record = cell.ends, record_of(outcome, cell)
    timeout = ends.error_type == "timeout"
    assert record.error_type == ends.error_type
    assert record.verdict is (Verdict.TIMEOUT if timeout else Verdict.ERROR)
    assert re.search(ends.says, record.reason), record.reason
    assert ("let through" in record.reason) is not cell.blocks
    assert record.effective is cell.blocks
    assert outcome.blocked is cell.blocks
    if cell.blocks:
        assert outcome.violation.code == ("PLUGIN_TIMEOUT" if timeout else "PLUGIN_ERROR")
        assert outcome.violation.plugin_name == str(cell)
        assert outcome.violation.details == {"hook": "tool_pre_invoke", "error_type": ends.error_type}
    assert outcome.payload.args["secret"] == SECRET
    assert not outcome.modified
    told = f"{record} {outcome.violation and outcome.violation.to_dict()}"
    assert LEAK not in told
    assert SECRET not in told


def assert_cancelled(seen, cell):
    """Whoever made the call was told, and so was the service; it is not the plugin's fault."""
    assert [type(error).__name__ for error in seen.raised] == ["CancelledError"] * len(seen.raised)
    record = record_of(seen.faulty[0], cell)
    assert (record.verdict, record.error_type) == (Verdict.ERROR, "cancelled")
    assert re.search(cell.ends.says, record.reason)
    assert seen.state == "running"
    assert seen.errors == {}


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_fault_has_the_effect_that_the_policy_says_and_is_over_when_it_is_over(cell, column):
    seen = column(cell.transport).cells[cell]
    if seen.failed is not None:
        raise seen.failed
    times = DISABLE_AFTER if cell.on_error == "disable" else 1
    assert_answered(seen.before, cell)
    if cell.fault == "cancel":
        assert_cancelled(seen, cell)
    else:
        for outcome in seen.faulty:
            assert_failed(outcome, cell)
        assert seen.errors == {cell.ends.error_type: times}
        assert seen.state == ("out" if cell.on_error == "disable" else "running")
    if seen.out is not None:
        record = record_of(seen.out, cell)
        assert (record.verdict, record.reason, seen.out.blocked) == (Verdict.SKIPPED, SKIPPED, False)
        assert seen.arrivals(f"{cell}-out") == 0
    assert_answered(seen.after, cell)
    arrived = max(seen.arrivals(f"{cell}-faulty{number}") for number in range(times))
    assert arrived == cell.ends.arrives or (cell.timed and arrived == 0)  # its time ran out on its way
    assert seen.arrivals(seen.before.canary) == seen.arrivals(seen.after.canary) == 1
    assert not [what for what, _ in seen.events if what == "redirected"]


@pytest.mark.parametrize("start", STARTS, ids=str)
def test_a_service_that_is_not_to_be_had_at_load_is_told_of_and_tried_again(start, column):
    begun = column(start.transport).starts[start]
    version = start.fault == "version mismatch"
    says = VERSIONS.get(start.transport, "version of MCP") if version else start.ends.says
    if start.blocks:
        assert isinstance(begun.raised, PluginLoadError)
        assert begun.raised.phase == "initialize"
        assert re.search(says, begun.raised.reason), begun.raised.reason
        return
    if begun.raised is not None:
        raise begun.raised
    record = record_of(begun.call, start)
    assert (begun.state, record.verdict, begun.call.blocked) == ("failed", Verdict.SKIPPED, False)
    assert record.reason == "failed to initialize, let through"
    assert_answered(begun.after, start)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("what", ["tasks", "descriptors", "children"])
def test_nothing_is_left_behind(transport, what, column):
    assert column(transport).left[what] == []


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_nothing_of_what_was_sent_or_answered_is_in_the_log(transport, column):
    lines = column(transport).logged.splitlines()
    assert [line for line in lines if SECRET in line or LEAK in line] == []
