"""What a plugin does in place, and does not return, has no effect on anyone."""

import asyncio
import copy
import dataclasses
import json
import pickle
import threading
from collections import OrderedDict

import pytest
from gatehook import (
    Content,
    Message,
    Plugin,
    PluginResult,
    PluginViolation,
    PromptPosthookPayload,
    PromptResult,
    ResourceContent,
    ResourcePostFetchPayload,
    TextContent,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
    Verdict,
)

ARGS = {"q": "Bob", "deep": {"list": [1, {"x": 2}]}}


def call():
    return ToolPreInvokePayload("lookup", copy.deepcopy(ARGS))


class Looks(Plugin):
    """Remembers the payload that it got."""

    async def tool_pre_invoke(self, payload, context):
        type(self).seen = copy.deepcopy((payload.name, payload.args))


class Vandal(Plugin):
    """Changes all that it can reach, and returns nothing."""

    async def tool_pre_invoke(self, payload, context):
        payload.args["deep"]["list"][1]["x"] = "vandal"
        payload.args["deep"]["list"].append("vandal")
        payload.args["new"] = "vandal"
        payload.name = "vandal"
        context.request.user = "vandal"
        context.request.tenant_id = "vandal"
        context.request.server_id = "vandal"
        context.request.content_type = "vandal"
        context.request.roles = ("vandal",)


@pytest.mark.parametrize("keys", [{}, {"mode": "permissive"}, {"mode": "audit"}])
async def test_what_a_plugin_changes_in_place_and_does_not_return_has_no_effect(toys, keys):
    payload = call()
    async with toys.runner((Vandal, keys), Looks) as runner:
        async with runner.request(user="alice", tenant_id="acme", roles=("reader",)) as request:
            outcome = await request.run(payload)
        assert (request.user, request.tenant_id, request.server_id, request.roles) == (
            "alice",
            "acme",
            None,
            ("reader",),
        )
    assert Looks.seen == ("lookup", ARGS)
    assert outcome.payload is payload
    assert payload == call()
    assert not outcome.modified


async def test_changes_in_place_and_an_empty_result_are_never_half_applied(toys):
    class Half(Plugin):
        def tool_pre_invoke(self, payload):
            payload.args["q"] = "half"
            return PluginResult(metadata={"done": True})

    outcome = await toys.run(call(), Half, Looks)
    assert Looks.seen == ("lookup", ARGS)
    assert outcome.payload == call()


async def test_a_change_in_place_counts_when_the_payload_is_returned(toys):
    class Writes(Plugin):
        def tool_pre_invoke(self, payload):
            payload.args["deep"]["list"][1]["x"] = 3
            return PluginResult(modified_payload=payload)

    payload = call()
    outcome = await toys.run(payload, Writes, Looks)
    assert outcome.payload.args["deep"]["list"][1]["x"] == 3
    assert outcome.modified
    assert payload == call()
    assert Looks.seen[1]["deep"]["list"][1]["x"] == 3


async def test_returning_the_payload_unchanged_is_no_change(toys):
    class Same(Plugin):
        def tool_pre_invoke(self, payload):
            payload.args["q"] = str(payload.args["q"])
            return PluginResult(modified_payload=payload)

    class Equal(Plugin):
        def tool_pre_invoke(self, payload):
            return PluginResult(modified_payload=ToolPreInvokePayload(payload.name, copy.deepcopy(payload.args)))

    payload = call()
    outcome = await toys.run(payload, Same, Equal)
    assert outcome.payload is payload
    assert not outcome.modified
    assert [record.verdict for record in outcome.records] == [Verdict.OK, Verdict.OK]


async def test_what_changes_the_wire_is_a_change_though_python_calls_it_equal(toys):
    class Retypes(Plugin):
        def tool_pre_invoke(self, payload):
            return PluginResult(modified_payload=ToolPreInvokePayload("t", {"a": 1.0, "b": True, "c": 0, "d": -0.0}))

    outcome = await toys.run(ToolPreInvokePayload("t", {"a": 1, "b": 1, "c": False, "d": 0.0}), Retypes)
    assert json.dumps(outcome.payload.args) == '{"a": 1.0, "b": true, "c": 0, "d": -0.0}'
    assert set(outcome.records[0].changes) == {"args.a", "args.b", "args.c", "args.d"}


