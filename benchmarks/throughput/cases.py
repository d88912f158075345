"""The tool results that are masked: prose and JSON, with and without personal data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from benchmarks.detection.benign import paragraph
from benchmarks.detection.dice import Dice
from benchmarks.detection.kinds import BY_NAME
from benchmarks.detection.truth import object_result, text_result

SPACING = 1700
"""Characters of prose between two items."""
# Label and variant: of the kinds that both sides know, what both find.
ITEMS = {
    "ssn": ("SSN", "hyphens"),
    "credit_card": ("Card", "visa"),
    "email": ("e-mail", "dotted"),
    "phone": ("Phone", "US"),
    "ip_address": ("IP", "v4"),
    "date_of_birth": ("DOB", "%m/%d/%Y"),
}


@dataclass(frozen=True)
class Case:
    title: str
    content: Any
    """A text, or an object for ``structuredContent``."""
    has_items: bool

    @property
    def is_object(self) -> bool:
        return not isinstance(self.content, str)

    @cached_property
    def result(self) -> dict[str, Any]:
        return object_result(self.content) if self.is_object else text_result(self.content)

    @cached_property
    def bytes(self) -> int:
        text = json.dumps(self.content, ensure_ascii=False) if self.is_object else self.content
        return len(text.encode())


def item(dice: Dice, kind: str) -> str:
    while True:
        value = BY_NAME[kind].make(dice)
        if value.variant == ITEMS[kind][1] and (not value.named or kind == "date_of_birth"):
            return value.text


def prose(size: int) -> str:
    """ASCII, as most texts are."""
    dice, parts, length = Dice("prose"), [], 0
    while length < size:
        part = paragraph(dice, dice.number(3, 8))
        if part.isascii():
            parts.append(part)
            length += len(part) + 2
    return "\n\n".join(parts)[:size]


def with_items(text: str) -> str:
    """An item of the next kind after every SPACING characters, and one in a shorter text."""
    dice, kinds, parts = Dice("items"), list(ITEMS), []
    for number, start in enumerate(range(0, len(text), SPACING)):
        kind = kinds[number % len(kinds)]
        piece = text[start : start + SPACING]
        middle = len(piece) // 2
        parts += [piece[:middle], f" {ITEMS[kind][0]}: {item(dice, kind)}. ", piece[middle:]]
    return "".join(parts)


def records(personal: bool) -> dict[str, Any]:
    """500 records, about 100 kB of JSON."""
    dice = Dice("records")
    return {"total": 500, "records": [_record(dice, number, personal) for number in range(500)]}


def _record(dice: Dice, number: int, personal: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": number,
        "name": dice.faker.name(),
        "city": dice.faker.city(),
        "status": dice.pick(("open", "paid", "sent")),
        "amount": round(dice.random.random() * 1000, 2),
        "active": dice.chance(0.5),
    }
    if personal:
        data |= {"email": item(dice, "email"), "phone": item(dice, "phone")}
        return data | {"note": "the customer likes coffee and tea and to be called late"}
    return data | {
        "kind": "regular customer",
        "note": "likes coffee, tea and many other good things, as we do",
    }


def cases() -> tuple[Case, ...]:
    made = []
    for size in (1_000, 100_000, 1_000_000):
        text = prose(size)
        made += [Case(f"clean prose, {size // 1000:,} kB", text, False)]
        made += [Case(f"prose with an item every 1.7 kB, {size // 1000:,} kB", with_items(text), True)]
    for title, personal in (("clean", False), ("e-mail and phone in each", True)):
        data = records(personal)
        made += [Case(f"objects, 500 records, {title}", data, personal)]
        made += [Case(f"JSON text, 500 records, {title}", json.dumps(data), personal)]
    return tuple(made)
