"""What a mode lets a plugin do, and what each answer of a plugin means."""

import asyncio
import logging

import pytest
from gatehook import (
    Plugin,
    PluginMode,
    PluginResult,
    PluginViolation,
    PromptPrehookPayload,
    Runner,
    ToolPreInvokePayload,
    Verdict,
    ViolationError,
)

CALL = ToolPreInvokePayload("lookup", {"q": "Bob"})
OBJECTION = PluginViolation("not today", code="NO", details={"at": "args.q"})


class Blocks(Plugin):
    async def tool_pre_invoke(self, payload, context):
        return PluginResult(False, violation=OBJECTION)


class Advises(Plugin):
    async def tool_pre_invoke(self, payload, context):
        return PluginResult(violation=OBJECTION)


class Shouts(Plugin):
    async def tool_pre_invoke(self, payload, context):
        payload.args["q"] = payload.args["q"].upper()
        return PluginResult(modified_payload=payload)


class Answers(Plugin):
    async def tool_pre_invoke(self, payload, context):
        return PluginResult(response={"content": []})


class BlocksAndShouts(Plugin):
    async def tool_pre_invoke(self, payload, context):
        return PluginResult(False, ToolPreInvokePayload(payload.name, {"q": "BOB"}), OBJECTION)


class Counts(Plugin):
    seen: list

    def __init__(self, config):
        super().__init__(config)
        type(self).seen = []

    async def tool_pre_invoke(self, payload, context):
        self.seen.append(payload.args["q"])


# -- results


