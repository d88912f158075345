"""Payloads and the typed models inside them: what is read is what is written."""

import copy
import pickle

import pytest
from gatehook import (
    AuthPostCheckPayload,
    AuthPreCheckPayload,
    Content,
    FederationPostSyncPayload,
    FederationPreSyncPayload,
    Message,
    Payload,
    PayloadError,
    Plugin,
    PluginResult,
    PluginViolation,
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

PROMPT = {
    "description": "d",
    "messages": [
        {
            "role": "user",
            "content": {"type": "text", "text": "hello", "annotations": {"audience": ["user"]}, "_meta": {"a": 1}},
        },
        {"role": "assistant", "content": {"type": "image", "data": "AAAA", "mimeType": "image/png"}},
        {"role": "user", "content": {"type": "resource", "resource": {"uri": "res://x", "text": "t"}}, "future": [1]},
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "audio", "data": "AAAA"}]},
    ],
    "_meta": {"k": None},
    "futureField": {"x": [True, 1.5, None]},
}


@pytest.mark.parametrize(
    ("cls", "args", "fields"),
    [
        (PromptPrehookPayload, ("n", {"a": "b"}), {"name": "n", "args": {"a": "b"}}),
        (PromptPosthookPayload, ("n", "r"), {"name": "n", "result": "r"}),
        (ToolPreInvokePayload, ("n", {"a": 1}), {"name": "n", "args": {"a": 1}}),
        (ToolPostInvokePayload, ("n", [1]), {"name": "n", "result": [1]}),
        (ResourcePreFetchPayload, ("u", {"m": 1}), {"uri": "u", "metadata": {"m": 1}}),
        (ResourcePostFetchPayload, ("u", "c"), {"uri": "u", "content": "c"}),
        (
            ServerPreRegisterPayload,
            ("n", "u", "t", {"m": 1}, {"e": 1}),
            {"name": "n", "url": "u", "transport": "t", "metadata": {"m": 1}, "evidence": {"e": 1}},
        ),
        (
            ServerPostRegisterPayload,
            ("n", "u", "t", {"m": 1}, "s"),
            {"name": "n", "url": "u", "transport": "t", "metadata": {"m": 1}, "status": "s"},
        ),
        (
            AuthPreCheckPayload,
            ("m", "p", {"h": "v"}, "c", "x"),
            {"method": "m", "path": "p", "headers": {"h": "v"}, "client": "c", "credentials": "x"},
        ),
        (
            AuthPostCheckPayload,
            ("u", "t", ("r",), {"c": 1}, "m"),
            {"user": "u", "tenant_id": "t", "roles": ("r",), "claims": {"c": 1}, "method": "m"},
        ),
        (FederationPreSyncPayload, ("p", "u", {"m": 1}), {"peer": "p", "url": "u", "metadata": {"m": 1}}),
        (
            FederationPostSyncPayload,
            ("p", [1], [2], [3]),
            {"peer": "p", "tools": [1], "prompts": [2], "resources": [3]},
        ),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_positional_and_keyword_construction(cls, args, fields):
    payload = cls(*args)
    assert payload == cls(**fields)
    assert payload.to_dict() == fields
    assert isinstance(payload, Payload)
    assert pickle.loads(pickle.dumps(payload)) == copy.copy(payload) == copy.deepcopy(payload) == payload


def test_metadata_and_args_default_to_an_empty_dict_of_ones_own():
    assert ResourcePreFetchPayload("u").metadata == {}
    assert ResourcePreFetchPayload("u").metadata is not ResourcePreFetchPayload("u").metadata
    assert ToolPreInvokePayload("t").args == {}
    assert PromptPrehookPayload("p").args == {}


def test_a_payload_has_no_fields_beside_its_own():
    with pytest.raises(AttributeError, match="no field 'arguments'"):
        _ = ToolPreInvokePayload("t").arguments


def test_a_prompt_result_keeps_every_field_known_or_unknown():
    result = PromptResult.from_json(copy.deepcopy(PROMPT))
    assert result.to_json() == PROMPT
    assert list(result.to_json()) == list(PROMPT)
    assert result.messages[0].content.text == "hello"
    assert isinstance(result.messages[0], Message)
    assert [type(block) for block in result.messages[3].content] == [Content, Content]


def test_an_image_has_no_text():
    image = PromptResult.from_json(copy.deepcopy(PROMPT)).messages[1].content
    assert not hasattr(image, "text")
    with pytest.raises(AttributeError):
        _ = image.text


def test_what_is_changed_through_the_model_is_changed_in_the_json():
    result = PromptResult.from_json(copy.deepcopy(PROMPT))
    result.messages[0].content.text = "masked"
    del result.messages[0].content.annotations
    result.messages.append(Message(role="user", content=TextContent("more")))
    raw = result.to_json()
    assert raw["messages"][0]["content"] == {"type": "text", "text": "masked", "_meta": {"a": 1}}
    assert raw["messages"][-1] == {"role": "user", "content": {"type": "text", "text": "more"}}


def test_a_resource_content_keeps_every_field():
    for raw in (
        {"uri": "u", "text": "t", "mimeType": "text/plain", "_meta": {}},
        {"uri": "u", "blob": "AAAA", "new": 1},
    ):
        assert ResourceContent.from_json(dict(raw)).to_json() == raw
    assert not hasattr(ResourceContent.from_json({"uri": "u", "blob": "AAAA"}), "text")


@pytest.mark.parametrize(
    "raw", [None, [], "x", {}, {"messages": "x"}, {"messages": [1]}, {"messages": [{"role": "user"}]}]
)
def test_a_prompt_result_of_another_shape_is_a_clear_error(raw):
    with pytest.raises(PayloadError, match="prompt"):
        PromptResult.from_json(raw)


@pytest.mark.parametrize("raw", [None, [], "x"])
def test_a_resource_content_of_another_shape_is_a_clear_error(raw):
    with pytest.raises(PayloadError, match="resource content must be an object"):
        ResourceContent.from_json(raw)


def test_models_are_equal_by_what_they_hold():
    assert TextContent("a") == TextContent("a")
    assert TextContent("a") != TextContent("b")
    assert TextContent("a") != Content(type="text", text="a")
    assert Content(n=1) != Content(n=True)
    assert "text='a'" in repr(TextContent("a"))


def test_json_keys_that_are_names_of_methods_do_no_harm():
    raw = {
        "messages": [
            {"role": "user", "content": {"type": "text", "text": "t", "to_json": 1, "__class__": 2, "self": 3}}
        ]
    }
    result = PromptResult.from_json(copy.deepcopy(raw))
    assert result.to_json() == raw
    assert copy.deepcopy(result).to_json() == raw


async def test_such_keys_pass_through_a_chain(toys):
    raw = {
        "messages": [{"role": "user", "content": {"type": "text", "text": "t", "to_json": 1, "copy": 2, "__dict__": 3}}]
    }

    class Writes(Plugin):
        def prompt_post_fetch(self, payload):
            payload.result.messages[0].content.text = "masked"
            return PluginResult(modified_payload=payload)

    outcome = await toys.run(PromptPosthookPayload("p", PromptResult.from_json(copy.deepcopy(raw))), Writes)
    raw["messages"][0]["content"]["text"] = "masked"
    assert outcome.payload.result.to_json() == raw


async def test_a_tool_result_is_json_and_keeps_whatever_is_there(toys):
    result = {
        "content": [{"type": "text", "text": "t"}],
        "structuredContent": {"n": 1},
        "isError": False,
        "_meta": {"x": 1},
        "new": [],
    }

    class Writes(Plugin):
        def tool_post_invoke(self, payload):
            payload.result["content"][0]["text"] = "masked"
            return PluginResult(modified_payload=payload)

    outcome = await toys.run(ToolPostInvokePayload("t", result), Writes)
    assert outcome.payload.result == {**result, "content": [{"type": "text", "text": "masked"}]}
    assert list(outcome.payload.result) == list(result)


# -- results and violations


def test_a_violation_accepts_both_spellings():
    spec = PluginViolation(plugin_name="p", description="d", violation_code="C", details={"a": 1})
    ours = PluginViolation("d", code="C", details={"a": 1}, plugin_name="p")
    assert spec == ours
    assert (spec.reason, spec.description, spec.code, spec.violation_code) == ("d", "d", "C", "C")
    assert PluginViolation(reason="r").description == "r"
    both = PluginViolation(reason="r", description="d", code="C", violation_code="C")
    assert (both.reason, both.description) == ("r", "d")


def test_two_codes_are_a_contradiction():
    with pytest.raises(TypeError, match="two names of one field"):
        PluginViolation("r", code="A", violation_code="B")


def test_a_violation_without_a_code_is_unspecified():
    assert PluginViolation().code == "UNSPECIFIED"
    assert PluginViolation().details == {}


def test_a_result_by_default_says_go_on():
    result = PluginResult()
    assert (result.continue_processing, result.modified_payload, result.violation) == (True, None, None)
    assert (result.metadata, result.response) == ({}, None)
    assert result.metadata is not PluginResult().metadata


def test_results_of_every_hook_can_be_subscripted_for_types():
    assert PluginResult[ToolPreInvokePayload](False).continue_processing is False
