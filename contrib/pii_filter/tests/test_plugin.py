"""What is done with what was found."""

import logging

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
from gatehook_pii_filter.detectors import DETECTORS

SSN = "123-45-6789"
TEXT = f"SSN: {SSN}."
MASKED = "SSN: [REDACTED]."


def prompt(text):
    return PromptResult.from_json({"messages": [{"role": "user", "content": {"type": "text", "text": text}}]})


def resource(text):
    return ResourceContent.from_json({"uri": "crm://1", "mimeType": "text/plain", "text": text})


PAYLOADS = {
    "prompt_pre_fetch": lambda text: PromptPrehookPayload("p", {"q": text}),
    "prompt_post_fetch": lambda text: PromptPosthookPayload("p", prompt(text)),
    "tool_pre_invoke": lambda text: ToolPreInvokePayload("t", {"q": {"where": [text]}}),
    "tool_post_invoke": lambda text: ToolPostInvokePayload("t", {"content": [{"type": "text", "text": text}]}),
    "resource_pre_fetch": lambda text: ResourcePreFetchPayload("crm://1", {"note": text}),
    "resource_post_fetch": lambda text: ResourcePostFetchPayload("crm://1", resource(text)),
}
every_hook = pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)


@every_hook
async def test_every_hook_masks(run, payload):
    outcome = await run(payload(TEXT))
    assert outcome.payload == payload(MASKED)
    assert outcome.modified
    assert not outcome.blocked


@every_hook
async def test_every_hook_blocks_if_told_to(run, payload):
    outcome = await run(payload(TEXT), block_on_detection=True)
    assert outcome.violation.code == "PII_DETECTED"
    assert "personal data (ssn)" in outcome.violation.reason
    assert outcome.violation.details["detections"] == {"ssn": 1}


@every_hook
async def test_every_hook_says_nothing_when_nothing_is_found(run, payload):
    outcome = await run(payload("nothing here"), audit_detections=True)
    assert (outcome.modified, outcome.blocked, dict(outcome.metadata)) == (False, False, {})


async def test_content_and_structured_content_are_masked_alike(run):
    result = {
        "content": [
            {"type": "text", "text": TEXT, "annotations": {"priority": 1}},
            {"type": "resource", "resource": {"uri": "crm://1", "text": TEXT}},
            {"type": "image", "data": "QUJD", "mimeType": "image/png"},
        ],
        "structuredContent": {"people": [{"note": TEXT, "age": 41}]},
        "isError": False,
        "_meta": {"trace": "1"},
    }
    outcome = await run(ToolPostInvokePayload("t", result))
    after = outcome.payload.result
    assert after["content"][0] == {"type": "text", "text": MASKED, "annotations": {"priority": 1}}
    assert after["content"][1]["resource"] == {"uri": "crm://1", "text": MASKED}
    assert after["content"][2] == result["content"][2]
    assert after["structuredContent"] == {"people": [{"note": MASKED, "age": 41}]}
    assert (after["isError"], after["_meta"]) == (False, {"trace": "1"})


# -- strategies

PARTIAL = {
    SSN: "***-**-6789",
    "4111 1111 1111 1111": "**** **** **** 1111",
    "bob@example.com": "b***@example.com",
    "al@example.com": "***@example.com",
    "(555) 234-5678": "(***) ***-5678",
    "203.0.113.9": "203.*.*.*",
    "2001:db8::7334": "2001:*::*",
    "AKIAIOSFODNN7EXAMPLE": "AKIA***",
    "EMP-123456": "[REDACTED]",
}


@pytest.mark.parametrize(("text", "masked"), PARTIAL.items())
async def test_partial_keeps_what_the_owner_knows_it_by(run, text, masked):
    outcome = await run(
        ToolPreInvokePayload("t", {"q": text}),
        mask_strategy="partial",
        detect_ip_address=True,
        custom_patterns=[{"name": "employee", "pattern": r"EMP-\d{6}"}],
    )
    assert outcome.payload.args["q"] == masked


@pytest.mark.parametrize(("redaction", "masked"), [("***", "***"), ("<{kind}>", "<ssn>"), ("", "")])
async def test_redaction_text_is_the_operators(run, redaction, masked):
    outcome = await run(ToolPreInvokePayload("t", {"q": SSN}), redaction_text=redaction)
    assert outcome.payload.args["q"] == masked


async def test_remove_cuts_out(run):
    outcome = await run(ToolPreInvokePayload("t", {"q": f"a {SSN} b"}), mask_strategy="remove")
    assert outcome.payload.args["q"] == "a  b"


async def test_a_cut_that_joins_its_sides_into_a_finding_is_a_redaction(run):
    outcome = await run(ToolPreInvokePayload("t", {"q": "a (555)bob@example.com 234-5678 b"}), mask_strategy="remove")
    assert outcome.payload.args["q"] == "a [REDACTED] b"


