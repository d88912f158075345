"""Text is found wherever a client would see it, and what may hold text that nobody sees is refused."""

import copy
import json
from dataclasses import dataclass
from enum import StrEnum

import pytest
from gatehook import (
    Content,
    Message,
    PayloadError,
    PromptPosthookPayload,
    PromptResult,
    ResourceContent,
    ResourcePostFetchPayload,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)
from gatehook.text import MAX_NESTED_JSON, Texts, rewrite, walk_strings
from gatehook.values import MAX_DEPTH
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel


def texts(payload):
    found = {}
    rewrite(payload, lambda text, path: found.setdefault(text, path) and text)
    return set(found)


def test_every_text_of_a_tool_result_is_visited_and_no_word_of_the_protocol():
    result = {
        "content": [
            {"type": "text", "text": "a", "annotations": {"audience": ["user"]}},
            {"type": "resource", "resource": {"uri": "x://1", "mimeType": "text/plain", "text": "b"}},
            {"type": "resource_link", "uri": "x://2", "name": "c", "description": "d"},
            {"type": "image", "data": "aGk=", "mimeType": "image/png"},
            {"type": "of tomorrow", "caption": "e"},
        ],
        "structuredContent": {"type": "f", "deep": [{"uri": "g"}]},
        "isError": False,
        "_meta": {"progressToken": "t"},
        "added": {"by": ["a server", 1]},
    }
    assert texts(ToolPostInvokePayload("t", result)) == {"a", "b", "c", "d", "e", "f", "g", "a server"}


def test_every_text_of_prompts_and_resources_is_visited():
    messages = [Message(role="user", content=Content(type="text", text="a", more="b"))]
    assert texts(PromptPosthookPayload("p", PromptResult(messages=messages, description="c"))) == {"a", "b", "c"}
    content = ResourceContent(uri="x://1", mimeType="text/plain", text="d", blob="aGk=")
    assert texts(ResourcePostFetchPayload("x://1", content)) == {"d"}


def test_a_result_that_is_not_mcps_is_data_with_all_its_keys():
    assert texts(ToolPostInvokePayload("t", {"type": "a", "id": "b", "data": ["c"]})) == {"a", "b", "c"}
    assert texts(ToolPostInvokePayload("t", "a")) == {"a"}


def test_a_replacement_leaves_the_original_alone_and_shares_the_rest():
    result = {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
    payload, before = ToolPostInvokePayload("t", result), copy.deepcopy(result)
    changed = rewrite(payload, lambda text, path: text.replace("a", "*"))
    assert changed.result == {"content": [{"type": "text", "text": "*"}, {"type": "text", "text": "b"}]}
    assert payload.result == before
    assert changed.result["content"][1] is payload.result["content"][1]


def test_what_has_nothing_to_replace_is_not_copied():
    value = {"a": ["b", {"c": 1}]}
    assert walk_strings(value, lambda text, path: text) is value
    assert rewrite(ToolPreInvokePayload("t", value), lambda text, path: text) is None


class Answer(BaseModel):
    text: str = "secret"


@dataclass
class Plain:
    text: str = "secret"


@pytest.mark.parametrize(
    "result", [Answer(), Plain(), [Plain()], b"secret", {"content": [Answer()]}, {"content": Answer()}, {"secret"}]
)
def test_what_is_not_json_data_is_refused_since_its_text_would_pass_unseen(result):
    with pytest.raises(PayloadError, match="hand over"):
        rewrite(ToolPostInvokePayload("t", result), lambda text, path: text)


leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["{", "[1] see"])
)
data = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.tuples(inner, inner)
        | inner.map(json.dumps)
        | inner.map(lambda value: json.dumps(value, ensure_ascii=False, indent=2))
    ),
    max_leaves=12,
)


def seen(value, path=("args",), opens=MAX_NESTED_JSON):
    """Texts by path: what the rules say, without thought for speed."""
    if isinstance(value, dict):
        return {deep: text for key, item in value.items() for deep, text in seen(item, (*path, key), opens).items()}
    if isinstance(value, list | tuple):
        return {deep: text for i, item in enumerate(value) for deep, text in seen(item, (*path, i), opens).items()}
    if not isinstance(value, str):
        return {}
    try:
        parsed = json.loads(value) if opens else None
    except ValueError:
        parsed = None
    return seen(parsed, path, opens - 1) if isinstance(parsed, dict | list) else {path: value}


@given(args=st.dictionaries(st.text(max_size=3), data, max_size=3))
def test_each_text_has_the_path_that_it_has_in_the_parsed_data(args):
    found = Texts(ToolPreInvokePayload("t", args))
    assert {found.path(index): text for index, text in enumerate(found.values)} == seen(args)
    assert len(found) == len(seen(args))


@given(args=st.dictionaries(st.text(max_size=3), data, max_size=3))
def test_a_label_is_the_last_key_of_the_path(args):
    found = Texts(ToolPreInvokePayload("t", args))
    for index in range(len(found)):
        assert found.label(index) == next(key for key in reversed(found.path(index)) if isinstance(key, str))


