"""Numbers that offices, banks and hospitals give to people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from stdnum import luhn
from stdnum.iso7064 import mod_97_10
from stdnum.nl import bsn
from stdnum.us import rtn

from gatehook_pii_filter.scan import Scan, Span

# Not inside a longer word, number or dotted version.
_START: Final = r"(?<!\w)(?<!\d[-.])"
_END: Final = r"(?!\w)(?![-.]\d)"


def digits_of(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def last_four(text: str) -> str:
    """``***-**-6789``"""
    hidden = len(digits_of(text)) - 4
    masked = []
    for char in text:
        hidden -= char.isdigit()
        masked.append("*" if char.isdigit() and hidden >= 0 else char)
    return "".join(masked)


_SSN = re.compile(rf"{_START}(?!000|666|9)\d{{3}}-(?!00)\d\d-(?!0000)\d{{4}}{_END}")
_NAMED_SSN = re.compile(rf"{_START}(?!000|666)\d{{3}}[ .-]?(?!00)\d\d[ .-]?(?!0000)\d{{4}}{_END}")


def may_hold_ssn(classes: str) -> bool:
    return "000-00-0000" in classes


def find_ssns(scan: Scan, start: int, end: int) -> list[Span]:
    """US social security numbers with hyphens; three numbers in a table look like one with spaces.

    Area not 000, 666 or 900-999, group not 00, serial not 0000. Source: US Social Security Administration, "Social
    Security Number Randomization" (2011).
    """
    return [match.span() for match in _SSN.finditer(scan.text, start, _beyond(scan, end))]


def find_named_ssns(scan: Scan, start: int, end: int) -> list[Span]:
    """Nine digits in the groups of a social security number, or of the IRS's taxpayer numbers, which begin with 9."""
    return [match.span() for match in _NAMED_SSN.finditer(scan.text, start, _beyond(scan, end))]


def _beyond(scan: Scan, end: int) -> int:
    """A little behind ``end``, so that an expression sees what follows a number."""
    return min(len(scan.text), end + 2)


_BSN = re.compile(rf"{_START}\d(?:\d{{8}}|\d{{3}}[. ]\d\d[. ]\d{{3}}|\d\d[. ]\d{{3}}[. ]\d{{3}}){_END}")


def find_named_bsns(scan: Scan, start: int, end: int) -> list[Span]:
    """Dutch citizen service numbers: nine digits that pass the eleven test (python-stdnum, ``stdnum.nl.bsn``)."""
    matches = _BSN.finditer(scan.text, start, _beyond(scan, end))
    return [match.span() for match in matches if bsn.is_valid(digits_of(match[0]))]


_BLOCK = re.compile(r"(?<!\w)(?<!\d\.)\d{3,}+(?!\w)(?!\.\d)")
_GROUPINGS: Final = frozenset(
    {(4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4), (4, 3, 3, 3), (6, 13), (4, 4, 4), (4, 4, 5)}
)
_LONGEST_CARD = 24
"""19 digits in five groups, and the signs between them."""
# Ranges of issuer identification numbers (ISO/IEC 7812), as the networks publish them.
_ISSUER = re.compile(
    r"""
      4\d{12}(?:\d{3}){0,2}                                            # Visa
    | (?:5[1-5]\d\d | 222[1-9] | 22[3-9]\d | 2[3-6]\d\d | 27[01]\d | 2720)\d{12}  # Mastercard
    | 3[47]\d{13}                                                      # American Express
    | 3(?:0[0-5]|[689]\d)\d{11}                                        # Diners Club
    | (?:6011|64[4-9]\d|65\d\d)\d{12}(?:\d{3})?                        # Discover
    | 35(?:2[89]|[3-8]\d)\d{12}(?:\d{3})?                              # JCB
    | (?:2131|1800)\d{11}                                              # JCB, formerly
    | 62\d{14,17}                                                      # UnionPay
    | (?:5018|5020|5038|5893|6304|6759|676[1-3])\d{8,15}               # Maestro
    """,
    re.VERBOSE,
)


