"""Addresses of wallets. The examples are those of the specifications; the random ones have right checksums."""

from __future__ import annotations

import re
from hashlib import sha256

import pytest
from gatehook_pii_filter.wallets import find_wallets
from hypothesis import given
from hypothesis import strategies as st
from stdnum import bitcoin

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ADDRESSES = [
    ("bitcoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("bitcoin", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
    ("bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    ("bitcoin", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"),
    ("bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),
    ("bitcoin", "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"),
    ("bitcoin", "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"),  # noqa: E501
    ("bitcoin", "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"),  # noqa: E501
    ("ethereum", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("ethereum", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
    ("litecoin", "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9"),
    ("ripple", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"),
    ("tron", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
]  # fmt: skip
VERSIONS = {
    0: "bitcoin",
    5: "bitcoin",
    48: "litecoin",
    50: "litecoin",
    30: "dogecoin",
    22: "dogecoin",
    76: "dash",
    65: "tron",
}
AROUND = [
    ("", ""), ('"', '"'), ("'", "',"), ("to=", "&amount=2"), ('{"address":"', '"}'), ("BTC: ", "\n"), ("(", ")."),
    ("at ", "."), ("", ", and"), ("bitcoin:", "?amount=0.1"), ("https://example.com/address/", "/tx"), ("<", ">"),
]  # fmt: skip


def find(text: str) -> list[tuple[str, str]]:
    return [
        (text[start:end], name)
        for word in re.finditer(r"\S+", text)
        for start, end, name in find_wallets(text, *word.span())
    ]


def base58check(payload: bytes) -> str:
    data = payload + sha256(sha256(payload).digest()).digest()[:4]
    value, text = int.from_bytes(data), ""
    while value:
        value, digit = divmod(value, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


@pytest.mark.parametrize(("name", "address"), ADDRESSES)
@pytest.mark.parametrize(("before", "after"), AROUND)
def test_an_address_is_found_whatever_stands_around_it(name: str, address: str, before: str, after: str) -> None:
    assert find(before + address + after) == [(address, name)]


@given(st.sampled_from(sorted(VERSIONS)), st.binary(min_size=20, max_size=20))
def test_every_address_with_a_right_checksum_is_found(version: int, key: bytes) -> None:
    address = base58check(bytes([version]) + key)
    assert find(address) == [(address, VERSIONS[version])]


@pytest.mark.parametrize(("name", "address"), [pair for pair in ADDRESSES if pair[0] != "ethereum"])
@given(place=st.integers(4, 33))
def test_an_address_with_a_wrong_character_is_none(name: str, address: str, place: int) -> None:
    wrong = "q" if address[place] not in "qQ" else "p"
    assert find(address[:place] + (wrong.upper() if address.isupper() else wrong) + address[place + 1 :]) == []


@given(st.from_regex(r"[13][1-9A-HJ-NP-Za-km-z]{25,33}|bc1[02-9ac-hj-np-z]{38,59}", fullmatch=True))
def test_the_library_agrees_on_what_bitcoin_is(text: str) -> None:
    # It does not know Bech32m, which begins with bc1p for now.
    assert bool(find(text)) == bitcoin.is_valid(text) or text[:3] == "bc1"


@pytest.mark.parametrize(
    "text",
    [
        "0x" + "5a" * 32,
        "0x" + "5a" * 19,
        "a0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0x" + "0" * 40,
        "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa2",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3T4",
        "d41d8cd98f00b204e9800998ecf8427e",
        "1234567890123456789012345678901",
        "550e8400-e29b-41d4-a716-446655440000",
    ],
)
def test_what_only_resembles_an_address_is_none(text: str) -> None:
    assert find(text) == []
