"""What personal data looks like: one detector for each kind, each with the rules that its issuer publishes.

Every regular expression here takes time linear in the text: repetitions are bounded, or possessive (``++``) and give
nothing back. ``\\d`` means the digits of every script, so full-width ones are found as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address

Span = tuple[int, int]
Find = Callable[[str, str], Iterable[Span]]
"""Takes a text and its label (the key under which it stands, or ``""``); gives where the kind is found, in order."""


@dataclass(frozen=True, slots=True)
class Detector:
    """``partial`` shortens what was found so that its owner still knows it; without it nothing is safe to show."""

    kind: str
    find: Find
    partial: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    start: int
    end: int
    kind: str
    partial: Callable[[str], str] | None


def find_all(text: str, label: str, detectors: Iterable[Detector], allows: Callable[[str], bool]) -> list[Finding]:
    """What the detectors find, in order and without overlap.

    Overlapping findings become one that covers all of them, of the kind of the longest. What ``allows`` accepts is no
    finding, nor is anything inside it.
    """
    found = [
        Finding(start, end, detector.kind, detector.partial)
        for detector in detectors
        for start, end in detector.find(text, label)
    ]
    found.sort(key=lambda finding: (finding.start, -finding.end))
    separate: list[Finding] = []
    longest = allowed_to = 0
    for finding in found:
        length = finding.end - finding.start
        if allows(text[finding.start : finding.end]):
            allowed_to = max(allowed_to, finding.end)
        elif finding.end <= allowed_to:
            continue
        elif not separate or finding.start >= separate[-1].end:
            separate.append(finding)
            longest = length
        else:
            before = separate[-1]
            end = max(before.end, finding.end)
            kind, longest = (finding.kind, length) if length > longest else (before.kind, longest)
            # A partial mask is made for one finding, not for the sum of two.
            partial = before.partial if end == before.end else None
            separate[-1] = Finding(before.start, end, kind, partial)
    return separate


# -- the parts that detectors are made of


def matches(pattern: str, accepts: Callable[[str], bool] = bool, names: str = "", holding: str = "") -> Find:
    """Find what matches ``pattern`` and ``accepts`` takes.

    Args:
        names: words of which one must be near before a match of the group ``bare``, or in the text's label.
        holding: a piece of text without which nothing can match.
    """
    compiled = re.compile(pattern, re.VERBOSE)
    named = _named(names)

    def find(text: str, label: str) -> Iterator[Span]:
        if holding not in text:
            return
        for match in compiled.finditer(text):
            if accepts(match[0]) and (match.lastgroup != "bare" or named(text, match.start(), label)):
                yield match.span()

    return find


def _named(names: str) -> Callable[[str, int, str], bool]:
    compiled = re.compile(rf"\b(?:{names})\b", re.IGNORECASE)

    def named(text: str, start: int, label: str) -> bool:
        return bool(compiled.search(_words(label)) or compiled.search(_words(text[max(0, start - 40) : start])))

    return named


def _words(text: str) -> str:
    """``customerSSN_no`` as ``customer SSN no``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]", " ", text)


def _digits(text: str) -> str:
    return "".join(str(int(char)) for char in text if char.isdecimal())


def _last_four(text: str) -> str:
    """``***-**-6789``"""
    kept = len(_digits(text)) - 4
    masked = []
    for char in text:
        if char.isdecimal():
            kept -= 1
        masked.append("*" if char.isdecimal() and kept >= 0 else char)
    return "".join(masked)


def _first_four(text: str) -> str:
    """``AKIA***``: the public prefix, which says whose key it is."""
    return f"{text[:4]}***"


# Not inside a longer word, number or dotted version.
_START = r"(?<!\w)(?<!\d[-.])"
_END = r"(?!\w)(?![-.]\d)"
_HYPHEN = "[-\u2010-\u2015\u2212]"


# -- social security numbers


def _is_ssn(text: str) -> bool:
    """Area not 000, 666 or 900-999, group not 00, serial not 0000.

    Source: US Social Security Administration, "Social Security Number Randomization" (2011).
    """
    digits = _digits(text)
    return digits[:3] not in ("000", "666") and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"


# Three numbers in a table look like one with spaces, so only hyphens do without a name.
SSN = Detector(
    "ssn",
    matches(
        rf"""{_START}(?:
              \d{{3}} {_HYPHEN} \d\d {_HYPHEN} \d{{4}}
            | (?P<bare>\d{{3}} [ \xa0]? \d\d [ \xa0]? \d{{4}})
            ){_END}""",
        _is_ssn,
        names="ssn|social security",
    ),
    _last_four,
)


