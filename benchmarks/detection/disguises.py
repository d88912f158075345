"""The same value for a reader, another for a pattern: invisible characters, other digits, look-alike letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from benchmarks.detection.dice import Dice
from benchmarks.detection.values import Value

INVISIBLE = {
    "zero-width space": "\u200b",
    "zero-width non-joiner": "\u200c",
    "zero-width joiner": "\u200d",
    "word joiner": "\u2060",
    "soft hyphen": "\u00ad",
    "byte order mark": "\ufeff",
    "variation selector": "\ufe0f",
}
LOOK_ALIKES = {
    "Cyrillic letters": str.maketrans("aceopxyiABCEHKMOPTXIS", "асеорхуіАВСЕНКМОРТХІЅ"),
    "Greek letters": str.maketrans("oνABEZHIKMNOPTYX", "oνΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"),
}
DIGITS = {
    "full-width digits": 0xFF10,
    "mathematical digits": 0x1D7CE,
    "Arabic-Indic digits": 0x0660,
    "Devanagari digits": 0x0966,
}
Change = Callable[[Dice, str], str]


def _inserting(mark: str) -> Change:
    def change(dice: Dice, text: str) -> str:
        """One of them in the middle, or one between all characters."""
        if dice.chance(0.25):
            return mark.join(text)
        at = dice.number(1, len(text) - 1)
        return text[:at] + mark + text[at:]

    return change


def _digits(zero: int) -> Change:
    table = {ord("0") + digit: chr(zero + digit) for digit in range(10)}

    def change(dice: Dice, text: str) -> str:
        """All digits, or one."""
        if dice.chance(0.5):
            return text.translate(table)
        at = dice.pick([place for place, char in enumerate(text) if char in "0123456789"] or [0])
        return text[:at] + text[at].translate(table) + text[at + 1 :]

    return change


FULL_WIDTH = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)}

DISGUISES: dict[str, Change] = {
    **{name: _inserting(mark) for name, mark in INVISIBLE.items()},
    **{name: _digits(zero) for name, zero in DIGITS.items()},
    "full-width letters and signs": lambda dice, text: text.translate(FULL_WIDTH),
    **{name: lambda dice, text, table=table: text.translate(table) for name, table in LOOK_ALIKES.items()},  # type: ignore[misc]  # a default binds the table
}


def disguised(dice: Dice, name: str, value: Value) -> Value | None:
    """The value in a disguise, or None if there is nothing in it to change."""
    first, last = value.identifying
    inside = DISGUISES[name](dice, value.text[first:last])
    if inside == value.text[first:last]:
        return None
    text = value.text[:first] + inside + value.text[last:]
    return replace(value, text=text, inner=(first, first + len(inside)))
