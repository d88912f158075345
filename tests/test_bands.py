"""Plugins of one priority at the same time: parallel_execution_within_band."""

import asyncio
import contextvars
import time

import pytest
from gatehook import (
    Message,
    Plugin,
    PluginError,
    PluginResult,
    PluginViolation,
    PromptPosthookPayload,
    PromptResult,
    TextContent,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
    Verdict,
)

CALL = ToolPreInvokePayload("lookup", {"a": 0, "b": 0, "deep": {"x": 1, "y": [1, 2]}})


def sets(*path_and_value):
    """A plugin that sets one leaf; with nothing but a path it deletes it."""
    *path, last, value = path_and_value

    class Sets(Plugin):
        async def tool_pre_invoke(self, payload, context):
            await asyncio.sleep(0)
            place = payload.args
            for key in path:
                place = place[key]
            if value is DELETE:
                del place[last]
            else:
                place[last] = value
            return PluginResult(modified_payload=payload)

    return Sets


DELETE = object()


def named(cls, name, **keys):
    return cls, {"name": name, **keys}


async def band(toys, *plugins, payload=CALL, **settings):
    return await toys.run(payload, *plugins, parallel_execution_within_band=True, **settings)


class Meets(Plugin):
    """Goes on only when as many as ``wanted`` are inside at the same time."""

    inside = 0
    most = 0
    wanted = 3
    met: asyncio.Event

    async def tool_pre_invoke(self, payload, context):
        cls = Meets
        cls.inside += 1
        cls.most = max(cls.most, cls.inside)
        if cls.inside == cls.wanted:
            cls.met.set()
        await cls.met.wait()
        cls.inside -= 1


@pytest.fixture(autouse=True)
def _fresh():
    Meets.inside = Meets.most = 0


async def test_steps_of_one_priority_run_at_the_same_time(toys):
    Meets.met = asyncio.Event()
    outcome = await band(toys, *(named(Meets, name, timeout=5) for name in "abc"))
    assert Meets.most == 3
    assert not outcome.blocked


async def test_without_the_setting_they_run_one_after_another(toys):
    Meets.met = asyncio.Event()
    Meets.met.set()
    await toys.run(CALL, *(named(Meets, name) for name in "abc"))
    assert Meets.most == 1


async def test_steps_of_different_priorities_run_one_after_another(toys):
    Meets.met = asyncio.Event()
    Meets.met.set()
    await band(toys, named(Meets, "a", priority=1), named(Meets, "b", priority=2))
    assert Meets.most == 1


async def test_members_get_the_same_input_and_the_next_band_what_they_made_of_it(toys):
    seen = {}

    class Looks(Plugin):
        async def tool_pre_invoke(self, payload, context):
            seen[self.name] = dict(payload.args)

    await band(toys, named(sets("a", 1), "first"), named(Looks, "same band"), named(Looks, "next", priority=101))
    assert seen["same band"]["a"] == 0
    assert seen["next"]["a"] == 1


async def test_each_member_runs_in_one_task_from_first_to_last(toys):
    tasks = {}

    class Where(Plugin):
        async def tool_pre_invoke(self, payload, context):
            before = asyncio.current_task()
            await asyncio.sleep(0)
            async with asyncio.timeout(5), asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(0))
            tasks[self.name] = (before, asyncio.current_task())

    await band(toys, named(Where, "a"), named(Where, "b"))
    assert all(before is after for before, after in tasks.values())
    assert tasks["a"][0] is not tasks["b"][0]


async def test_changes_of_different_leaves_are_merged(toys):
    outcome = await band(
        toys,
        named(sets("a", 1), "a"),
        named(sets("b", 2), "b"),
        named(sets("deep", "x", 3), "c"),
        named(sets("deep", "y", 0, 4), "d"),
    )
    assert outcome.payload.args == {"a": 1, "b": 2, "deep": {"x": 3, "y": [4, 2]}}
    assert [record.verdict for record in outcome.records] == [Verdict.MODIFIED] * 4
    assert CALL.args == {"a": 0, "b": 0, "deep": {"x": 1, "y": [1, 2]}}


async def test_deletions_and_additions_are_merged(toys):
    outcome = await band(
        toys, named(sets("a", DELETE), "a"), named(sets("new", 1), "b"), named(sets("deep", "x", DELETE), "c")
    )
    assert outcome.payload.args == {"b": 0, "deep": {"y": [1, 2]}, "new": 1}


