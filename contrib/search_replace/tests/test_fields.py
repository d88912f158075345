"""Rules for some fields, by the paths that violations show."""

import pytest
from gatehook import (
    PromptPosthookPayload,
    PromptResult,
    ResourceContent,
    ResourcePostFetchPayload,
    ResourcePreFetchPayload,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)

ARGS = {
    "query": "a",
    "note": "a",
    "notes": ["a", {"id": "a"}],
    "query2": "a",
    "json": '{"note": ["a", "b"]}',
    "x.y": "a",
}


def replaced_in(value):
    """The paths of what is "-" now."""
    if isinstance(value, dict):
        return {key + rest for key, item in value.items() for rest in replaced_in(item)}
    if isinstance(value, list):
        return {f"/{number}{rest}" for number, item in enumerate(value) for rest in replaced_in(item)}
    return {""} if value == "-" or "-" in str(value) else set()


@pytest.mark.parametrize(
    ("fields", "but", "replaced"),
    [
        ([], [], {"query", "note", "notes/0", "notes/1id", "query2", "json", "x.y"}),
        (["args.query"], [], {"query"}),
        (["args.notes"], [], {"notes/0", "notes/1id"}),  # and all that is in it
        (["args.notes[0]"], [], {"notes/0"}),
        (["args.notes[*]"], [], {"notes/0", "notes/1id"}),
        (["args.*.id"], [], set()),  # notes[1] are two steps
        (["args.notes[*].id"], [], {"notes/1id"}),
        (["args.**.id"], [], {"notes/1id"}),
        (["**.id"], [], {"notes/1id"}),
        (["args.q*"], [], {"query", "query2"}),
        (["args.*"], ["args.notes", "args.json"], {"query", "note", "query2", "x.y"}),
        (["args.json.note[0]"], [], {"json"}),
        (["args.json.note[1]"], [], set()),
        (["args.query", "args.note"], [], {"query", "note"}),
        (["args.x.y"], [], {"x.y"}),
        (["args"], [], {"query", "note", "notes/0", "notes/1id", "query2", "json", "x.y"}),
        (["args.(query|note)"], [], set()),  # no regular expressions
        (["result", "content"], [], set()),
        ([], ["**.note"], {"query", "notes/0", "notes/1id", "query2", "x.y"}),
    ],
)
async def test_a_rule_replaces_in_its_fields_only(run, fields, but, replaced):
    word = {"search": "a", "replace": "-", "fields": fields, "except_fields": but}
    outcome = await run(ToolPreInvokePayload("t", ARGS), words=[word])
    assert replaced_in(outcome.payload.args) == replaced


async def test_each_hook_has_its_own_roots(run):
    word = {"search": "a", "replace": "-"}
    result = {"content": [{"type": "text", "text": "a"}], "structuredContent": {"x": {"note": "a"}}}
    outcome = await run(ToolPostInvokePayload("t", result), words=[{**word, "fields": ["result.content[*].text"]}])
    assert outcome.payload.result == {**result, "content": [{"type": "text", "text": "-"}]}
    outcome = await run(
        ToolPostInvokePayload("t", result), words=[{**word, "fields": ["result.structuredContent.*.note"]}]
    )
    assert outcome.payload.result == {**result, "structuredContent": {"x": {"note": "-"}}}
    prompt = PromptResult.from_json({"messages": [{"role": "user", "content": {"type": "text", "text": "a"}}]})
    fields = {"fields": ["result.messages[0].content.text"]}
    outcome = await run(PromptPosthookPayload("p", prompt), words=[{**word, **fields}])
    assert outcome.payload.result.messages[0].content.text == "-"
    outcome = await run(ResourcePreFetchPayload("x://a", {"q": "a"}), words=[{**word, "fields": ["metadata.q"]}])
    assert outcome.payload.metadata == {"q": "-"}
    content = ResourceContent.from_json({"uri": "x://a", "text": "a"})
    outcome = await run(ResourcePostFetchPayload("x://a", content), words=[{**word, "fields": ["content.text"]}])
    assert outcome.payload.content.text == "-"


async def test_rules_with_and_without_fields_keep_their_order(run):
    words = [
        {"search": "a", "replace": "b", "fields": ["args.query"]},
        {"search": "b", "replace": "c"},
        {"search": "c", "replace": "d", "fields": ["args.note"]},
    ]
    outcome = await run(ToolPreInvokePayload("t", {"query": "a", "note": "ab"}), words=words)
    assert outcome.payload.args == {"query": "c", "note": "ad"}
