"""Cards, accounts and wallets, each with the check digits that its issuer would give it."""

from __future__ import annotations

from benchmarks.detection import checksums
from benchmarks.detection.dice import Dice
from benchmarks.detection.values import Value

# Prefixes and length; ranges of issuer identification numbers (ISO/IEC 7812) as the networks publish them.
CARDS: dict[str, tuple[tuple[str, ...], int]] = {
    "visa": (("4",), 16),
    "mastercard": (("51", "52", "53", "54", "55", "2221", "2345", "2720"), 16),
    "amex": (("34", "37"), 15),
    "discover": (("6011", "644", "649", "65"), 16),
    "diners": (("300", "305", "36", "38"), 14),
    "jcb": (("3528", "3589"), 16),
    "unionpay": (("621", "625", "6282"), 16),
    "maestro": (("5018", "5038", "6304", "6759", "6763"), 16),
}
NETWORKS = (
    "visa",
    "visa",
    "visa",
    "mastercard",
    "mastercard",
    "mastercard",
    "amex",
    "amex",
    "discover",
    "diners",
    "jcb",
    "unionpay",
    "maestro",
)


def credit_card(dice: Dice) -> Value:
    network = dice.pick(NETWORKS)
    prefixes, length = CARDS[network]
    prefix = dice.pick(prefixes)
    digits = prefix + dice.digits(length - 1 - len(prefix))
    digits += checksums.luhn(digits)
    sizes = {14: (4, 6, 4), 15: (4, 6, 5), 16: (4, 4, 4, 4)}[length]
    parts, at = [], 0
    for size in sizes:
        parts.append(digits[at : at + size])
        at += size
    return Value(dice.pick(["", " ", "-"]).join(parts), network)


# BBANs of countries without a national check digit; ISO 13616's registry: n is #, a is @, c is &.
ACCOUNTS = {
    "DE": "10##00##" + "#" * 10,
    "GB": "@@@@" + "#" * 14,
    "NL": "@@@@0" + "#" * 9,
    "CH": "00###" + "&" * 12,
    "AT": "#" * 16,
    "IE": "@@@@" + "#" * 14,
    "LU": "0##" + "&" * 13,
    "SA": "##" + "&" * 18,
    "AE": "0##" + "#" * 16,
    "LT": "#" * 16,
}


def iban(dice: Dice) -> Value:
    country = dice.pick([*ACCOUNTS, "FR", "ES", "BE"])
    text = checksums.iban(country, _account(dice, country))
    if dice.chance(0.5):
        return Value(" ".join(text[at : at + 4] for at in range(0, len(text), 4)), country)
    return Value(text, country)


def _account(dice: Dice, country: str) -> str:
    """A BBAN, with the national check digits of the countries that have them."""
    match country:
        case "BE":
            digits = dice.pick(("001", "068", "310", "363", "734", "979")) + dice.digits(7)  # banks that exist
            return f"{digits}{int(digits) % 97 or 97:02d}"
        case "FR":
            bank, branch, number = dice.digits(5), dice.digits(5), dice.digits(11)
            return f"{bank}{branch}{number}{97 - (89 * int(bank) + 15 * int(branch) + 3 * int(number)) % 97:02d}"
        case "ES":
            bank, number = dice.digits(8), dice.digits(10)
            weights = (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)
            first, second = (checksums.weighted(digits, weights, 11) for digits in (f"00{bank}", number))
            return f"{bank}{first % 9 if first == 10 else first}{second % 9 if second == 10 else second}{number}"
        case _:
            return dice.fill(ACCOUNTS[country])


def bank_account(dice: Dice) -> Value:
    if dice.chance(0.4):
        digits = dice.pick(["01", "02", "03", "06", "07", "11", "12", "26", "31"]) + dice.digits(6)
        label = dice.pick(["routing number", "Routing No.", "ABA", "ABA routing number", "RTN", "bank routing number"])
        return Value(digits + checksums.routing(digits), "routing", named=True, label=label)
    return Value(dice.fill("%" + "#" * dice.number(7, 11)), "account", named=True)


def crypto_wallet(dice: Dice) -> Value:
    match dice.pick(["bitcoin", "bitcoin", "script", "bech32", "bech32", "taproot", "ethereum", "ethereum"]):
        case "bitcoin":
            return Value(checksums.base58check(b"\x00" + dice.bytes(20)), "BTC base58")
        case "script":
            return Value(checksums.base58check(b"\x05" + dice.bytes(20)), "BTC base58")
        case "bech32":
            return Value(checksums.segwit(0, dice.bytes(dice.pick([20, 20, 32]))), "BTC bech32")
        case "taproot":
            return Value(checksums.segwit(1, dice.bytes(32)), "BTC bech32")
        case _:
            return Value(checksums.ethereum(dice.bytes(20)), "ETH")