async def test_the_same_value_for_one_leaf_is_no_conflict(toys):
    outcome = await band(toys, named(sets("a", 1), "a"), named(sets("a", 1), "b"))
    assert outcome.payload.args["a"] == 1
    assert not outcome.blocked


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("a", 1), ("a", 2)),
        (("a", True), ("a", 1)),
        (("a", 1), ("a", DELETE)),
        (("deep", "x", 2), ("deep", DELETE)),
        (("deep", DELETE), ("deep", "x", 2)),
        (("deep", "y", [1]), ("deep", "y", 0, 5)),
        (("deep", "y", 0, 5), ("deep", "y", [1])),
    ],
)
async def test_two_different_values_for_one_leaf_are_an_error_of_the_later_plugin(toys, one, two):
    outcome = await band(toys, named(sets(*one), "one"), named(sets(*two), "two", on_error="allow"))
    alone = await toys.run(CALL, named(sets(*one), "one"))
    assert outcome.payload == alone.payload
    record = outcome.records[1]
    assert (record.plugin, record.verdict, record.error_type) == ("two", Verdict.ERROR, "conflict")


async def test_a_conflict_of_an_enforcing_plugin_blocks(toys):
    outcome = await band(toys, named(sets("a", 1), "one"), named(sets("a", 2), "two"))
    assert (outcome.violation.code, outcome.violation.plugin_name) == ("PLUGIN_ERROR", "two")


async def test_two_names_for_one_tool_are_a_conflict(toys):
    def renames(name):
        class Renames(Plugin):
            async def tool_pre_invoke(self, payload, context):
                return PluginResult(modified_payload=ToolPreInvokePayload(name, payload.args))

        return Renames

    outcome = await band(toys, named(renames("x"), "one"), named(renames("y"), "two", on_error="allow"))
    assert outcome.payload.name == "x"
    assert outcome.records[1].error_type == "conflict"


async def test_changes_inside_typed_models_are_merged(toys):
    class Writes(Plugin):
        async def prompt_post_fetch(self, payload, context):
            setattr(payload.result.messages[self.config.config["at"]].content, "text", self.name)  # noqa: B010
            return PluginResult(modified_payload=payload)

    messages = [Message(role="user", content=TextContent(text)) for text in ("0", "1", "2")]
    payload = PromptPosthookPayload("p", PromptResult(messages=messages))
    plugins = [named(Writes, name, config={"at": at}) for at, name in ((0, "zero"), (2, "two"))]
    outcome = await band(toys, *plugins, payload=payload)
    assert [message.content.text for message in outcome.payload.result.messages] == ["zero", "1", "two"]
    assert type(outcome.payload.result.messages[0].content) is TextContent


async def test_a_result_replaced_as_a_whole_merges_with_no_other_change(toys):
    class Replaces(Plugin):
        async def tool_post_invoke(self, payload, context):
            return PluginResult(modified_payload=ToolPostInvokePayload(payload.name, "gone"))

    class Edits(Plugin):
        async def tool_post_invoke(self, payload, context):
            payload.result["b"] = 2
            return PluginResult(modified_payload=payload)

    payload = ToolPostInvokePayload("t", {"a": 1})
    outcome = await band(toys, (Replaces, {}), (Edits, {"on_error": "allow"}), payload=payload)
    assert outcome.payload.result == "gone"
    assert outcome.records[1].error_type == "conflict"


def blocks(name, wait_for=None, done=None):
    class Blocks(Plugin):
        async def tool_pre_invoke(self, payload, context):
            if wait_for is not None:
                await wait_for.wait()
            if done is not None:
                done.set()
            return PluginResult(False, violation=PluginViolation(name, code=name.upper()))

    return Blocks


async def test_the_first_blocking_one_in_configured_order_wins_whoever_is_faster(toys):
    fast_is_done = asyncio.Event()
    outcome = await band(
        toys, named(blocks("slow", wait_for=fast_is_done), "slow"), named(blocks("fast", done=fast_is_done), "fast")
    )
    assert outcome.violation.code == "SLOW"
    assert [violation.code for violation in outcome.violations] == ["SLOW"]
    assert [(record.verdict, record.effective) for record in outcome.records] == [
        (Verdict.VIOLATION, True),
        (Verdict.VIOLATION, False),
    ]


async def test_all_members_are_awaited_also_when_one_blocks(toys):
    ended = []

    class Slow(Plugin):
        async def tool_pre_invoke(self, payload, context):
            for _ in range(5):
                await asyncio.sleep(0)
            ended.append(self.name)

    await band(toys, named(blocks("first"), "first"), named(Slow, "slow"))
    assert ended == ["slow"]


