"""What a runner says before and as it starts, and shows of its config."""

import pytest
from gatehook import GatehookError, Plugin


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


async def test_a_section_is_there_while_the_runner_runs(toys):
    runner = toys.runner(Quiet)
    with pytest.raises(GatehookError, match="not running"):
        runner.section("guard")
    async with runner:
        assert runner.section("guard") == {}
    with pytest.raises(GatehookError, match="not running"):
        runner.section("guard")


def test_the_hooks_that_a_host_calls_are_a_collection(toys):
    with pytest.raises(TypeError, match=r"such as \['tool_pre_invoke'\], not one name"):
        toys.runner(Quiet, hooks="tool_pre_invoke")