async def test_nan_left_alone_is_no_change(toys):
    class Touches(Plugin):
        def tool_pre_invoke(self, payload):
            assert payload.args["x"] != payload.args["x"]  # that is what NaN is
            return PluginResult(modified_payload=payload)

    outcome = await toys.run(ToolPreInvokePayload("t", {"x": float("nan")}), Touches)
    assert not outcome.modified


async def test_changing_what_was_returned_changes_nothing_later(toys):
    kept = []

    class Keeps(Plugin):
        def tool_pre_invoke(self, payload):
            payload.args["q"] = ["kept"]
            kept.append(payload)
            return PluginResult(modified_payload=payload)

    class Late(Plugin):
        def tool_pre_invoke(self, payload):
            kept[0].args["q"].append("late")
            kept[0].name = "late"

    outcome = await toys.run(call(), Keeps, Late, Looks)
    assert outcome.payload.args["q"] == ["kept"]
    assert Looks.seen == ("lookup", {**ARGS, "q": ["kept"]})


async def test_a_payload_kept_from_an_earlier_call_brings_nothing_of_it_along(toys):
    kept = []

    class Keeps(Plugin):
        def tool_pre_invoke(self, payload):
            kept.append(payload)
            return PluginResult(modified_payload=kept[0])

    async with toys.runner(Keeps) as runner, runner.request() as request:
        await request.run(ToolPreInvokePayload("one", {"n": 1}))
        outcome = await request.run(ToolPreInvokePayload("two", {"n": 2}))
    assert outcome.payload == ToolPreInvokePayload("one", {"n": 1})  # it was returned, so it counts


async def test_plugins_get_real_dicts_lists_and_payloads(toys):
    seen = {}

    class Checks(Plugin):
        def tool_pre_invoke(self, payload):
            seen["types"] = [type(payload), type(payload.args), type(payload.args["deep"]["list"])]
            seen["json"] = json.loads(json.dumps(payload.args))
            seen["asdict"] = dataclasses.asdict(payload)
            seen["replace"] = dataclasses.replace(payload, name="other")
            seen["copy"] = (copy.copy(payload), copy.deepcopy(payload))
            seen["pickle"] = pickle.loads(pickle.dumps(payload))
            seen["equal"] = payload == call()
            seen["repr"] = repr(payload)
            seen["fields"] = [field.name for field in dataclasses.fields(payload)]
            match payload:
                case ToolPreInvokePayload(name="lookup", args={"q": q}):
                    seen["match"] = q

    outcome = await toys.run(call(), Checks)
    assert not outcome.blocked
    assert seen["types"] == [ToolPreInvokePayload, dict, list]
    assert seen["json"] == ARGS
    assert seen["asdict"] == {"name": "lookup", "args": ARGS}
    assert seen["replace"] == ToolPreInvokePayload("other", ARGS)
    assert seen["copy"] == (call(), call())
    assert seen["pickle"] == call()
    assert seen["equal"]
    assert seen["repr"] == repr(call())
    assert seen["fields"] == ["name", "args"]
    assert seen["match"] == "Bob"


@pytest.mark.parametrize("remake", [copy.copy, copy.deepcopy, dataclasses.replace], ids=["copy", "deepcopy", "replace"])
async def test_a_copy_of_the_payload_can_be_returned(toys, remake):
    class Copies(Plugin):
        def tool_pre_invoke(self, payload):
            mine = remake(payload)
            mine.args = {**mine.args, "q": "copied"}
            return PluginResult(modified_payload=mine)

    outcome = await toys.run(call(), Copies, Looks)
    assert outcome.payload == ToolPreInvokePayload("lookup", {**ARGS, "q": "copied"})


async def test_typed_models_are_lent_as_copies_too(toys):
    payload = PromptPosthookPayload(
        "p",
        PromptResult(
            messages=[Message(role="user", content=TextContent("hello", annotations={"a": [1]}))], _meta={"k": 1}
        ),
    )

    class Vandalizes(Plugin):
        def prompt_post_fetch(self, payload):
            payload.result.messages[0].content.text = "vandal"
            payload.result.messages[0].content.annotations["a"].append(2)
            payload.result.messages.clear()

    class Writes(Plugin):
        def prompt_post_fetch(self, payload):
            payload.result.messages[0].content.text += "!"
            return PluginResult(modified_payload=payload)

    outcome = await toys.run(payload, Vandalizes, Writes)
    assert payload.result.messages[0].content.text == "hello"
    content = outcome.payload.result.messages[0].content
    assert content.to_json() == {"type": "text", "text": "hello!", "annotations": {"a": [1]}}
    assert outcome.payload.result.to_json()["_meta"] == {"k": 1}
    assert isinstance(content, Content)


