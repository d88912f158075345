"""The final subject: guards see what later plugins made of the call. ``recheck`` does the same for every change."""

import asyncio

import pytest
from gatehook import Plugin, PluginResult, PluginViolation, ResourcePreFetchPayload, ToolPreInvokePayload, Verdict

CALL = ToolPreInvokePayload("safe", {"q": 1})


def renames(to, args=None):
    class Renames(Plugin):
        async def tool_pre_invoke(self, payload, context):
            if payload.name == to:
                return None
            return PluginResult(modified_payload=ToolPreInvokePayload(to, payload.args if args is None else args))

    return Renames


def guard(ran, forbidden="danger"):
    class Guard(Plugin):
        async def tool_pre_invoke(self, payload, context):
            ran.append((self.name, payload.name))
            if payload.name == forbidden:
                return PluginResult(False, violation=PluginViolation("no", code="FORBIDDEN"))
            return None

    return Guard


async def test_a_guard_before_a_rename_sees_the_final_subject(toys):
    ran = []
    outcome = await toys.run(CALL, guard(ran), renames("danger"))
    assert ran == [("Guard", "safe"), ("Guard", "danger")]
    assert (outcome.violation.code, outcome.violation.plugin_name) == ("FORBIDDEN", "Guard")


async def test_a_guard_whose_conditions_match_only_the_final_subject_runs_on_it(toys):
    ran = []
    outcome = await toys.run(CALL, (guard(ran), {"conditions": [{"tools": ["danger"]}]}), renames("danger"))
    assert ran == [("Guard", "danger")]
    assert outcome.violation.code == "FORBIDDEN"


async def test_a_guard_whose_conditions_do_not_match_the_final_subject_does_not_run_again(toys):
    ran = []
    await toys.run(CALL, (guard(ran), {"conditions": [{"tools": ["safe"]}]}), renames("other"))
    assert ran == [("Guard", "safe")]


async def test_a_guard_that_has_seen_the_final_subject_does_not_run_again(toys):
    ran = []
    await toys.run(CALL, renames("other"), guard(ran))
    assert ran == [("Guard", "other")]


async def test_nothing_runs_again_when_the_subject_did_not_change_in_the_end(toys):
    ran = []
    outcome = await toys.run(
        CALL,
        (guard(ran), {"priority": 1}),
        (renames("other"), {"priority": 2, "name": "there"}),
        (renames("safe"), {"priority": 3, "name": "back"}),
    )
    assert ran == [("Guard", "safe")]
    assert outcome.payload.name == "safe"


async def test_a_permissive_step_does_not_run_again(toys):
    ran = []
    outcome = await toys.run(CALL, (guard(ran), {"mode": "permissive"}), renames("danger"))
    assert ran == [("Guard", "safe")]
    assert not outcome.blocked


async def test_an_audited_step_runs_again_where_an_enforcing_one_would_and_blocks_nothing(toys):
    ran = []
    outcome = await toys.run(CALL, (guard(ran), {"mode": "audit"}), renames("danger"))
    assert ran == [("Guard", "safe"), ("Guard", "danger")]
    assert not outcome.blocked


async def test_a_guard_sees_a_call_that_was_renamed_away_from_it_and_back(toys):
    ran = []
    conditional = {"priority": 2, "conditions": [{"tools": [CALL.name]}]}
    away, back = renames("elsewhere"), renames(CALL.name)
    await toys.run(
        CALL,
        (away, {"name": "away", "priority": 1}),
        (guard(ran), conditional),
        (back, {"name": "back", "priority": 3}),
    )
    assert ran == [("Guard", CALL.name)]


async def test_an_auditing_rename_changes_no_subject(toys):
    ran = []
    await toys.run(CALL, guard(ran), (renames("danger"), {"mode": "audit"}))
    assert ran == [("Guard", "safe")]


async def test_guards_run_again_in_order_and_once(toys):
    ran = []
    first, second = (guard(ran), {"name": "second", "priority": 2}), (guard(ran), {"name": "first", "priority": 1})
    outcome = await toys.run(CALL, first, second, (renames("other"), {"priority": 3}))
    assert ran == [("first", "safe"), ("second", "safe"), ("first", "other"), ("second", "other")]
    assert not outcome.blocked


