"""What is put where personal data stood, and what is put back."""

import json
import re

import pytest
from gatehook import ToolPostInvokePayload, ToolPreInvokePayload

EMAIL = "ada@example.com"
KEY = "a key of sixteen characters"
TOKEN = re.compile(r"\[email:[a-p]{4}(?:-[a-p]{4}){4}\]")


def asked(text):
    return ToolPreInvokePayload("t", {"q": text})


def answered(text):
    return ToolPostInvokePayload("t", {"content": [{"type": "text", "text": text}]})


def text_of(outcome):
    return outcome.payload.result["content"][0]["text"]


async def test_each_kind_may_have_a_strategy_of_its_own(run):
    config = {"mask_strategy": "remove", "strategies": {"email": "partial", "ssn": "redact"}}
    outcome = await run(asked(f"{EMAIL} 536-22-8145 4111111111111111"), **config)
    assert outcome.payload.args == {"q": "a***@example.com [REDACTED] "}


async def test_equal_data_have_equal_hashes_and_other_keys_give_others(run):
    first = await run(asked(f"{EMAIL} {EMAIL} bob@example.com"), mask_strategy="hash", hash_key=KEY)
    again = await run(asked(f"{EMAIL} {EMAIL} bob@example.com"), mask_strategy="hash", hash_key=KEY)
    other = await run(asked(f"{EMAIL} {EMAIL} bob@example.com"), mask_strategy="hash", hash_key=KEY[::-1])
    one, two, three = first.payload.args["q"].split()
    assert one == two != three
    assert first.payload == again.payload != other.payload


@pytest.mark.parametrize("strategy", ["redact", "partial", "hash", "tokenize", "remove"])
async def test_what_is_masked_is_not_masked_again(run, strategy):
    config = {"mask_strategy": strategy, "hash_key": KEY, "detect_ip_address": True}
    text = (
        f"{EMAIL}, SSN 536-22-8145, card 4111 1111 1111 1111, (415) 555-2671, 203.0.113.9, born 1980-05-12,"
        " passport AB1234567, api_key=Zk3Jw8QpLm2Nv7Rt4Yx6Bc1D, IBAN GB82 WEST 1234 5698 7654 32"
    )
    once = await run(answered(text), **config)
    assert once.modified
    twice = await run(answered(text_of(once)), **config)
    assert not twice.modified


async def test_a_token_says_nothing_and_stands_for_the_same_text_in_one_request(open_runner):
    async with open_runner("pii_filter", config={"mask_strategy": "tokenize"}) as runner:
        async with runner.request(user="alice") as request:
            masked = (await request.run(asked(f"{EMAIL} and {EMAIL}"))).payload.args["q"]
        async with runner.request(user="alice") as request:
            masked_later = (await request.run(asked(EMAIL))).payload.args["q"]
    token, _, again = masked.split(" ")
    assert TOKEN.fullmatch(token)
    assert token == again != masked_later


async def test_the_caller_s_own_data_are_restored_in_the_answer_if_asked(open_runner):
    config = {"mask_strategy": "tokenize", "restore_tokens": True}
    async with open_runner("pii_filter", config=config) as runner, runner.request(user="alice") as request:
        token = (await request.run(asked(EMAIL))).payload.args["q"]
        outcome = await request.run(answered(json.dumps({"found": token, "also": "bob@example.com"})))
    answer = json.loads(text_of(outcome))
    assert answer["found"] == EMAIL
    assert TOKEN.fullmatch(answer["also"])  # the server's data, not the caller's


async def test_tokens_are_not_restored_unless_asked(open_runner):
    async with open_runner("pii_filter", config={"mask_strategy": "tokenize"}) as runner, runner.request() as request:
        token = (await request.run(asked(EMAIL))).payload.args["q"]
        outcome = await request.run(answered(f"found {token}"))
    assert not outcome.modified


async def test_tokens_of_another_request_are_not_restored(open_runner):
    config = {"mask_strategy": "tokenize", "restore_tokens": True}
    async with open_runner("pii_filter", config=config) as runner:
        async with runner.request(user="alice") as request:
            token = (await request.run(asked(EMAIL))).payload.args["q"]
        async with runner.request(user="mallory") as request:
            outcome = await request.run(answered(f"found {token}"))
    assert not outcome.modified


async def test_a_text_with_a_quote_in_it_is_restored_into_json_that_still_parses(open_runner):
    config = {
        "mask_strategy": "tokenize",
        "restore_tokens": True,
        "custom_patterns": [{"name": "quoted", "pattern": '"Bob"'}],
    }
    async with open_runner("pii_filter", config=config) as runner, runner.request() as request:
        token = (await request.run(asked('call "Bob"'))).payload.args["q"].removeprefix("call ")
        outcome = await request.run(answered(json.dumps({"who": token})))
    assert json.loads(text_of(outcome)) == {"who": '"Bob"'}
