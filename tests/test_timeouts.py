"""Deadlines: of a step, of a hook; and what a plugin may do with cancellation inside its time.

Bounds are generous: they tell a bounded wait from one without end, never a fast machine from a slow one.
"""

import asyncio
import contextvars
import gc
import threading
import time

import anyio
import anyio.lowlevel
import pytest
from gatehook import ConfigError, Plugin, PluginResult, PluginViolation, ToolPreInvokePayload, Verdict

CALL = ToolPreInvokePayload("lookup", {})
FOREVER = 30.0


class Hangs(Plugin):
    async def tool_pre_invoke(self, payload, context):
        await asyncio.Event().wait()


def waits(seconds):
    class Waits(Plugin):
        async def tool_pre_invoke(self, payload, context):
            await asyncio.sleep(seconds)

    return Waits


@pytest.mark.parametrize("limit", [0.02, "20ms", "0.02s", "0.02", " 20 ms "])
async def test_a_timeout_is_in_seconds_or_a_string_with_a_unit(toys, limit):
    outcome = await toys.run(CALL, (Hangs, {"timeout": limit}))
    assert (outcome.violation.code, outcome.violation.plugin_name) == ("PLUGIN_TIMEOUT", "Hangs")
    assert 0.015 < outcome.records[0].duration < FOREVER


@pytest.mark.parametrize("limit", ["soon", "-1s", 0, -1, True, float("inf"), float("nan"), "5 parsecs", [1]])
async def test_anything_else_is_refused(toys, limit):
    with pytest.raises(ConfigError, match="duration"):
        toys.runner((Hangs, {"timeout": limit}))


async def test_a_plugin_s_timeout_is_over_plugin_timeout(toys):
    shorter = await toys.run(CALL, (Hangs, {"timeout": "20ms"}), plugin_timeout=FOREVER)
    longer = await toys.run(CALL, (waits(0.05), {"timeout": FOREVER}), plugin_timeout="10ms")
    assert shorter.violation.code == "PLUGIN_TIMEOUT"
    assert not longer.blocked


async def test_plugin_timeout_holds_for_plugins_without_their_own(toys):
    assert (await toys.run(CALL, Hangs, plugin_timeout="20ms")).violation.code == "PLUGIN_TIMEOUT"


async def test_each_step_has_its_whole_timeout(toys):
    plugins = [(waits(0.03), {"name": f"p{number}", "timeout": FOREVER}) for number in range(3)]
    assert not (await toys.run(CALL, *plugins)).blocked