async def test_resource_content_is_lent_as_a_copy_too(toys):
    payload = ResourcePostFetchPayload("res://x", ResourceContent(uri="res://x", text="hello"))

    class Vandalizes(Plugin):
        def resource_post_fetch(self, payload):
            payload.content.text = "vandal"
            del payload.content.uri

    await toys.run(payload, Vandalizes)
    assert payload.content.to_json() == {"uri": "res://x", "text": "hello"}


class Odd:
    def __init__(self):
        self.items = [1]


@pytest.mark.parametrize(
    "value", [(1, [2]), {1, 2}, OrderedDict(a=[1]), bytearray(b"x"), Odd()], ids=lambda value: type(value).__name__
)
async def test_values_of_other_types_are_copied_as_well(toys, value):
    class Vandalizes(Plugin):
        def tool_post_invoke(self, payload):
            match payload.result:
                case tuple():
                    payload.result[1].append("vandal")
                case set():
                    payload.result.add("vandal")
                case dict():
                    payload.result["a"].append("vandal")
                case bytearray():
                    payload.result.extend(b"vandal")
                case _:
                    payload.result.items.append("vandal")

    before = copy.deepcopy(vars(value) if isinstance(value, Odd) else value)
    outcome = await toys.run(ToolPostInvokePayload("t", value), Vandalizes)
    assert not outcome.blocked
    assert (vars(value) if isinstance(value, Odd) else value) == before


async def test_what_cannot_be_copied_is_a_plugin_error_where_a_plugin_touches_it(toys):
    class Ignores(Plugin):
        def tool_post_invoke(self, payload):
            return PluginResult(metadata={"name": payload.name})

    class Touches(Plugin):
        def tool_post_invoke(self, payload):
            return PluginResult(metadata={"type": str(payload.result)})

    payload = ToolPostInvokePayload("t", {"lock": threading.Lock()})
    assert not (await toys.run(payload, Ignores)).blocked
    assert (await toys.run(payload, Touches)).violation.code == "PLUGIN_ERROR"


async def test_a_result_that_cannot_be_copied_is_a_plugin_error_and_leaves_no_state(toys):
    class Returns(Plugin):
        def tool_pre_invoke(self, payload, context):
            context.set_state("n", 1)
            context.request.state["n"] = 1
            return PluginResult(metadata={"lock": threading.Lock()})

    async with toys.runner((Returns, {"on_error": "allow"})) as runner, runner.request() as request:
        outcome = await request.run(call())
        assert outcome.records[0].error_type == "payload"
        assert request.state == {}


async def test_a_host_that_changes_its_payload_later_does_not_change_the_outcome_of_a_writer(toys):
    class Writes(Plugin):
        def tool_pre_invoke(self, payload):
            payload.args["new"] = {"a": [1]}
            return PluginResult(modified_payload=payload)

    async with toys.runner(Writes) as runner, runner.request() as request:
        outcome = await request.run(call())
    assert outcome.payload.args["new"] == {"a": [1]}
    assert outcome.payload is not None


# -- access: read


class Reads(Plugin):
    async def tool_pre_invoke(self, payload, context):
        type(self).got = payload
        return PluginResult(metadata={"n": len(payload.args)})


async def test_a_plugin_that_promises_to_read_shares_the_payload_uncopied(toys):
    payload = call()
    await toys.run(payload, (Reads, {"manifest": {"access": "read"}}))
    assert Reads.got is payload


async def test_access_write_in_the_entry_forces_the_copy(toys):
    payload = call()
    async with (
        toys.runner((Reads, {"manifest": {"access": "read"}, "access": "write"})) as runner,
        runner.request() as request,
    ):
        await request.run(payload)
        assert runner.plugins()[0].access == "write"
    assert Reads.got is not payload
    assert Reads.got == payload


async def test_a_plugin_without_a_manifest_may_write(toys):
    payload = call()
    await toys.run(payload, Reads)
    assert Reads.got is not payload


