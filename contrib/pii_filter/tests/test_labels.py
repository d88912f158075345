"""A key like `value` is told by what stands above and before it."""

import json

import pytest
from gatehook import ToolPostInvokePayload, ToolPreInvokePayload

NAMED = [
    {"ssn": {"value": "536228145"}},
    {"ssn": {"values": ["536228145"]}},
    {"phone": {"home": "5552345678"}},
    {"phone": [{"number": "5552345678"}]},
    {"telecom": [{"system": "phone", "value": "5552345678"}]},
    {"identifier": [{"system": "http://hl7.org/fhir/sid/us-ssn", "value": "536228145"}]},
    {"fields": [{"name": "SSN", "value": "536228145"}]},
    {"identifier": {"type": {"text": "Passport No."}, "value": "AB1234567"}},
]
NOT_NAMED = [
    {"orders": {"value": "5552345678"}},
    {"phone": {"id": "5552345678"}},
    {"name": "order", "value": "5552345678"},
    [{"name": "phone"}, {"value": "5552345678"}],
    {"phone": "none", "order": {"value": "5552345678"}},
]


@pytest.mark.parametrize("data", NAMED)
async def test_what_is_above_or_before_a_value_names_it(run, data):
    in_args = await run(ToolPreInvokePayload("t", {"data": data}))
    in_text = await run(ToolPostInvokePayload("t", {"content": [{"type": "text", "text": json.dumps(data)}]}))
    assert in_args.modified
    assert in_text.modified


@pytest.mark.parametrize("data", NOT_NAMED)
async def test_what_stands_elsewhere_does_not(run, data):
    assert not (await run(ToolPreInvokePayload("t", {"data": data}))).modified
    text = json.dumps(data)
    assert not (await run(ToolPostInvokePayload("t", {"content": [{"type": "text", "text": text}]}))).modified