def may_hold_card(classes: str) -> bool:
    return classes.count("0") >= 12


def find_cards(scan: Scan, start: int, end: int) -> list[Span]:
    """Payment cards: a known issuer, its length, and the check digit (ISO/IEC 7812-1, annex B; python-stdnum's Luhn).

    They stand as one block of digits, or grouped as cards are printed, perhaps beside others (an expiry date, a
    security code), so every way to take neighbouring blocks together is tried. Blocks of other than 14 to 16 digits are
    mostly ids, and count only beside a word like "card".
    """
    found: list[Span] = []
    text = scan.text
    run: list[Span] = []
    named: bool | None = None  # by the words around all of the digits, so asked for once
    for block in _BLOCK.finditer(text, start, _beyond(scan, end)):
        first, last = block.span()
        if run and text[run[-1][1] : first] not in ("-", " "):
            run.clear()
        run.append((first, last))
        sizes: tuple[int, ...] = ()
        for first, behind in reversed(run):
            sizes = (behind - first, *sizes)
            if last - first > _LONGEST_CARD:
                break
            if not (_is_block(sizes) or sizes in _GROUPINGS):
                continue
            digits = text[first:last].replace(" ", "").replace("-", "")
            if not _ISSUER.fullmatch(digits):
                continue
            if not _is_usual(sizes) or _is_in_row(text, first, last):
                named = "credit_card" in scan.names(start, end) if named is None else named
                if not named:
                    continue
            if luhn.is_valid(digits):
                found.append((first, last))
    return found


def _is_block(sizes: tuple[int, ...]) -> bool:
    return len(sizes) == 1 and 12 <= sizes[0] <= 19


def _is_usual(sizes: tuple[int, ...]) -> bool:
    return sizes[0] in (14, 15, 16) or (len(sizes) > 2 and sum(sizes) > 13)


_FOUR_BEFORE = re.compile(r"(?<![\d-])\d{4} ")
_FOUR_BEHIND = re.compile(r" \d{4}(?!\d)")


def _is_in_row(text: str, start: int, end: int) -> bool:
    """Whether four digits more stand on either side, as in a table."""
    if text[start + 4] == "-":
        return False
    return bool(_FOUR_BEHIND.match(text, end) or (start > 4 and _FOUR_BEFORE.match(text, start - 5)))


_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?", re.IGNORECASE)
# Lengths by country. Source: SWIFT, "IBAN Registry", release 99 (2024).
_IBAN_LENGTHS: Final = {
    country: int(length)
    for length, countries in (
        line.split(":")
        for line in (
            "15:NO",
            "16:BE",
            "18:DK FI FO GL NL SD FK",
            "19:MK SI",
            "20:AT BA EE KZ LT LU XK MN",
            "21:CH HR LI LV",
            "22:BG BH CR DE GB GE IE ME RS VA",
            "23:AE GI IL IQ OM SO TL",
            "24:AD CZ ES MD PK RO SA SE SK TN VG",
            "25:LY PT ST",
            "26:IS TR",
            "27:BI DJ FR GR IT MC MR SM",
            "28:AL AZ BY CY DO GT HN HU LB NI PL SV",
            "29:BR EG PS QA UA",
            "30:JO KW MU YE",
            "31:MT SC",
            "32:LC",
            "33:RU",
        )
    )
    for country in countries.split()
}


def may_hold_iban(classes: str) -> bool:
    return classes.count("0") >= 4


def may_begin_iban(classes: str) -> bool:
    return "aa00" in classes


