"""Every kind of data that the filter knows, and how sure a finding is. What counts as one, and by which source, stands
with the functions that find it."""

from __future__ import annotations

from typing import Final

from gatehook_pii_filter import contact, dates, network, numbers
from gatehook_pii_filter.scan import NAMED, Detector, Scan, Span
from gatehook_pii_filter.secrets import (
    find_aws_secret,
    find_private_keys,
    find_secrets,
    find_url_passwords,
    is_key_like,
)
from gatehook_pii_filter.wallets import find_wallets, may_hold_wallet


def _first_four(text: str) -> str:
    """``AKIA***``: the prefix that says whose key it is."""
    return f"{text[:4]}***"


def find_aws_keys(scan: Scan, start: int, end: int) -> list[Span]:
    """Ids of AWS access keys."""
    return [(first, last) for first, last, rule in find_secrets(scan.text, start, end) if rule.startswith("aws")]


def find_named_aws_secrets(scan: Scan, start: int, end: int) -> list[Span]:
    """Secrets of AWS access keys: 40 characters of Base64, which only a name makes known."""
    return [(first, last) for first, last, _ in find_aws_secret(scan.text, start, end, named=True)]


def find_api_keys(scan: Scan, start: int, end: int) -> list[Span]:
    """Keys and tokens that their prefix makes known."""
    return [(first, last) for first, last, rule in find_secrets(scan.text, start, end) if not rule.startswith("aws")]


def find_named_api_keys(scan: Scan, start: int, end: int) -> list[Span]:
    """Random words that are called a key, token, secret or password."""
    found: list[Span] = []
    if is_key_like(scan.text[start:end]):
        found.append((start, end))
    return found


def find_passwords(scan: Scan, start: int, end: int) -> list[Span]:
    """The passwords of URLs (RFC 3986, "User information")."""
    return [(first, last) for first, last, _ in find_url_passwords(scan.text, start, end)]


def find_keys_in_blocks(scan: Scan, start: int, end: int) -> list[Span]:
    """Private keys in PEM (RFC 7468) and similar blocks."""
    return [(first, last) for first, last, _ in find_private_keys(scan.text)]


def find_crypto_wallets(scan: Scan, start: int, end: int) -> list[Span]:
    """Addresses of wallets, by their checksums; :mod:`gatehook_pii_filter.wallets` names the sources."""
    return [(first, last) for first, last, _ in find_wallets(scan.text, start, end)]


# A checksum or a prefix of its own makes a finding nearly certain, a form alone probable, and a name in between.
_CERTAIN, _PROBABLE = 0.95, 0.7

_DETECTORS: Final = (
    Detector("ssn", "number", numbers.find_ssns, _PROBABLE, numbers.last_four, numbers.may_hold_ssn),
    Detector("ssn", "name", numbers.find_named_ssns, NAMED, numbers.last_four),
    Detector("bsn", "name", numbers.find_named_bsns, NAMED, numbers.last_four),
    Detector("credit_card", "number", numbers.find_cards, _CERTAIN, numbers.last_four, numbers.may_hold_card),
    Detector("email", "@", contact.find_emails, _CERTAIN, contact.email_partial),
    Detector("phone", "number", contact.find_phones, _PROBABLE, numbers.last_four, contact.may_hold_phone),
    Detector("phone", "name", contact.find_named_phones, NAMED, numbers.last_four),
    Detector("ip_address", "number", network.find_v4, _PROBABLE, network.ip_partial, network.may_hold_v4),
    Detector("ip_address", "word", network.find_v6, _PROBABLE, network.ip_partial, network.may_hold_v6),
    Detector("iban", "number", numbers.find_ibans, _CERTAIN, numbers.last_four, numbers.may_hold_iban),
    Detector("iban", "word", numbers.find_ibans, _CERTAIN, numbers.last_four, numbers.may_begin_iban),
    Detector("bank_account", "name", numbers.find_named_accounts, NAMED, numbers.last_four),
    Detector("date_of_birth", "number", dates.find_births, NAMED, fits=dates.may_hold_date),
    Detector("passport", "name", numbers.find_named_passports, NAMED),
    Detector("driver_license", "name", numbers.find_named_licenses, NAMED),
    Detector("medical_record", "name", numbers.find_named_records, NAMED),
    Detector("aws_keys", "word", find_aws_keys, _CERTAIN, _first_four),
    Detector("aws_keys", "name", find_named_aws_secrets, NAMED),
    Detector("api_keys", "word", find_api_keys, _CERTAIN, _first_four),
    Detector("api_keys", "@", find_passwords, _CERTAIN),
    Detector("api_keys", "name", find_named_api_keys, NAMED),
    Detector("private_keys", "block", find_keys_in_blocks, _CERTAIN),
    Detector("crypto_wallets", "word", find_crypto_wallets, _CERTAIN, _first_four, may_hold_wallet),
)

DETECTORS: Final = {
    f"detect_{kind}": tuple(detector for detector in _DETECTORS if detector.kind == kind)
    for kind in dict.fromkeys(detector.kind for detector in _DETECTORS)
}
"""By the setting that switches them."""
