"""Payloads come over the line as they went, and nothing else is taken for one."""

import json
from enum import Enum

import pytest
from gatehook import (
    AuthPostCheckPayload,
    AuthPreCheckPayload,
    FederationPostSyncPayload,
    FederationPreSyncPayload,
    Payload,
    PayloadError,
    PromptPosthookPayload,
    PromptPrehookPayload,
    PromptResult,
    ResourceContent,
    ResourcePostFetchPayload,
    ResourcePreFetchPayload,
    ServerPostRegisterPayload,
    ServerPreRegisterPayload,
    TextContent,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)
from gatehook.testing import prompt_result, resource, tool_call, tool_result
from gatehook_external.protocol import HOOKS, changed, from_wire, to_wire
from hypothesis import given, settings
from hypothesis import strategies as st

SECRET = "4111-1111"

TEXT = st.text(max_size=8)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)
OBJECT = st.dictionaries(TEXT, JSON, max_size=3)
OBJECTS = st.lists(OBJECT, max_size=2)
TEXTS = st.dictionaries(TEXT, TEXT, max_size=2)
VENDOR = st.dictionaries(TEXT.map("x-{}".format), JSON, max_size=2)
"""Fields that neither MCP nor gatehook knows."""


def objects(optional=None, **fields):
    known = st.fixed_dictionaries(fields, optional=optional or {})
    return st.builds(lambda known, vendor: vendor | known, known, VENDOR)


BLOCKS = objects({"annotations": OBJECT, "_meta": OBJECT}, type=st.just("text"), text=TEXT) | objects(
    type=st.just("image"), data=TEXT, mimeType=TEXT
)
MESSAGES = objects(role=st.sampled_from(["user", "assistant"]), content=BLOCKS | st.lists(BLOCKS, max_size=2))
PROMPTS = objects({"description": TEXT}, messages=st.lists(MESSAGES, max_size=3)).map(PromptResult.from_json)
RESOURCES = objects({"mimeType": TEXT, "text": TEXT, "blob": TEXT}, uri=TEXT).map(ResourceContent.from_json)

PAYLOADS = {
    "prompt_pre_fetch": st.builds(PromptPrehookPayload, TEXT, OBJECT),
    "prompt_post_fetch": st.builds(PromptPosthookPayload, TEXT, PROMPTS),
    "tool_pre_invoke": st.builds(ToolPreInvokePayload, TEXT, OBJECT),
    "tool_post_invoke": st.builds(ToolPostInvokePayload, TEXT, JSON),
    "resource_pre_fetch": st.builds(ResourcePreFetchPayload, TEXT, OBJECT),
    "resource_post_fetch": st.builds(ResourcePostFetchPayload, TEXT, RESOURCES),
    "server_pre_register": st.builds(ServerPreRegisterPayload, TEXT, TEXT, TEXT, OBJECT, OBJECT),
    "server_post_register": st.builds(ServerPostRegisterPayload, TEXT, TEXT, TEXT, OBJECT, TEXT),
    "auth_pre_check": st.builds(AuthPreCheckPayload, TEXT, TEXT, TEXTS, JSON, JSON),
    "auth_post_check": st.builds(
        AuthPostCheckPayload, st.none() | TEXT, st.none() | TEXT, st.lists(TEXT, max_size=3).map(tuple), OBJECT, TEXT
    ),
    "federation_pre_sync": st.builds(FederationPreSyncPayload, TEXT, TEXT, OBJECT),
    "federation_post_sync": st.builds(FederationPostSyncPayload, TEXT, OBJECTS, OBJECTS, OBJECTS),
}
ANY = st.sampled_from(HOOKS).flatmap(PAYLOADS.__getitem__)
TWO = st.sampled_from(HOOKS).flatmap(lambda hook: st.tuples(PAYLOADS[hook], PAYLOADS[hook]))


def sent(payload, **keys):
    return json.loads(json.dumps(to_wire(payload, **keys), allow_nan=False))


def written(payload):
    """As text, in which ``1``, ``1.0`` and ``true`` differ."""
    return json.dumps(to_wire(payload), sort_keys=True)


def test_every_hook_of_gatehook_has_a_form_on_the_line():
    assert set(HOOKS) == {kind.hook for kind in Payload.__subclasses__() if kind.__module__ == "gatehook.payloads"}
    assert set(PAYLOADS) == set(HOOKS)


@given(ANY)
def test_a_payload_arrives_as_it_was_sent(payload):
    arrived = from_wire(payload.hook, sent(payload))
    assert arrived == payload
    assert written(arrived) == written(payload)


@given(ANY)
def test_so_it_does_over_the_old_protocol(payload):
    assert from_wire(payload.hook, sent(payload, prompt_key="name")) == payload


@given(TWO)
def test_an_answer_is_taken_as_it_says(two):
    payload, answer = two
    found = changed(payload, sent(answer))
    assert found == answer
    assert written(found) == written(answer)


