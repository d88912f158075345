"""Whatever stands side by side: each is masked, nothing of it is left, and masks are not masked again."""

import re
from itertools import product

import pytest
from gatehook import ToolPreInvokePayload

VALUES = [
    "SSN 536-22-8145",
    "ssn: 536 22 8145",
    "BSN 111222333",
    "card 4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "ada@example.com",
    "+44 20 7946 0958",
    "(415) 555-2671",
    "phone 415 555 2671",
    "8.8.4.4",
    "2001:db8:1234:5678::9abc",
    "GB82 WEST 1234 5698 7654 32",
    "account number 12345678901",
    "born 1980-05-12",
    "passport AB1234567",
    "MRN 12345678",
    "AKIAIOSFODNN7EXAMPLF",
    "api_key=Zk3Jw8QpLm2Nv7Rt4Yx6Bc1D",
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
]
SEPARATORS = [" ", ", ", "; ", "\n", "\t", " | ", "/"]
LEFT = re.compile(r"\d|@|[A-Z]{4}")


@pytest.mark.parametrize("strategy", ["redact", "hash", "tokenize", "remove"])
async def test_nothing_of_two_values_side_by_side_is_left(configured, strategy):
    config = {"mask_strategy": strategy, "redaction_text": "-", "detect_ip_address": True}
    async with configured(**config, hash_key="a key of sixteen characters") as runner, runner.request() as request:
        for first, separator, second in product(VALUES, SEPARATORS, VALUES):
            if separator == "/" and second == "8.8.4.4":
                continue  # it looks like a version, as in Chrome/8.8.4.4
            text = f"{first}{separator}{second}"
            once = await request.run(ToolPreInvokePayload("t", {"q": text}))
            left = re.sub(r"SSN|BSN|MRN", "", once.payload.args["q"])
            assert not LEFT.search(left), text
            assert not (await request.run(once.payload)).modified, text