@given(args=st.dictionaries(st.text(max_size=3), data, max_size=3), mark=st.sampled_from(["*", '"', "\\", "é\n"]))
def test_replacing_texts_changes_those_and_nothing_else(args, mark):
    payload, before = ToolPreInvokePayload("t", args), copy.deepcopy(args)
    changed = rewrite(payload, lambda text, path: text + mark)
    expected = {path: text + mark for path, text in seen(args).items()}
    assert repr(args) == repr(before)
    assert (changed is None) == (not expected)
    if changed is not None:
        assert seen(changed.args) == expected
        assert shape(changed.args) == shape(args)


def shape(value, opens=MAX_NESTED_JSON):
    """The value with each text replaced by its type."""
    if isinstance(value, dict):
        return [(key, shape(item, opens)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [shape(item, opens) for item in value]
    if not isinstance(value, str):
        return repr(value)
    try:
        parsed = json.loads(value) if opens else None
    except ValueError:
        parsed = None
    return ("json", shape(parsed, opens - 1)) if isinstance(parsed, dict | list) else "text"


@given(args=st.dictionaries(st.text(max_size=3), data, min_size=1, max_size=3))
def test_what_holds_nothing_replaced_is_the_same_object(args):
    payload = ToolPreInvokePayload("t", {"first": "find me", **{f"_{key}": value for key, value in args.items()}})
    found = Texts(payload)
    changed = found.replaced({found.values.index("find me"): "found"})
    assert changed.args.pop("first") == "found"
    assert all(changed.args[key] is payload.args[key] for key in changed.args)


def test_tuples_remain_tuples_and_texts_of_other_types_are_texts():
    class Word(str):
        __slots__ = ()

    class Colour(StrEnum):
        RED = "red"

    args = {"a": ("red", 1), "b": Word("red"), "c": Colour.RED, "d": Word('["red"]')}
    changed = rewrite(ToolPreInvokePayload("t", args), lambda text, path: text.replace("red", "blue"))
    assert changed.args == {"a": ("blue", 1), "b": "blue", "c": "blue", "d": '["blue"]'}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [(5551234, "[PHONE]", "[PHONE]"), (5551234, "0", 0), (1.5, "2e3", 2000.0), (True, "x", True), (None, "x", None)],
)
def test_numbers_are_texts_if_asked_and_stay_numbers_if_they_can(old, new, expected):
    payload = ToolPreInvokePayload("t", {"a": old, "b": [old]})
    assert rewrite(payload, lambda text, path: new) is None
    changed = rewrite(payload, lambda text, path: new, numbers=True) or payload
    assert changed.args == {"a": expected, "b": [expected]}
    assert type(changed.args["a"]) is type(expected)


def test_numbers_of_the_protocol_are_no_texts():
    result = {"content": [{"type": "text", "text": "a", "priority": 1}], "structuredContent": {"n": 2}, "code": 3}
    found = Texts(ToolPostInvokePayload("t", result), numbers=True)
    assert found.values == ["a", "2"]


def test_keys_of_data_are_texts_if_asked_and_keys_of_the_protocol_never():
    result = {"content": [{"type": "text", "text": '{"k": "v"}'}], "structuredContent": {"a": {"b": "c"}}}
    assert set(Texts(ToolPostInvokePayload("t", result), keys=True).values) == {"k", "v", "a", "b", "c"}


def test_keys_that_become_the_same_are_told_apart():
    args = {"ann": 1, "*": 2, "bob": {"joe": 3, "jim": [4]}, "* (2)": 5}
    changed = rewrite(ToolPreInvokePayload("t", args), lambda text, path: "*" if text.isalpha() else text, keys=True)
    assert changed.args == {"* (3)": 1, "*": 2, "* (4)": {"*": 3, "* (2)": [4]}, "* (2)": 5}


@given(
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=9),
    st.functions(like=lambda key: "", returns=st.sampled_from("abc"), pure=True),
)
def test_no_renaming_of_keys_loses_a_value(args, name):
    for held in ({"data": args}, {"data": json.dumps(args)}):
        changed = rewrite(
            ToolPreInvokePayload("t", held), lambda text, path: text if len(path) == 2 else name(text), keys=True
        )
        now = held if changed is None else changed.args
        now = json.loads(now["data"]) if isinstance(now["data"], str) else now["data"]
        assert list(now.values()) == list(args.values())


def test_a_key_has_the_path_of_its_value():
    found = Texts(ToolPreInvokePayload("t", {"a": {"b": '{"c": 1}'}}), keys=True)
    assert {text: found.path(index) for index, text in enumerate(found.values)} == {
        "a": ("args", "a"),
        "b": ("args", "a", "b"),
        "c": ("args", "a", "b", "c"),
    }


def nested(depth):
    value = "text"
    for level in range(depth):
        value = [value] if level % 2 else {"k": value}
    return {"k": value}


def test_payloads_as_deep_as_allowed_are_read_and_deeper_and_cyclic_ones_refused():
    assert texts(ToolPreInvokePayload("t", nested(MAX_DEPTH - 2))) == {"text"}
    with pytest.raises(PayloadError, match="nests deeper"):
        texts(ToolPreInvokePayload("t", nested(MAX_DEPTH + 1)))
    cyclic = {}
    cyclic["self"] = [cyclic]
    with pytest.raises(PayloadError, match="cyclic"):
        texts(ToolPreInvokePayload("t", cyclic))


def test_a_payload_of_another_kind_is_refused():
    with pytest.raises(TypeError, match="walk_strings"):
        Texts(object())
