"""In which order plugins run, and where."""

import random

import pytest
from gatehook import ConfigError, Plugin, PluginResult, Runner, ToolPreInvokePayload

CALL = ToolPreInvokePayload("lookup", {})


class Appends(Plugin):
    """Leaves its name in the arguments, so that the payload tells the order."""

    async def tool_pre_invoke(self, payload, context):
        return PluginResult(
            modified_payload=ToolPreInvokePayload(payload.name, {**payload.args, self.name: len(payload.args)})
        )


async def order(toys, *entries, **settings):
    outcome = await toys.run(CALL, *((Appends, entry) for entry in entries), **settings)
    return list(outcome.payload.args)


async def test_priority_is_ascending(toys):
    assert await order(
        toys, {"name": "b", "priority": 20}, {"name": "c", "priority": 30}, {"name": "a", "priority": 10}
    ) == ["a", "b", "c"]


async def test_priorities_may_be_zero_and_negative_and_the_default_is_a_hundred(toys):
    entries = [
        {"name": "default"},
        {"name": "late", "priority": 101},
        {"name": "zero", "priority": 0},
        {"name": "minus", "priority": -5},
    ]
    assert await order(toys, *entries) == ["minus", "zero", "default", "late"]


async def test_ties_run_in_the_order_of_the_file(toys):
    names = [f"p{number}" for number in range(12)]
    random.Random(4).shuffle(names)
    assert await order(toys, *({"name": name} for name in names)) == names


async def test_a_hundred_loads_of_one_file_give_one_order(toys):
    config = toys.config(*((Appends, {"name": f"p{number}", "priority": number % 3}) for number in range(9)))
    seen = set()
    for _ in range(100):
        async with Runner.from_config(config) as runner, runner.request() as request:
            seen.add(tuple((await request.run(CALL)).payload.args))
    assert seen == {("p0", "p3", "p6", "p1", "p4", "p7", "p2", "p5", "p8")}


async def test_the_order_holds_across_all_modes(toys):
    entries = [
        {"name": "d", "priority": 4},
        {"name": "b", "priority": 2, "mode": "permissive"},
        {"name": "c", "priority": 3, "mode": "audit"},
        {"name": "a", "priority": 1, "mode": "enforce"},
        {"name": "x", "priority": 0, "mode": "disabled"},
    ]
    outcome = await toys.run(CALL, *((Appends, entry) for entry in entries))
    assert [record.plugin for record in outcome.records] == ["a", "b", "c", "d"]
    assert list(outcome.payload.args) == ["a", "b", "d"]


async def test_the_order_of_methods_and_names_does_not_matter(toys):
    class Zebra(Appends):
        pass

    class Aardvark(Appends):
        pass

    assert list((await toys.run(CALL, Zebra, Aardvark)).payload.args) == ["Zebra", "Aardvark"]


async def test_one_class_may_serve_several_entries_each_with_an_instance_of_its_own(toys):
    instances = set()

    class Same(Plugin):
        def __init__(self, config):
            super().__init__(config)
            instances.add(id(self))

        async def tool_pre_invoke(self, payload, context):
            return PluginResult(metadata=self.config.config)

    first = toys.entry((Same, {"name": "one", "config": {"n": 1}}))
    config = {"plugins": [first, {**first, "name": "two", "config": {"n": 2}}]}
    async with Runner.from_config(config) as runner, runner.request() as request:
        outcome = await request.run(CALL)
    assert len(instances) == 2
    assert dict(outcome.metadata) == {"one": {"n": 1}, "two": {"n": 2}}


@pytest.mark.parametrize("priority", ["high", 1.5, None])
async def test_a_priority_is_a_whole_number(toys, priority):
    with pytest.raises(ConfigError, match="priority"):
        toys.runner((Appends, {"priority": priority}))


async def test_two_entries_of_one_name_are_refused(toys):
    with pytest.raises(ConfigError, match="taken"):
        toys.runner(Appends, Appends)


async def test_a_later_plugin_builds_on_an_earlier_ones_edit_of_another_argument(toys):
    class EditsA(Plugin):
        def tool_pre_invoke(self, payload):
            payload.args["a"] = 1
            return PluginResult(modified_payload=payload)

    class EditsB(Plugin):
        def tool_pre_invoke(self, payload):
            return PluginResult(modified_payload=ToolPreInvokePayload(payload.name, {**payload.args, "b": 2}))

    outcome = await toys.run(ToolPreInvokePayload("t", {"a": 0, "b": 0, "c": 0}), EditsA, EditsB)
    assert outcome.payload.args == {"a": 1, "b": 2, "c": 0}
