"""Shutdown, PLUGINS_ENABLED and health."""

import asyncio

import anyio
import pytest
from gatehook import (
    ConfigError,
    GatehookError,
    Plugin,
    PluginLoadError,
    PluginResult,
    Runner,
    ToolPreInvokePayload,
    Verdict,
)

CALL = ToolPreInvokePayload("lookup", {})


class Lives(Plugin):
    life: list

    async def initialize(self):
        self.life.append(f"{self.name} up")

    async def shutdown(self):
        self.life.append(f"{self.name} down")

    async def tool_pre_invoke(self, payload, context):
        return PluginResult(False)


@pytest.fixture(autouse=True)
def _fresh():
    Lives.life = []


def lives(**shutdowns):
    """Plugins by name; each with what its shutdown does beside being noted."""

    def toy(name, behave):
        class Toy(Lives):
            async def shutdown(self):
                await super().shutdown()
                if behave is not None:
                    await behave()

        return Toy, {"name": name}

    return [toy(name, behave) for name, behave in shutdowns.items()]


async def hangs():
    await asyncio.Event().wait()


async def raises():
    raise ValueError("secret")


async def exits():
    raise SystemExit


async def swallows():
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass


async def test_plugins_are_shut_down_in_reverse_order_each_exactly_once(toys):
    async with toys.runner(*lives(a=None, b=None, c=None)):
        assert Lives.life == ["a up", "b up", "c up"]
    assert Lives.life[3:] == ["c down", "b down", "a down"]


async def test_the_order_is_that_of_priority(toys):
    (a, _), (b, _) = lives(a=None, b=None)
    async with toys.runner((a, {"name": "a", "priority": 2}), (b, {"name": "b", "priority": 1})):
        pass
    assert Lives.life == ["b up", "a up", "a down", "b down"]


@pytest.mark.parametrize("behave", [hangs, raises, exits, swallows])
async def test_one_that_hangs_or_raises_does_not_keep_the_others_from_theirs(toys, behave, caplog):
    async with asyncio.timeout(20), toys.runner(*lives(a=None, b=behave, c=behave, d=None), shutdown_timeout="100ms"):
        pass
    assert Lives.life[4:] == ["d down", "c down", "b down", "a down"]
    assert "'b' failed to shut down" in caplog.text
    assert "secret" not in caplog.text


async def test_it_is_bounded_by_shutdown_timeout(toys):
    loop = asyncio.get_running_loop()
    async with toys.runner(*lives(a=hangs, b=hangs, c=hangs), shutdown_timeout="60ms"):
        start = loop.time()
    assert loop.time() - start < 10


async def test_also_after_a_failed_start_what_was_up_is_shut_down(toys):
    class Broken(Lives):
        async def initialize(self):
            self.life.append("broken up")
            raise ConnectionRefusedError

    with pytest.raises(PluginLoadError):
        async with toys.runner(*lives(a=None, b=raises), Broken, (Lives, {"name": "never"})):
            raise AssertionError("started")
    assert Lives.life == ["a up", "b up", "broken up", "Broken down", "b down", "a down"]


async def test_also_when_the_host_raises(toys):
    with pytest.raises(ZeroDivisionError):
        async with toys.runner(*lives(a=None)):
            raise ZeroDivisionError
    assert Lives.life == ["a up", "a down"]


@pytest.mark.parametrize("how", ["task", "anyio"])
async def test_also_when_the_host_is_cancelled_while_plugins_shut_down(toys, how):
    shutting_down = asyncio.Event()

    async def slow():
        shutting_down.set()
        await asyncio.sleep(0.05)

    async def host(scope=None):
        async with toys.runner(*lives(a=slow, b=slow, c=slow)):
            if scope is not None:
                scope.cancel()
                await asyncio.Event().wait()

    if how == "task":
        task = asyncio.create_task(host())
        await shutting_down.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        with anyio.CancelScope() as scope:
            await host(scope)
        assert scope.cancelled_caught
    assert Lives.life[3:] == ["c down", "b down", "a down"]


async def test_a_start_that_is_cancelled_shuts_down_what_was_up(toys):
    starting = asyncio.Event()

    class Slow(Lives):
        async def initialize(self):
            starting.set()
            await asyncio.Event().wait()

    async def host():
        async with toys.runner(*lives(a=None), Slow, shutdown_timeout=0.5):
            raise AssertionError("started")

    task = asyncio.create_task(host())
    await starting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert Lives.life == ["a up", "Slow down", "a down"]


async def test_def_initialize_and_shutdown_work_too(toys):
    class Plain(Lives):
        def initialize(self):
            self.life.append("up")

        def shutdown(self):
            self.life.append("down")

    async with toys.runner(Plain):
        pass
    assert Lives.life == ["up", "down"]


async def test_a_disabled_plugin_is_neither_initialized_nor_shut_down(toys):
    async with toys.runner((Lives, {"mode": "disabled"})):
        pass
    assert Lives.life == []