@pytest.mark.parametrize("nothing", [None, PluginResult(), PluginResult(True)])
async def test_none_and_an_empty_result_say_nothing(toys, nothing):
    class Silent(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return nothing

    outcome = await toys.run(CALL, Silent)
    assert outcome.payload is CALL
    assert not outcome.blocked
    assert not outcome.modified
    assert not outcome.violations
    assert outcome.response is None
    assert outcome.records[0].verdict is Verdict.OK
    outcome.raise_for_violation()


async def test_continue_processing_false_blocks_with_unspecified_if_there_is_no_violation(toys):
    class Refuses(Plugin):
        def tool_pre_invoke(self, payload):
            return PluginResult(continue_processing=False)

    outcome = await toys.run(CALL, Refuses)
    assert outcome.blocked
    assert (outcome.violation.code, outcome.violation.plugin_name) == ("UNSPECIFIED", "Refuses")


async def test_a_violation_with_continue_processing_is_advice_and_recorded(toys):
    outcome = await toys.run(CALL, Advises, Shouts)
    assert not outcome.blocked
    assert [violation.code for violation in outcome.violations] == ["NO"]
    assert outcome.payload.args == {"q": "BOB"}
    record = outcome.records[0]
    assert (record.verdict, record.code, record.effective) == (Verdict.VIOLATION, "NO", False)


async def test_violation_and_modification_in_enforce_the_block_wins(toys):
    outcome = await toys.run(CALL, BlocksAndShouts)
    assert outcome.violation.code == "NO"
    assert outcome.payload is CALL
    assert not outcome.modified


async def test_violation_and_modification_in_permissive_both_count(toys):
    outcome = await toys.run(CALL, (BlocksAndShouts, {"mode": "permissive"}))
    assert not outcome.blocked
    assert [violation.code for violation in outcome.violations] == ["NO"]
    assert outcome.payload.args == {"q": "BOB"}
    assert outcome.modified


async def test_advice_and_modification_in_enforce_both_count(toys):
    class Both(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return PluginResult(modified_payload=ToolPreInvokePayload("other", {}), violation=OBJECTION)

    outcome = await toys.run(CALL, Both)
    assert not outcome.blocked
    assert outcome.payload == ToolPreInvokePayload("other", {})
    assert [violation.code for violation in outcome.violations] == ["NO"]


async def test_the_violation_bears_the_name_of_the_entry_whatever_the_plugin_says(toys):
    class Lies(Plugin):
        def tool_pre_invoke(self, payload):
            return PluginResult(
                False, violation=PluginViolation(plugin_name="somebody else", description="d", violation_code="X")
            )

    outcome = await toys.run(CALL, (Lies, {"name": "the guard"}))
    assert outcome.violation.plugin_name == "the guard"
    assert outcome.records[0].plugin == "the guard"


@pytest.mark.parametrize("mode", ["enforce", "permissive", "audit"])
async def test_removing_all_arguments_is_a_change(toys, mode):
    class Empties(Plugin):
        def tool_pre_invoke(self, payload):
            return PluginResult(modified_payload=ToolPreInvokePayload(payload.name, {}))

    outcome = await toys.run(CALL, (Empties, {"mode": mode}))
    assert outcome.payload.args == ({"q": "Bob"} if mode == "audit" else {})


WRONG = {
    "a dict": {"continue_processing": False},
    "a bool": True,
    "False": False,
    "zero": 0,
    "a string": "allow",
    "the payload": ToolPreInvokePayload("lookup", {}),
    "a violation": OBJECTION,
    "the class": PluginResult,
    "a payload of another hook": PluginResult(modified_payload=PromptPrehookPayload("lookup", {})),
    "a dict as payload": PluginResult(modified_payload={"name": "lookup", "args": {}}),
    "a string as violation": PluginResult(False, violation="no"),
    "None as continue_processing": PluginResult(None),
    "zero as continue_processing": PluginResult(0),
    "a list as metadata": PluginResult(metadata=["x"]),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("mode", ["enforce", "permissive", "audit"])
async def test_any_other_return_value_is_a_plugin_error_never_an_allow(toys, mode, wrong):
    class Odd(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return wrong

    outcome = await toys.run(CALL, (Odd, {"mode": mode}))
    record = outcome.records[0]
    assert (record.verdict, record.error_type) == (Verdict.ERROR, "invalid_result")
    assert outcome.blocked is (mode == "enforce")
    if mode == "enforce":
        assert outcome.violation.code == "PLUGIN_ERROR"


async def test_an_awaitable_that_nobody_awaited_is_a_plugin_error_and_is_closed(toys):
    closed = []

    class Forgets(Plugin):
        async def really(self):
            return PluginResult(False)

        def tool_pre_invoke(self, payload):
            coroutine = self.really()
            closed.append(coroutine)
            return coroutine

    outcome = await toys.run(CALL, Forgets)
    assert outcome.violation.code == "PLUGIN_ERROR"
    assert "await" in outcome.records[0].reason
    assert closed[0].cr_frame is None


async def test_a_future_in_place_of_a_result_is_a_plugin_error(toys):
    class Promises(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return asyncio.get_running_loop().create_future()

    assert (await toys.run(CALL, Promises)).violation.code == "PLUGIN_ERROR"


async def test_what_a_plugin_returns_is_taken_by_value(toys):
    args, details, metadata, response = {"q": ["x"]}, {"n": [1]}, {"m": [1]}, {"content": [1]}

    class Keeps(Plugin):
        async def tool_pre_invoke(self, payload, context):
            context.metadata["c"] = metadata
            return PluginResult(
                modified_payload=ToolPreInvokePayload("t", args),
                violation=PluginViolation("r", code="C", details=details),
                metadata=metadata,
                response=response,
            )

    class Changes(Plugin):
        async def tool_pre_invoke(self, payload, context):
            args["q"].append("later")
            details["n"].append(2)
            metadata["m"].append(2)
            response["content"].append(2)

    outcome = await toys.run(CALL, Keeps, Changes)
    assert outcome.payload.args == {"q": ["x"]}
    assert outcome.violations[0].details == {"n": [1]}
    assert outcome.metadata["Keeps"] == {"m": [1], "c": {"m": [1]}}
    assert outcome.response == {"content": [1]}


async def test_one_result_object_serves_every_plugin_that_returns_it(toys):
    refusal = PluginResult(False, violation=PluginViolation("r", code="C"))

    class A(Plugin):
        def tool_pre_invoke(self, payload):
            return refusal

    class B(A):
        pass

    outcome = await toys.run(CALL, (A, {"mode": "permissive"}), B)
    assert [violation.plugin_name for violation in outcome.violations] == ["A", "B"]
    assert refusal.violation.plugin_name == ""


# -- modes


async def test_enforce_is_the_default_and_blocks_and_stops(toys):
    outcome = await toys.run(CALL, Blocks, Counts)
    assert outcome.blocked
    assert outcome.violation == PluginViolation("not today", code="NO", details={"at": "args.q"}, plugin_name="Blocks")
    assert Counts.seen == []
    with pytest.raises(ViolationError, match="not today") as caught:
        outcome.raise_for_violation()
    assert caught.value.violation is outcome.violation


async def test_enforce_may_modify(toys):
    outcome = await toys.run(CALL, Shouts, Counts)
    assert Counts.seen == ["BOB"]
    assert CALL.args == {"q": "Bob"}
    assert outcome.modified


async def test_permissive_does_not_block_and_the_violation_is_in_the_outcome(toys, caplog):
    outcome = await toys.run(CALL, (Blocks, {"mode": "permissive"}), Counts)
    assert not outcome.blocked
    assert outcome.violation is None
    assert [violation.code for violation in outcome.violations] == ["NO"]
    assert Counts.seen == ["Bob"]
    assert (outcome.records[0].verdict, outcome.records[0].effective) == (Verdict.VIOLATION, False)
    (told,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "Blocks" in told.getMessage()
    assert "NO" in told.getMessage()
    assert "not today" not in told.getMessage()


async def test_permissive_modifications_apply(toys):
    outcome = await toys.run(CALL, (Shouts, {"mode": "permissive"}), Counts)
    assert Counts.seen == ["BOB"]
    assert outcome.payload.args == {"q": "BOB"}


@pytest.mark.parametrize(
    ("plugin", "verdict"),
    [
        (Blocks, Verdict.VIOLATION),
        (Shouts, Verdict.MODIFIED),
        (Answers, Verdict.RESPONSE),
        (BlocksAndShouts, Verdict.VIOLATION),
    ],
)
async def test_nothing_that_an_auditing_plugin_says_takes_effect_and_what_it_would_have_done_is_recorded(
    toys, plugin, verdict
):
    outcome = await toys.run(CALL, (plugin, {"mode": "audit"}), Counts)
    assert outcome.payload is CALL
    assert not outcome.blocked
    assert not outcome.modified
    assert outcome.response is None
    assert not outcome.violations
    assert Counts.seen == ["Bob"]
    record = outcome.records[0]
    assert (record.mode, record.verdict, record.effective) == (PluginMode.AUDIT, verdict, False)


async def test_an_audited_change_is_recorded_with_its_path(toys):
    outcome = await toys.run(CALL, (Shouts, {"mode": "audit"}))
    assert outcome.records[0].changes == ("args.q",)


async def test_an_audited_violation_is_logged_as_a_warning_without_content(toys, caplog):
    await toys.run(CALL, (Blocks, {"mode": "audit"}))
    (told,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "Blocks" in told.getMessage()
    assert "not today" not in told.getMessage()


async def test_metadata_and_shared_state_of_an_auditing_plugin_do_not_take_effect(toys):
    class Marks(Plugin):
        async def tool_pre_invoke(self, payload, context):
            context.request.state["marked"] = True
            context.metadata["m"] = 1
            return PluginResult(metadata={"n": 1})

    async with toys.runner((Marks, {"mode": "audit"})) as runner, runner.request() as request:
        outcome = await request.run(CALL)
        assert dict(outcome.metadata) == {}
        assert request.state == {}


@pytest.mark.parametrize("mode", ["enforce", "audit"])
async def test_audit_runs_over_exactly_the_calls_that_enforce_would_have_selected(toys, mode):
    conditions = [{"tools": ["look*"], "tenant_ids": ["acme"]}]
    async with toys.runner((Counts, {"mode": mode, "conditions": conditions})) as runner:
        for tenant in ("acme", "other", None):
            for tool in ("lookup", "delete"):
                async with runner.request(tenant_id=tenant) as request:
                    await request.run(ToolPreInvokePayload(tool, {"q": f"{tenant} {tool}"}))
    assert Counts.seen == ["acme lookup", "None lookup"]


async def test_a_disabled_plugin_is_not_imported_absent_from_the_chain_and_still_listed(toys):
    config = {
        "plugins": [
            {"name": "off", "kind": "no.such.module.Plugin", "mode": "disabled", "priority": 7},
            toys.entry(Counts),
        ]
    }
    async with Runner.from_config(config) as runner, runner.request() as request:
        outcome = await request.run(CALL)
        assert [record.plugin for record in outcome.records] == ["Counts"]
        status = runner.plugins()[0]
    assert (status.name, status.mode, status.state, status.priority) == ("off", PluginMode.DISABLED, "disabled", 7)


async def test_with_every_plugin_disabled_the_payload_goes_through_as_it_is(toys):
    async with toys.runner((Blocks, {"mode": "disabled"})) as runner, runner.request() as request:
        assert not runner.has_hooks("tool_pre_invoke")
        assert (await request.run(CALL)).payload is CALL


async def test_enforce_ignore_error_is_enforce_with_on_error_allow(toys):
    class Fails(Plugin):
        def tool_pre_invoke(self, payload):
            raise ValueError

    blocked = await toys.run(CALL, (Blocks, {"mode": "enforce_ignore_error"}))
    let_through = await toys.run(CALL, (Fails, {"mode": "enforce_ignore_error"}))
    assert blocked.blocked
    assert blocked.records[0].mode is PluginMode.ENFORCE
    assert not let_through.blocked


async def test_each_of_three_plugins_runs_exactly_once_in_order(toys):
    ran = []

    def toy(name):
        async def tool_pre_invoke(self, payload, context):
            ran.append(name)

        return type(name, (Plugin,), {"tool_pre_invoke": tool_pre_invoke})

    await toys.run(CALL, toy("A"), toy("B"), toy("C"))
    assert ran == ["A", "B", "C"]