async def test_a_block_leaves_the_changes_of_earlier_members_and_drops_those_of_later_ones(toys):
    outcome = await band(toys, named(sets("a", 1), "one"), named(blocks("stop"), "two"), named(sets("b", 2), "three"))
    assert outcome.violation.code == "STOP"
    assert outcome.payload.args["b"] == 0


async def test_a_permissive_violation_in_a_band_does_not_block(toys):
    outcome = await band(toys, named(blocks("soft"), "soft", mode="permissive"), named(sets("a", 1), "two"))
    assert not outcome.blocked
    assert [violation.code for violation in outcome.violations] == ["SOFT"]
    assert outcome.payload.args["a"] == 1


async def test_an_auditing_member_changes_nothing(toys):
    outcome = await band(toys, named(sets("a", 1), "one", mode="audit"), named(sets("a", 2), "two"))
    assert outcome.payload.args["a"] == 2
    assert outcome.records[1].verdict is Verdict.MODIFIED


async def test_the_first_response_in_configured_order_wins(toys):
    later = asyncio.Event()

    def answers(value, wait=False):
        class Answers(Plugin):
            async def tool_pre_invoke(self, payload, context):
                await (later.wait() if wait else asyncio.sleep(0))
                later.set()
                return PluginResult(response=value)

        return Answers

    outcome = await band(toys, named(answers("one", wait=True), "one"), named(answers("two"), "two"))
    assert outcome.response == "one"


async def test_shared_state_merges_by_top_level_key_in_configured_order(toys):
    second_wrote = asyncio.Event()

    class Writes(Plugin):
        async def tool_pre_invoke(self, payload, context):
            state = context.request.state
            if self.name == "one":
                await second_wrote.wait()
            state[self.name] = True
            state["both"] = self.name
            state.pop("old", None)
            second_wrote.set()

    runner = toys.runner(named(Writes, "one"), named(Writes, "two"), parallel_execution_within_band=True)
    async with runner, runner.request() as request:
        request.state.update(old=1, kept=1)
        await request.run(CALL)
    assert request.state == {"kept": 1, "one": True, "both": "two", "two": True}


async def test_context_variables_are_each_member_s_own(toys):
    variable = contextvars.ContextVar("variable", default="host")
    seen = []

    class Sets(Plugin):
        async def tool_pre_invoke(self, payload, context):
            seen.append(variable.get())
            variable.set(self.name)
            await asyncio.sleep(0)
            assert variable.get() == self.name

    outcome = await band(toys, named(Sets, "a"), named(Sets, "b"))
    assert not outcome.blocked
    assert seen == ["host", "host"]


# -- failures in a band


class Fails(Plugin):
    async def tool_pre_invoke(self, payload, context):
        context.request.state["failed"] = True
        raise ValueError


class Hangs(Plugin):
    async def tool_pre_invoke(self, payload, context):
        await asyncio.Event().wait()


async def test_an_error_in_a_band_follows_the_policy_of_its_own_plugin(toys):
    allowed = await band(toys, (Fails, {"on_error": "allow"}), sets("a", 1))
    blocked = await band(toys, Fails, sets("a", 1))
    assert allowed.payload.args["a"] == 1
    assert blocked.violation.code == "PLUGIN_ERROR"


async def test_a_timeout_in_a_band_is_the_member_s_own(toys):
    outcome = await band(toys, (Hangs, {"timeout": "20ms", "on_error": "allow"}), sets("a", 1))
    assert [record.verdict for record in outcome.records] == [Verdict.TIMEOUT, Verdict.MODIFIED]


async def test_a_member_that_blocks_the_loop_is_the_one_that_timed_out(toys):
    class Blocking(Plugin):
        async def tool_pre_invoke(self, payload, context):
            time.sleep(0.06)  # noqa: ASYNC251  # that is the point

    class Quick(Plugin):
        async def tool_pre_invoke(self, payload, context):
            pass

    outcome = await band(
        toys, (Blocking, {"timeout": "30ms", "on_error": "allow"}), (Quick, {"timeout": "30ms", "on_error": "allow"})
    )
    assert [(record.verdict, record.error_type) for record in outcome.records] == [
        (Verdict.TIMEOUT, "blocking"),
        (Verdict.OK, ""),
    ]


