"""The payloads of the kit have the shapes that MCP's own models take."""

import json

import pytest
from gatehook.testing import prompt_call, prompt_result, resource, resource_read, tool_call, tool_result
from mcp.types import CallToolResult, GetPromptResult, ReadResourceResult


def test_arguments_may_bear_any_name():
    assert tool_call("t", name="Bob", self=1).args == {"name": "Bob", "self": 1}
    assert prompt_call("p", name="Bob").args == {"name": "Bob"}
    assert resource_read("docs://1", uri="x").metadata == {"uri": "x"}


@pytest.mark.parametrize(
    "payload",
    [
        tool_result("done"),
        tool_result(structured={"rows": [1]}),
        tool_result("two rows", structured={"rows": 2}, is_error=False, _meta={"a/b": 1}),
        tool_result("no such table", is_error=True),
        tool_result(content=[{"type": "image", "data": "aGk=", "mimeType": "image/png"}]),
    ],
)
def test_a_tool_result_is_one_of_mcp_s(payload):
    CallToolResult.model_validate(payload.result)


def test_structured_content_comes_with_its_text():
    result = tool_result(structured={"rows": [1]}).result
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]


def test_a_prompt_result_is_one_of_mcp_s():
    payload = prompt_result("Hello", ("assistant", "Yes?"), description="A talk")
    parsed = GetPromptResult.model_validate(payload.result.to_json())
    assert [(message.role, message.content.text) for message in parsed.messages] == [
        ("user", "Hello"),
        ("assistant", "Yes?"),
    ]
    assert parsed.description == "A talk"


@pytest.mark.parametrize("payload", [resource("text"), resource(blob="aGk="), resource()])
def test_a_resource_is_one_of_mcp_s(payload):
    ReadResourceResult.model_validate({"contents": [payload.content.to_json()]})
    assert payload.uri == payload.content.uri