async def test_a_runner_that_was_closed_serves_no_more(toys):
    runner = toys.runner(Lives)
    async with runner:
        request = runner.request()
        async with request:
            pass
    with pytest.raises(GatehookError, match="not running"):
        async with runner.request():
            pass
    with pytest.raises(GatehookError, match="started before"):
        async with runner:
            pass


async def test_hooks_of_a_request_still_open_when_the_runner_closed_block(toys):
    runner = toys.runner((Lives, {"mode": "permissive"}))
    async with runner:
        request = runner.request()
        await request.__aenter__()
    outcome = await request.run(CALL)
    await request.__aexit__(None, None, None)
    assert outcome.violation.code == "SHUT_DOWN"


# -- PLUGINS_ENABLED


@pytest.mark.parametrize("value", [None, "true", "True", "TRUE"])
async def test_plugins_enabled_unset_or_true_plugins_run(toys, monkeypatch, value):
    monkeypatch.delenv("PLUGINS_ENABLED", raising=False)
    if value is not None:
        monkeypatch.setenv("PLUGINS_ENABLED", value)
    assert (await toys.run(CALL, Lives)).blocked


@pytest.mark.parametrize("value", ["false", "False"])
async def test_plugins_enabled_false_none_runs_and_that_is_said_loudly(toys, monkeypatch, capsys, value):
    monkeypatch.setenv("PLUGINS_ENABLED", value)
    elsewhere = {"name": "elsewhere", "conditions": [{"tools": ["other"]}]}
    plugins = [(Lives, {"hooks": ["tool_pre_invoke"], **keys}) for keys in ({}, elsewhere)]
    async with toys.runner(*plugins) as runner, runner.request() as request:
        outcome = await request.run(CALL)
        states = {(status.state, status.reason) for status in runner.plugins()}
    assert not outcome.blocked
    assert Lives.life == []
    assert states == {("off", "PLUGINS_ENABLED is false")}
    assert [(record.verdict, record.reason) for record in outcome.records] == [
        (Verdict.SKIPPED, "PLUGINS_ENABLED is false")
    ] * 2
    assert "PLUGINS_ENABLED is false" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["", "yes", "1", "0", "off", "tru", " true"])
def test_plugins_enabled_anything_else_is_an_error(toys, monkeypatch, value):
    monkeypatch.setenv("PLUGINS_ENABLED", value)
    with pytest.raises(ConfigError, match="PLUGINS_ENABLED"):
        toys.runner(Lives)


# -- health


async def test_health_is_polled_and_shows_in_the_status(toys):
    answers = asyncio.Queue()
    for answer in (True, "backend is slow", ValueError("secret")):
        answers.put_nowait(answer)

    class Sick(Plugin):
        async def health(self):
            answer = await answers.get()
            if isinstance(answer, Exception):
                raise answer
            return answer

        async def tool_pre_invoke(self, payload, context):
            pass

    async with toys.runner(Sick, plugin_health_check_interval="5ms") as runner:
        assert runner.plugins()[0].health is None
        seen = []
        async with asyncio.timeout(20):
            while len(seen) < 3:
                await asyncio.sleep(0.001)
                health = runner.plugins()[0].health
                if health is not None and (not seen or seen[-1] != health):
                    seen.append(health)
    assert seen[:2] == [True, "backend is slow"]
    assert "ValueError" in seen[2]
    assert "secret" not in seen[2]


async def test_one_hung_health_check_does_not_keep_the_others_from_theirs(toys):
    class Hung(Lives):
        async def health(self):
            await asyncio.Event().wait()

    settings = {"plugin_health_check_interval": "5ms", "plugin_timeout": "20ms"}
    async with toys.runner(Hung, (Lives, {"name": "well"}), **settings) as runner, asyncio.timeout(20):
        while runner.plugins()[1].health is None:  # noqa: ASYNC110  # a status has no event
            await asyncio.sleep(0.001)
        assert runner.plugins()[0].health is not True
        async with runner.request() as request:
            assert (await request.run(CALL)).blocked


async def test_the_status_tells_of_each_plugin(toys):
    class Tells(Lives):
        pass

    entry = {"tags": ["t"], "conditions": [{"tools": ["x"]}], "config": {"n": 1}, "mode": "permissive", "priority": 3}
    async with toys.runner((Tells, entry)) as runner:
        (status,) = runner.plugins()
    assert (status.name, status.mode.value, status.priority, status.hooks) == (
        "Tells",
        "permissive",
        3,
        ("tool_pre_invoke",),
    )
    assert (status.tags, status.conditions, status.config, status.state) == (
        ("t",),
        ({"tools": ["x"]},),
        {"n": 1},
        "running",
    )


async def test_runners_share_nothing(toys):
    one, two = toys.runner(Lives), Runner.from_config({"plugins": []})
    async with one, two, one.request() as request, two.request() as other:
        assert (await request.run(CALL)).blocked
        assert not (await other.run(CALL)).blocked