# -- payment cards

_BLOCK = re.compile(r"(?<!\w)(?<!\d\.)\d{3,}+(?!\w)(?!\.\d)")
_GAP = re.compile(rf"[ \xa0]|{_HYPHEN}")
_GROUPINGS = frozenset({(4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4), (4, 3, 3, 3)})
_CARD_NAMED = _named("card|cc|pan|visa|mastercard|amex|credit|debit")
# Ranges of issuer identification numbers (ISO/IEC 7812), as the networks publish them.
_ISSUER = re.compile(
    r"""
      4\d{12}(?:\d{3}){0,2}                                            # Visa
    | (?:5[1-5]\d\d | 222[1-9] | 22[3-9]\d | 2[3-6]\d\d | 27[01]\d | 2720)\d{12}  # Mastercard
    | 3[47]\d{13}                                                      # American Express
    | 3(?:0[0-5]|[689]\d)\d{11}                                        # Diners Club
    | (?:6011|64[4-9]\d|65\d\d)\d{12}(?:\d{3})?                        # Discover
    | 35(?:2[89]|[3-8]\d)\d{12}(?:\d{3})?                              # JCB
    | 62\d{14,17}                                                      # UnionPay
    """,
    re.VERBOSE,
)


def _is_card(digits: str) -> bool:
    """A known issuer, its length, and the check digit (ISO/IEC 7812-1, annex B: Luhn)."""
    if not _ISSUER.fullmatch(digits):
        return False
    total = 0
    for place, char in enumerate(reversed(digits)):
        digit = int(char) * (1 + place % 2)
        total += digit - 9 * (digit > 9)
    return total % 10 == 0


def find_cards(text: str, label: str) -> Iterator[Span]:
    """Cards as one block of digits, or as blocks grouped as cards are printed.

    A number may stand beside others (an expiry date, a security code), so every way to take neighbouring blocks
    together is tried. Blocks of 13 or of 17 digits and more are mostly ids, and count only beside a word like "card".
    """
    run: list[re.Match[str]] = []
    for block in _BLOCK.finditer(text):
        if run and not _GAP.fullmatch(text, run[-1].end(), block.start()):
            run.clear()
        run.append(block)
        if len(run) > 5:
            del run[0]
        for first in range(len(run)):
            sizes = tuple(len(part[0]) for part in run[first:])
            start = run[first].start()
            single = len(sizes) == 1 and 13 <= sizes[0] <= 19
            if (
                (single or sizes in _GROUPINGS)
                and _is_card(_digits(text[start : block.end()]))
                and (not single or 14 <= sizes[0] <= 16 or _CARD_NAMED(text, start, label))
            ):
                yield start, block.end()


CREDIT_CARD = Detector("credit_card", find_cards, _last_four)


# -- e-mail addresses


def _email_partial(text: str) -> str:
    """``a***@example.com``"""
    local, _, domain = text.rpartition("@")
    return f"{local[0] if len(local) > 2 else ''}***@{domain}"


# The local part up to 64 characters and labels up to 63 (RFC 5321, RFC 1035); of RFC 5322's rarer characters only those
# that do not also delimit addresses in the texts around them. `*` is none, so that a partial mask is no address.
EMAIL = Detector(
    "email",
    matches(
        r"""[\w%+-] [\w.%+'-]{0,63}+ @ (?:[^\W_][\w-]{0,62}\.){1,10} (?:xn--[A-Za-z0-9-]{1,59}|[^\W\d_]{2,63})""",
        holding="@",
    ),
    _email_partial,
)


# -- phone numbers


def _is_phone(text: str) -> bool:
    """Eight to fifteen digits after ``+`` (ITU-T E.164), or area code and exchange from 200, the first no N11 (NANP).

    Source of the second: North American Numbering Plan Administrator, "NPA/NXX".
    """
    digits = _digits(text)
    if text.startswith("+") and digits[0] != "1":
        return 8 <= len(digits) <= 15
    digits = digits[-10:]
    return digits[0] > "1" and digits[3] > "1" and digits[1:3] != "11"


