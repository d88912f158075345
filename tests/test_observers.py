"""hook_finished: after every end of every run, and without any influence on it."""

import asyncio

import anyio
import pytest
from gatehook import (
    Plugin,
    PluginError,
    PluginLoadError,
    PluginResult,
    PluginViolation,
    PromptPrehookPayload,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
    Verdict,
)

CALL = ToolPreInvokePayload("lookup", {"q": {"deep": 1}})


def watcher():
    class Watches(Plugin):
        async def hook_finished(self, outcome, request):
            self.told.append((outcome, request))

    Watches.told = []
    return Watches


class Blocks(Plugin):
    async def tool_pre_invoke(self, payload, context):
        return PluginResult(False, violation=PluginViolation("no", code="NO", details={"n": [1]}))


class Answers(Plugin):
    async def tool_pre_invoke(self, payload, context):
        return PluginResult(response={"a": [1]}, metadata={"m": [1]})


class Fails(Plugin):
    async def tool_pre_invoke(self, payload, context):
        raise ValueError


class Hangs(Plugin):
    started: asyncio.Event

    async def tool_pre_invoke(self, payload, context):
        self.started.set()
        await asyncio.Event().wait()


async def test_it_is_told_of_an_allowed_run(toys):
    watches = watcher()
    outcome = await toys.run(CALL, watches, asked={"user": "alice", "tenant_id": "acme"})
    ((told, request),) = watches.told
    assert (told.payload, told.blocked, told.records) == (outcome.payload, False, outcome.records)
    assert (request.user, request.tenant_id) == ("alice", "acme")


async def test_it_is_told_of_a_blocked_run_with_its_records(toys):
    watches = watcher()
    await toys.run(CALL, Blocks, watches)
    ((told, _),) = watches.told
    assert told.violation.code == "NO"
    assert [record.verdict for record in told.records] == [Verdict.VIOLATION]


async def test_it_is_told_of_an_answered_run(toys):
    watches = watcher()
    await toys.run(CALL, Answers, watches)
    assert watches.told[0][0].response == {"a": [1]}


async def test_it_is_told_of_a_run_that_raised(toys):
    watches = watcher()
    with pytest.raises(PluginError):
        await toys.run(CALL, Fails, watches, fail_on_plugin_error=True)
    ((told, _),) = watches.told
    assert told.blocked
    assert [(record.plugin, record.verdict) for record in told.records] == [("Fails", Verdict.ERROR)]


@pytest.mark.parametrize("how", ["task", "anyio"])
async def test_every_observer_is_told_of_a_cancelled_run(toys, how):
    Hangs.started = asyncio.Event()
    told = []

    class Watches(Plugin):
        async def hook_finished(self, outcome, request):
            await asyncio.sleep(0)
            told.append((self.name, outcome.blocked, outcome.violation.code))

    plugins = [Hangs, (Watches, {"name": "one"}), (Watches, {"name": "two"})]
    if how == "task":
        task = asyncio.create_task(toys.run(CALL, *plugins))
        await Hangs.started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        async with toys.runner(*plugins) as runner, runner.request() as request:
            with anyio.move_on_after(0.02) as scope:
                await request.run(CALL)
            assert scope.cancelled_caught
            for _ in range(10):
                await asyncio.sleep(0)
    assert told == [("one", True, "CANCELLED"), ("two", True, "CANCELLED")]


async def test_it_is_told_of_runs_without_any_other_plugin(toys):
    watches = watcher()
    async with toys.runner(watches) as runner, runner.request() as request:
        assert runner.has_hooks("prompt_pre_fetch")
        await request.run(PromptPrehookPayload("p"))
        await request.run(CALL)
    assert [type(told.payload) for told, _ in watches.told] == [PromptPrehookPayload, ToolPreInvokePayload]


async def test_observers_run_in_order(toys):
    order = []

    class Watches(Plugin):
        async def hook_finished(self, outcome, request):
            await asyncio.sleep(0.01 if self.name == "b" else 0)
            order.append(self.name)

    await toys.run(CALL, *((Watches, {"name": name}) for name in "bac"))
    assert order == ["b", "a", "c"]


@pytest.mark.parametrize("how", ["raises", "exits", "hangs", "returns"])
async def test_its_errors_and_slowness_never_change_the_outcome(toys, how):
    class Watches(Plugin):
        async def hook_finished(self, outcome, request):
            if how == "raises":
                raise ValueError
            if how == "exits":
                raise SystemExit
            if how == "hangs":
                await asyncio.Event().wait()
            return PluginResult(False)

    after = watcher()
    plugins = [Watches, (after, {"name": "after"})]
    async with toys.runner(*plugins, observer_timeout="20ms", fail_on_plugin_error=True) as runner:
        async with runner.request() as request:
            outcome = await request.run(CALL)
        errors = runner.stats()["Watches"]["hook_finished"]["errors"]
    assert not outcome.blocked
    assert outcome.payload is CALL
    assert (
        errors == {"raises": {"exception": 1}, "exits": {"exception": 1}, "hangs": {"timeout": 1}, "returns": {}}[how]
    )
    assert len(after.told) == 1


async def test_it_is_bounded_by_observer_timeout_or_its_own(toys):
    class Watches(Plugin):
        async def hook_finished(self, outcome, request):
            await asyncio.Event().wait()

    async with asyncio.timeout(20):
        await toys.run(CALL, (Watches, {"timeout": "20ms"}), observer_timeout="1h")