@given(ANY)
def test_an_answer_that_says_what_was_sent_changes_nothing(payload):
    assert payload.adopt(changed(payload.lend(), sent(payload))) is payload


@given(ANY, OBJECT)
def test_fields_that_gatehook_has_not_are_left_out_of_what_arrives(payload, unknown):
    raw = {f"x-{key}": value for key, value in unknown.items()} | sent(payload)
    assert from_wire(payload.hook, raw) == payload


@given(ANY, JSON)
def test_a_change_of_a_field_that_gatehook_has_not_is_refused_and_not_lost(payload, value):
    raw = sent(payload) | {"x-headers": value}
    if value in (None, {}, []):
        assert changed(payload, raw) == payload
    else:
        with pytest.raises(PayloadError, match="changes a field that gatehook's payload has not"):
            changed(payload, raw)


@given(st.sampled_from(HOOKS), JSON | OBJECT)
@settings(max_examples=300)
def test_whatever_arrives_is_a_payload_or_refused(hook, raw):
    try:
        arrived = from_wire(hook, raw)
    except PayloadError:
        return
    assert from_wire(hook, sent(arrived)) == arrived


@given(ANY, st.data())
@settings(max_examples=300)
def test_a_field_of_another_kind_is_refused_or_round_trips(payload, data):
    raw = sent(payload)
    raw[data.draw(st.sampled_from(sorted(raw)))] = data.draw(JSON)
    try:
        found = changed(payload, raw)
    except PayloadError:
        return
    assert changed(found, sent(found)) == found


def test_the_shapes_are_those_of_the_published_protocol():
    assert to_wire(tool_call("ok", x=1, none=None)) == {"name": "ok", "args": {"x": 1, "none": None}}
    assert to_wire(prompt_result("Hi", name="p")) == {
        "prompt_id": "p",
        "result": {"messages": [{"role": "user", "content": {"type": "text", "text": "Hi"}}]},
    }
    assert to_wire(resource("Hi", uri="a://b")) == {
        "uri": "a://b",
        "content": {"uri": "a://b", "mimeType": "text/plain", "text": "Hi"},
    }


def test_the_old_protocol_calls_a_prompt_by_its_name():
    assert to_wire(PromptPrehookPayload("p"), prompt_key="name") == {"name": "p", "args": {}}


def test_what_a_peer_leaves_out_because_it_is_null_is_null():
    assert from_wire("tool_post_invoke", {"name": "lookup"}) == ToolPostInvokePayload("lookup", None)
    assert from_wire("tool_pre_invoke", {"name": "lookup", "args": None}) == ToolPreInvokePayload("lookup", {})


def test_a_field_that_an_answer_lacks_or_empties_stays():
    call = tool_call(x=1)
    assert changed(call, {"name": "lookup", "args": None, "headers": None}) == call
    assert changed(call, {}) == call


def test_an_answer_may_say_null_where_that_is_a_value():
    assert changed(tool_result("Hi"), {"result": None}) == ToolPostInvokePayload("lookup", None)
    known = AuthPostCheckPayload("alice", "acme")
    assert changed(known, {"tenant_id": None}) == AuthPostCheckPayload("alice", None)


def test_null_for_what_mcp_leaves_out_is_left_out():
    block = {"type": "text", "text": "Hi", "annotations": None, "_meta": None, "vendor": None}
    raw = {"messages": [{"role": "user", "content": block}], "description": None}
    assert changed(prompt_result("Hi"), {"result": raw}).result.to_json() == {
        "messages": [{"role": "user", "content": {"type": "text", "text": "Hi", "vendor": None}}]
    }


def test_what_a_plugin_took_out_of_a_block_or_a_resource_is_gone():
    prompt = prompt_result("Hi", _meta={"secret": 1}, description="d")
    assert changed(prompt, {"result": prompt_result("Hi").result.to_json()}) == prompt_result("Hi")
    image = PromptPosthookPayload(
        "p",
        PromptResult.from_json(
            {"messages": [{"role": "user", "content": {"type": "image", "data": "aGk=", "mimeType": "image/png"}}]}
        ),
    )
    assert changed(image, sent(prompt_result("[image]", name="p"))) == prompt_result("[image]", name="p")
    assert changed(resource("Hi", _meta={"x": 1}), sent(resource("Hi"))) == resource("Hi")


def test_a_resource_in_a_peers_spelling_is_read_in_mcps():
    raw = {"type": "resource", "id": "7", "uri": "a://b", "mime_type": "text/csv", "text": "a,b", "blob": None}
    content = changed(resource("x", uri="a://b"), {"uri": "a://b", "content": raw}).content
    assert content.to_json() == {"type": "resource", "id": "7", "uri": "a://b", "mimeType": "text/csv", "text": "a,b"}


