"""What is denied, and what is said about it."""

import pytest
from gatehook import (
    GatehookError,
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
    assert outcome.violation.details == {"paths": [path], "count": 1}
    assert "not allowed here" in outcome.violation.reason


@every_place
async def test_every_hook_lets_clean_text_pass_unchanged(run, path, payload):
    outcome = await run(payload("an open plan"), words=["secret"])
    assert (outcome.blocked, outcome.modified, outcome.payload) == (False, False, payload("an open plan"))


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("secret", "secret"),
        ("secret", "(SECRET!)"),
        ("Secret", "the secret"),
        ("secret", "secret_key"),
        ("secret", "top-secret"),
        ("secret", "se\u200bcret"),  # a zero-width space
        ("secret", "ｓｅｃｒｅｔ"),
        ("straße", "STRASSE"),
        ("café", "cafe\u0301"),
        ("top  secret", "top\n secret"),
        ("C++", "in C++17"),
        ("@everyone", "hi @everyone!"),
        ("禁止", "这是禁止的"),
        ("a.b", "a.b"),
    ],
)
async def test_a_word_is_found_as(run, word, text):
    assert (await run(ToolPreInvokePayload("t", {"q": text}), words=[word])).blocked


CLEAN = ["Scunthorpe", "specialist", "desk in", "assess", "Penistone", "cockpit"]
RUDE = ["cunt", "cialis", "skin", "ass", "penis", "cock", "tit"]


@pytest.mark.parametrize("text", [*CLEAN, "axb", "C plus plus"])
async def test_a_word_inside_another_is_not_a_word(run, text):
    assert not (await run(ToolPreInvokePayload("t", {"q": text}), words=[*RUDE, "a.b", "C++"])).blocked


async def test_substring_finds_it_inside_another(run):
    payload = ToolPreInvokePayload("t", {"q": "unsecretly"})
    assert (await run(payload, words=["secret"], match="substring")).blocked
    assert not (await run(payload, words=["secret"])).blocked


async def test_case_sensitive_tells_cases_apart(run):
    payload = ToolPreInvokePayload("t", {"q": "a PIN"})
    assert not (await run(payload, words=["pin"], case_sensitive=True)).blocked
    assert (await run(payload, words=["PIN"], case_sensitive=True)).blocked


async def test_an_encoded_uri_hides_nothing(run):
    assert (await run(ResourcePreFetchPayload("docs://s%65cret/plan"), words=["secret"])).blocked


async def test_the_violation_never_holds_the_word(run):
    args = {"secret": "a secret", "list": ["SECRET secret", "open"], "n": 1}
    violation = (await run(ToolPreInvokePayload("t", args), words=["secret"])).violation
    assert violation.details == {"paths": ["args.*", "args.list[0]"], "count": 2}
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


REFUSED = [
    ({}, "words"),
    ({"words": []}, "words"),
    ({"words": ["ok", " "]}, r"words\[1\].*visible character"),
    ({"words": ["ok", "\u200b"]}, "visible character"),
    ({"words": [1]}, "words"),
    ({"words": ["x"], "match": "regex"}, "match"),
    ({"words": ["x"], "case_insensitive": True}, "case_sensitive"),
]


@pytest.mark.parametrize(("config", "said"), REFUSED)
async def test_a_config_that_cannot_be_honoured_is_refused_with_its_reason(configured, config, said):
    with pytest.raises(GatehookError, match=said):
        async with configured(**config):
            pass


@pytest.mark.parametrize("module", ["deny_filter.deny", "deny_list.deny_list"])
async def test_it_serves_the_specifications_kinds(module):
    kind = f"plugins.{module}.DenyListPlugin"
    async with Runner.from_config({"plugins": [{"name": "D", "kind": kind, "config": {"words": ["x"]}}]}) as runner:
        assert runner.has_hooks("tool_pre_invoke")


@settings(max_examples=60, deadline=None)
@given(
    before=st.text(),
    after=st.text(),
    word=st.sampled_from(["secret", "C++", "top secret", "ﬁne", "禁止", "ẞ"]),
    match=st.sampled_from(["word", "substring"]),
)
async def test_a_word_between_spaces_is_found_in_any_text(configured, before, after, word, match):
    async with configured(words=["x", word], match=match) as runner, runner.request() as request:
        assert (await request.run(ToolPreInvokePayload("t", {"q": f"{before} {word} {after}"}))).blocked


HOSTILE = ["secret " * 9000, "top" + " " * 65533, "top " * 16384, "secre" * 13107, "\u200b" * 65536, "ﷺ" * 65536]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_64_kilobytes_of_hostile_text_come_back(run, text):
    words = ["top secret plan", "secret", *(f"word{number}" for number in range(500))]
    await run(ToolPreInvokePayload("t", {"q": text}), words=words)


@pytest.mark.timeout(20)
async def test_a_long_list_is_searched(run):
    words = [f"w{number}" for number in range(50_000)]
    assert (await run(ToolPreInvokePayload("t", {"q": "a w49999 b"}), words=words)).blocked
    assert not (await run(ToolPreInvokePayload("t", {"q": "a w50000 b"}), words=words)).blocked


async def test_lone_surrogates_survive(run):
    payload = ToolPreInvokePayload("t", {"q": "\ud800", "r": "a \udfff secret"})
    assert (await run(payload, words=["secret"])).violation.details["paths"] == ["args.r"]
