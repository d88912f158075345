"""A pre hook may answer the call itself."""

import pytest
from gatehook import (
    AuthPreCheckPayload,
    Plugin,
    PluginResult,
    PluginViolation,
    PromptPrehookPayload,
    ResourcePreFetchPayload,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
    Verdict,
)

CALL = ToolPreInvokePayload("lookup", {"q": 1})
ANSWER = {"content": [{"type": "text", "text": "cached"}]}


def answers(response):
    class Answers(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return PluginResult(response=response)

        prompt_pre_fetch = resource_pre_fetch = tool_pre_invoke

    return Answers


class Counts(Plugin):
    async def tool_pre_invoke(self, payload, context):
        return PluginResult(metadata={"args": payload.args})


class Blocks(Plugin):
    async def tool_pre_invoke(self, payload, context):
        return PluginResult(False, violation=PluginViolation("r", code="STOP"))


@pytest.mark.parametrize("payload", [CALL, PromptPrehookPayload("p"), ResourcePreFetchPayload("x://y")])
async def test_the_three_pre_hooks_may_answer(toys, payload):
    outcome = await toys.run(payload, answers(ANSWER))
    assert outcome.response == ANSWER
    assert not outcome.blocked
    assert outcome.payload is payload


async def test_later_steps_still_run_on_the_payload(toys):
    outcome = await toys.run(CALL, answers(ANSWER), Counts)
    assert outcome.metadata["Counts"] == {"args": {"q": 1}}
    assert outcome.response == ANSWER


async def test_later_steps_may_still_block(toys):
    outcome = await toys.run(CALL, answers(ANSWER), Blocks)
    assert outcome.violation.code == "STOP"
    assert outcome.response is None


async def test_a_later_failure_blocks_as_well(toys):
    class Fails(Plugin):
        async def tool_pre_invoke(self, payload, context):
            raise ValueError

    outcome = await toys.run(CALL, answers(ANSWER), Fails)
    assert outcome.violation.code == "PLUGIN_ERROR"
    assert outcome.response is None


async def test_the_first_response_in_order_wins(toys):
    outcome = await toys.run(CALL, (answers("one"), {"name": "one"}), (answers("two"), {"name": "two"}))
    assert outcome.response == "one"
    assert [(record.verdict, record.effective) for record in outcome.records] == [
        (Verdict.RESPONSE, True),
        (Verdict.RESPONSE, False),
    ]


@pytest.mark.parametrize("response", [{}, [], "", 0, False])
async def test_an_empty_response_is_a_response(toys, response):
    outcome = await toys.run(CALL, answers(response))
    assert outcome.response == response
    assert outcome.records[0].verdict is Verdict.RESPONSE


async def test_a_permissive_plugin_may_answer_and_an_auditing_one_may_not(toys):
    assert (await toys.run(CALL, (answers(ANSWER), {"mode": "permissive"}))).response == ANSWER
    assert (await toys.run(CALL, (answers(ANSWER), {"mode": "audit"}))).response is None


async def test_a_block_and_a_response_at_once_is_a_block(toys):
    class Both(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return PluginResult(False, response=ANSWER)

    outcome = await toys.run(CALL, Both)
    assert outcome.blocked
    assert outcome.response is None


async def test_a_change_and_a_response_at_once_both_count(toys):
    class Both(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return PluginResult(modified_payload=ToolPreInvokePayload("lookup", {"q": 2}), response=ANSWER)

    outcome = await toys.run(CALL, Both)
    assert outcome.payload.args == {"q": 2}
    assert outcome.response == ANSWER


@pytest.mark.parametrize(
    "payload", [ToolPostInvokePayload("t", {}), AuthPreCheckPayload("GET")], ids=lambda payload: payload.hook
)
async def test_other_hooks_cannot_answer_and_a_response_there_is_a_plugin_error(toys, payload):
    class Answers(Plugin):
        async def tool_post_invoke(self, payload, context):
            return PluginResult(response=ANSWER)

        auth_pre_check = tool_post_invoke

    outcome = await toys.run(payload, Answers)
    assert outcome.violation.code == "PLUGIN_ERROR"
    assert outcome.records[0].error_type == "invalid_result"


async def test_post_hooks_see_the_response_that_the_host_goes_on_with(toys):
    class Redacts(Plugin):
        async def tool_post_invoke(self, payload, context):
            payload.result["content"][0]["text"] = "redacted"
            return PluginResult(modified_payload=payload)

    async with toys.runner(answers(ANSWER), Redacts) as runner, runner.request() as request:
        before = await request.run(CALL)
        after = await request.run(ToolPostInvokePayload(before.payload.name, before.response))
    assert after.payload.result["content"][0]["text"] == "redacted"
    assert before.response == ANSWER


async def test_responses_are_counted(toys):
    async with toys.runner(answers(ANSWER)) as runner, runner.request() as request:
        await request.run(CALL)
        assert runner.stats()["Answers"]["tool_pre_invoke"]["responses"] == 1
