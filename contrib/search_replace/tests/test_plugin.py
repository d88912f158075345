"""What is replaced, where, and which rules are refused."""

import json
import re

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
from hypothesis import given, settings
from hypothesis import strategies as st


def rule(search, replace, **more):
    return {"search": search, "replace": replace, **more}


def prompt(text):
    return PromptResult.from_json({"messages": [{"role": "user", "content": {"type": "text", "text": text}}]})


def resource(text):
    return ResourceContent.from_json({"uri": "docs://crap", "text": text})


PAYLOADS = {
    "prompt_pre_fetch": lambda text: PromptPrehookPayload("crap", {"q": text}),
    "prompt_post_fetch": lambda text: PromptPosthookPayload("crap", prompt(text)),
    "tool_pre_invoke": lambda text: ToolPreInvokePayload("crap", {"crap": {"where": [text, 1, None]}}),
    "tool_post_invoke": lambda text: ToolPostInvokePayload(
        "crap", {"content": [{"type": "text", "text": text}], "structuredContent": {"n": 1, "note": text}}
    ),
    "resource_pre_fetch": lambda text: ResourcePreFetchPayload("docs://crap", {"note": text}),
    "resource_post_fetch": lambda text: ResourcePostFetchPayload("docs://crap", resource(text)),
}
every_hook = pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)


@every_hook
async def test_every_hook_replaces_in_values_and_leaves_names_and_keys_alone(run, payload):
    outcome = await run(payload("what crap is this crap"), words=[rule("crap", "crud")])
    assert outcome.payload == payload("what crud is this crud")
    assert outcome.modified


@every_hook
async def test_every_hook_says_nothing_when_nothing_changes(run, payload):
    words = [rule("dung", "crud"), rule("crap", "crap"), rule("a", "b"), rule("b", "a")]
    outcome = await run(payload("crap"), words=words)
    assert (outcome.modified, outcome.payload) == (False, payload("crap"))
    assert [record.verdict for record in outcome.records] == ["ok"]


@pytest.mark.parametrize(
    ("text", "words", "replaced"),
    [
        ("crap", [rule("crap", "crud"), rule("crud", "yikes")], "yikes"),  # each works on what is left by those before
        ("Crap CRAP", [rule("(?i)crap", "crud")], "crud crud"),
        ("Crap crap", [rule("crap", "crud")], "Crap crud"),
        ("a.b axb", [rule("a.b", "-")], "- -"),
        ("a.b axb", [rule("a.b", "-", regex=False)], "- axb"),
        (r"\1", [rule(r"\1", r"\n", regex=False)], r"\n"),
        ("Doe, Jane", [rule(r"(\w+), (\w+)", r"\2 \1")], "Jane Doe"),
        ("Doe, Jane", [rule(r"(?P<last>\w+), (?P<first>\w+)", r"\g<first> \g<last>")], "Jane Doe"),
        ("b", [rule("(a)?b", r"[\1]")], "[]"),  # a group that took no part
        ("x", [rule("x", r"é \\ \n\t")], "é \\ \n\t"),
        ("grüße 👋 x", [rule("x", "y")], "grüße 👋 y"),
        ("secret", [rule("secret", "")], ""),
        ("\ud800 x", [rule("x", "y")], "\ud800 y"),
        ("\ud800 x", [rule("x+", "y")], "\ufffd y"),  # no UTF-8, which RE2 reads, can hold a lone surrogate
        ("\ud800 z", [rule("x+", "y")], "\ud800 z"),
        ("aab", [rule("^a", "-")], "-ab"),
        ("a\nb\na", [rule("a$", "-")], "a\nb\n-"),
        ("a\nb", [rule("(?m)a$", "-")], "-\nb"),
        ("a\0b", [rule("\0b", "-")], "a-"),
        ("xa xb", [rule("(?P<l>[ab])", r"<\g<l>>")], "x<a> x<b>"),
        ("a" * 70_000, [rule("(a)", r"\1b")], "ab" * 70_000),
        ("aabaa", [rule("a|(b)", r"[\1]")], "[][][b][][]"),
    ],
)
async def test_a_rule_gives(run, text, words, replaced):
    outcome = await run(ToolPreInvokePayload("t", {"q": text}), words=words)
    assert outcome.payload.args["q"] == replaced