@pytest.mark.parametrize(
    ("hook", "raw", "where"),
    [
        ("tool_pre_invoke", [SECRET], "tool_pre_invoke: the payload must be an object, got a list"),
        ("tool_pre_invoke", {"args": {}}, "tool_pre_invoke: the payload lacks 'name'"),
        ("tool_pre_invoke", {"name": None}, "tool_pre_invoke.name must be text, got null"),
        ("tool_pre_invoke", {"name": True}, "tool_pre_invoke.name must be text, got true or false"),
        ("tool_pre_invoke", {"name": "a", "args": [SECRET]}, "tool_pre_invoke.args must be an object, got a list"),
        ("prompt_pre_fetch", {"prompt_id": 7}, "prompt_pre_fetch.name must be text, got a number"),
        ("prompt_post_fetch", {"name": "p", "result": SECRET}, "result must be an object, got text"),
        ("prompt_post_fetch", {"name": "p", "result": {}}, "result.messages must be a list, got null"),
        (
            "prompt_post_fetch",
            {"name": "p", "result": {"messages": [{"content": {"type": "text"}}]}},
            r"messages\[0\] lacks 'role'",
        ),
        (
            "prompt_post_fetch",
            {"name": "p", "result": {"messages": [{"role": "user", "content": SECRET}]}},
            r"messages\[0\].content must be an object, got text",
        ),
        (
            "prompt_post_fetch",
            {"name": "p", "result": {"messages": [{"role": "user", "content": [{"type": "text", "text": 1}]}]}},
            r"messages\[0\].content\[0\].text must be text, got a number",
        ),
        ("resource_post_fetch", {"uri": "a", "content": SECRET}, "content must be an object, got text"),
        ("resource_post_fetch", {"uri": "a", "content": {"blob": [SECRET]}}, "content.blob must be text, got a list"),
        ("auth_pre_check", {"method": "m", "headers": {SECRET: 1}}, "headers must be an object of texts"),
        ("auth_post_check", {"user": "a", "roles": "admin"}, "roles must be a list of texts, got text"),
        ("auth_post_check", {"user": "a", "roles": [SECRET, 1]}, "roles must be a list of texts, got a list"),
        ("federation_post_sync", {"peer": "a", "tools": [SECRET]}, "tools must be a list of objects, got a list"),
        ("agent_pre_invoke", {"agent_id": SECRET}, "there is no payload of such a hook"),
    ],
)
def test_what_is_wrong_is_told_by_its_place_and_never_quoted(hook, raw, where):
    with pytest.raises(PayloadError, match=where) as error:
        from_wire(hook, raw)
    assert SECRET not in str(error.value)


def nested(depth):
    value = SECRET
    for _ in range(depth):
        value = [value]
    return value


def looped():
    value = {}
    value["self"] = value
    return value


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (nested(500), "nests deeper than 128 levels"),
        (looped(), "is cyclic"),
        (float("nan"), "a number that is not finite"),
        (float("-inf"), "a number that is not finite"),
        ("\ud800", "half of a surrogate pair"),
        (["\ud800"], "half of a surrogate pair"),
        ({"\udfff": 1}, "half of a surrogate pair"),
        ({1: SECRET}, "a key that is a int"),
        ({SECRET}, "a set, which JSON has not"),
        (SECRET.encode(), "a bytes, which JSON has not"),
    ],
)
def test_what_is_no_json_is_neither_sent_nor_taken(value, told):
    call = ToolPreInvokePayload("lookup", {"deep": value})
    for cross in (to_wire, lambda call: from_wire(call.hook, call.to_dict()), lambda call: changed(call, vars(call))):
        with pytest.raises(PayloadError, match=told) as error:
            cross(call)
        assert SECRET not in str(error.value)


def test_what_nests_as_deep_as_may_be_goes_through_both_parsers():
    call = tool_call(deep=nested(126))
    assert from_wire(call.hook, sent(call)) == call


class Colour(str, Enum):  # noqa: UP042  # whose str() is not its value
    RED = "red"


def test_what_only_python_tells_from_json_is_sent_as_json_and_comes_back_as_it_was():
    call = tool_call(pair=(1, 2.0), colour=Colour.RED, block=TextContent("Hi"))
    raw = sent(call)
    assert raw["args"] == {"pair": [1, 2.0], "colour": "red", "block": {"type": "text", "text": "Hi"}}
    assert type(to_wire(call)["args"]["colour"]) is str
    assert call.adopt(changed(call.lend(), raw)) is call


def test_a_payload_shares_nothing_with_what_arrived():
    raw = sent(tool_call(inner={"a": 1}))
    arrived = from_wire("tool_pre_invoke", raw)
    raw["args"]["inner"]["a"] = 2
    assert arrived == tool_call(inner={"a": 1})


def test_a_payload_of_a_hosts_own_hook_is_not_sent():
    class ShipmentPayload(Payload, hook="shipment_pre_send"):
        pass

    with pytest.raises(PayloadError, match="payloads of shipment_pre_send have no form"):
        to_wire(ShipmentPayload())
