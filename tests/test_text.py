"""Text is found wherever a client would see it, and what may hold text that nobody sees is refused."""

import copy
from dataclasses import dataclass

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
from gatehook.text import rewrite, walk_strings
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
