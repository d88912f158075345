"""context.state, request.state and metadata."""

import asyncio
import threading

import pytest
from gatehook import (
    GatehookError,
    Plugin,
    PluginContext,
    PluginResult,
    PromptPrehookPayload,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)

BEFORE, AFTER = ToolPreInvokePayload("t", {}), ToolPostInvokePayload("t", {})


def step(function, name="Toy"):
    """A plugin whose pre and post hook call ``function(self, context, hook)``."""

    class Toy(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return function(self, context, "pre")

        async def tool_post_invoke(self, payload, context):
            return function(self, context, "post")

    return Toy, {"name": name}


async def both(toys, *plugins, **settings):
    async with toys.runner(*plugins, **settings) as runner, runner.request(user="alice") as request:
        await request.run(BEFORE)
        await request.run(AFTER)
    return request


async def test_state_is_the_plugin_s_own_from_the_request_s_first_hook_to_its_last(toys):
    seen = {}

    def counts(plugin, context, hook):
        seen[plugin.name, hook] = context.get_state("n")
        context.set_state("n", plugin.name)

    await both(toys, step(counts, "a"), step(counts, "b"))
    assert seen == {("a", "pre"): None, ("a", "post"): "a", ("b", "pre"): None, ("b", "post"): "b"}


async def test_each_request_begins_with_empty_state(toys):
    seen = []

    def counts(plugin, context, hook):
        seen.append((dict(context.state), dict(context.request.state), context.request.user))
        context.state["n"] = context.request.state["n"] = 1

    async with toys.runner(step(counts)) as runner:
        for user in ("alice", "bob"):
            async with runner.request(user=user) as request:
                await request.run(BEFORE)
    assert seen == [({}, {}, "alice"), ({}, {}, "bob")]


async def test_request_state_is_shared_by_key_with_later_plugins_and_hooks_and_the_host(toys):
    seen = []

    def shares(plugin, context, hook):
        seen.append(sorted(context.request.state))
        context.request.state[f"{plugin.name} {hook}"] = True

    async with toys.runner(step(shares, "a"), step(shares, "b")) as runner, runner.request() as request:
        request.state["host"] = True
        await request.run(BEFORE)
        await request.run(AFTER)
    assert seen == [["host"], ["a pre", "host"], ["a pre", "b pre", "host"], ["a post", "a pre", "b pre", "host"]]
    assert sorted(request.state) == ["a post", "a pre", "b post", "b pre", "host"]


async def test_global_context_is_another_name_of_request(toys):
    def uses(plugin, context, hook):
        assert context.global_context is context.request
        context.global_context.state["user"] = context.global_context.user

    assert (await both(toys, step(uses))).state == {"user": "alice"}


@pytest.mark.parametrize("place", ["state", "shared"])
async def test_deleting_a_key_works(toys, place):
    left = []

    def deletes(plugin, context, hook):
        state = context.state if place == "state" else context.request.state
        if hook == "pre":
            state.update(a=1, b=2)
        elif plugin.name == "first":
            del state["a"]
            left.append(dict(state))
        return PluginResult()

    async with toys.runner(step(deletes, "first")) as runner, runner.request() as request:
        await request.run(BEFORE)
        await request.run(AFTER)
        await request.run(BEFORE)
    assert left == [{"b": 2}]
    if place == "shared":
        assert request.state == {"a": 1, "b": 2}


async def test_clearing_the_state_works(toys):
    seen = []

    def clears(plugin, context, hook):
        seen.append((dict(context.state), dict(context.request.state)))
        for state in (context.state, context.request.state):
            state.clear() if hook == "post" else state.update(a=1, b=2)

    async with toys.runner(step(clears)) as runner, runner.request() as request:
        for payload in (BEFORE, AFTER, BEFORE):
            await request.run(payload)
    assert seen == [({}, {}), ({"a": 1, "b": 2}, {"a": 1, "b": 2}), ({}, {})]


@pytest.mark.parametrize("how", ["raises", "times out", "returns nonsense"])
async def test_keys_written_by_a_failed_or_timed_out_call_are_dropped(toys, how):
    seen = []

    class Fails(Plugin):
        async def tool_pre_invoke(self, payload, context):
            context.state["n"] = context.request.state["n"] = context.metadata["n"] = 1
            context.request.state.pop("host")
            if how == "raises":
                raise ValueError
            if how == "times out":
                await asyncio.Event().wait()
            return "nonsense"

        async def tool_post_invoke(self, payload, context):
            seen.append((dict(context.state), dict(context.request.state)))

    async with toys.runner((Fails, {"on_error": "allow", "timeout": "20ms"})) as runner, runner.request() as request:
        request.state["host"] = 1
        outcome = await request.run(BEFORE)
        await request.run(AFTER)
    assert seen == [({}, {"host": 1})]
    assert dict(outcome.metadata) == {}


async def test_state_written_by_a_blocking_call_is_kept(toys):
    seen = []

    class Blocks(Plugin):
        async def tool_pre_invoke(self, payload, context):
            context.state["n"] = context.request.state["n"] = context.metadata["n"] = 1
            return PluginResult(False)

        async def prompt_pre_fetch(self, payload, context):
            seen.append((dict(context.state), dict(context.request.state)))

    async with toys.runner(Blocks) as runner, runner.request() as request:
        outcome = await request.run(BEFORE)
        await request.run(PromptPrehookPayload("p"))
    assert seen == [({"n": 1}, {"n": 1})]
    assert outcome.metadata["Blocks"] == {"n": 1}


def a_generator():
    yield 1


@pytest.mark.parametrize(
    "value",
    [
        threading.Lock(),
        a_generator(),
        ValueError("x"),
        asyncio.Event(),
        object(),
        lambda: None,
        open,
        float("nan"),
        {"deep": [1]},
    ],
    ids=lambda value: type(value).__name__,
)
async def test_state_may_hold_anything_and_is_never_copied(toys, value):
    seen = []

    def holds(plugin, context, hook):
        if hook == "pre":
            context.state["v"] = context.request.state["v"] = value
        seen.append((context.state.get("v"), context.request.state.get("v")))

    await both(toys, step(holds))
    assert all(mine is value and shared is value for mine, shared in seen)


async def test_state_survives_hooks_that_run_at_the_same_time(toys):
    meet = asyncio.Barrier(2)

    class Writes(Plugin):
        async def tool_pre_invoke(self, payload, context):
            context.state[payload.name] = context.request.state[payload.name] = True
            await meet.wait()

        async def tool_post_invoke(self, payload, context):
            return PluginResult(metadata={"state": sorted(context.state)})

    async with toys.runner(Writes) as runner, runner.request() as request:
        await asyncio.gather(*(request.run(ToolPreInvokePayload(name, {})) for name in "ab"))
        outcome = await request.run(AFTER)
    assert outcome.metadata["Writes"] == {"state": ["a", "b"]}
    assert sorted(request.state) == ["a", "b"]


async def test_metadata_goes_to_the_host_by_plugin(toys):
    class Tells(Plugin):
        async def tool_pre_invoke(self, payload, context):
            context.metadata["a"] = 1
            return PluginResult(metadata={"b": 2})

    outcome = await toys.run(BEFORE, (Tells, {"name": "one"}), (Tells, {"name": "two"}))
    assert dict(outcome.metadata) == {"one": {"a": 1, "b": 2}, "two": {"a": 1, "b": 2}}


async def test_metadata_is_of_one_run(toys):
    def tells(plugin, context, hook):
        assert not context.metadata
        context.metadata[hook] = 1

    await both(toys, step(tells))


async def test_plugins_see_who_is_asking(toys):
    seen = []
    host = object()

    class Looks(Plugin):
        def tool_pre_invoke(self, context):
            request = context.request
            seen.append(
                (request.id, request.user, request.tenant_id, request.server_id, request.content_type, request.roles)
            )
            assert request.host is host

    asked = {
        "id": "7",
        "user": "u",
        "tenant_id": "t",
        "server_id": "s",
        "content_type": "text/plain",
        "roles": ("r",),
        "host": host,
    }
    await toys.run(BEFORE, Looks, asked=asked)
    assert seen == [("7", "u", "t", "s", "text/plain", ("r",))]


async def test_roles_cannot_be_added_in_place(toys):
    class Promotes(Plugin):
        def tool_pre_invoke(self, context):
            context.request.roles.append("admin")

    async with toys.runner((Promotes, {"on_error": "allow"})) as runner, runner.request(roles=["reader"]) as request:
        await request.run(BEFORE)
    assert list(request.roles) == ["reader"]


async def test_a_request_without_an_id_has_one_that_stays(toys):
    seen = set()

    def looks(plugin, context, hook):
        seen.add(context.request.id)

    request = await both(toys, step(looks))
    assert seen == {request.id}
    assert len(request.id) == 32


async def test_a_plugin_cannot_run_hooks_of_the_request_that_it_is_lent(toys):
    class Recurses(Plugin):
        async def tool_pre_invoke(self, payload, context):
            await context.request.run(payload)

    assert (await toys.run(BEFORE, Recurses)).violation.code == "PLUGIN_ERROR"


async def test_a_request_runs_hooks_only_while_it_is_open(toys):
    async with toys.runner(step(lambda *_: None)) as runner:
        request = runner.request()
        with pytest.raises(GatehookError, match="not open"):
            request.run(BEFORE)
        async with request:
            await request.run(BEFORE)
            with pytest.raises(GatehookError, match="open already"):
                await request.__aenter__()
        with pytest.raises(GatehookError, match="not open"):
            request.run(BEFORE)


async def test_a_context_can_be_made_by_hand_for_a_test_of_a_plugin():
    context = PluginContext()
    context.set_state("a", 1)
    context.metadata["b"] = 2
    assert (context.get_state("a"), context.get_state("c", 3), context.metadata, context.request.user) == (
        1,
        3,
        {"b": 2},
        None,
    )
