"""Other labels, keys and texts, and real prose and code, to see whether a figure holds where nobody looked.

`--failures` does not show these: a detector that is fitted to them leaves nothing to check it with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from pydoc_data.topics import topics  # type: ignore[import-untyped,unused-ignore]  # a table of texts

from benchmarks.detection.dice import Dice
from benchmarks.detection.documents import named_object, named_text
from benchmarks.detection.frames import phrase, planted
from benchmarks.detection.kinds import BY_NAME
from benchmarks.detection.truth import Sample, text_result
from benchmarks.detection.values import Value

GROUP = "held out"
PROSE, CODE = "held out: Python's reference", "held out: Python's library"

# Labels and keys of each kind.
WORDING: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ssn": (
        ("Soc. Sec. No.", "SS#", "SSN on file", "Social Security"),
        ("applicant_ssn", "SocialSecurityNo", "ssnValue"),
    ),
    "credit_card": (("charge it to", "CC", "Amex/Visa", "new card"), ("cc_number", "paymentCard", "card_no")),
    "email": (("reply to", "Cc", "login", "write to"), ("login", "recipient", "primaryEmail")),
    "phone": (("Ph", "mob.", "WhatsApp", "reach me on phone", "Tél"), ("tel", "contactPhone", "cell", "workPhone")),
    "ip_address": (("logged in from", "peer", "src", "gateway"), ("src_ip", "host_address", "peer")),
    "iban": (("please wire it to", "Konto", "compte IBAN"), ("bank_iban", "payoutIban", "creditor")),
    "bank_account": (
        ("a/c no.", "savings account", "deposit to account", "direct deposit acct"),
        ("acctNumber", "bankAccountNo", "beneficiary_account"),
    ),
    "date_of_birth": (
        ("DoB", "birthdate", "geboren am", "date de naissance", "was born on"),
        ("birth_date", "DOB", "born", "patientDob"),
    ),
    "passport": (
        ("Passport Nr", "passport no", "Reisepass-Nr.", "US passport", "passport ID"),
        ("passportNumber", "passport_id", "travel_passport"),
    ),
    "driver_license": (
        ("Driver License #", "driving licence no.", "driver's lic.", "Drivers License No"),
        ("dl_number", "driverLicenseNumber", "driving_license_no"),
    ),
    "medical_record": (
        ("Med. Rec. No.", "MR#", "hospital MRN", "Medical Record", "med rec number"),
        ("MRN", "patientMrn", "medical_record", "mrn_value"),
    ),
    "aws_keys": (("export AWS_ACCESS_KEY_ID", "key id", "--access-key"), ("accessKeyId", "aws_key", "credentials")),
    "api_keys": (("x-api-key", "Token", "export TOKEN", "--token"), ("apikey", "authToken", "bearer_token")),
    "private_key": (("server key", "deploy key"), ("tls_key", "pem", "deployKey")),
    "crypto_wallet": (("donate", "tip jar", "my BTC"), ("payout", "btc", "recipientAddress")),
}
FRAMES = (
    "Voicemail, 2:14 pm: hi, this is Jo, X, talk soon",
    "<field name='info'>X</field>",
    "patient:\n  name: Ada Smith\n  info: X\n",
    "INSERT INTO notes VALUES (7, 'X', NULL);",
    "Ticket 8812, priority high\nX\n-- \nSupport",
    "tl;dr – X, ok?",
    "|X|Ada Smith|2|",
    "Anamnese: unauffällig. X; keine Allergien.",
    "(1) X; (2) signed copy; (3) photo",
    "ERROR validation failed: X (row 12, column 4)",
    "Name:Ada Smith\r\nX\r\nCity:Leeds\r\n",
    "À noter : X, merci.",
    "He moved to Leeds, and X, as of today 3 items are missing.",
)
MODULES = (
    "argparse",
    "ast",
    "calendar",
    "dataclasses",
    "difflib",
    "enum",
    "fractions",
    "inspect",
    "pickle",
    "statistics",
)


def held_out(dice: Dice, name: str, value: Value) -> Sample:
    """The value in other words."""
    labels, keys = WORDING[name]
    kind = replace(BY_NAME[name], labels=labels, keys=keys, after=())
    if dice.chance(0.25):
        return replace(dice.pick((named_object, named_text))(dice, kind, value), group=GROUP)
    return planted(dice.pick(FRAMES).replace("X", phrase(dice, kind, value), 1), kind, value, "text", GROUP)


def real(dice: Dice, count: int) -> Iterator[Sample]:
    """Paragraphs of the language's reference, and pieces of its library: as this Python brings them."""
    for group, parts in ((PROSE, _paragraphs()), (CODE, _pieces())):
        for _ in range(count):
            yield Sample(group, group, "text", text_result(dice.pick(parts)))


@cache
def _paragraphs() -> list[str]:
    return [part for topic in topics.values() for part in re.split(r"\n\s*\n", topic) if len(part) > 40]


@cache
def _pieces() -> list[str]:
    """Ten lines each. Nobody is named in these modules."""
    made = []
    for module in MODULES:
        spec = find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        lines = Path(spec.origin).read_text(encoding="utf-8").splitlines(keepends=True)
        made += ["".join(lines[start : start + 10]) for start in range(0, len(lines), 10)]
    return made