async def test_the_second_look_may_only_block_and_a_change_it_wants_is_a_block(toys):
    class Masks(Plugin):
        async def tool_pre_invoke(self, payload, context):
            if payload.name == "danger":
                return PluginResult(modified_payload=ToolPreInvokePayload(payload.name, {"q": "masked"}))
            return None

    outcome = await toys.run(CALL, Masks, renames("danger"))
    assert (outcome.violation.code, outcome.violation.plugin_name) == ("RECHECK_FAILED", "Masks")
    assert outcome.payload.args == {"q": 1}


async def test_a_change_wanted_in_the_second_look_that_cannot_be_taken_is_an_error(toys):
    class Returns(Plugin):
        async def tool_pre_invoke(self, payload, context):
            args = {}
            args["self"] = args
            return (
                PluginResult(modified_payload=ToolPreInvokePayload("danger", args))
                if payload.name == "danger"
                else None
            )

    assert (await toys.run(CALL, Returns, renames("danger"))).violation.code == "PLUGIN_ERROR"


async def test_a_response_in_the_second_look_is_a_block(toys):
    class Answers(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return PluginResult(response="answer") if payload.name == "danger" else None

    outcome = await toys.run(CALL, Answers, renames("danger"))
    assert outcome.blocked
    assert outcome.response is None


async def test_a_second_look_that_returns_the_payload_as_it_is_wants_no_change(toys):
    class Same(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return PluginResult(modified_payload=payload)

    assert not (await toys.run(CALL, Same, renames("other"))).blocked


async def test_advice_in_the_second_look_is_recorded(toys):
    class Advises(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return PluginResult(violation=PluginViolation("hm", code=payload.name.upper()))

    outcome = await toys.run(CALL, Advises, renames("other"))
    assert [violation.code for violation in outcome.violations] == ["SAFE", "OTHER"]
    assert not outcome.blocked


async def test_an_error_in_the_second_look_follows_on_error(toys):
    class Fails(Plugin):
        async def tool_pre_invoke(self, payload, context):
            if payload.name != "safe":
                raise ValueError

    assert (await toys.run(CALL, Fails, renames("other"))).violation.code == "PLUGIN_ERROR"
    assert not (await toys.run(CALL, (Fails, {"on_error": "allow"}), renames("other"))).blocked


async def test_the_second_look_is_inside_the_step_s_and_the_hook_s_time(toys):
    class Hangs(Plugin):
        async def tool_pre_invoke(self, payload, context):
            if payload.name != "safe":
                await asyncio.Event().wait()

    step = await toys.run(CALL, (Hangs, {"timeout": "20ms"}), renames("other"))
    hook = await toys.run(CALL, Hangs, renames("other"), hook_timeout="20ms")
    assert step.violation.code == hook.violation.code == "PLUGIN_TIMEOUT"


async def test_a_plugin_that_is_out_is_not_called_for_a_second_look(toys):
    calls = []

    class Fails(Plugin):
        async def tool_pre_invoke(self, payload, context):
            calls.append(payload.name)
            raise ValueError

    runner = toys.runner((Fails, {"on_error": "disable", "disable_after": 1}), renames("other"))
    async with runner, runner.request() as request:
        await request.run(CALL)
        outcome = await request.run(CALL)
    assert calls == ["safe"]
    assert not outcome.blocked


async def test_the_records_mark_the_second_look(toys):
    ran = []
    outcome = await toys.run(CALL, guard(ran), renames("danger"))
    assert [(record.plugin, record.verdict, record.recheck) for record in outcome.records] == [
        ("Guard", Verdict.OK, False),
        ("Renames", Verdict.MODIFIED, False),
        ("Guard", Verdict.VIOLATION, True),
    ]


async def test_an_enforcing_rename_of_its_own_is_no_reason_to_run_again(toys):
    class Prefixes(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return PluginResult(modified_payload=ToolPreInvokePayload("x" + payload.name, payload.args))

    outcome = await toys.run(CALL, Prefixes)
    assert not outcome.blocked
    assert outcome.payload.name == "xsafe"


async def test_the_rule_holds_for_uris(toys):
    class Guard(Plugin):
        async def resource_pre_fetch(self, payload, context):
            if payload.uri.startswith("file:"):
                return PluginResult(False)
            return None

    class Rewrites(Plugin):
        async def resource_pre_fetch(self, payload, context):
            return PluginResult(modified_payload=ResourcePreFetchPayload("file:///etc/passwd"))

    assert (await toys.run(ResourcePreFetchPayload("https://x"), Guard, Rewrites)).blocked


async def test_no_second_look_after_a_block(toys):
    ran = []

    class Blocks(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return PluginResult(False)

    await toys.run(CALL, guard(ran), renames("danger"), Blocks)
    assert ran == [("Guard", "safe")]


# -- recheck: true


class ChecksQ(Plugin):
    async def tool_pre_invoke(self, payload, context):
        if payload.args["q"] == "bad":
            return PluginResult(False, violation=PluginViolation("no", code="BAD"))
        return None


class MakesBad(Plugin):
    async def tool_pre_invoke(self, payload, context):
        return PluginResult(modified_payload=ToolPreInvokePayload(payload.name, {"q": "bad"}))


async def test_recheck_looks_again_when_a_later_plugin_changed_what_was_approved(toys):
    without = await toys.run(CALL, ChecksQ, MakesBad)
    rechecked = await toys.run(CALL, (ChecksQ, {"recheck": True}), MakesBad)
    assert not without.blocked
    assert rechecked.violation.code == "BAD"


async def test_recheck_does_not_look_again_when_nothing_changed_after_it(toys):
    calls = []

    class Counts(ChecksQ):
        async def tool_pre_invoke(self, payload, context):
            calls.append(dict(payload.args))

    await toys.run(CALL, MakesBad, (Counts, {"recheck": True}))
    assert calls == [{"q": "bad"}]


# -- bands


@pytest.mark.parametrize("guard_first", [True, False])
async def test_a_guard_in_the_band_of_a_rename_sees_the_final_subject(toys, guard_first):
    ran = []
    plugins = [guard(ran), renames("danger")]
    outcome = await toys.run(
        CALL, *(plugins if guard_first else reversed(plugins)), parallel_execution_within_band=True
    )
    assert ran == [("Guard", "safe"), ("Guard", "danger")]
    assert outcome.violation.code == "FORBIDDEN"


@pytest.mark.parametrize("guard_first", [True, False])
async def test_a_guard_in_the_band_of_a_rename_that_changes_something_else_sees_the_final_subject(toys, guard_first):
    seen = []

    class Writes(Plugin):
        async def tool_pre_invoke(self, payload, context):
            seen.append(payload.name)
            if payload.name == "danger":
                return PluginResult(False)
            payload.args["extra"] = True
            return PluginResult(modified_payload=payload)

    plugins = [Writes, renames("danger")]
    outcome = await toys.run(
        CALL, *(plugins if guard_first else reversed(plugins)), parallel_execution_within_band=True
    )
    assert seen == ["safe", "danger"]
    assert outcome.blocked


@pytest.mark.parametrize("guard_first", [True, False])
async def test_recheck_in_a_band_sees_what_the_others_changed(toys, guard_first):
    plugins = [(ChecksQ, {"recheck": True}), MakesBad]
    outcome = await toys.run(
        CALL, *(plugins if guard_first else reversed(plugins)), parallel_execution_within_band=True
    )
    assert outcome.violation.code == "BAD"


async def test_a_guard_that_only_the_final_subject_concerns_runs_after_its_band(toys):
    ran = []
    later = (guard(ran), {"conditions": [{"tools": ["danger"]}]})
    outcome = await toys.run(CALL, renames("danger"), later, parallel_execution_within_band=True)
    assert ran == [("Guard", "danger")]
    assert outcome.violation.code == "FORBIDDEN"
