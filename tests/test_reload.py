"""Reload: a new generation beside the old one, swapped in one step."""

import asyncio

import anyio
import pytest
import yaml
from gatehook import (
    ConfigError,
    GatehookError,
    Plugin,
    PluginLoadError,
    PluginResult,
    Runner,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)

CALL = ToolPreInvokePayload("lookup", {})


class Lives(Plugin):
    """Tells which config it is of, and what becomes of it."""

    life: list

    async def initialize(self):
        self.life.append(f"{self.config.config['n']} up")

    async def shutdown(self):
        self.life.append(f"{self.config.config['n']} down")

    async def tool_pre_invoke(self, payload, context):
        context.state["n"] = context.state.get("n", 0) + 1
        return PluginResult(metadata={"of": self.config.config["n"], "calls": context.state["n"]})

    tool_post_invoke = tool_pre_invoke


@pytest.fixture
def configs(toys):
    """Configs that differ in a number."""
    Lives.life = []
    first = toys.config((Lives, {"config": {"n": 1}}), shutdown_timeout="100ms")

    def config(number, **keys):
        return {**first, "plugins": [{**first["plugins"][0], "config": {"n": number}, **keys}]}

    return config


async def of(request, payload=CALL):
    return (await request.run(payload)).metadata["Lives"]["of"]


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.001)


async def test_a_request_after_a_reload_runs_on_the_new_generation(configs):
    async with Runner.from_config(configs(1)) as runner:
        async with runner.request() as request:
            assert await of(request) == 1
        await runner.reload(configs(2))
        async with runner.request() as request:
            assert await of(request) == 2
        assert runner.plugins()[0].config == {"n": 2}


async def test_an_open_request_finishes_on_the_generation_it_began_with_and_keeps_its_state(configs):
    async with Runner.from_config(configs(1)) as runner:
        async with runner.request() as old:
            assert await of(old) == 1
            await runner.reload(configs(2))
            async with runner.request() as new:
                assert await of(new) == 2
            outcome = await old.run(ToolPostInvokePayload("lookup", {}))
            assert outcome.metadata["Lives"] == {"of": 1, "calls": 2}
            assert Lives.life == ["1 up", "2 up"]
        await until(lambda: "1 down" in Lives.life)
    assert Lives.life == ["1 up", "2 up", "1 down", "2 down"]


async def test_the_old_generation_is_shut_down_when_its_last_request_closes(configs):
    async with Runner.from_config(configs(1, config={"n": 1})) as runner:
        one, two = runner.request(), runner.request()
        async with one:
            async with two:
                await runner.reload(configs(2))
            await asyncio.sleep(0)
            assert "1 down" not in Lives.life
            assert await of(one) == 1
        await until(lambda: "1 down" in Lives.life)


async def test_without_open_requests_it_is_shut_down_at_once(configs):
    async with Runner.from_config(configs(1)) as runner:
        await runner.reload(configs(2))
        await until(lambda: "1 down" in Lives.life)
        assert Lives.life == ["1 up", "2 up", "1 down"]


async def test_past_a_deadline_the_hooks_of_its_remaining_requests_block(configs):
    async with Runner.from_config(configs(1)) as runner, runner.request() as request:
        await runner.reload(configs(2))
        await until(lambda: "1 down" in Lives.life)
        outcome = await request.run(CALL)
        assert outcome.blocked
        assert outcome.violation.code == "SHUT_DOWN"
        assert outcome.payload is CALL


async def test_a_run_that_is_under_way_ends_on_its_generation(configs, toys):
    entered, release = asyncio.Event(), asyncio.Event()

    class Waits(Plugin):
        async def tool_pre_invoke(self, payload, context):
            entered.set()
            await release.wait()
            return PluginResult(metadata={"of": 1})

    async with toys.runner(Waits) as runner, runner.request() as request:
        run = asyncio.create_task(request.run(CALL))
        await entered.wait()
        await runner.reload(configs(2))
        release.set()
        assert (await run).metadata["Waits"] == {"of": 1}


INVALID = {
    "no list": {"plugins": "x"},
    "unknown key": {"plugins": [], "plugin_setting": {}},
    "no file": "/no/such/file.yaml",
    "no plugin": {"plugins": [{"name": "a", "kind": "no.such.Plugin"}]},
}


@pytest.mark.parametrize("invalid", INVALID.values(), ids=INVALID)
async def test_an_invalid_config_leaves_the_old_generation_serving_and_the_status_says_why(configs, invalid):
    async with Runner.from_config(configs(1)) as runner:
        with pytest.raises(GatehookError) as caught:
            await runner.reload(invalid)
        assert runner.last_error is caught.value
        async with runner.request() as request:
            assert await of(request) == 1
        await runner.reload(configs(3))
        assert runner.last_error is None
        async with runner.request() as request:
            assert await of(request) == 3


