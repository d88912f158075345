"""E-mail addresses and phone numbers."""

from __future__ import annotations

import re
from functools import cache
from itertools import chain
from typing import Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from gatehook_pii_filter.scan import Scan, Span

_LOCAL: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+/=?^_`{|}~-"
_USUAL: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-"
_RARER: Final = frozenset(_LOCAL) - frozenset(_USUAL)
_NOT_FIRST: Final = ".!#$%&'*/=?^`{|}~-"
# Two expressions that begin with one character each, to which `re` leaps.
_DOMAINS = tuple(
    re.compile(sign + r"[^\W_][\w-]{0,62}+(?:\.[\w-]{1,63}+){0,9}\.(xn--[A-Za-z0-9-]{1,59}|[^\W\d_]{2,63})")
    for sign in ("@", "%(?=4)40")
)
_OTHER_LOCAL = re.compile(r"[\w.%+'-]{1,64}\Z")
# Endings of files (`logo@2x.png`), which no registry has for domains.
_FILE_ENDINGS: Final = frozenset(
    {"png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "js", "ts", "jsx", "tsx", "mjs", "css", "scss", "sass", "html"}
    | {"htm", "json", "xml", "yml", "yaml", "toml", "txt", "pdf", "exe", "dll", "tgz", "gz", "po", "conf", "log"}
    | {"service", "socket", "timer", "mount", "slice", "scope", "device"}  # units of systemd: getty@tty1.service
)
# Signs that stand before an address far more often than in one.
_GLUE = re.compile(r".*[/?|{}`]")
_USER_INFO = re.compile(r"://[^\s/@]{0,128}:\Z")


def find_emails(scan: Scan, start: int, end: int) -> list[Span]:
    """Addresses: at most 64 characters before the ``@`` (RFC 5321, section 4.5.3.1), labels of at most 63 (RFC 1035).

    Of RFC 5322's rarer characters (section 3.2.3) the local part takes those that do not begin it, as they also stand
    around addresses. ``git@host:path`` is an address of programs, and ``*`` none, so that a partial mask is no address.
    In ``https://ada:password@host`` there is none either. The ``@`` may be written as in URLs, ``%40``.
    """
    found: list[Span] = []
    text = scan.text
    for domain in chain.from_iterable(domains.finditer(text, start, end) for domains in _DOMAINS):
        at = domain.start()
        head = text[max(start, at - 64) : at]
        before = head.rstrip(_USUAL)
        local = head[len(before) :].lstrip(_NOT_FIRST) if before[-1:] not in _RARER else ""
        if not local:
            local = _rarer_local(head)
        if local and local[-1] != "." and local != "git" and domain[1].lower() not in _FILE_ENDINGS:
            begin = at - len(local)
            if text[begin - 1 : begin] != ":" or not _USER_INFO.search(text, max(start, begin - 140), begin):
                found.append((begin, domain.end()))
    return found


def _rarer_local(head: str) -> str:
    local = _without_name(_GLUE.sub("", head[len(head.rstrip(_LOCAL)) :].rpartition("*")[2])).lstrip(_NOT_FIRST)
    if not local and head and not head[-1].isascii() and (other := _OTHER_LOCAL.search(head)):
        local = other[0]
    return local


def _without_name(local: str) -> str:
    """Without ``to=`` or ``a=1&email=``; but ``list-ada=example.com``, which servers of lists make, is all name."""
    name, equals, rest = local.rpartition("=")
    return rest if equals and not {"+", "-"} & set(name.rpartition("&")[2]) else local


def email_partial(text: str) -> str:
    """``a***@example.com``"""
    local, at, domain = re.split("(@|%40)", text)[-3:]
    return f"{local[0] if len(local) > 2 else ''}***{at}{domain}"


_NORTH_AMERICAN = re.compile(
    r"""(?<![\w+@])(?<!\d[-.])(?:
          (?:\+?1[ .-]?|001[ .-])? (?:\([2-9]\d\d\)[ -]?|[2-9]\d\d(?:-|\.(?!\d{3}[ -]))) [2-9]\d\d[ .-]?\d{4}
        | (?:\+1|001)[ .-]?[2-9]\d\d[ .-]?[2-9]\d\d[ .-]?\d{4}
        | (?<!\d[ ])(?:1[ ])?[2-9]\d\d[ ][2-9]\d\d[ ]\d{4}(?![ ]\d)
        )(?:[ ]?(?:x|ext\.?)[ ]?\d{1,6})?(?!\w)(?![-.@]\d)""",
    re.VERBOSE,
)
_INTERNATIONAL = re.compile(r"(?<![\w+])\+[ ]?[1-9](?:[ ().-]{0,3}\d){5,14}+")
_NATIONAL = re.compile(r"(?<![\w.+])[(]?\d(?:[ ().-]{0,3}\d|/\d){6,14}(?!\w)(?![.-]\d)")
_GOES_ON = re.compile(r"\w|[-.]\d")
_N11 = re.compile(r"\D*1?\D*(?:\d11|\d{3}\D*\d11)")


def may_hold_phone(classes: str) -> bool:
    return classes.count("0") >= 7


def find_phones(scan: Scan, start: int, end: int) -> list[Span]:
    """Numbers in the forms of North America, and others that begin with ``+`` and may exist.

    Area code and exchange begin with 2 to 9 and are no N11 (North American Numbering Plan Administrator, "NPA/NXX").
    Elsewhere country code and length must fit (ITU-T E.164; lengths from Google's libphonenumber).
    """
    text = scan.text
    begin = start - (text[start - 1 : start] in ("(", "+"))
    if (whole := _NORTH_AMERICAN.match(text, begin)) and whole.end() >= end and not _N11.match(whole[0]):
        return [whole.span()]
    first, last = max(0, start - 3), min(len(text), end + 12)
    found = [
        match.span()
        for match in _NORTH_AMERICAN.finditer(text, first, last)
        if match.start() < end and not _N11.match(match[0])
    ]
    if "+" in text[first:end]:
        spans = (_possible(text, *match.span()) for match in _INTERNATIONAL.finditer(text, first, last))
        found += filter(None, spans)
    return found


def find_named_phones(scan: Scan, start: int, end: int) -> list[Span]:
    """Whatever has seven to fifteen digits where a word says that it is a phone number (ITU-T E.164)."""
    return [match.span() for match in _NATIONAL.finditer(scan.text, max(0, start - 3), min(len(scan.text), end + 2))]


def _possible(text: str, start: int, end: int) -> Span | None:
    """The longest beginning of a number that ends between its groups and has a length that its country uses."""
    while end > start:
        if not _GOES_ON.match(text, end) and _has_country(_significant(text[start:end])):
            return start, end
        group = re.search(r"[ ().-]+\d+\Z", text[start:end])
        if group is None:
            return None
        end = start + group.start()
    return None


def _significant(text: str) -> str:
    return "".join(filter(str.isdigit, text.replace("(0)", "")))


def _has_country(digits: str) -> bool:
    for length in (1, 2, 3):
        code = digits[:length]
        if code.isdigit() and int(code) in COUNTRY_CODE_TO_REGION_CODE:
            if code == "1" and not re.match(r"1[2-9]\d\d[2-9]", digits):
                return False
            return len(digits) - length in _lengths(int(code))
    return False


@cache  # for as many as there are country codes
def _lengths(country: int) -> frozenset[int]:
    """How many digits national numbers of a country calling code may have."""
    lengths: set[int] = set()
    for region in COUNTRY_CODE_TO_REGION_CODE[country]:
        if region == "001":
            metadata = PhoneMetadata.metadata_for_nongeo_region(country)
        else:
            metadata = PhoneMetadata.metadata_for_region(region)
        if metadata is not None and metadata.general_desc is not None:
            lengths.update(metadata.general_desc.possible_length)
    return frozenset(lengths)
