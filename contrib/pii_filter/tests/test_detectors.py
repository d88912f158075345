"""What is found, and what is not."""

import json

import pytest
from gatehook import ToolPostInvokePayload, ToolPreInvokePayload
from hypothesis import given, settings
from hypothesis import strategies as st

FOUND = [
    ("ssn", "123-45-6789"),
    ("ssn", "SSN 123456789"),
    ("ssn", "social security number: 123 45 6789"),
    ("ssn", "id 123\u201145\u20116789 (typographic hyphens)"),
    ("ssn", "１２３-４５-６７８９"),
    ("credit_card", "4111111111111111"),
    ("credit_card", "4111 1111 1111 1111"),
    ("credit_card", "4111-1111-1111-1111 12/27 123"),
    ("credit_card", "4111 1111 1111 1111 123"),
    ("credit_card", "3782 822463 10005"),
    ("credit_card", "5555555555554444"),
    ("credit_card", "2223003122003222"),
    ("credit_card", "6011111111111117"),
    ("credit_card", "3056 930902 5904"),
    ("credit_card", "3530111333300000"),
    ("credit_card", "card 4222222222222"),
    ("email", "bob@example.com"),
    ("email", "o'brien.j+tag@mail.example.co.uk"),
    ("email", "<bob@example.com>,"),
    ("email", "bob@example.com_2024"),
    ("email", "jörg@müller.de"),
    ("email", "bob@xn--bcher-kva.example"),
    ("email", "x" * 80 + "@example.com"),
    ("phone", "(555) 234-5678"),
    ("phone", "555-234-5678"),
    ("phone", "555.234.5678"),
    ("phone", "555 234 5678"),
    ("phone", "+1 (555) 234-5678"),
    ("phone", "fax 555 234 5678 2"),
    ("phone", "+1 555 234 5678"),
    ("phone", "+15552345678"),
    ("phone", "1-555-234-5678"),
    ("phone", "+44 20 7946 0958"),
    ("phone", "tel:+49(0)30901820"),
    ("phone", "call 5552345678"),
    ("ip_address", "203.0.113.9"),
    ("ip_address", "from 203.0.113.9."),
    ("ip_address", "2001:db8::8a2e:370:7334"),
    ("ip_address", "2001:db8:0:1:1:1:1:1: refused"),
    ("ip_address", "::ffff:203.0.113.9"),
    ("aws_keys", "AKIAIOSFODNN7EXAMPLE"),
    ("aws_keys", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("api_keys", "ghp_" + "a1B2c3" * 6),
    ("api_keys", "sk-proj-" + "aB3dE6" * 8),
    ("api_keys", "sk_live_" + "4eC39HqLyjWDarjtT1"),
    ("api_keys", "xoxb-123456789012-abcdefABCDEF"),
    ("api_keys", "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw"),
    ("api_keys", 'X-API-Key: "0123456789abcdef0123"'),
    ("api_keys", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"),
]

NOT_FOUND = [
    "",
    "000-12-3456 666-12-3456 900-12-3456 123-00-4567 123-45-0000",  # numbers that the SSA never issues
    "order 123456789",
    "100 20 3000",  # three numbers in a row
    "part 1-123-45-6789-0",
    "4111111111111112",  # the check digit is wrong
    "1234567812345670",  # the check digit is right, and no issuer begins with 1
    "0.4111111111111111",
    "1751328000",  # epoch seconds
    "1751328000123",  # milliseconds
    "1751328000123456",  # microseconds
    "2025-07-01T00:00:00+00:00",
    "550e8400-e29b-41d4-a716-446655440000",
    "12345678-1234-4123-8123-123456789012",
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "978-3-16-148410-0",
    "applicability: 12345678",
    "click here A1234567",
    "foo|bar@x.c|m",  # `|` is no character of a top-level domain
    "@app.route, x @ y.com, git@host, react@18.2.0",
    "212-911-12345 112-555-1234 555-155-1234",
    "10 555 234 5678 20",  # a row of numbers
    "5552345678",  # ten digits that nothing calls a phone number
    "1.2.3.4.5, v1.2.3.4, 256.1.1.1, 127.0.0.1",
    "12:34:56, 00:1A:2B:3C:4D:5E, std::vector, a::b, ::1, ::",
    "sk-learn-pipeline-with-many-steps",
    "task-1234567890abcdefghij",
]


@pytest.mark.parametrize(("kind", "text"), FOUND)
async def test_it_finds(run, kind, text):
    outcome = await run(ToolPreInvokePayload("t", {"q": text}), detect_ip_address=True, audit_detections=True)
    assert outcome.metadata["pii_filter"]["detections"] == {kind: 1}


@pytest.mark.parametrize("text", NOT_FOUND)
async def test_it_is_not_fooled_by(run, text):
    payload = ToolPreInvokePayload("t", {"q": text})
    assert not (await run(payload, detect_ip_address=True)).modified


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("ssn", "123456789", "ssn"),
        ("customerSsn", "123 45 6789", "ssn"),
        ("phone_numbers", ["5552345678"], "phone"),
        ("order_numbers", ["5552345678"], None),
        ("mobilePhone", "5552345678", "phone"),
        ("card", "4222222222222", "credit_card"),
        ("api_key", "0123456789abcdef0123", "api_keys"),
        ("etag", "0123456789abcdef0123", None),
    ],
)
async def test_a_key_tells_what_bare_digits_and_letters_are(run, key, value, kind):
    outcome = await run(ToolPreInvokePayload("t", {key: value}), audit_detections=True)
    assert outcome.metadata.get("pii_filter", {}).get("detections", {}) == ({kind: 1} if kind else {})