async def test_what_a_mask_lays_bare_is_masked_too(run):
    outcome = await run(ToolPreInvokePayload("t", {"q": "bob@example.com123-45-6789"}))
    assert outcome.payload.args["q"] == "[REDACTED][REDACTED]"


async def test_a_text_that_goes_on_laying_bare_is_masked_as_a_whole(run):
    outcome = await run(
        ToolPreInvokePayload("t", {"q": "a" + "<" * 9 + ">" * 9, "r": "a<<>>b"}),
        custom_patterns=[{"name": "pair", "pattern": "<>"}],
        redaction_text="",
    )
    assert outcome.payload.args == {"q": "", "r": "ab"}


# -- overlaps and exceptions


async def test_overlapping_findings_are_one_and_leave_no_residue(run):
    custom = [{"name": "front", "pattern": "Xbob@exam"}, {"name": "back", "pattern": "ple.com and more text"}]
    outcome = await run(
        ToolPreInvokePayload("t", {"q": "(Xbob@example.com and more text)"}),
        custom_patterns=custom,
        redaction_text="[{kind}]",
        audit_detections=True,
    )
    assert outcome.payload.args["q"] == "([back])"
    assert outcome.metadata["pii_filter"]["detections"] == {"back": 1}


@pytest.mark.parametrize(
    ("text", "pattern", "allowed"),
    [
        (SSN, SSN, True),
        ("test@example.com", "test@example.com", True),
        ("Test@Example.com", "test@example.com", True),
        ("555-555-5555", "555-555-5555", True),
        ("test@exampleXcom.org", "test@example.com", False),  # a dot is a dot
        ("x.test@example.com", "test@example.com", False),  # the whole finding counts
        ("test@example.community", "test@example.com", False),
        ("bob@corp.example", r"/[^@]+@corp\.example/", True),
        ("bob@corp.example.net", r"/[^@]+@corp\.example/", False),
    ],
)
async def test_the_whitelist_takes_whole_findings(run, text, pattern, allowed):
    outcome = await run(ToolPreInvokePayload("t", {"q": f"see {text}, please"}), whitelist_patterns=[pattern])
    assert outcome.modified is not allowed


async def test_what_is_inside_an_allowed_finding_is_allowed(run):
    outcome = await run(
        ToolPreInvokePayload("t", {"q": "ref:bob@example.com"}),
        custom_patterns=[{"name": "ref", "pattern": r"ref:\S+"}],
        whitelist_patterns=["ref:bob@example.com"],
    )
    assert not outcome.modified


# -- blocking, modes, reports


async def test_permissive_masks_and_records_the_violation(run):
    outcome = await run(ToolPreInvokePayload("t", {"q": TEXT}), mode="permissive", block_on_detection=True)
    assert outcome.payload.args["q"] == MASKED
    assert not outcome.blocked
    assert [violation.code for violation in outcome.violations] == ["PII_DETECTED"]


async def test_a_uri_is_never_masked_but_reported(run):
    payload = ResourcePreFetchPayload("crm://people/bob%40example.com")
    outcome = await run(payload)
    assert outcome.payload == payload
    assert not outcome.blocked
    assert outcome.violations[0].details["places"] == [{"kind": "email", "path": "uri", "count": 1}]
    assert (await run(payload, block_on_detection=True)).blocked


async def test_reports_say_kind_path_and_count_and_never_the_text(run, caplog):
    args = {"people": [{"note": f"{SSN}, {SSN}"}], "by": {"bob@example.com": "al@example.com"}}
    outcome = await run(
        ToolPreInvokePayload("t", args), block_on_detection=True, log_detections=True, audit_detections=True
    )
    assert outcome.violation.details == {
        "detections": {"email": 1, "ssn": 2},
        "places": [
            {"kind": "ssn", "path": "args.people[0].note", "count": 2},
            {"kind": "email", "path": "args.by.*", "count": 1},
        ],
    }
    assert outcome.metadata["pii_filter"] == outcome.violation.details
    (record,) = [record for record in caplog.records if record.name.startswith("gatehook_pii_filter")]
    assert record.levelno == logging.WARNING
    assert (record.plugin, record.hook, record.detections) == ("pii_filter", "tool_pre_invoke", {"email": 1, "ssn": 2})
    said = f"{outcome.violation.to_dict()} {outcome.metadata} {vars(record)}"
    assert not any(secret in said for secret in (SSN, "bob@", "al@"))


async def test_without_details_reports_say_kind_and_count(run):
    outcome = await run(ToolPreInvokePayload("t", {"q": SSN}), block_on_detection=True, include_detection_details=False)
    assert outcome.violation.details == {"detections": {"ssn": 1}}


