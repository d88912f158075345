"""Places where filters lose values that they find elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from benchmarks.detection import people
from benchmarks.detection.dice import Dice
from benchmarks.detection.disguises import FULL_WIDTH, LOOK_ALIKES
from benchmarks.detection.documents import named_object, named_text, planted_in
from benchmarks.detection.frames import VALUE, framed, planted
from benchmarks.detection.kinds import BY_NAME, Kind
from benchmarks.detection.truth import Sample, text_result
from benchmarks.detection.values import Value

KEY, COLUMN, OFFSETS = "named by its key", "named by its column", "after emoji and accents"
NUMBER, LONG, DEEP = "a number in JSON text", "in a list of 5,000 records", "50 levels deep"
WHOLE = {"all of the text full-width": FULL_WIDTH, "all of the text in look-alikes": LOOK_ALIKES["Cyrillic letters"]}
GROUPS = (KEY, COLUMN, OFFSETS, *WHOLE, NUMBER, LONG, DEEP)

BEFORE = "Grüße 😀🇩🇪 – 東京 “ﬁne”: "
"""Longer in bytes than in characters, and after NFKC than before."""


def placed(dice: Dice, kind: Kind, value: Value) -> Iterator[Sample]:
    """The value where only a key or a column names it, where offsets shift, with its label in disguise, as a number."""
    for make in (named_object, named_text):
        yield replace(make(dice, kind, value), group=KEY)
    column = value.label or kind.keys[0]
    yield planted(f"name,{column},city\nAda Smith,{VALUE},Leeds\n", kind, value, "csv", COLUMN)
    sample = framed(dice, kind, value)
    text = sample.result["content"][0]["text"]
    (span,) = sample.spans
    yield planted(BEFORE + text[: span.start] + VALUE + text[span.end :], kind, value, sample.form, OFFSETS)
    for group, table in WHOLE.items():  # each character becomes one, so the span stays where it is
        other = text.translate(table)
        yield Sample(
            group, value.variant, sample.form, text_result(other), (replace(span, value=other[span.start : span.end]),)
        )
    if value.text.isascii() and value.text.isdecimal() and value.text[0] != "0":
        document = json.dumps({"id": dice.number(1, 9999), column: VALUE, "paid": False}, ensure_ascii=False)
        yield planted(document.replace(f'"{VALUE}"', VALUE), kind, value, "JSON text, number", NUMBER)


def large(dice: Dice) -> Iterator[Sample]:
    """Results that filters refuse for their size."""
    kind = BY_NAME["email"]
    for _ in range(3):
        records: list[dict[str, Any]] = [{"id": number, "name": "Ada Smith"} for number in range(5000)]
        dice.pick(records)["email"] = VALUE
        yield replace(planted_in({"records": records}, kind, people.email(dice), "object"), group=LONG)
    for _ in range(10):
        data: dict[str, Any] = {"email": VALUE}
        for _ in range(50):
            data = {"inner": data}
        yield replace(planted_in(data, kind, people.email(dice), "object"), group=DEEP)
