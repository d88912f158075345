"""What the words around a number, or the key above it, say it is.

The nearest name wins: in "passport 123456789, account 98765432" each number has its own. Other things that are numbered
(orders, parts, versions) have names, too, which say that a number is none of those sought.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from gatehook.text import view

Kinds = frozenset[str]

_PHRASES: Final = {
    "ssn": (
        "ssn, ss no, ss number, social security, seguro social, social insurance, soc sec, itin, taxpayer id, tax id, "
        "tin"
    ),
    "bsn": "bsn, burgerservicenummer, sofinummer, citizen service number, citizen id, citizen number",
    "credit_card": (
        "card, card number, card no, card num, credit card, debit card, cc, cc number, pan, visa, mastercard, "
        "amex, american express, maestro, discover, diners club, kreditkarte, kartennummer, carte bancaire, "
        "tarjeta"
    ),
    "phone": (
        "phone, phone number, phone no, telephone, telephone number, tel, tel no, mobile, mobile number, "
        "mobile no, cellphone, cell number, fax, fax number, call me at, call us at, call us on, call him at, "
        "call her at, cell phone, dial, sms, text me at, "
        "whatsapp, hotline, landline, reach me at, reach him at, reach her at, contact number, contact no, "
        "phone home, phone work, msisdn, telefon, telefonnummer, rufnummer, handy, telefono, movil, celular, "
        "portable, mobil, gsm"
    ),
    "ip_address": "ip, ip address, ipv4, ipv6, ip addr, client ip, host, remote addr, source address",
    "iban": "iban",
    "bank_account": (
        "bank account, account number, account no, account num, acct, acct no, acct number, acct num, "
        "checking account, savings account, deposit account, a c no, ac no, bank acct, beneficiary account, "
        "routing, routing number, routing no, aba, aba number, aba routing, sort code, rtn, bsb, kontonummer, "
        "konto, cuenta bancaria, account ending"
    ),
    "date_of_birth": (
        "dob, d o b, date of birth, birth date, birthdate, birthday, birth, born, born on, born in, bday, "
        "geboren, geboren am, geburtsdatum, geburtstag, date de naissance, ne le, nee le, fecha de "
        "nacimiento, nacido, data di nascita, patient dob"
    ),
    "passport": (
        "passport, passport number, passport no, passport num, passport id, travel document, travel document "
        "number, passeport, reisepass, reisepassnummer, pasaporte, passaporto, paspoort"
    ),
    "driver_license": (
        "dl, dl no, dl number, dln, driver license, drivers license, driver s license, driver licence, "
        "drivers licence, driver s licence, driving license, driving licence, license number, licence number, "
        "license no, licence no, driver license number, drivers license number, driver s license number, "
        "driving licence number, driver license no, driver s license no, drivers license no, driving licence "
        "no, operator license, fuhrerschein, permis de conduire, licencia de conducir, driver id"
    ),
    "medical_record": (
        "mrn, medical record, medical record number, medical record no, medical record num, med rec, med rec "
        "no, medical rec, patient id, patient number, patient no, patient mrn, chart number, chart no, health "
        "record, health record number, hospital number, medical id, medical number, patient identifier, "
        "record number"
    ),
    "aws_keys": "aws secret, aws secret key, aws secret access key, secret access key, secretaccesskey, aws key",
    "api_keys": (
        "api key, api token, api secret, apikey, access token, access key, auth token, auth key, "
        "authorization, bearer, client secret, consumer secret, secret key, secret, secret token, token, "
        "refresh token, session token, password, passwd, pwd, passphrase, credentials, private token, app "
        "secret, signing key, encryption key, webhook secret, x api key, license key, service key, storage "
        "key, shared key, account key"
    ),
    "": (
        "order, order id, order number, invoice, invoice number, ticket, case, case number, ref, reference, "
        "tracking, tracking number, serial, serial number, part, part number, sku, isbn, ean, upc, gtin, "
        "amount, total, price, zip, version, build, release, epoch, timestamp, ts, time, date, expiry, "
        "expires, id, uuid, guid, hash, sha, md, etag, checksum, digest, commit, revision, request id, trace "
        "id, span id, session id, product, item, batch, lot, model, line, page, port, pid, size, bytes, "
        "count, qty, quantity, balance, transaction, transaction id, shipment, customer id, user id, employee "
        "id, account id, page token, next page token, next token, cursor, offset, meeting, room, flight, "
        "booking, confirmation, cvv, cvc"
    ),
}
"""Phrases by the kind that they name; the empty kind is for what nobody seeks."""

_ADJACENT: Final = {
    "account": "bank_account",
    "call": "phone",
    "cell": "phone",
    "license": "driver_license",
    "licence": "driver_license",
}
"""Words that name a kind only where nothing stands between them and the number."""

_COUNTING: Final = frozenset({"of", "over", "than", "about", "holds", "contains", "costs", "totals", "least", "most"})
"""Words before a number that says how many, whatever was named before."""

_FILLERS: Final = frozenset(
    {"is", "are", "was", "as", "my", "your", "his", "her", "their", "our", "the", "a", "an", "for", "number", "no", "s"}
    | {"patient", "customer", "client", "holder", "member"}
)

_WORD = re.compile(r"[a-z]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BEFORE = 48
_AFTER = 32


def _by_last_word() -> dict[str, list[tuple[list[str], Kinds]]]:
    found: dict[str, list[tuple[list[str], Kinds]]] = {}
    for kind, phrases in _PHRASES.items():
        for phrase in phrases.split(","):
            words = phrase.split()
            for form in (words, ["".join(words)]):  # keys are often written without spaces: phonenumber
                for last in (form[-1], f"{form[-1]}s"):
                    found.setdefault(last, []).append(([*form[:-1], last], frozenset({kind} - {""})))
    for entries in found.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return found


_BY_LAST_WORD: Final = _by_last_word()


_PART_END = re.compile(r"[\0\n;]|[.,] ")
_BEGINNINGS: Final = _FILLERS | {phrase[0] for entries in _BY_LAST_WORD.values() for phrase, _ in entries}


def names_before(text: str, start: int) -> Kinds | None:
    """What the words before ``start`` name; ``None`` if they name nothing."""
    head = text[max(0, start - _BEFORE) : start].rpartition("\0")[2]
    return _nearest(_WORD.findall(head.lower())) if head else None


def names_after(text: str, end: int) -> Kinds | None:
    """What "(mobile)" or "is my social security number" after ``end`` names."""
    words = _WORD.findall(_PART_END.split(text[end : end + _AFTER], maxsplit=1)[0].lower())
    while words and words[0] in _BEGINNINGS:
        for length in range(min(len(words), 5), 0, -1):
            for phrase, kinds in _BY_LAST_WORD.get(words[length - 1], ()):
                if phrase == words[:length]:
                    return kinds
        if words.pop(0) not in _FILLERS:
            break
    return None


@lru_cache(maxsize=4096)
def names_of_key(key: str) -> Kinds | None:
    """What a key such as ``customerSSN_no`` or ``date-of-birth`` names."""
    return _nearest(_WORD.findall(_HUMP.sub(" ", view(key[:200], case=True).text).lower()))


def _nearest(words: Sequence[str]) -> Kinds | None:
    if words and words[-1] in _COUNTING:
        return frozenset()
    for last in range(len(words) - 1, -1, -1):
        for phrase, kinds in _BY_LAST_WORD.get(words[last], ()):
            if words[last + 1 - len(phrase) : last + 1] == phrase:
                return kinds
    if words and words[-1] in _ADJACENT:
        return frozenset({_ADJACENT[words[-1]]})
    return None
