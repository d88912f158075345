"""No text makes it slow or large: what cannot be finished is blocked."""

import pytest
from gatehook import ToolPreInvokePayload


@pytest.mark.parametrize("regex", [True, False])
@pytest.mark.parametrize("text", ["a", ["a"] * 1000])
async def test_rules_that_double_a_text_again_and_again_are_stopped(run, text, regex):
    words = [{"search": "a", "replace": "aa", "regex": regex}] * 60
    outcome = await run(ToolPreInvokePayload("t", {"q": text}), words=words)
    assert outcome.blocked
    assert outcome.violation.code == "PLUGIN_ERROR"


@pytest.mark.parametrize("search", ["b+", "b"])
async def test_a_match_that_becomes_a_long_text_is_stopped(run, search):
    words = [{"search": search, "replace": "x" * 100_000}]
    assert not (await run(ToolPreInvokePayload("t", {"q": "ab" * 5}), words=words)).blocked
    assert (await run(ToolPreInvokePayload("t", {"q": "ab" * 50}), words=words)).blocked


async def test_a_text_may_grow_tenfold_however_large(run):
    words = [{"search": "(a)", "replace": r"\1\1\1\1\1\1\1\1\1"}]
    outcome = await run(ToolPreInvokePayload("t", {"q": "a" * 300_000}), words=words)
    assert outcome.payload.args["q"] == "a" * 2_700_000


async def test_an_expression_that_looks_far_ahead_after_each_match_is_stopped(run):
    words = [{"search": "[bcdefghijkl]|q(?:.*z)?", "replace": ""}]  # with so many letters, it is not found out at load
    assert (await run(ToolPreInvokePayload("t", {"q": "q" * 300_000}), words=words)).blocked
    assert not (await run(ToolPreInvokePayload("t", {"q": "q" * 1000}), words=words)).blocked


@pytest.mark.parametrize(
    "search",
    [
        "(a|aa)+$",
        "(a*)*b",
        r"(\w+\s?)*$x",
        "a*a*a*a*a*b",
        "(.*)(.*)(.*)x",
        "(x+x+)+y",
        "a.*b",
        '"[^"]*"',
        "[^a]",
        "a|b",
        r"\pL\pM*",
    ],
)
async def test_64_kilobytes_of_hostile_text_are_finished(run, search):
    for text in ("a" * 65_535 + "!", "ab" * 32_768, '"' * 65_535, "é" * 32_768, "a\u0301" * 20_000):
        assert not (
            await run(ToolPreInvokePayload("t", {"q": text}), words=[{"search": search, "replace": ""}])
        ).blocked
