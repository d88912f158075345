"""What is left where words are masked."""

import json

import pytest
from gatehook import GatehookError, ResourcePreFetchPayload
from gatehook.testing import assert_blocked, assert_unchanged, run_hook, tool_call, tool_result
from hypothesis import given, settings
from hypothesis import strategies as st


def masked(payload, mode="enforce", **config):
    return run_hook("deny_list", payload, mode=mode, access="write", config={"action": "mask", **config})


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a secret, plan", "a ******, plan"),
        ("Secret, SECRET", "******, ******"),
        ("top secret plans", "********** plans"),
        ("a top\n\n secret plan", "a *****************"),  # both phrases, and what lies between
        ("se\u200bcret", "*******"),
        ("ｓｅｃｒｅｔ…  ½ secret", "******…  ½ ******"),
        ("in secre\u0301t ﬁles", "in ******* ****"),
        ("secretive", "secretive"),
        ("ﷺ", "*"),
    ],
)
async def test_the_longest_is_masked_and_nothing_remains(text, left):
    outcome = await masked(tool_call(q=text), words=["secret", "top secret", "secret plan", "files", "الله", "عليه"])
    assert outcome.payload.args == {"q": left}
    assert outcome.modified is (text != left)


async def test_a_mask_may_be_a_text():
    outcome = await masked(tool_call(q="top secret"), words=["secret"], mask_text="[removed]")
    assert outcome.payload.args == {"q": "top [removed]"}


async def test_json_in_a_text_remains_json():
    rows = {"rows": [{"note": 'a "secret"\n', "n": 1.0}, {"note": "open"}]}
    outcome = await masked(tool_result(structured=rows), words=["secret"], mask_text='"\\')
    wanted = {"rows": [{"note": 'a ""\\"\n', "n": 1.0}, {"note": "open"}]}
    assert json.loads(outcome.payload.result["content"][0]["text"]) == wanted
    assert outcome.payload.result["structuredContent"] == wanted


async def test_the_metadata_tells_of_it_and_never_the_word():
    outcome = await masked(tool_call(q=["a secret"], secret="secret"), words=["secret"], severity="low")
    report = {"paths": ["args.q[0]", "args.*"], "count": 2, "severity": "low", "lists": ["words"]}
    assert outcome.metadata == {"deny_list": {"masked": report}}


async def test_a_uri_is_blocked_since_it_cannot_be_masked():
    outcome = await masked(ResourcePreFetchPayload("docs://secret"), words=["secret"])
    assert_blocked(outcome, "DENIED_WORD")
    assert outcome.violation.details["paths"] == ["uri"]


LISTS = [
    {"name": "plans", "severity": "critical", "words": ["blue heron"]},
    {"name": "rude", "severity": "low", "action": "mask", "words": ["heron", "damn"]},
    {"name": "names", "severity": "high", "action": "mask", "mask_text": "[name]", "words": ["damn Yankees"]},
]


def listed(text, **keys):
    return run_hook("deny_list", tool_call(q=text), access="write", config={"lists": LISTS}, **keys)


async def test_a_blocking_list_wins_over_a_masking_one():
    outcome = await listed("the blue heron, damn")
    assert_blocked(outcome, "DENIED_WORD")
    assert (outcome.violation.details["severity"], outcome.violation.details["lists"]) == ("critical", ["plans"])


async def test_the_list_of_the_longest_word_masks():
    outcome = await listed("damn Yankees, damn, heron")
    assert outcome.payload.args == {"q": "[name], ****, *****"}
    report = outcome.metadata["deny_list"]["masked"]
    assert (report["severity"], report["lists"]) == ("high", ["rude", "names"])


async def test_permissive_masks_what_it_may_and_records_what_it_would_block():
    outcome = await listed("a blue heron, damn", mode="permissive")
    assert outcome.payload.args == {"q": "a **********, ****"}
    assert [violation.details["lists"] for violation in outcome.violations] == [["plans"]]


async def test_audit_changes_nothing():
    assert_unchanged(await masked(tool_call(q="a secret"), mode="audit", words=["secret"]))


@pytest.mark.parametrize("config", [{"action": "mask", "words": ["x"]}, {"lists": LISTS}])
async def test_masking_needs_write_access(configured, config):
    with pytest.raises(GatehookError, match="needs `access: write`"):
        async with configured(**config):
            pass


@pytest.mark.parametrize("mask", ["a secret", "*", "é"])
def test_a_mask_that_is_denied_itself_is_refused(mask):
    with pytest.raises(GatehookError, match="the `mask_text` of the list 'words' is itself denied"):
        masked(tool_call(), words=["secret", "***", "e"], match="substring", mask_text=mask)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["secret", "top", "x", " ", "\n", "\u200b", "é", "ﬁ", "\u0301", "…"]), max_size=12))
def test_what_is_masked_has_nothing_left_to_mask(pieces):
    config = {"words": ["secret", "top secret", "x", "fi"], "match": "substring"}
    once = masked(tool_call(q="".join(pieces)), **config)
    assert_unchanged(masked(once.payload, **config))