@pytest.mark.parametrize("settings", [{}, {"verify_access": True}])
async def test_a_reader_may_not_modify(toys, settings):
    class Modifies(Plugin):
        def tool_pre_invoke(self, payload):
            return PluginResult(modified_payload=ToolPreInvokePayload("other", {}))

    outcome = await toys.run(call(), (Modifies, {"manifest": {"access": "read"}, "on_error": "allow"}), **settings)
    assert outcome.payload == call()
    assert outcome.records[0].verdict is Verdict.ERROR
    assert "access: read" in outcome.records[0].reason


async def test_verify_access_finds_a_reader_that_writes_and_keeps_the_payload(toys):
    class Lies(Plugin):
        async def tool_pre_invoke(self, payload, context):
            payload.args["deep"]["list"].append("written")

    payload = call()
    outcome = await toys.run(payload, (Lies, {"manifest": {"access": "read"}}), verify_access=True)
    assert outcome.violation.code == "PLUGIN_ERROR"
    assert outcome.records[0].error_type == "access"
    assert payload == call()


async def test_verify_access_lets_an_honest_reader_read(toys):
    payload = call()
    outcome = await toys.run(payload, (Reads, {"manifest": {"access": "read"}}), verify_access=True)
    assert not outcome.blocked
    assert Reads.got is not payload


# -- limits of depth


def nested(depth):
    value = "leaf"
    for _ in range(depth):
        value = [value]
    return value


class TouchesAll(Plugin):
    async def tool_pre_invoke(self, payload, context):
        return PluginResult(metadata={"n": len(payload.args)})


async def test_ten_thousand_levels_are_refused_not_a_crash(toys):
    outcome = await toys.run(ToolPreInvokePayload("t", {"a": nested(10_000)}), TouchesAll)
    assert outcome.violation.code == "PLUGIN_ERROR"


async def test_a_hundred_levels_pass(toys):
    assert not (await toys.run(ToolPreInvokePayload("t", {"a": nested(100)}), TouchesAll)).blocked


async def test_a_cyclic_payload_is_refused_not_a_crash(toys):
    args = {"a": [1]}
    args["a"].append(args)
    outcome = await toys.run(ToolPreInvokePayload("t", args), TouchesAll)
    assert outcome.violation.code == "PLUGIN_ERROR"
    assert outcome.records[0].error_type == "payload"


@pytest.mark.parametrize("make", ["deep", "cyclic"])
async def test_a_plugin_that_returns_such_a_payload_fails(toys, make):
    class Returns(Plugin):
        async def tool_pre_invoke(self, payload, context):
            value = nested(10_000) if make == "deep" else []
            if make == "cyclic":
                value.append(value)
            return PluginResult(modified_payload=ToolPreInvokePayload("t", {"a": value}))

    outcome = await toys.run(call(), Returns)
    assert outcome.violation.code == "PLUGIN_ERROR"
    assert outcome.records[0].error_type == "payload"
    assert outcome.payload == call()


@pytest.mark.parametrize("where", ["response", "metadata", "details"])
async def test_a_plugin_that_says_something_too_deep_fails(toys, where):
    class Says(Plugin):
        async def tool_pre_invoke(self, payload, context):
            deep = {"a": nested(10_000)}
            if where == "details":
                return PluginResult(violation=PluginViolation("r", details=deep))
            return PluginResult(**{where: deep})

    assert (await toys.run(call(), Says)).records[0].error_type == "payload"


# -- concurrency


async def test_two_runs_of_one_payload_at_the_same_time_do_not_meet(toys):
    both = asyncio.Barrier(2)

    class Writes(Plugin):
        async def tool_pre_invoke(self, payload, context):
            payload.args["by"] = context.request.user
            await both.wait()
            return PluginResult(modified_payload=payload)

    payload = call()
    async with toys.runner(Writes) as runner, runner.request(user="a") as one, runner.request(user="b") as two:
        outcomes = await asyncio.gather(one.run(payload), two.run(payload))
    assert [outcome.payload.args["by"] for outcome in outcomes] == ["a", "b"]
    assert payload == call()


async def test_in_development_a_change_in_place_that_is_not_returned_is_warned_of(toys, caplog):
    class Forgets(Plugin):
        def tool_pre_invoke(self, payload):
            payload.args["q"] = "masked"

    outcome = await toys.run(ToolPreInvokePayload("t", {"q": "secret"}), Forgets, verify_access=True)
    assert outcome.payload.args == {"q": "secret"}
    assert "did not return it" in caplog.text
    assert "secret" not in caplog.text
