"""What every hook does with what it finds, and what is said about it."""

import pytest
from gatehook import (
    PromptPosthookPayload,
    PromptPrehookPayload,
    PromptResult,
    ResourceContent,
    ResourcePostFetchPayload,
    ResourcePreFetchPayload,
    Runner,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)
from gatehook.testing import assert_unchanged, tool_call


def prompt(text):
    return PromptResult.from_json({"messages": [{"role": "user", "content": {"type": "text", "text": text}}]})


def resource(text):
    return ResourceContent.from_json({"uri": "docs://1", "text": text})


PLACES = {
    "args.q": lambda text: PromptPrehookPayload("p", {"q": text}),
    "result.messages[0].content.text": lambda text: PromptPosthookPayload("p", prompt(text)),
    "args.q.where[1]": lambda text: ToolPreInvokePayload("t", {"q": {"where": [1, text]}}),
    "result.content[0].text": lambda text: ToolPostInvokePayload("t", {"content": [{"type": "text", "text": text}]}),
    "result.structuredContent.rows[0].note": lambda text: ToolPostInvokePayload(
        "t", {"content": [], "structuredContent": {"rows": [{"note": text}]}}
    ),
    "metadata.note": lambda text: ResourcePreFetchPayload("docs://1", {"note": text}),
    "uri": lambda text: ResourcePreFetchPayload(f"docs://{text}"),
    "content.text": lambda text: ResourcePostFetchPayload("docs://1", resource(text)),
}
every_place = pytest.mark.parametrize(("path", "payload"), PLACES.items(), ids=PLACES)


@every_place
async def test_every_hook_blocks_and_says_where(run, path, payload):
    outcome = await run(payload("a Secret plan"), words=["secret"])
    assert outcome.blocked
    assert outcome.violation.code == "DENIED_WORD"
    assert outcome.violation.details == {"paths": [path], "count": 1, "severity": "medium", "lists": ["words"]}
    assert "not allowed here" in outcome.violation.reason


@every_place
async def test_every_hook_lets_clean_text_pass_unchanged(run, path, payload):
    assert_unchanged(await run(payload("an open plan"), words=["secret"]))


async def test_an_encoded_uri_hides_nothing(run):
    assert (await run(ResourcePreFetchPayload("docs://s%65cret/plan"), words=["secret"])).blocked


@pytest.mark.parametrize(
    "text",
    [
        '{"note": "a secret"}',
        '{"note": "a s\\u0065cret"}',
        '{"note": "a\\nsecret"}',
        '["{\\"note\\": \\"a s\\\\u0065cret\\"}"]',
    ],
)
async def test_json_in_a_text_hides_nothing(run, text):
    outcome = await run(ToolPostInvokePayload("t", {"content": [{"type": "text", "text": text}]}), words=["secret"])
    assert outcome.blocked
    assert outcome.violation.details["paths"][0].startswith(
        ("result.content[0].text.note", "result.content[0].text[0]")
    )


async def test_keys_of_json_in_a_text_are_no_text(run):
    payload = ToolPostInvokePayload("t", {"content": [{"type": "text", "text": '{"secret": "plan"}'}]})
    assert not (await run(payload, words=["secret"])).blocked


async def test_a_phrase_is_not_found_across_two_texts(run):
    assert not (await run(tool_call(a="top", b="secret"), words=["top secret", "psecret"], match="substring")).blocked


async def test_the_violation_never_holds_the_word(run):
    args = {"secret": "a secret", "list": ["SECRET secret", "open"], "n": 1}
    violation = (await run(ToolPreInvokePayload("t", args), words=["secret"])).violation
    assert (violation.details["paths"], violation.details["count"]) == (["args.*", "args.list[0]"], 2)
    assert "secret" not in str(violation.to_dict()).casefold()


async def test_a_long_report_names_some_places_and_counts_all(run):
    violation = (await run(ToolPreInvokePayload("t", {"q": ["secret"] * 1000}), words=["secret"])).violation
    assert (len(violation.details["paths"]), violation.details["count"]) == (50, 1000)


async def test_permissive_records_and_lets_pass(run):
    payload = ToolPreInvokePayload("t", {"q": "secret"})
    outcome = await run(payload, mode="permissive", words=["secret"])
    assert not outcome.blocked
    assert outcome.payload == payload
    assert [violation.code for violation in outcome.violations] == ["DENIED_WORD"]


@pytest.mark.parametrize("module", ["deny_filter.deny", "deny_list.deny_list"])
async def test_it_serves_the_specifications_kinds(module):
    kind = f"plugins.{module}.DenyListPlugin"
    async with Runner.from_config({"plugins": [{"name": "D", "kind": kind, "config": {"words": ["x"]}}]}) as runner:
        assert runner.has_hooks("tool_pre_invoke")


async def test_lone_surrogates_survive(run):
    payload = ToolPreInvokePayload("t", {"q": "\ud800", "r": "a \udfff secret"})
    assert (await run(payload, words=["secret"])).violation.details["paths"] == ["args.r"]
