"""What a plugin's failure does: in a call, when it loads, and when it fails again and again."""

import asyncio
import logging

import pytest
from gatehook import (
    GatehookError,
    Plugin,
    PluginError,
    PluginLoadError,
    PluginResult,
    PluginViolation,
    PromptPrehookPayload,
    Runner,
    ToolPreInvokePayload,
    Verdict,
)

CALL = ToolPreInvokePayload("lookup", {"q": "Bob"})
SECRET = "s3cr3t-in-the-text"


class Fails(Plugin):
    async def tool_pre_invoke(self, payload, context):
        payload.args["q"] = "half done"
        raise ValueError(SECRET)


class Hangs(Plugin):
    async def tool_pre_invoke(self, payload, context):
        await asyncio.Event().wait()


class Notes(Plugin):
    seen: list

    def __init__(self, config):
        super().__init__(config)
        type(self).seen = []

    async def tool_pre_invoke(self, payload, context):
        self.seen.append(payload.args)


# -- in a call

BLOCKS = {
    ("enforce", None): True,
    ("enforce", "block"): True,
    ("enforce", "allow"): False,
    ("enforce", "disable"): True,
    ("permissive", None): False,
    ("permissive", "block"): True,
    ("permissive", "allow"): False,
    ("permissive", "disable"): True,
    ("audit", None): False,
    ("audit", "block"): False,
    ("audit", "allow"): False,
    ("audit", "disable"): False,
}


def entry(mode, on_error):
    return {"mode": mode} if on_error is None else {"mode": mode, "on_error": on_error}


@pytest.mark.parametrize(("mode", "on_error"), BLOCKS)
@pytest.mark.parametrize(("plugin", "code"), [(Fails, "PLUGIN_ERROR"), (Hangs, "PLUGIN_TIMEOUT")])
async def test_on_error_decides_and_its_default_is_block_in_enforce_and_allow_otherwise(
    toys, mode, on_error, plugin, code
):
    outcome = await toys.run(CALL, (plugin, {**entry(mode, on_error), "timeout": "20ms"}), Notes)
    blocks = BLOCKS[mode, on_error]
    assert outcome.blocked is blocks
    assert Notes.seen == ([] if blocks else [{"q": "Bob"}])
    assert outcome.payload is CALL
    record = outcome.records[0]
    assert record.verdict is (Verdict.TIMEOUT if code == "PLUGIN_TIMEOUT" else Verdict.ERROR)
    assert record.effective is blocks
    if blocks:
        assert (outcome.violation.code, outcome.violation.plugin_name) == (code, plugin.__name__)
        assert outcome.violation in outcome.violations


@pytest.mark.parametrize(("mode", "on_error"), BLOCKS)
async def test_every_let_through_is_marked_in_record_status_and_metric(toys, mode, on_error):
    async with toys.runner((Fails, entry(mode, on_error))) as runner, runner.request() as request:
        outcome = await request.run(CALL)
        counts = runner.stats()["Fails"]["tool_pre_invoke"]
    let_through = not BLOCKS[mode, on_error]
    assert counts["errors"] == {"exception": 1}
    assert counts["let_through"] == let_through
    assert ("let through" in outcome.records[0].reason) is let_through


async def test_a_blocked_error_names_plugin_and_hook_and_carries_no_text_of_payload_or_exception(toys, caplog):
    outcome = await toys.run(CALL, Fails)
    told = repr(outcome.violation.to_dict()) + repr(outcome.records) + caplog.text
    assert "Fails" in outcome.violation.reason
    assert "tool_pre_invoke" in outcome.violation.reason
    assert outcome.violation.details["hook"] == "tool_pre_invoke"
    assert SECRET not in told
    assert "half done" not in told
    assert "Bob" not in told