def find_ibans(scan: Scan, start: int, end: int) -> list[Span]:
    """IBANs: the country's length and the check digits (ISO 13616; ISO 7064 MOD 97-10 by python-stdnum)."""
    found: list[Span] = []
    text = scan.text
    if not text[max(0, start - 2) : start].rstrip()[-1:].isalpha() and not text[start].isalpha():
        return found
    for match in _IBAN.finditer(text, max(0, start - 10), min(len(text), end + 42)):
        length = _IBAN_LENGTHS.get(match[0][:2].upper())
        if length is None or match.start() >= end:
            continue
        size = length
        while (with_spaces := length + match[0].count(" ", 0, size)) > size:
            size = with_spaces
        stop = match.start() + size
        if stop <= match.end() and not text[stop : stop + 1].isalnum():
            number = match[0][:size].replace(" ", "").upper()
            if mod_97_10.is_valid(number[4:] + number[:4]):
                found.append((match.start(), stop))
    return found


# A value that only its name makes known: letters, digits and hyphens, or digits in groups.
_LONGEST_VALUE = 24
_VALUE = re.compile(r"(?<!\w)(?=[A-Za-z0-9 -]{0,12}\d)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*+(?!\w)")
_ACCOUNT = re.compile(rf"{_START}\d(?:[ -]?\d){{5,16}}{_END}")


def find_named_accounts(scan: Scan, start: int, end: int) -> list[Span]:
    """Bank accounts of six to seventeen digits, US routing numbers and British sort codes among them.

    Source: Nacha Operating Rules (account number field of 17 characters); check digit of nine-digit routing numbers as
    the American Bankers Association defines it (python-stdnum, ``stdnum.us.rtn``) where nothing but "routing" is named.
    """
    found: list[Span] = []
    for match in _ACCOUNT.finditer(scan.text, start, _beyond(scan, end)):
        digits = digits_of(match[0])
        label = scan.text[max(0, match.start() - 24) : match.start()].lower()
        if "routing" not in label or len(digits) != 9 or rtn.is_valid(digits):
            found.append(match.span())
    return found


def _values(scan: Scan, start: int, end: int) -> Iterator[re.Match[str]]:
    """Words of letters, digits and hyphens that a place is in."""
    head = scan.classes[max(0, start - _LONGEST_VALUE) : start]
    tail = scan.classes[end : end + _LONGEST_VALUE]
    first = start - (len(head) - len(head.rstrip("0a-")))
    last = end + len(tail) - len(tail.lstrip("0a-"))
    return _VALUE.finditer(scan.text, first, last)


def find_named_passports(scan: Scan, start: int, end: int) -> list[Span]:
    """Passport numbers: six to nine letters and digits (ICAO Doc 9303, part 4, section 4.2.2).

    Most have four digits or more; German ones have nine characters, capitals and digits in any mixture.
    """
    found: list[Span] = []
    for match in _values(scan, start, end):
        number = match[0]
        is_german = len(number) == 9 and number.isupper()
        if 6 <= len(number) <= 9 and "-" not in number and (is_german or len(digits_of(number)) >= 4):
            found.append(match.span())
    return found


_SPACED_LICENSE = re.compile(r"(?<!\w)(?:[A-Za-z]{1,2} ?)?\d{2,4}(?: \d{2,5}){1,4}(?!\w)")


def find_named_licenses(scan: Scan, start: int, end: int) -> list[Span]:
    """Driving licences: 5 to 20 letters, digits and hyphens, four digits at least.

    Source: AAMVA, "DL/ID Card Design Standard", annex D (up to 25 characters); DVLA for the British form of 16.
    """
    words = [match for match in _values(scan, start, end) if 5 <= len(match[0]) <= 20 and _digits(match) >= 4]
    groups = [match for match in _SPACED_LICENSE.finditer(scan.text, max(0, start - 2), end) if _digits(match) >= 6]
    return [match.span() for match in words + groups]


def _digits(match: re.Match[str]) -> int:
    return len(digits_of(match[0]))


_RECORD = re.compile(r"(?<!\w)[A-Za-z]{0,5}[-#]?\d(?:[ -]?\d){4,11}(?!\w)")


def find_named_records(scan: Scan, start: int, end: int) -> list[Span]:
    """Medical record numbers: five to twelve digits, perhaps after some letters. Hospitals choose their own."""
    return [match.span() for match in _RECORD.finditer(scan.text, max(0, start - 6), _beyond(scan, end))]
