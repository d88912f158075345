"""Hard negatives: what looks like personal data and is none. Each group is a row of the score card."""

from __future__ import annotations

import json
from collections.abc import Callable

from benchmarks.detection import lookalikes, numerals
from benchmarks.detection.dice import Dice
from benchmarks.detection.truth import Sample, object_result, text_result

NEGATIVES: dict[str, Callable[[Dice], str]] = {
    "epoch seconds": numerals.epoch(0),
    "epoch milliseconds": numerals.epoch(3),
    "epoch microseconds": numerals.epoch(6),
    "UUIDs": numerals.any_uuid,
    "hashes": numerals.any_hash,
    "ISBNs": numerals.isbn,
    "EANs": numerals.ean,
    "part numbers": numerals.part,
    "versions": numerals.version,
    "amounts": numerals.amount,
    "orders, invoices, parcels": numerals.order,
    "dates, not of births": numerals.date,
    "coordinates": numerals.coordinates,
    "colours, MAC addresses": numerals.colour_or_mac,
    "tables of numbers": numerals.table,
    "base64, data URIs": lookalikes.any_base64,
    "URLs, paths": lookalikes.url,
    "code": lookalikes.code,
    "@ in code and handles": lookalikes.at_sign,
    "near context words": lookalikes.near_words,
    "log lines": lookalikes.log,
    "ids, other codes": numerals.long_number,
}
STRICT = frozenset({"epoch seconds", "epoch milliseconds", "epoch microseconds", "UUIDs", "hashes", "ISBNs"})
"""Of these at most 3 of 1,000 may change."""
PLAIN_KEYS = ("value", "ref", "created_at", "id", "note", "version", "count", "field")


def negative(dice: Dice, group: str) -> Sample:
    """A text of the group, as it is, or as a string of a JSON object or text."""
    text = NEGATIVES[group](dice)
    place = dice.random.random()
    if place < 0.7:
        return Sample(group, group, "text", text_result(text))
    data = {"id": dice.number(1, 9999), dice.pick(PLAIN_KEYS): text.strip(), "ok": True}
    if place < 0.85:
        return Sample(group, group, "object", object_result(data))
    return Sample(group, group, "JSON text", text_result(json.dumps(data)))
