"""Addresses of machines."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import Final

from gatehook_pii_filter.scan import Scan, Span

_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_V4 = re.compile(rf"(?<![\w.:-])(?:{_OCTET}\.){{3}}{_OCTET}(?!\w|\.\d|-\w)")
_V6 = re.compile(
    r"(?<![\w.:])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}(?:(?:\.[0-9]{1,3}){3})?|(?<=::))(?!\w|:\w|\.\d)"
)
_VERSION = re.compile(
    r"(?:(?:version|(?:up|down)grade[sd]? to|\b(?:release|build|firmware|driver|v|ver|rev|assembly|kernel))\W{0,3}"
    r"|[=<>~^/][ ]?)\Z",
    re.IGNORECASE,
)


_NOBODY_S: Final = frozenset({"0.0.0.0", "127.0.0.1"})  # noqa: S104  # compared, not bound


def may_hold_v4(classes: str) -> bool:
    return classes.count(".") >= 3


def find_v4(scan: Scan, start: int, end: int) -> list[Span]:
    """IPv4 addresses (RFC 791) but loopback and unspecified, which are nobody's; not what is called a version."""
    found: list[Span] = []
    text = scan.text
    for match in _V4.finditer(text, start, min(len(text), end + 2)):
        before = text[max(0, match.start() - 16) : match.start()].removesuffix("//")
        if match[0] not in _NOBODY_S and not _VERSION.search(before):
            found.append(match.span())
    return found


def may_hold_v6(classes: str) -> bool:
    return classes.count(":") >= 2


def find_v6(scan: Scan, start: int, end: int) -> list[Span]:
    """IPv6 addresses (RFC 4291, section 2.2), as :mod:`ipaddress` reads them, but loopback and unspecified.

    ``a::b`` is rather a name in a program than an address, so one digit at least is asked for.
    """
    found: list[Span] = []
    for match in _V6.finditer(scan.text, max(0, start - 1), min(len(scan.text), end + 2)):
        try:
            address = IPv6Address(match[0])
        except ValueError:
            continue
        if len(match[0]) == 23 and "::" not in match[0]:
            continue  # eight times two digits are an EUI-64
        if any(map(str.isdigit, match[0])) and not (address.is_loopback or address.is_unspecified):
            found.append(match.span())
    return found


def ip_partial(text: str) -> str:
    """``203.*.*.*``, ``2001:*:*:*``: the network's first part."""
    first, *others = re.split(r"([.:]+)", text)
    return first + "".join("*" if index % 2 else part for index, part in enumerate(others))