async def test_what_it_changes_in_place_changes_nothing(toys):
    class Vandalizes(Plugin):
        async def hook_finished(self, outcome, request):
            outcome.payload.args["q"]["deep"] = "vandal"
            outcome.payload.name = "vandal"
            outcome.metadata.get("Answers", {"m": []})["m"].append("vandal")
            if outcome.response:
                outcome.response["a"].append("vandal")
            for violation in outcome.violations:
                violation.details["n"].append("vandal")
                violation.reason = "vandal"
            outcome.violation = None
            request.user = "vandal"

    watches = watcher()
    answered = await toys.run(CALL, Answers, Vandalizes, watches)
    blocked = await toys.run(CALL, Blocks, (Vandalizes, {}), watches)
    assert ToolPreInvokePayload("lookup", {"q": {"deep": 1}}) == CALL
    assert (answered.payload, answered.response, answered.metadata["Answers"]) == (CALL, {"a": [1]}, {"m": [1]})
    assert (blocked.violation.reason, blocked.violation.details) == ("no", {"n": [1]})
    (_, (told, request)) = watches.told
    assert (told.violation.reason, told.violation.details, request.user) == ("no", {"n": [1]}, None)


async def test_its_hooks_filter_the_runs_that_it_is_told_of(toys):
    watches = watcher()
    async with (
        toys.runner((watches, {"hooks": ["hook_finished", "tool_post_invoke"]})) as runner,
        runner.request() as request,
    ):
        await request.run(CALL)
        await request.run(ToolPostInvokePayload("t", {}))
        assert not runner.has_hooks("tool_pre_invoke")
    assert [told.payload.hook for told, _ in watches.told] == ["tool_post_invoke"]


async def test_its_hooks_need_not_name_hook_finished(toys):
    watches = watcher()
    async with toys.runner((watches, {"hooks": ["tool_post_invoke"]})) as runner, runner.request() as request:
        await request.run(CALL)
        await request.run(ToolPostInvokePayload("t", {}))
    assert [told.payload.hook for told, _ in watches.told] == ["tool_post_invoke"]


async def test_its_conditions_filter_the_runs_that_it_is_told_of(toys):
    watches = watcher()
    conditions = [{"tools": ["lookup"], "user_patterns": ["a*"]}]
    async with toys.runner((watches, {"conditions": conditions})) as runner:
        for user in ("alice", "bob", None):
            async with runner.request(user=user) as request:
                await request.run(CALL)
                await request.run(ToolPreInvokePayload("other", {}))
    assert [request.user for _, request in watches.told] == ["alice", None]


@pytest.mark.parametrize("mode", ["enforce", "permissive", "audit"])
async def test_its_mode_and_priority_are_accepted_and_have_no_effect(toys, mode):
    watches = watcher()
    await toys.run(CALL, (watches, {"mode": mode, "priority": 1}), (Blocks, {"priority": 2}))
    ((told, _),) = watches.told
    assert told.violation.code == "NO"


async def test_a_disabled_observer_is_not_told(toys):
    watches = watcher()
    await toys.run(CALL, (watches, {"mode": "disabled"}), Blocks)
    assert watches.told == []


async def test_a_plugin_may_observe_and_act(toys):
    class Both(Blocks):
        async def hook_finished(self, outcome):
            type(self).told = outcome.violation.code

    await toys.run(CALL, Both)
    assert Both.told == "NO"


async def test_a_def_observer_may_take_any_of_its_parameters(toys):
    told = []

    class OnlyRequest(Plugin):
        def hook_finished(self, request):
            told.append(request.user)

    class Nothing(Plugin):
        def hook_finished(self):
            told.append("nothing")

    await toys.run(CALL, OnlyRequest, Nothing, asked={"user": "alice"})
    assert told == ["alice", "nothing"]


class Unborn(Plugin):
    def __init__(self, config):
        raise RuntimeError("not today")

    def hook_finished(self, outcome): ...


@pytest.mark.parametrize("keys", [{}, {"on_error": "block"}, {"manifest": {}}])
async def test_one_that_does_not_come_up_keeps_no_runner_from_starting(toys, keys):
    async with toys.runner((Unborn, keys)) as runner:
        assert [(status.state, status.hooks) for status in runner.plugins()] == [("failed", ("hook_finished",))]


async def test_a_plugin_that_also_acts_does(toys):
    class Both(Unborn):
        def tool_pre_invoke(self, payload): ...

    with pytest.raises(PluginLoadError, match="not today"):
        async with toys.runner(Both):
            pass


async def test_a_cancelled_caller_does_not_wait_for_observers_and_they_are_told_all_the_same(toys):
    told, may_go_on = [], asyncio.Event()

    class Waits(Plugin):
        def tool_pre_invoke(self):
            return None

        async def hook_finished(self, outcome):
            await may_go_on.wait()
            told.append(self.name)

    class Hangs(Plugin):
        async def tool_pre_invoke(self):
            await asyncio.Event().wait()

    async with toys.runner((Waits, {"name": "one"}), (Waits, {"name": "two"}), Hangs) as runner:
        async with runner.request() as request:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await request.run(ToolPreInvokePayload("lookup"))
        assert told == []
        may_go_on.set()
    assert told == ["one", "two"]