@pytest.mark.parametrize("mode", ["enforce", "permissive", "audit"])
@pytest.mark.parametrize("on_error", [None, "allow"])
async def test_fail_on_plugin_error_raises_to_the_host_whatever_the_mode(toys, mode, on_error):
    with pytest.raises(PluginError, match="Fails") as caught:
        await toys.run(CALL, (Fails, entry(mode, on_error)), fail_on_plugin_error=True)
    assert (caught.value.plugin, caught.value.hook, caught.value.error_type) == (
        "Fails",
        "tool_pre_invoke",
        "exception",
    )
    assert SECRET not in str(caught.value)


async def test_fail_on_plugin_error_written_out_as_false_opens_no_enforcing_guard(toys):
    assert (await toys.run(CALL, Fails, fail_on_plugin_error=False)).blocked


async def test_fail_on_plugin_error_raises_a_timeout_too(toys):
    with pytest.raises(PluginError) as caught:
        await toys.run(CALL, (Hangs, {"timeout": "10ms"}), fail_on_plugin_error=True)
    assert caught.value.error_type == "timeout"


async def test_a_violation_is_no_plugin_error(toys):
    class Blocks(Plugin):
        def tool_pre_invoke(self, payload):
            return PluginResult(False)

    assert (await toys.run(CALL, Blocks, fail_on_plugin_error=True)).violation.code == "UNSPECIFIED"


@pytest.mark.parametrize("mode", ["enforce", "permissive", "audit"])
async def test_a_plugin_that_mutates_and_then_raises_leaves_what_was_before_it(toys, mode):
    outcome = await toys.run(CALL, (Fails, {"mode": mode, "on_error": "allow"}), Notes)
    assert Notes.seen == [{"q": "Bob"}]
    assert outcome.payload == ToolPreInvokePayload("lookup", {"q": "Bob"})


# -- what is not the plugin's to swallow


@pytest.mark.parametrize("waits", [False, True])
async def test_system_exit_in_a_plugin_is_a_plugin_error(toys, waits):
    class Exits(Plugin):
        async def tool_pre_invoke(self, payload, context):
            if waits:
                await asyncio.sleep(0)
            raise SystemExit(3)

    outcome = await toys.run(CALL, Exits)
    assert outcome.violation.code == "PLUGIN_ERROR"


async def test_system_exit_in_a_def_hook_is_a_plugin_error(toys):
    class Exits(Plugin):
        def tool_pre_invoke(self, payload):
            raise SystemExit

    assert (await toys.run(CALL, Exits)).violation.code == "PLUGIN_ERROR"