async def test_nothing_is_logged_or_handed_out_unless_asked(run, caplog):
    outcome = await run(ToolPreInvokePayload("t", {"q": SSN}))
    assert dict(outcome.metadata) == {}
    assert not [record for record in caplog.records if record.name.startswith("gatehook_pii_filter")]


async def test_a_long_report_names_some_places_and_counts_all(run):
    outcome = await run(ToolPreInvokePayload("t", {"q": [SSN] * 1000}), block_on_detection=True)
    assert outcome.violation.details["detections"] == {"ssn": 1000}
    assert len(outcome.violation.details["places"]) == 50


async def test_lone_surrogates_survive(run):
    outcome = await run(
        ToolPreInvokePayload("t", {"q": f"\ud800 {SSN} EMP-1", "r": "\udfff"}),
        custom_patterns=[{"name": "employee", "pattern": r"EMP-\d"}],
    )
    assert outcome.payload.args == {"q": "\ud800 [REDACTED] [REDACTED]", "r": "\udfff"}


# -- compliance_mode: strict


async def test_strict_turns_everything_on_and_blocks_without_details(run):
    outcome = await run(ToolPreInvokePayload("t", {"q": "203.0.113.9"}), compliance_mode="strict")
    assert outcome.violation.details == {"detections": {"ip_address": 1}}


REFUSED = [
    ({"compliance_mode": "strict", "detect_phone": False}, "detect_phone: true"),
    ({"compliance_mode": "strict", "block_on_detection": False}, "block_on_detection: true"),
    ({"compliance_mode": "strict", "include_detection_details": True}, "include_detection_details: false"),
    ({"compliance_mode": "strict", "mask_strategy": "partial"}, "no strategy partial"),
    ({"compliance_mode": "strict", "strategies": {"email": "partial"}}, "no strategy partial"),
    ({"compliance_mode": "gdpr"}, "compliance_mode"),
    ({"mask_strategy": "blur"}, "mask_strategy"),
    ({"mask_strategy": "hash"}, "needs a hash_key"),
    ({"mask_strategy": "hash", "hash_key": "short"}, "hash_key"),
    ({"strategies": {"emial": "partial"}}, "did you mean email"),
    ({"restore_tokens": True}, "nothing to restore"),
    ({"min_confidence": 1.5}, "min_confidence"),
    ({"detect_snn": True}, "detect_ssn"),
    ({"custom_patterns": [{"name": "x", "pattern": "("}]}, "custom_patterns"),
    ({"custom_patterns": [{"name": "x", "pattern": r"(a)\1"}]}, "back-references"),
    ({"custom_patterns": [{"name": "x", "pattern": "x*"}]}, "empty text"),
    ({"custom_patterns": [{"name": "x", "pattern": r"\bкот\b"}]}, "ASCII letters only"),
    ({"custom_patterns": [{"name": "ssn", "pattern": "x"}]}, "'ssn' is taken"),
    ({"custom_patterns": [{"name": "not a word", "pattern": "x"}]}, "name"),
    ({"whitelist_patterns": ["ok", "/(?=x)/"]}, r"whitelist_patterns\[1\].*look-around"),
    ({"redaction_text": "nobody@example.com"}, "itself found as"),
    ({"custom_patterns": [{"name": "caps", "pattern": "[A-Z]+"}]}, "itself found as"),
    (
        {
            "custom_patterns": [{"name": "word", "pattern": "[a-p]{4}-[a-p]{4}"}],
            "mask_strategy": "hash",
            "hash_key": "a key of sixteen characters",
        },
        "what hash puts in is found as word",
    ),
    (dict.fromkeys(DETECTORS, False), "every detector is off"),
]


@pytest.mark.parametrize(("config", "said"), REFUSED, ids=[said for _, said in REFUSED])
async def test_a_config_that_cannot_be_honoured_is_refused_with_its_reason(config, said):
    with pytest.raises(GatehookError, match=said):
        async with Runner.from_config({"plugins": [{"name": "pii_filter", "config": config}]}):
            pass


async def test_the_specifications_examples_are_accepted():
    kind = "plugins.pii_filter.pii_filter.PIIFilterPlugin"
    configs = [
        {
            "detect_ssn": True,
            "detect_credit_card": True,
            "detect_email": True,
            "mask_strategy": "partial",
            "block_on_detection": False,
        },
        {
            "detect_ssn": True,
            "log_detections": True,
            "mask_strategy": "partial",
            "whitelist_patterns": ["test@example.com", "555-555-5555", "123-45-6789"],
        },
        {
            "detect_ssn": True,
            "detect_credit_card": True,
            "detect_phone": True,
            "detect_email": True,
            "detect_api_keys": True,
            "block_on_detection": True,
            "audit_detections": True,
            "compliance_mode": "strict",
        },
    ]
    for config in configs:
        async with Runner.from_config({"plugins": [{"name": "PII", "kind": kind, "config": config}]}) as runner:
            assert runner.has_hooks("tool_pre_invoke")
