"""Which parts of a payload are searched, and that the rest of it stays as it is."""

import json

from gatehook import ToolPostInvokePayload, ToolPreInvokePayload
from hypothesis import given
from hypothesis import strategies as st

EMAIL = "ada@example.com"


async def test_only_the_given_fields_are_searched(run):
    payload = ToolPreInvokePayload("t", {"note": EMAIL, "people": [{"mail": EMAIL}, {"name": EMAIL}]})
    outcome = await run(payload, fields=["args.people[*].mail"])
    assert outcome.payload.args == {"note": EMAIL, "people": [{"mail": "[REDACTED]"}, {"name": EMAIL}]}


async def test_a_field_stands_for_all_that_is_in_it(run):
    outcome = await run(ToolPreInvokePayload("t", {"a": [EMAIL, {"b": EMAIL}], "ab": EMAIL}), fields=["args.a"])
    assert outcome.payload.args == {"a": ["[REDACTED]", {"b": "[REDACTED]"}], "ab": EMAIL}


async def test_excepted_fields_are_left_alone_also_in_json_texts(run):
    text = json.dumps({"contact": {"mail": EMAIL}, "note": EMAIL})
    outcome = await run(ToolPreInvokePayload("t", {"data": text}), except_fields=["args.data.contact"])
    assert json.loads(outcome.payload.args["data"]) == {"contact": {"mail": EMAIL}, "note": "[REDACTED]"}


async def test_keys_are_searched_if_asked_and_none_is_lost(run):
    args = {"ada@example.com": 1, "bob@example.com": {"x": "y"}}
    outcome = await run(ToolPreInvokePayload("t", args), include_keys=True)
    assert outcome.payload.args == {"[REDACTED]": 1, "[REDACTED] (2)": {"x": "y"}}


async def test_numbers_are_searched_if_asked_and_remain_numbers(run):
    args = {"ssn": 536228145, "card": 4111111111111111, "id": 17, "data": '{"phone": 4155552671, "n": 1.50}'}
    outcome = await run(ToolPreInvokePayload("t", args), include_numbers=True)
    assert outcome.payload.args == {"ssn": 0, "card": 0, "id": 17, "data": '{"phone": 0, "n": 1.50}'}


async def test_numbers_and_keys_are_left_alone_unless_asked(run):
    args = {"ssn": 536228145, EMAIL: 4111111111111111}
    assert not (await run(ToolPreInvokePayload("t", args))).modified


async def test_the_text_and_the_structured_content_are_both_masked(run):
    data = {"customer": {"mail": EMAIL, "since": 2019}}
    result = {"content": [{"type": "text", "text": json.dumps(data)}], "structuredContent": data, "isError": False}
    outcome = await run(ToolPostInvokePayload("t", result))
    masked = {"customer": {"mail": "[REDACTED]", "since": 2019}}
    assert outcome.payload.result["structuredContent"] == masked
    assert json.loads(outcome.payload.result["content"][0]["text"]) == masked


@given(
    data=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just(f"mail {EMAIL}"),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=20,
    )
)
async def test_masking_keeps_every_shape_and_type(run, data):
    """The same as JSON text and as an object, whatever the data."""
    text = json.dumps(data)
    outcome = await run(ToolPreInvokePayload("t", {"data": data, "text": text}))
    expected = json.loads(text.replace(EMAIL, "[REDACTED]"))
    assert json.dumps(outcome.payload.args["data"]) == json.dumps(expected)
    assert json.loads(outcome.payload.args["text"]) == expected if isinstance(data, dict | list) else True