# Ten digits in a row, or in a row of numbers, are a phone number only where something says so.
PHONE = Detector(
    "phone",
    matches(
        rf"""{_START}(?:
              (?:1[ .-]?)? (?:\(\d{{3}}\)[ -]?|\d{{3}}[.-]) \d{{3}}[ .-]\d{{4}}
            | \+1[ .-]?\(?\d{{3}}\)?[ .-]?\d{{3}}[ .-]?\d{{4}}
            | \+[2-9](?:[ ()-]{{0,2}}\d){{7,14}}+
            | (?<!\d[ ])\d{{3}}[ ]\d{{3}}[ ]\d{{4}}(?![ ]\d)
            | (?P<bare>\d{{3}}[ ]?\d{{3}}[ ]?\d{{4}})
            ){_END}""",
        _is_phone,
        names="phones?|telephone|tel|mobile|cell|cellphone|fax|call|sms|whatsapp",
    ),
    _last_four,
)


# -- IP addresses


def _is_ip(text: str) -> bool:
    """Not loopback or unspecified, which are nobody's. ``a::b`` is rather a name in a program than an address."""
    if ":" not in text:
        return text not in ("0.0.0.0", "127.0.0.1")  # noqa: S104  # compared, not bound
    try:
        address = IPv6Address(text)
    except ValueError:
        return False
    return any(map(str.isdigit, text)) and not (address.is_loopback or address.is_unspecified)


def _ip_partial(text: str) -> str:
    """``203.*.*.*``, ``2001:*:*:*``: the network's first part."""
    first, *others = re.split(r"([.:]+)", text)
    return first + "".join("*" if index % 2 else part for index, part in enumerate(others))


_OCTET = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
IP_ADDRESS = Detector(
    "ip_address",
    matches(
        rf"""(?<![\w.:])(?:
              (?:{_OCTET}\.){{3}}{_OCTET} (?!\w|\.\d)
            | (?:[0-9A-Fa-f]{{0,4}}:){{2,7}} (?:[0-9A-Fa-f]{{1,4}}(?:(?:\.[0-9]{{1,3}}){{3}})?|(?<=::)) (?!\w|:\w|\.\d)
            )""",
        _is_ip,
    ),
    _ip_partial,
)


# -- keys and tokens

# IAM's unique identifiers of access keys, and 40 characters for the secret (AWS IAM user guide, "IAM identifiers").
AWS_KEYS = Detector(
    "aws_keys",
    matches(
        r"""(?<![\w/+]) (?:
              (?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16} (?![A-Z0-9])
            | (?P<bare>[A-Za-z0-9/+]{40}) (?![\w/+])
            )""",
        names="aws|secret access|secret key",
    ),
    _first_four,
)


def _is_key(text: str) -> bool:
    # Random letters and digits in both cases, unlike `sk-learn-pipeline-with-steps`.
    return not text.startswith("sk-") or (any(map(str.isdigit, text)) and any(map(str.isupper, text)))


API_KEYS = Detector(
    "api_keys",
    matches(
        # Prefixes as the providers document them; JSON Web Tokens as RFC 7519.
        r"""(?<![\w-]) (?:
              gh[pousr]_[A-Za-z0-9]{36,255} | github_pat_\w{22,255}    # GitHub
            | glpat-[\w-]{20,255}                                      # GitLab
            | xox[abeoprs]-[A-Za-z0-9-]{10,255}                        # Slack
            | [rsp]k_(?:live|test)_[A-Za-z0-9]{16,255}                 # Stripe
            | sk-[\w-]{20,255}                                         # OpenAI, Anthropic
            | AIza[\w-]{35}                                            # Google
            | npm_[A-Za-z0-9]{36}
            | pypi-AgE[\w-]{50,255}
            | hf_[A-Za-z0-9]{34}                                       # Hugging Face
            | SG\.[\w-]{22}\.[\w-]{43}                                 # SendGrid
            | eyJ[\w-]{10,2048}\.eyJ[\w-]{10,4096}\.[\w-]{10,1024}     # JWT
            | (?P<bare>(?=[\w-]{0,127}\d)[\w-]{20,128})(?![\w-])
            )""",
        _is_key,
        names="api key|apikey|access token|auth token|bearer|secret key|client secret",
    ),
    _first_four,
)

DETECTORS = {
    f"detect_{detector.kind}": detector for detector in (SSN, CREDIT_CARD, EMAIL, PHONE, IP_ADDRESS, AWS_KEYS, API_KEYS)
}
"""By the setting that switches each."""
