"""Addresses of machines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import Final

from gatehook_pii_filter.scan import Scan, Span

_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_V4 = re.compile(rf"(?<![\w.:-])(?:{_OCTET}\.){{3}}{_OCTET}(?!\w|\.\d|-\w)")
_V6 = re.compile(
    r"(?<![\w.:])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}(?:(?:\.[0-9]{1,3}){3})?|(?<=::))(?!\w|:\w|\.\d)"
)
_VERSION = re.compile(
    r"(?:\b(?:version|release|build|firmware|driver|v|ver|rev|assembly|chrome|safari|kernel)\W{0,3}|/)\Z",
    re.IGNORECASE,
)


_NOBODY_S: Final = frozenset({"0.0.0.0", "127.0.0.1"})  # noqa: S104  # compared, not bound


def may_hold_v4(classes: str) -> bool:
    return classes.count(".") >= 3


def find_v4(scan: Scan, start: int, end: int) -> Iterator[Span]:
    """IPv4 addresses (RFC 791) but loopback and unspecified, which are nobody's; not what is called a version."""
    text = scan.text
    for match in _V4.finditer(text, start, min(len(text), end + 2)):
        before = text[max(0, match.start() - 16) : match.start()].removesuffix("//")
        if match[0] not in _NOBODY_S and not _VERSION.search(before):
            yield match.span()


def find_v6(scan: Scan, start: int, end: int) -> Iterator[Span]:
    """IPv6 addresses (RFC 4291, section 2.2), as :mod:`ipaddress` reads them, but loopback and unspecified.

    ``a::b`` is rather a name in a program than an address, so one digit at least is asked for.
    """
    if ":" not in scan.classes[start:end]:
        return
    for match in _V6.finditer(scan.text, max(0, start - 1), min(len(scan.text), end + 2)):
        try:
            address = IPv6Address(match[0])
        except ValueError:
            continue
        if any(map(str.isdigit, match[0])) and not (address.is_loopback or address.is_unspecified):
            yield match.span()


def ip_partial(text: str) -> str:
    """``203.*.*.*``, ``2001:*:*:*``: the network's first part."""
    first, *others = re.split(r"([.:]+)", text)
    return first + "".join("*" if index % 2 else part for index, part in enumerate(others))