@pytest.mark.parametrize("module", ["regex_filter", "search_replace"])
async def test_it_serves_the_specifications_kinds(module):
    kind = f"plugins.{module}.search_replace.SearchReplacePlugin"
    entry = {"name": "S", "kind": kind, "config": {"words": [rule("crap", "crud")]}}
    async with Runner.from_config({"plugins": [entry]}) as runner:
        assert runner.has_hooks("tool_pre_invoke")


texts = st.text(alphabet="ab.\\éß👋 \n") | st.text()
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(args=st.dictionaries(st.text(max_size=3), json_values, max_size=3), search=texts.filter(bool), replace=texts)
async def test_a_literal_rule_is_str_replace_on_every_string(configured, args, search, replace):
    def expected(value):
        if isinstance(value, dict):
            return {key: expected(item) for key, item in value.items()}
        if isinstance(value, list):
            return [expected(item) for item in value]
        return value.replace(search, replace) if isinstance(value, str) else value

    async with configured(words=[rule(search, replace, regex=False)]) as runner, runner.request() as request:
        outcome = await request.run(ToolPreInvokePayload("t", args))
    assert json.dumps(outcome.payload.args) == json.dumps(expected(args))
    assert outcome.modified == (expected(args) != args)


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet="ab1é👋 "))
async def test_a_regular_expression_gives_what_python_would(configured, text):
    words = [rule(r"(a+)(b)?", r"<\2\1>"), rule("[é👋]+", "…")]
    async with configured(words=words) as runner, runner.request() as request:
        outcome = await request.run(ToolPreInvokePayload("t", {"q": text}))
    expected = re.sub(r"[é👋]+", "…", re.sub(r"(a+)(b)?", lambda match: f"<{match[2] or ''}{match[1]}>", text))
    assert outcome.payload.args["q"] == expected


async def test_a_text_that_is_json_is_still_json(run):
    inner = '{"note": "secret \\u0041", "n": 1.50, "secret": [1]}'
    outcome = await run(ToolPreInvokePayload("t", {"q": inner}), words=[rule("s(.)cret", r'"\1\\')])
    assert outcome.payload.args["q"] == '{"note": "\\"e\\\\ A", "n": 1.50, "secret": [1]}'


async def test_a_rule_finds_what_stands_in_one_of_many_texts(run):
    notes = ["x a", "x b\n", "b", "\na", *"cdefghij"]
    words = [rule("^b", "B"), rule("a$", "A"), rule(r"\Ac\z", "C"), rule("d", "D", regex=False), rule(r"\bJ|\bj", "-")]
    outcome = await run(ToolPreInvokePayload("t", {"notes": notes}), words=words)
    assert outcome.payload.args["notes"] == ["x A", "x b\n", "B", "\nA", "C", "D", *"efghi", "-"]


ALIKE = [
    "a|ab",
    "ab|a",
    "a?b",
    "(a)(b)?",
    "a{1,2}",
    "[^a]",
    ".",
    "(?i)B",
    "(?s).a",
    "a+?b*",
    "b.*a",
    "b.*?a",
    "^a",
    "a$",
    "(?m)^b",
    "é+|👋a",
    "(a|b)(1|a)?",
]


@settings(max_examples=150, deadline=None)
@given(text=st.text(alphabet="aabbAB1é👋 \n"), pattern=st.sampled_from(ALIKE), ref=st.booleans())
async def test_what_is_replaced_is_what_python_would_replace(configured, text, pattern, ref):
    replace = r"<\1>" if ref and "(a" in pattern else "<>"
    async with configured(words=[rule(pattern, replace)]) as runner, runner.request() as request:
        outcome = await request.run(ToolPreInvokePayload("t", {"q": text}))
    expected = re.sub(pattern.replace("$", r"\Z"), replace, text)
    assert outcome.payload.args["q"] == expected
