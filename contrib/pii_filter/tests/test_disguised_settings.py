"""What an operator writes is compared with texts as they are seen: without accents, Latin where they look so."""

import pytest
from gatehook import GatehookError, Runner, ToolPreInvokePayload


def asked(text):
    return ToolPreInvokePayload("t", {"q": text})


@pytest.mark.parametrize("written", ["jörg@müller.de", "JÖRG@müller.de", "/jörg@.*/", "ｊörg@müller.de"])
@pytest.mark.parametrize("text", ["jörg@müller.de", "jo\u0308rg@mu\u0308ller.de", "jö\u200brg@müller.de"])
async def test_the_whitelist_takes_letters_of_all_kinds(run, written, text):
    assert not (await run(asked(text), whitelist_patterns=[written])).modified


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("Müller", "Müller"), ("Mu\u0308ller", "Müller"), ("кот", "кот"), ("M[üu]ller", "Müller"), ("(?i)ÉCOLE", "école")],
)
async def test_patterns_match_letters_of_all_kinds(run, pattern, text):
    outcome = await run(asked(f"({text})"), custom_patterns=[{"name": "mine", "pattern": pattern}])
    assert outcome.payload.args["q"] == "([REDACTED])"


async def test_a_sign_that_is_seen_as_a_sign_of_patterns_is_only_itself(run):
    custom = [{"name": "mine", "pattern": "a…"}]
    outcome = await run(asked("a… axyz"), custom_patterns=custom)
    assert outcome.payload.args["q"] == "[REDACTED] axyz"


@pytest.mark.parametrize("key", ["custom_patterns", "whitelist_patterns"])
async def test_a_range_of_other_letters_is_refused(key):
    value = "/[а-я]+/" if key == "whitelist_patterns" else {"name": "mine", "pattern": "[а-я]+"}
    with pytest.raises(GatehookError, match=rf"{key}.*range of letters"):
        async with Runner.from_config({"plugins": [{"name": "pii_filter", "config": {key: [value]}}]}):
            pass


async def test_a_path_tells_no_number_that_only_the_key_above_it_names(run):
    outcome = await run(
        ToolPreInvokePayload("t", {"ssn": {"536228145": "x@example.com"}, "page": {"12": "x@example.com"}}),
        audit_detections=True,
    )
    places = outcome.metadata["pii_filter"]["places"]
    assert [place["path"] for place in places] == ["args.ssn.*", "args.page.12"]
