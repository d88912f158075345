"""Addresses of wallets, each with its checksum where it has one.

Sources: Bitcoin Wiki, "Base58Check encoding" and "List of address prefixes"; BIP 32 (extended keys), BIP 173 (Bech32),
BIP 350 (Bech32m); SLIP 173 (prefixes); Litecoin, Dogecoin, Dash, Tron and XRP Ledger documentation of addresses;
Ethereum, EIP-55.

The checksums are here because python-stdnum knows Bitcoin alone, not Bech32m, and takes ten times as long: a text may
hold thousands of words that look like addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from operator import mul

Found = tuple[int, int, str]
"""Start and end in the whole text, and the name of the currency."""

# fmt: off
_BASE58 = {
    # By the payload's first bytes and its length without the checksum
    (b"\x00", 21): "bitcoin",  (b"\x05", 21): "bitcoin",               # 1…, 3…
    (b"\x80", 33): "bitcoin",  (b"\x80", 34): "bitcoin",               # 5…, K…, L…: private keys
    (b"\x04\x88\xad\xe4", 78): "bitcoin", (b"\x04\x88\xb2\x1e", 78): "bitcoin",  # xprv…, xpub…
    (b"\x04\x9d\x78\x78", 78): "bitcoin", (b"\x04\x9d\x7c\xb2", 78): "bitcoin",  # yprv…, ypub…
    (b"\x04\xb2\x43\x0c", 78): "bitcoin", (b"\x04\xb2\x47\x46", 78): "bitcoin",  # zprv…, zpub…
    (b"\x30", 21): "litecoin", (b"\x32", 21): "litecoin",              # L…, M…
    (b"\x1e", 21): "dogecoin", (b"\x16", 21): "dogecoin",              # D…, 9… or A…
    (b"\x4c", 21): "dash",                                             # X…
    (b"\x41", 21): "tron",                                             # T…
}
_BECH32 = {"bc": "bitcoin", "ltc": "litecoin"}
# fmt: on

# After a sign, so that the expression begins with a set of characters, to which `re` skips fast.
_SHAPE = re.compile(
    r"""[^A-Za-z0-9](?=[A-Za-z0-9]{25})(?:
          0x(?P<ethereum>[0-9a-fA-F]{40})
        | (?P<base58>[139ADLMTX][1-9A-HJ-NP-Za-km-z]{25,33} | [5KL][1-9A-HJ-NP-Za-km-z]{50,51}
                   | [xyz](?:prv|pub)[1-9A-HJ-NP-Za-km-z]{107})
        | (?P<ripple>r[1-9A-HJ-NP-Za-km-z]{24,34})
        | (?P<bech32>(?:bc|ltc)1[02-9ac-hj-np-z]{38,59} | (?:BC|LTC)1[02-9AC-HJ-NP-Z]{38,59})
        )(?![A-Za-z0-9])""",
    re.VERBOSE,
)


def may_hold_wallet(word: str) -> bool:
    return len(word) >= 25


def find_wallets(text: str, start: int, end: int) -> Iterator[Found]:
    """The addresses in a run of text without white space, in order."""
    if start == 0:
        # An address begins after a sign, so give it one.
        for first, last, name in find_wallets(f" {text[:end]}", 1, end + 1):
            yield first - 1, last - 1, name
        return
    for match in _SHAPE.finditer(text, start - 1, end):
        name = _NAMES[match.lastgroup or ""](match[0][1:])
        if name:
            yield match.start() + 1, match.end(), name


def _ethereum(address: str) -> str:
    """Any but the null address. EIP-55's checksum is optional, and needs Keccak."""
    return "ethereum" if len(set(address[2:])) > 2 else ""


# -- Base58Check

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_RIPPLE_ALPHABET = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_VALUES = bytes.maketrans(_ALPHABET.encode(), bytes(range(58)))
_RIPPLE_VALUES = bytes.maketrans(_RIPPLE_ALPHABET.encode(), bytes(range(58)))
_POWERS = [58**place for place in range(112)]


def _base58(address: str) -> str:
    payload = _base58_payload(address.encode().translate(_VALUES))
    return _BASE58.get((payload[:1], len(payload)), "") or _BASE58.get((payload[:4], len(payload)), "")


def _ripple(address: str) -> str:
    payload = _base58_payload(address.encode().translate(_RIPPLE_VALUES))
    return "ripple" if len(payload) == 21 and payload[0] == 0 else ""


def _base58_payload(digits: bytes) -> bytes:
    """What the digits encode, without its checksum; empty if that is wrong. Each leading zero stands for a byte."""
    value = sum(map(mul, reversed(digits), _POWERS))
    zeros = len(digits) - len(digits.lstrip(b"\0"))
    data = bytes(zeros) + value.to_bytes((value.bit_length() + 7) // 8)
    return data[:-4] if sha256(sha256(data[:-4]).digest()).digest()[:4] == data[-4:] else b""


# -- Bech32

_BECH32_VALUES = bytes.maketrans(b"qpzry9x8gf2tvdw0s3jn54khce6mua7l", bytes(range(32)))
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
# What the five bits that leave the remainder do to it.
_STEPS = [0] * 32
for _bits in range(32):
    for _place, _term in enumerate(_GENERATOR):
        _STEPS[_bits] ^= _term * (_bits >> _place & 1)
_BECH32M = 0x2BC830A3


def _bech32(address: str) -> str:
    prefix, _, rest = address.lower().partition("1")
    words = rest.encode().translate(_BECH32_VALUES)
    remainder = 1
    for word in (*(ord(char) >> 5 for char in prefix), 0, *(ord(char) & 31 for char in prefix), *words):
        remainder = (remainder & 0x1FFFFFF) << 5 ^ word ^ _STEPS[remainder >> 25]
    # Version 0 keeps the checksum of BIP 173.
    return _BECH32[prefix] if remainder == (_BECH32M if words[0] else 1) else ""


_NAMES = {"ethereum": _ethereum, "base58": _base58, "ripple": _ripple, "bech32": _bech32}
