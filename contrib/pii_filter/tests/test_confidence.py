"""How sure a finding must be: by its form, its name, or a checksum."""

import pytest
from gatehook import ToolPreInvokePayload

TEXTS = {
    "form": ["536-22-8145", "(415) 555-2671", "203.0.113.9"],
    "named": ["SSN 536-22-8145", "call (415) 555-2671", "ssn 536 22 8145", "born 1980-05-12", "passport AB1234567"],
    "certain": ["4111 1111 1111 1111", "ada@example.com", "GB82 WEST 1234 5698 7654 32", "AKIAIOSFODNN7EXAMPLE"],
    "custom": ["EMP-123456"],
}


@pytest.mark.parametrize(
    ("least", "kept"),
    [
        (0, {"form", "named", "certain", "custom"}),
        (0.7, {"form", "named", "certain", "custom"}),
        (0.71, {"named", "certain", "custom"}),
        (0.85, {"named", "certain", "custom"}),
        (0.86, {"certain", "custom"}),
        (0.95, {"certain", "custom"}),
        (0.96, {"custom"}),
        (1, {"custom"}),
    ],
)
async def test_only_what_is_sure_enough_counts(run, least, kept):
    for group, texts in TEXTS.items():
        for text in texts:
            outcome = await run(
                ToolPreInvokePayload("t", {"q": text}),
                min_confidence=least,
                detect_ip_address=True,
                custom_patterns=[{"name": "employee", "pattern": r"EMP-\d{6}"}],
            )
            assert outcome.modified is (group in kept), text