async def test_a_plugin_that_does_not_come_up_leaves_the_old_generation_serving(configs, toys):
    class Broken(Lives):
        async def initialize(self):
            raise ConnectionRefusedError

    config = toys.config((Lives, {"config": {"n": 2}}), Broken)
    async with Runner.from_config(configs(1)) as runner:
        with pytest.raises(PluginLoadError, match="Broken"):
            await runner.reload(config)
        async with runner.request() as request:
            assert await of(request) == 1
        assert isinstance(runner.last_error, PluginLoadError)
    assert Lives.life[:3] == ["1 up", "2 up", "2 down"]


async def test_without_a_config_the_same_source_is_read_again(tmp_path, toys):
    Lives.life = []
    file = tmp_path / "gatehook.yaml"
    config = toys.config((Lives, {"config": {"n": 1}}))
    file.write_text(yaml.safe_dump(config))
    async with Runner.from_config(file) as runner:
        config["plugins"][0]["config"]["n"] = 2
        file.write_text(yaml.safe_dump(config))
        await runner.reload()
        async with runner.request() as request:
            assert await of(request) == 2
        file.write_text("plugins: [")
        with pytest.raises(ConfigError):
            await runner.reload()
        async with runner.request() as request:
            assert await of(request) == 2


async def test_reloads_at_the_same_time_happen_one_after_another(configs):
    async with Runner.from_config(configs(1)) as runner:
        await asyncio.gather(*(runner.reload(configs(number)) for number in (2, 3, 4)))
        async with runner.request() as request:
            assert await of(request) == 4
        await until(lambda: sum("down" in event for event in Lives.life) == 3)
    assert sorted(Lives.life) == sorted(f"{number} {what}" for number in (1, 2, 3, 4) for what in ("up", "down"))


async def test_a_failed_plugin_that_comes_up_after_a_reload_belongs_to_the_new_generation(configs, toys):
    class Late(Lives):
        ready = False

        async def initialize(self):
            if not self.ready:
                raise ConnectionRefusedError

    late = toys.config((Late, {"config": {"n": 5}, "on_error": "allow"}), plugin_health_check_interval="10ms")
    async with Runner.from_config(late) as runner:
        await runner.reload(late)
        Late.ready = True
        await until(lambda: runner.plugins()[0].state == "running")
        async with runner.request() as request:
            assert (await request.run(CALL)).metadata["Late"]["of"] == 5


async def test_a_runner_that_is_not_running_cannot_reload(configs):
    runner = Runner.from_config(configs(1))
    with pytest.raises(GatehookError, match="not running"):
        await runner.reload(configs(2))
    async with runner:
        pass
    with pytest.raises(GatehookError, match="not running"):
        await runner.reload(configs(2))
    assert Lives.life == ["1 up", "1 down"]


async def test_a_reload_under_way_when_the_runner_ends_leaves_nothing_running(configs, toys):
    entered, release = asyncio.Event(), asyncio.Event()

    class Slow(Lives):
        async def initialize(self):
            await super().initialize()
            entered.set()
            await release.wait()

    slow = toys.config((Slow, {"config": {"n": 2}}))
    async with Runner.from_config(configs(1)) as runner:
        reload = asyncio.create_task(runner.reload(slow))
        await entered.wait()
        asyncio.get_running_loop().call_later(0.01, release.set)
    await asyncio.gather(reload, return_exceptions=True)
    assert sorted(Lives.life) == ["1 down", "1 up", "2 down", "2 up"]


async def test_counts_and_breakers_begin_anew(configs, toys):
    class Fails(Plugin):
        async def tool_pre_invoke(self, payload, context):
            raise ValueError

    config = toys.config((Fails, {"on_error": "disable", "disable_after": 1}))
    async with Runner.from_config(config) as runner:
        async with runner.request() as request:
            await request.run(CALL)
        assert runner.plugins()[0].state == "out"
        await runner.reload(config)
        assert runner.plugins()[0].state == "running"
        assert runner.stats()["Fails"]["tool_pre_invoke"]["runs"] == 0


async def test_what_a_plugin_opens_in_initialize_it_may_close_in_shutdown_after_a_reload(toys):
    class Session(Plugin):
        async def initialize(self):
            self.group = anyio.create_task_group()
            await self.group.__aenter__()
            self.group.start_soon(anyio.sleep_forever)

        async def shutdown(self):
            self.group.cancel_scope.cancel()
            await self.group.__aexit__(None, None, None)
            closed.append(self.name)

        def tool_pre_invoke(self):
            return None

    closed: list[str] = []
    config = toys.config(Session)
    async with Runner.from_config(config) as runner:
        await runner.reload(config)
        async with runner.request() as request:
            await request.run(ToolPreInvokePayload("lookup"))
    assert closed == ["Session", "Session"]


async def test_a_plugin_whose_own_task_group_fails_takes_nobody_with_it(toys):
    class Crashes(Plugin):
        async def initialize(self):
            self.group = anyio.create_task_group()
            await self.group.__aenter__()
            self.group.start_soon(self.crash)

        async def crash(self):
            raise ValueError

        async def shutdown(self):
            await self.group.__aexit__(None, None, None)

        def tool_pre_invoke(self):
            return None

    async with Runner.from_config(toys.config(Crashes)) as runner, runner.request() as request:
        await asyncio.sleep(0.05)
        outcome = await request.run(ToolPreInvokePayload("lookup"))
    assert not outcome.blocked