@pytest.mark.parametrize("waits", [False, True])
async def test_keyboard_interrupt_is_not_swallowed(toys, waits):
    class Interrupted(Plugin):
        async def tool_pre_invoke(self, payload, context):
            if waits:
                await asyncio.sleep(0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await toys.run(CALL, (Interrupted, {"on_error": "allow"}))


async def test_keyboard_interrupt_of_a_plugin_that_ran_out_of_time_is_not_swallowed(toys):
    class Interrupted(Plugin):
        async def tool_pre_invoke(self, payload, context):
            try:
                await asyncio.Event().wait()
            finally:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await toys.run(CALL, (Interrupted, {"on_error": "allow", "timeout": "10ms"}))


async def test_keyboard_interrupt_in_a_group_is_not_swallowed(toys):
    class Interrupted(Plugin):
        def tool_pre_invoke(self, payload):
            raise BaseExceptionGroup("several", [ValueError(), KeyboardInterrupt()])

    with pytest.raises(BaseExceptionGroup):
        await toys.run(CALL, (Interrupted, {"on_error": "allow"}))


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("on_error", ["block", "allow"])
async def test_a_cancellation_that_the_plugin_raises_itself_is_a_plugin_error(toys, waits, on_error):
    class GivesUp(Plugin):
        async def tool_pre_invoke(self, payload, context):
            if waits:
                await asyncio.sleep(0)
            raise asyncio.CancelledError

    outcome = await toys.run(CALL, (GivesUp, {"on_error": on_error}))
    assert outcome.blocked is (on_error == "block")
    assert outcome.records[0].error_type == "cancelled"


async def test_an_error_type_is_one_of_a_closed_list(toys):
    class Backend(Plugin):
        def tool_pre_invoke(self, payload):
            raise PluginError(self.name, "tool_pre_invoke", "backend", "status 500")

    class Invents(Plugin):
        def tool_pre_invoke(self, payload):
            raise PluginError(self.name, "tool_pre_invoke", SECRET, "status 500")

    outcome = await toys.run(CALL, (Backend, {"mode": "audit"}), (Invents, {"mode": "audit"}))
    assert [record.error_type for record in outcome.records] == ["backend", "exception"]


@pytest.mark.parametrize(
    "error",
    [
        RecursionError(),
        MemoryError(),
        StopIteration(),
        StopAsyncIteration(),
        GatehookError("x"),
        ExceptionGroup("g", [OSError()]),
    ],
)
@pytest.mark.parametrize("kind", ["def", "async", "waits"])
async def test_every_kind_of_exception_is_a_plugin_error(toys, error, kind):
    class Plain(Plugin):
        def tool_pre_invoke(self, payload):
            raise error

    class Async(Plugin):
        async def tool_pre_invoke(self, payload, context):
            raise error

    class Waits(Plugin):
        async def tool_pre_invoke(self, payload, context):
            await asyncio.sleep(0)
            raise error

    outcome = await toys.run(CALL, {"def": Plain, "async": Async, "waits": Waits}[kind])
    assert outcome.violation.code == "PLUGIN_ERROR"


# -- disable


def flaky(answers):
    """A plugin that fails as often as ``answers`` has a true value."""

    class Flaky(Plugin):
        calls = 0

        async def tool_pre_invoke(self, payload, context):
            type(self).calls += 1
            if answers.pop(0) if answers else False:
                raise RuntimeError

        async def prompt_pre_fetch(self, payload, context):
            await self.tool_pre_invoke(payload, context)

    return Flaky


async def test_disable_after_errors_in_a_row_the_plugin_is_out_and_until_then_each_failing_call_blocks(toys):
    plugin = flaky([True] * 99)
    async with toys.runner((plugin, {"on_error": "disable"})) as runner, runner.request() as request:
        outcomes = [await request.run(CALL) for _ in range(5)]
        (status,) = runner.plugins()
        counts = runner.stats()["Flaky"]["tool_pre_invoke"]
    assert [outcome.blocked for outcome in outcomes] == [True, True, True, False, False]
    assert plugin.calls == 3
    assert (status.state, counts["let_through"], counts["errors"]) == ("out", 2, {"exception": 3})
    record = outcomes[3].records[0]
    assert record.verdict is Verdict.SKIPPED
    assert "let through" in record.reason


async def test_disable_after_is_the_operator_s_number(toys):
    async with (
        toys.runner((flaky([True] * 9), {"on_error": "disable", "disable_after": 1})) as runner,
        runner.request() as request,
    ):
        assert [(await request.run(CALL)).blocked for _ in range(3)] == [True, False, False]


async def test_a_success_between_errors_starts_the_count_again(toys):
    plugin = flaky([True, True, False, True, True, False, True])
    async with toys.runner((plugin, {"on_error": "disable"})) as runner, runner.request() as request:
        for _ in range(7):
            await request.run(CALL)
        assert plugin.calls == 7
        assert runner.plugins()[0].state == "running"


async def test_after_the_cool_down_one_call_tries_it(toys):
    plugin = flaky([True] * 4)
    async with (
        toys.runner((plugin, {"on_error": "disable", "cool_down": "50ms"})) as runner,
        runner.request() as request,
    ):
        for _ in range(4):
            await request.run(CALL)
        assert plugin.calls == 3
        await asyncio.sleep(0.06)
        tried = await request.run(CALL)  # the trial fails: it blocks, and the plugin is out again
        after = await request.run(CALL)
        assert (plugin.calls, tried.blocked, after.blocked) == (4, True, False)
        await asyncio.sleep(0.06)
        await request.run(CALL)  # this trial succeeds
        assert runner.plugins()[0].state == "running"
        await request.run(CALL)
        assert plugin.calls == 6


async def test_only_one_call_at_a_time_tries_a_plugin_that_is_out(toys):
    class Gate(Plugin):
        calls = 0
        broken = True
        entered: asyncio.Event
        release: asyncio.Event

        async def tool_pre_invoke(self, payload, context):
            type(self).calls += 1
            if self.broken:
                raise RuntimeError
            self.entered.set()
            await self.release.wait()

    Gate.entered, Gate.release = asyncio.Event(), asyncio.Event()
    entry = {"on_error": "disable", "disable_after": 1, "cool_down": "30ms"}
    async with toys.runner((Gate, entry)) as runner, runner.request() as request:
        await request.run(CALL)
        await asyncio.sleep(0.04)
        Gate.broken = False
        trial = asyncio.create_task(request.run(CALL))
        await Gate.entered.wait()
        others = [await request.run(CALL) for _ in range(3)]
        Gate.release.set()
        await trial
    assert Gate.calls == 2
    assert [outcome.records[0].verdict for outcome in others] == [Verdict.SKIPPED] * 3


async def test_a_plugin_that_is_out_at_one_hook_is_out_at_all(toys):
    plugin = flaky([True] * 9)
    async with toys.runner((plugin, {"on_error": "disable"})) as runner, runner.request() as request:
        for _ in range(3):
            await request.run(CALL)
        outcome = await request.run(PromptPrehookPayload("p"))
    assert outcome.records[0].verdict is Verdict.SKIPPED
    assert plugin.calls == 3


async def test_timeouts_count_as_errors_for_disable(toys):
    entry = {"on_error": "disable", "disable_after": 2, "timeout": "10ms"}
    async with toys.runner((Hangs, entry)) as runner, runner.request() as request:
        outcomes = [await request.run(CALL) for _ in range(3)]
    assert [outcome.blocked for outcome in outcomes] == [True, True, False]


# -- at load


class NoInit(Notes):
    async def initialize(self):
        raise ConnectionRefusedError("backend is down")


class NoConstruct(Notes):
    def __init__(self, config):
        raise KeyError("words")


STARTS = {key: not blocks for key, blocks in BLOCKS.items()}


@pytest.mark.parametrize(("mode", "on_error"), STARTS)
@pytest.mark.parametrize(
    ("plugin", "phase"), [(NoInit, "initialize"), (NoConstruct, "construct"), (None, "find"), ("import", "import")]
)
async def test_the_same_policy_holds_at_load(toys, mode, on_error, plugin, phase):
    if isinstance(plugin, type):
        config = toys.config((plugin, {"name": "it", **entry(mode, on_error)}))
    else:
        kind = "no.such.Thing" if plugin is None else toys.kind(Notes, "Here").replace("Here", "There")
        config = {"plugins": [{"name": "it", "kind": kind, "hooks": ["tool_pre_invoke"], **entry(mode, on_error)}]}
    if not STARTS[mode, on_error]:
        with pytest.raises(PluginLoadError, match="plugin 'it' cannot be") as caught:
            async with Runner.from_config(config):
                pass
        assert (caught.value.plugin, caught.value.phase) == ("it", phase)
        return
    async with Runner.from_config(config) as runner, runner.request() as request:
        outcome = await request.run(CALL)
        (status,) = runner.plugins()
        counts = runner.stats()["it"]["tool_pre_invoke"]
    assert not outcome.blocked
    assert status.state == "failed"
    assert status.reason.startswith("plugin 'it' cannot be ")
    assert outcome.records[0].verdict is Verdict.SKIPPED
    assert "let through" in outcome.records[0].reason
    assert counts["let_through"] == 1


async def test_a_failed_start_names_plugin_phase_and_cause(toys):
    with pytest.raises(PluginLoadError, match="backend is down") as caught:
        async with toys.runner(NoInit):
            pass
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


async def test_initialize_is_bounded_by_the_timeout(toys):
    class Stuck(Notes):
        async def initialize(self):
            await asyncio.Event().wait()

    with pytest.raises(PluginLoadError, match="initialize"):
        async with toys.runner((Stuck, {"timeout": "20ms"})):
            pass


async def test_an_initialize_that_returns_a_coroutine_nobody_awaited_is_a_failed_start(toys):
    class Forgets(Notes):
        async def really(self):
            pass

        def initialize(self):
            return self.really()

    with pytest.raises(PluginLoadError, match="await"):
        async with toys.runner(Forgets):
            pass


async def test_a_failed_plugin_is_retried_and_runs_once_it_is_up(toys):
    class Late(Notes):
        attempts = 0
        up: asyncio.Event

        async def initialize(self):
            type(self).attempts += 1
            if self.attempts < 3:
                raise ConnectionRefusedError
            self.up.set()

    Late.up = asyncio.Event()
    settings = {"plugin_health_check_interval": "10ms"}
    async with toys.runner((Late, {"on_error": "allow"}), **settings) as runner:
        assert runner.plugins()[0].state == "failed"
        await asyncio.wait_for(Late.up.wait(), 10)
        while runner.plugins()[0].state != "running":  # noqa: ASYNC110  # a status has no event
            await asyncio.sleep(0)
        async with runner.request() as request:
            await request.run(CALL)
    assert Late.seen == [{"q": "Bob"}]
    assert Late.attempts == 3


async def test_initialize_is_called_once_for_a_thousand_requests(toys):
    class Once(Notes):
        initialized = 0

        async def initialize(self):
            type(self).initialized += 1

    async with toys.runner(Once) as runner:
        for _ in range(1000):
            async with runner.request() as request:
                await request.run(CALL)
    assert Once.initialized == 1


async def test_failures_are_logged_as_warnings(toys, caplog):
    await toys.run(CALL, (Fails, {"mode": "audit"}))
    (told,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "Fails" in told.getMessage()
    assert told.exc_info is None


async def test_a_plugin_that_answers_after_a_failing_one_still_answers(toys):
    class Blocks(Plugin):
        def tool_pre_invoke(self, payload):
            return PluginResult(False, violation=PluginViolation("r", code="C"))

    outcome = await toys.run(CALL, (Fails, {"on_error": "allow"}), Blocks)
    assert outcome.violation.code == "C"


async def test_the_breaker_counts_only_failures_of_calls_that_were_made(toys):
    """Or a client could switch a guard off by sending it what is too large."""

    class Guards(Plugin):
        def tool_pre_invoke(self, payload):
            return PluginResult(False)

    config = toys.config((Guards, {"on_error": "disable", "disable_after": 2}), max_payload_bytes=10)
    async with Runner.from_config(config) as runner, runner.request() as request:
        for _ in range(5):
            assert (await request.run(CALL, size=11)).blocked
        (record,) = (await request.run(CALL, size=5)).records
    assert record.verdict is Verdict.VIOLATION


@pytest.mark.parametrize(
    "violation",
    [PluginViolation(5), PluginViolation("r", code=["C"]), PluginViolation("r", details="text")],
)
async def test_a_violation_whose_fields_are_of_the_wrong_type_is_a_plugin_error(toys, violation):
    class Objects(Plugin):
        def tool_pre_invoke(self):
            return PluginResult(False, violation=violation)

    outcome = await toys.run(CALL, Objects)
    assert outcome.violation.code == "PLUGIN_ERROR"
    assert outcome.records[0].error_type == "invalid_result"


async def test_the_reason_that_a_plugin_gives_for_its_own_plugin_error_is_told_to_operators_only(toys):
    class Reports(Plugin):
        def tool_pre_invoke(self, payload):
            raise PluginError(self.name, "tool_pre_invoke", "backend", "HTTP 503")

    outcome = await toys.run(CALL, Reports)
    assert (outcome.records[0].error_type, outcome.records[0].reason) == ("backend", "failed: HTTP 503")
    assert "503" not in str(outcome.violation.to_dict())