async def test_each_switch_turns_its_detector_off(run):
    text = "123-45-6789 4111111111111111 bob@example.com 555-234-5678 203.0.113.9 AKIAIOSFODNN7EXAMPLE"
    text += " ghp_" + "a1B2c3" * 6
    kinds = {"ssn", "credit_card", "email", "phone", "ip_address", "aws_keys", "api_keys"}
    for off in kinds:
        switches = {f"detect_{kind}": kind != off for kind in kinds}
        outcome = await run(ToolPreInvokePayload("t", {"q": text}), audit_detections=True, **switches)
        assert outcome.metadata["pii_filter"]["detections"].keys() == kinds - {off}


async def test_numbers_and_other_types_are_left_alone(run):
    result = {"structuredContent": {"ts": 1751328000123, "card": 4111111111111111, "ok": True, "none": None, "n": 1.5}}
    assert not (await run(ToolPostInvokePayload("t", result))).modified


async def test_a_text_that_is_json_stays_json_and_keeps_its_types(run):
    data = {"ssn": "123456789", "ts": 1751328000123, "etag": "550e8400-e29b-41d4-a716", "n": 4111111111111111}
    text = json.dumps({"rows": [data, data], "note": 'say "hi" to \\ bob@example.com'}, indent=2)
    result = {"content": [{"type": "text", "text": text}]}
    outcome = await run(ToolPostInvokePayload("t", result), redaction_text='"X"')
    masked = {**data, "ssn": '"X"'}
    after = outcome.payload.result["content"][0]["text"]
    assert json.loads(after) == {"rows": [masked, masked], "note": 'say "hi" to \\ "X"'}
    assert after == text.replace('"123456789"', r'"\"X\""').replace("bob@example.com", r"\"X\"")  # byte for byte


async def test_json_in_a_string_in_json_is_searched(run):
    inner = json.dumps({"mail": "bob@example.com"})
    text = json.dumps({"body": json.dumps({"message": inner})})
    outcome = await run(ToolPreInvokePayload("t", {"q": text}))
    assert json.loads(json.loads(json.loads(outcome.payload.args["q"])["body"])["message"]) == {"mail": "[REDACTED]"}


async def test_an_escape_in_json_hides_nothing(run):
    text = r'{"mail": "bob\u0040example.com"}'
    assert (await run(ToolPreInvokePayload("t", {"q": text}))).payload.args["q"] == '{"mail": "[REDACTED]"}'


HOSTILE = [
    "a" * 65536,
    "a." * 32768,
    "a@" * 32768,
    "@" * 65536,
    "a@" + "a." * 32767,
    "a@a.a." * 10922,
    "1" * 65536,
    "1-" * 32768,
    "4111 " * 13107,
    "123 45 6789 " * 5461,
    "(555) " * 10922,
    "+2" + " 2" * 32767,
    "+2" * 32768,
    ":" * 65536,
    "1:" * 32768,
    "1." * 32768,
    "eyJ" + "a" * 65533,
    "eyJaaaaaaaaaaa." * 4369,
    "sk-" * 21845,
    "ssn " * 16384,
    '{"a":' * 13107,
    "[" * 65536,
    '["' + "\\" * 65532 + '"]',
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:8])
async def test_64_kilobytes_of_hostile_text_come_back(run, text):
    await run(
        ToolPreInvokePayload("t", {"q": text, "phone ssn api key": text}),
        detect_ip_address=True,
        custom_patterns=[{"name": "nested", "pattern": "(a|aa)+$"}],
    )


words = st.sampled_from([text for _, text in FOUND] + NOT_FOUND + [" ", ", ", "x", "-", "(", ")"]) | st.text(max_size=6)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.lists(words, max_size=4).map("".join),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def shape(value):
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return [shape(item) for item in value] if isinstance(value, list) else type(value)


@settings(max_examples=60, deadline=None)
@given(
    args=st.dictionaries(st.text(max_size=3), json_values, max_size=3),
    strategy=st.sampled_from(["redact", "partial", "remove"]),
)
async def test_masking_keeps_the_shape_and_finds_nothing_the_second_time(configured, args, strategy):
    async with configured(mask_strategy=strategy) as runner, runner.request() as request:
        once = await request.run(ToolPreInvokePayload("t", args))
        twice = await request.run(once.payload)
    assert shape(once.payload.args) == shape(args)
    assert not twice.modified
    assert once.modified == (once.payload.args != args)
