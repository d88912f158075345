"""What a runner says before and as it starts, and shows of its config."""

import pytest
from gatehook import ConfigError, GatehookError, Plugin, PluginLoadError, Runner


class Quiet(Plugin):
    def tool_pre_invoke(self, payload): ...


async def test_the_status_masks_what_came_from_variables(toys, monkeypatch):
    monkeypatch.setenv("WHO", "hunter22")
    keys = {"tags": ["a", "${WHO}"], "conditions": [{"tools": ["x", "${WHO}"]}], "config": {"a": ["${WHO}"]}}
    async with toys.runner((Quiet, keys)) as runner:
        (status,) = runner.plugins()
    assert status.tags == ("a", "********")
    assert status.conditions == ({"tools": ["x", "********"]},)
    assert status.config == {"a": ["********"]}


async def test_a_section_is_there_from_the_reading_of_the_config_to_the_end_of_the_runner(toys):
    runner = toys.runner(Quiet)
    assert runner.section("guard") == {}
    async with runner:
        assert runner.section("guard") == {}
    with pytest.raises(GatehookError, match="not running"):
        runner.section("guard")


def test_the_hooks_that_a_host_calls_are_a_collection(toys):
    with pytest.raises(TypeError, match=r"such as \['tool_pre_invoke'\], not one name"):
        toys.runner(Quiet, hooks="tool_pre_invoke")


WRONG = [
    {"name": "deny_list", "config": {"wrods": ["x"]}},
    {"name": "nowhere"},
    {"name": "b", "kind": "nowhere_either", "mode": "permissive", "on_error": "block"},
    {"name": "c", "kind": "may_be_missing", "on_error": "allow"},
    {"name": "d", "kind": "is_off", "mode": "disabled"},
]
PATHS = {("plugins", 1, "name"), ("plugins", 2, "kind")}


def test_what_is_not_found_is_told_with_what_is_wrong():
    with pytest.raises(ConfigError) as raised:
        Runner.from_config({"plugins": WRONG})
    told = {problem.path for problem in raised.value.problems}
    assert told - {path for path in told if path[1] == 0} == PATHS
    assert len(told) > len(PATHS)


async def test_a_reload_tells_it_too(toys):
    async with toys.runner(Quiet) as runner:
        with pytest.raises(ConfigError) as raised:
            await runner.reload({"plugins": WRONG})
    assert {problem.path for problem in raised.value.problems} > PATHS


def test_nothing_is_missed_while_plugins_are_off(monkeypatch):
    monkeypatch.setenv("PLUGINS_ENABLED", "false")
    with pytest.raises(ConfigError) as raised:
        Runner.from_config({"plugins": WRONG})
    assert {problem.path[1] for problem in raised.value.problems} == {0}


async def test_alone_it_is_an_error_of_the_start():
    runner = Runner.from_config({"plugins": WRONG[1:]})
    with pytest.raises(PluginLoadError, match="'nowhere' cannot be found"):
        async with runner:
            pass