async def test_fail_on_plugin_error_raises_after_all_members_ended(toys):
    ended = []

    class Slow(Plugin):
        async def tool_pre_invoke(self, payload, context):
            try:
                await asyncio.sleep(0.01)
            finally:
                ended.append(self.name)

    with pytest.raises(PluginError):
        await band(toys, Fails, Slow, fail_on_plugin_error=True)
    assert ended == ["Slow"]


async def test_the_caller_s_cancellation_ends_every_member(toys):
    started, cleaned = asyncio.Event(), []

    class Waits(Plugin):
        async def tool_pre_invoke(self, payload, context):
            try:
                started.set()
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                cleaned.append(self.name)

    task = asyncio.create_task(band(toys, named(Waits, "a"), named(Waits, "b")))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(cleaned) == ["a", "b"]


async def test_a_member_that_swallows_the_caller_s_cancellation_does_not_keep_it(toys):
    started = asyncio.Event()

    class Swallows(Plugin):
        async def tool_pre_invoke(self, payload, context):
            started.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return PluginResult()

    task = asyncio.create_task(band(toys, named(Swallows, "a"), named(Swallows, "b")))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_access_check_in_a_band_sees_only_the_member_s_own_changes(toys):
    class Reads(Plugin):
        async def tool_pre_invoke(self, payload, context):
            await asyncio.sleep(0)
            assert payload.args["a"] == 0

    outcome = await band(
        toys, named(sets("a", 1), "writes"), named(Reads, "reads", manifest={"access": "read"}), verify_access=True
    )
    assert [record.verdict for record in outcome.records] == [Verdict.MODIFIED, Verdict.OK]


async def test_members_whose_conditions_do_not_hold_stay_out(toys):
    Meets.met, Meets.wanted = asyncio.Event(), 2
    try:
        outcome = await band(
            toys, named(Meets, "a"), named(Meets, "other", conditions=[{"tools": ["other"]}]), named(Meets, "b")
        )
    finally:
        Meets.wanted = 3
    assert [record.verdict for record in outcome.records] == [Verdict.OK, Verdict.SKIPPED, Verdict.OK]


async def test_after_a_rename_in_a_band_no_member_runs_twice(toys):
    ran = []

    class Renames(Plugin):
        async def tool_pre_invoke(self, payload, context):
            ran.append(self.name)
            return PluginResult(modified_payload=ToolPreInvokePayload("renamed", payload.args))

    class Runs(Plugin):
        async def tool_pre_invoke(self, payload, context):
            ran.append(self.name)

    await band(
        toys,
        named(Renames, "one", mode="permissive"),
        named(Runs, "two", mode="permissive"),
        named(Runs, "three", mode="permissive", conditions=[{"tools": ["renamed"]}]),
        named(Runs, "next", mode="permissive", priority=101),
    )
    assert [name for name in ran if name != "three"] == ["one", "two", "next"]


async def test_answers_are_the_same_whatever_the_timing(toys):
    async def answer(delays):
        def member(index):
            class Member(Plugin):
                async def tool_pre_invoke(self, payload, context):
                    for _ in range(delays[index]):
                        await asyncio.sleep(0)
                    payload.args["a" if index < 2 else "b"] = index + 1
                    return PluginResult(modified_payload=payload, metadata={"n": index})

            return Member

        outcome = await band(toys, *(named(member(index), f"m{index}", on_error="allow") for index in range(4)))
        return (
            outcome.payload,
            dict(outcome.metadata),
            [(record.verdict, record.error_type) for record in outcome.records],
        )

    first = await answer([0, 0, 0, 0])
    assert (first[0].args["a"], first[0].args["b"]) == (1, 3)
    for delays in ([3, 2, 1, 0], [0, 3, 0, 3], [1, 0, 3, 0]):
        assert await answer(delays) == first


async def test_thousands_of_changes_by_two_members_are_merged(toys):
    """A client decides how many leaves there are; comparing each with each would hold up the event loop for minutes."""
    args = {f"{key}": 0 for key in range(20_000)}

    def writes(odd):
        class Writes(Plugin):
            async def tool_pre_invoke(self, payload):
                await asyncio.sleep(0)
                for key in payload.args:
                    if int(key) % 2 == odd:
                        payload.args[key] = 1
                return PluginResult(modified_payload=payload)

        return Writes

    outcome = await band(
        toys, named(writes(0), "even"), named(writes(1), "odd"), payload=ToolPreInvokePayload("t", args)
    )
    assert set(outcome.payload.args.values()) == {1}