async def test_a_step_that_never_suspends_arms_no_timer(toys):
    armed = []
    loop = asyncio.get_running_loop()

    class Quick(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return PluginResult(metadata={"n": 1})

    async with (
        toys.runner(*((Quick, {"name": f"p{number}"}) for number in range(3))) as runner,
        runner.request() as request,
    ):
        original = loop.call_at
        loop.call_at = lambda *args, **kwargs: armed.append(args) or original(*args, **kwargs)
        try:
            outcome = await request.run(CALL)
        finally:
            del loop.call_at
    assert armed == []
    assert len(outcome.metadata) == 3


async def test_a_chain_that_never_suspends_runs_without_the_event_loop(toys):
    class Quick(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return PluginResult(False)

    async with toys.runner(Quick) as runner, runner.request() as request:
        run = request.run(CALL)
        with pytest.raises(StopIteration) as ended:
            run.send(None)
    assert ended.value.value.blocked


async def test_no_timer_is_left_after_a_step_that_waited(toys):
    loop = asyncio.get_running_loop()
    timers = []
    original = loop.call_at
    async with (
        toys.runner((waits(0), {"name": "a"}), (waits(0.001), {"name": "b"})) as runner,
        runner.request() as request,
    ):

        def call_at(*args, **kwargs):
            timers.append(original(*args, **kwargs))
            return timers[-1]

        loop.call_at = call_at
        try:
            await request.run(CALL)
        finally:
            del loop.call_at
    assert timers
    assert [timer for timer in timers if not timer.cancelled() and timer.when() > loop.time()] == []


# -- returns after the deadline


async def test_the_step_is_cancelled_and_its_finally_blocks_run(toys):
    cleaned = []

    class Cleans(Plugin):
        async def tool_pre_invoke(self, payload, context):
            try:
                await asyncio.Event().wait()
            finally:
                cleaned.append("sync")
                await asyncio.sleep(0)
                cleaned.append("async")

    outcome = await toys.run(CALL, (Cleans, {"timeout": "20ms"}))
    assert outcome.violation.code == "PLUGIN_TIMEOUT"
    assert cleaned == ["sync", "async"]


async def test_a_return_after_the_deadline_is_a_timeout_also_of_a_plugin_that_swallowed_its_cancellation(toys):
    class Swallows(Plugin):
        async def tool_pre_invoke(self, payload, context):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return PluginResult(modified_payload=ToolPreInvokePayload("late", {}))

    outcome = await toys.run(CALL, (Swallows, {"timeout": "20ms", "on_error": "allow"}))
    assert outcome.records[0].verdict is Verdict.TIMEOUT
    assert outcome.payload is CALL
    assert asyncio.current_task().cancelling() == 0


async def test_an_exception_instead_of_the_cancellation_is_a_timeout(toys):
    class Converts(Plugin):
        async def tool_pre_invoke(self, payload, context):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise RuntimeError("converted") from None

    outcome = await toys.run(CALL, (Converts, {"timeout": "20ms"}))
    assert outcome.violation.code == "PLUGIN_TIMEOUT"


async def stubborn():
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass


class Stubborn(Plugin):
    async def tool_pre_invoke(self, payload, context):
        await stubborn()


async def test_one_that_goes_on_awaiting_is_abandoned_after_a_short_grace(toys, caplog):
    async with asyncio.timeout(FOREVER):
        outcome = await toys.run(CALL, (Stubborn, {"timeout": "20ms", "on_error": "allow"}), waits(0.001))
    assert [record.verdict for record in outcome.records] == [Verdict.TIMEOUT, Verdict.OK]
    assert asyncio.current_task().cancelling() == 0


@pytest.mark.parametrize("through", [lambda task: task, asyncio.gather], ids=["task", "gather"])
async def test_one_that_awaits_a_stubborn_task_is_abandoned_too(toys, through):
    stubborn_ones = []

    async def stubborn_until(stop):
        while not stop.is_set():
            try:
                await stop.wait()
            except asyncio.CancelledError:
                pass

    class Delegates(Plugin):
        async def tool_pre_invoke(self, payload, context):
            stop = asyncio.Event()
            task = asyncio.create_task(stubborn_until(stop))
            stubborn_ones.append((task, stop))
            asyncio.get_running_loop().call_later(5, stop.set)  # or nothing would ever end a run that waits for it
            await through(task)

    outcome = await toys.run(CALL, (Delegates, {"timeout": "20ms", "on_error": "allow"}), waits(0.001))
    ((task, stop),) = stubborn_ones
    assert not task.done()
    stop.set()
    await task
    assert [record.verdict for record in outcome.records] == [Verdict.TIMEOUT, Verdict.OK]


async def test_one_that_waits_in_finally_for_too_long_is_abandoned(toys):
    class SlowToLeave(Plugin):
        async def tool_pre_invoke(self, payload, context):
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(FOREVER)

    async with asyncio.timeout(FOREVER / 2):
        outcome = await toys.run(CALL, (SlowToLeave, {"timeout": "20ms"}))
    assert outcome.violation.code == "PLUGIN_TIMEOUT"


async def test_one_that_ignores_being_closed_is_left_behind(toys):
    class Immortal(Plugin):
        async def tool_pre_invoke(self, payload, context):
            for _ in range(2):
                try:
                    await asyncio.Event().wait()
                except BaseException:  # noqa: BLE001  # that is the point
                    pass
            await asyncio.Event().wait()

    async with asyncio.timeout(FOREVER):
        outcome = await toys.run(CALL, (Immortal, {"timeout": "20ms", "on_error": "allow"}), waits(0.001))
    assert [record.verdict for record in outcome.records] == [Verdict.TIMEOUT, Verdict.OK]
    gc.collect()


async def test_several_steps_in_a_row_may_time_out(toys):
    plugins = [
        (plugin, {"name": f"{plugin.__name__}{number}", "timeout": "10ms", "on_error": "allow"})
        for number in range(2)
        for plugin in (Stubborn, Hangs)
    ]
    outcome = await toys.run(CALL, *plugins, waits(0.001))
    assert [record.verdict for record in outcome.records] == [Verdict.TIMEOUT] * 4 + [Verdict.OK]


@pytest.mark.parametrize("kind", ["def", "async"])
async def test_a_call_that_overran_without_suspending_is_a_timeout_reported_as_blocking_the_loop(toys, kind):
    class Plain(Plugin):
        def tool_pre_invoke(self, payload):
            time.sleep(0.03)
            return PluginResult()

    class Async(Plugin):
        async def tool_pre_invoke(self, payload, context):
            time.sleep(0.03)  # noqa: ASYNC251  # that is the point

    outcome = await toys.run(CALL, ({"def": Plain, "async": Async}[kind], {"timeout": "10ms"}))
    record = outcome.records[0]
    assert outcome.violation.code == "PLUGIN_TIMEOUT"
    assert (record.verdict, record.error_type) == (Verdict.TIMEOUT, "blocking")
    assert "event loop" in record.reason


async def test_a_change_that_came_too_late_without_suspending_has_no_effect(toys):
    class Late(Plugin):
        def tool_pre_invoke(self, payload, context):
            context.request.state["late"] = True
            context.set_state("late", True)
            time.sleep(0.03)
            return PluginResult(modified_payload=ToolPreInvokePayload("late", {}), response={"late": True})

    async with toys.runner((Late, {"timeout": "10ms", "on_error": "allow"})) as runner, runner.request() as request:
        outcome = await request.run(CALL)
        assert (outcome.payload, outcome.response, request.state) == (CALL, None, {})


async def test_what_a_timed_out_plugin_writes_later_is_not_seen(toys):
    wrote = asyncio.Event()
    seen = {}

    class Late(Plugin):
        async def tool_pre_invoke(self, payload, context):
            async def later():
                await timed_out.wait()
                context.state["late"] = True
                context.request.state["late"] = True
                context.metadata["late"] = True
                payload.args["late"] = True
                wrote.set()

            timed_out = asyncio.Event()
            task = asyncio.create_task(later())
            context.state["early"] = True
            context.request.state["early"] = True
            try:
                await asyncio.Event().wait()
            finally:
                timed_out.set()
                self.task = task

    class Looks(Plugin):
        async def tool_pre_invoke(self, payload, context):
            await wrote.wait()
            seen.update(state=dict(context.request.state), args=dict(payload.args))

    async with (
        toys.runner((Late, {"timeout": "20ms", "on_error": "allow"}), Looks) as runner,
        runner.request() as request,
    ):
        outcome = await request.run(CALL)
        assert seen == {"state": {}, "args": {}}
        assert "Late" not in outcome.metadata
        assert request.state == {}


async def test_a_plugin_s_own_timeout_error_is_an_error_not_our_timeout(toys):
    class Own(Plugin):
        async def tool_pre_invoke(self, payload, context):
            async with asyncio.timeout(0.005):
                await asyncio.Event().wait()

    class Raises(Plugin):
        def tool_pre_invoke(self, payload):
            raise TimeoutError

    for plugin in (Own, Raises):
        outcome = await toys.run(CALL, plugin)
        assert outcome.violation.code == "PLUGIN_ERROR"
        assert outcome.records[0].verdict is Verdict.ERROR


async def test_a_timeout_that_the_plugin_handles_itself_is_nothing(toys):
    class Handles(Plugin):
        async def tool_pre_invoke(self, payload, context):
            try:
                async with asyncio.timeout(0.005):
                    await asyncio.Event().wait()
            except TimeoutError:
                return PluginResult(metadata={"handled": True})

    outcome = await toys.run(CALL, Handles)
    assert dict(outcome.metadata) == {"Handles": {"handled": True}}


async def test_a_hung_call_in_a_thread_is_a_timeout(toys):
    release = threading.Event()

    class Threads(Plugin):
        async def tool_pre_invoke(self, payload, context):
            await asyncio.to_thread(release.wait)

    outcome = await toys.run(CALL, (Threads, {"timeout": "20ms"}))
    release.set()
    assert outcome.violation.code == "PLUGIN_TIMEOUT"


# -- the hook's time


async def test_hook_timeout_bounds_the_chain(toys):
    plugins = [(waits(0.03), {"name": f"p{number}", "mode": "permissive"}) for number in range(10)]
    outcome = await toys.run(CALL, *plugins, hook_timeout="50ms")
    verdicts = [record.verdict for record in outcome.records]
    assert verdicts[0] is Verdict.OK
    assert verdicts[-1] is Verdict.TIMEOUT
    assert sum(record.duration for record in outcome.records) < 0.25


async def test_a_guard_that_the_hook_s_time_left_no_turn_blocks(toys):
    ran = []

    class Guard(Plugin):
        async def tool_pre_invoke(self, payload, context):
            ran.append(1)

    outcome = await toys.run(CALL, (Hangs, {"mode": "permissive"}), Guard, hook_timeout="20ms")
    assert outcome.violation.code == "PLUGIN_TIMEOUT"
    assert outcome.violation.plugin_name == "Guard"
    assert ran == []


async def test_hook_timeout_bounds_a_band(toys):
    plugins = [(Hangs, {"name": f"p{number}", "mode": "permissive"}) for number in range(3)]
    outcome = await toys.run(CALL, *plugins, hook_timeout="20ms", parallel_execution_within_band=True)
    assert [record.verdict for record in outcome.records] == [Verdict.TIMEOUT] * 3


async def test_a_hook_timeout_starts_anew_with_each_hook(toys):
    async with toys.runner(waits(0.03), hook_timeout="10s") as runner, runner.request() as request:
        for _ in range(3):
            assert not (await request.run(CALL)).blocked


# -- the caller's cancellation


async def cancelled(task, started):
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("mode", ["enforce", "permissive", "audit"])
@pytest.mark.parametrize("swallows", [False, True])
async def test_the_caller_s_cancellation_is_not_swallowed(toys, mode, swallows):
    started, cleaned, after = asyncio.Event(), [], []

    class Waits(Plugin):
        async def tool_pre_invoke(self, payload, context):
            try:
                started.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if not swallows:
                    raise
            finally:
                await asyncio.sleep(0)
                cleaned.append(1)

    class After(Plugin):
        async def tool_pre_invoke(self, payload, context):
            after.append(1)

    await cancelled(asyncio.create_task(toys.run(CALL, (Waits, {"mode": mode, "on_error": "allow"}), After)), started)
    assert (cleaned, after) == ([1], [])


async def test_a_caller_that_is_cancelled_already_hears_of_it(toys):
    async def caller():
        asyncio.current_task().cancel()
        await toys.run(CALL, (waits(0), {"mode": "permissive"}))

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(caller())


async def test_the_caller_s_own_timeout_works(toys):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await toys.run(CALL, (Hangs, {"timeout": FOREVER, "on_error": "allow"}))
    assert asyncio.current_task().cancelling() == 0


async def test_the_caller_s_wait_for_works(toys):
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(toys.run(CALL, (Hangs, {"timeout": FOREVER, "on_error": "allow"})), 0.02)


async def test_the_caller_s_anyio_scope_works(toys):
    with anyio.move_on_after(0.02) as scope:
        await toys.run(CALL, (Hangs, {"timeout": FOREVER, "on_error": "allow"}))
    assert scope.cancelled_caught
    await asyncio.sleep(0)
    assert asyncio.current_task().cancelling() == 0


async def test_a_caller_cancelled_at_the_same_moment_as_the_step_hears_of_it(toys):
    expired = asyncio.Event()

    class Lingers(Plugin):
        async def tool_pre_invoke(self, payload, context):
            try:
                await asyncio.Event().wait()
            finally:
                expired.set()
                await asyncio.sleep(0.01)

    await cancelled(asyncio.create_task(toys.run(CALL, (Lingers, {"timeout": "10ms", "on_error": "allow"}))), expired)


async def test_closing_the_run_closes_the_step(toys):
    closed = []

    class Waits(Plugin):
        async def tool_pre_invoke(self, payload, context):
            try:
                await asyncio.Event().wait()
            finally:
                closed.append(1)

    async with toys.runner(Waits) as runner, runner.request() as request:
        run = request.run(CALL)
        run.send(None)
        run.close()
    assert closed == [1]


# -- what plugins use inside


async def test_task_groups_and_timeouts_inside_plugins_work(toys):
    class Uses(Plugin):
        async def tool_pre_invoke(self, payload, context):
            async with asyncio.timeout(FOREVER), asyncio.TaskGroup() as group:
                tasks = [group.create_task(asyncio.sleep(0, number)) for number in range(3)]
            return PluginResult(metadata={"sum": sum(task.result() for task in tasks)})

    outcome = await toys.run(CALL, Uses)
    assert dict(outcome.metadata) == {"Uses": {"sum": 3}}


async def test_a_task_group_whose_child_fails_is_an_error(toys):
    class Uses(Plugin):
        async def tool_pre_invoke(self, payload, context):
            async def fails():
                await asyncio.sleep(0)
                raise ValueError

            async with asyncio.TaskGroup() as group:
                group.create_task(fails())
                await asyncio.Event().wait()

    outcome = await toys.run(CALL, Uses)
    assert outcome.violation.code == "PLUGIN_ERROR"
    assert asyncio.current_task().cancelling() == 0


async def test_a_task_group_that_runs_out_of_time_ends_its_children(toys):
    ended = []

    class Uses(Plugin):
        async def tool_pre_invoke(self, payload, context):
            async def child():
                try:
                    await asyncio.Event().wait()
                finally:
                    ended.append(1)

            async with asyncio.TaskGroup() as group:
                group.create_task(child())

    outcome = await toys.run(CALL, (Uses, {"timeout": "20ms"}))
    assert outcome.violation.code == "PLUGIN_TIMEOUT"
    assert ended == [1]


async def test_anyio_scopes_inside_plugins_work(toys):
    class Uses(Plugin):
        async def tool_pre_invoke(self, payload, context):
            with anyio.move_on_after(0.005) as scope:
                await anyio.sleep_forever()
            async with anyio.create_task_group() as group:
                group.start_soon(anyio.sleep, 0)
            return PluginResult(metadata={"caught": scope.cancelled_caught})

    outcome = await toys.run(CALL, Uses, (Uses, {"name": "again"}))
    assert dict(outcome.metadata) == {"Uses": {"caught": True}, "again": {"caught": True}}
    assert asyncio.current_task().cancelling() == 0


async def test_an_anyio_task_group_that_runs_out_of_time_is_a_timeout(toys):
    class Uses(Plugin):
        async def tool_pre_invoke(self, payload, context):
            async with anyio.create_task_group() as group:
                group.start_soon(anyio.sleep_forever)

    outcome = await toys.run(CALL, (Uses, {"timeout": "20ms", "on_error": "allow"}), (waits(0.001), {}))
    assert [record.verdict for record in outcome.records] == [Verdict.TIMEOUT, Verdict.OK]
    assert asyncio.current_task().cancelling() == 0


async def test_an_anyio_scope_that_shields_is_abandoned_in_the_end(toys):
    class Shields(Plugin):
        async def tool_pre_invoke(self, payload, context):
            with anyio.CancelScope(shield=True):
                await asyncio.sleep(0.02)
            await anyio.lowlevel.checkpoint()

    outcome = await toys.run(CALL, (Shields, {"timeout": "5ms"}))
    assert outcome.violation.code == "PLUGIN_TIMEOUT"


async def test_a_plugin_runs_in_the_caller_s_task_and_context(toys):
    variable = contextvars.ContextVar("variable", default=None)
    seen = []

    class Looks(Plugin):
        async def tool_pre_invoke(self, payload, context):
            seen.append((asyncio.current_task(), variable.get()))
            await asyncio.sleep(0)
            seen.append((asyncio.current_task(), variable.get()))

    class Sets(Plugin):
        async def tool_pre_invoke(self, payload, context):
            token = variable.set("plugin's")
            await asyncio.sleep(0)
            assert variable.get() == "plugin's"
            variable.reset(token)

    variable.set("host's")
    outcome = await toys.run(CALL, Looks, Sets, (Looks, {"name": "again"}))
    assert not outcome.blocked
    assert seen == [(asyncio.current_task(), "host's")] * 4


async def test_a_step_may_await_many_times(toys):
    class Many(Plugin):
        async def tool_pre_invoke(self, payload, context):
            for number in range(200):
                await (asyncio.sleep(0) if number % 2 else asyncio.sleep(0.0001))
            return PluginResult(False, violation=PluginViolation("r", code="END"))

    assert (await toys.run(CALL, Many)).violation.code == "END"


async def test_a_slow_request_does_not_hold_back_another(toys):
    entered, release = asyncio.Event(), asyncio.Event()

    class Slow(Plugin):
        async def tool_pre_invoke(self, payload, context):
            if payload.name == "slow":
                entered.set()
                await release.wait()

    async with toys.runner(Slow) as runner, runner.request() as one, runner.request() as two:
        slow = asyncio.create_task(one.run(ToolPreInvokePayload("slow", {})))
        await entered.wait()
        assert not (await two.run(ToolPreInvokePayload("quick", {}))).blocked
        assert not slow.done()
        release.set()
        assert not (await slow).blocked
