"""JSON tool results: the value under a key that names it or in a note, as objects and as JSON text."""

from __future__ import annotations

import json
import re
from typing import Any

from benchmarks.detection.dice import Dice
from benchmarks.detection.frames import VALUE, phrase, planted
from benchmarks.detection.kinds import Kind
from benchmarks.detection.truth import Path, Sample, Span, object_result, strings
from benchmarks.detection.values import Value

NAMES = ("Ada Smith", "Jo Miller", "Zoë Österberg", "Bob O'Neil", "李雷", "Maria da Silva")
SEPARATORS = ((",", ":"), (", ", ": "))


def named_object(dice: Dice, kind: Kind, value: Value) -> Sample:
    """``structuredContent`` with the value alone under a key that names it."""
    return planted_in(_record(dice, _key(dice, kind, value), VALUE), kind, value, "object, key")


def noted_object(dice: Dice, kind: Kind, value: Value) -> Sample:
    """``structuredContent`` with a phrase under a key that says nothing."""
    return planted_in(
        _record(dice, dice.pick(("note", "comment", "text")), phrase(dice, kind, value)), kind, value, "object"
    )


def named_text(dice: Dice, kind: Kind, value: Value) -> Sample:
    """JSON text with the value alone under a key that names it."""
    return _text(dice, _record(dice, _key(dice, kind, value), VALUE), kind, value, "JSON text, key")


def noted_text(dice: Dice, kind: Kind, value: Value) -> Sample:
    return _text(
        dice, _record(dice, dice.pick(("note", "comment", "text")), phrase(dice, kind, value)), kind, value, "JSON text"
    )


def documented(dice: Dice, kind: Kind, value: Value) -> Sample:
    return dice.pick((named_object, noted_object, named_text, noted_text))(dice, kind, value)


def _key(dice: Dice, kind: Kind, value: Value) -> str:
    if not value.label:
        return dice.pick(kind.keys)
    return re.sub(r"\W+", "_", value.label).strip("_")


def _record(dice: Dice, key: str, content: str) -> Any:
    """A record with ids, numbers and texts beside ``content``."""
    record: dict[str, Any] = {
        "id": dice.number(1, 9999),
        "name": dice.pick(NAMES),
        "amount": round(dice.random.random() * 1000, 2),
        "active": dice.chance(0.5),
        "parent": None,
        "tags": ["new", "eu"],
    }
    items = list(record.items())
    items.insert(dice.number(0, len(items)), (key, content))
    record = dict(items)
    match dice.number(0, 3):
        case 0:
            return {"total": 1, "records": [record]}
        case 1:
            return {"customer": record, "status": "ok"}
        case 2 if content == VALUE:  # the key names a list
            return {"customer": record | {key: [content]}, "status": "ok"}
        case _:
            return record


def planted_in(data: Any, kind: Kind, value: Value, form: str) -> Sample:
    """A sample whose ``structuredContent`` is ``data`` with the value in its place."""
    result = object_result(data)
    ((path, text),) = [(path, text) for path, text in strings(result) if VALUE in text]
    start = text.index(VALUE)
    _put(result, path, text.replace(VALUE, value.text))
    first, last = value.identifying
    span = Span(path, start, start + len(value.text), kind.name, (start + first, start + last), value.text)
    return Sample("positive", value.variant, form, result, (span,))


def _put(container: Any, path: Path, text: str) -> None:
    for part in path[:-1]:
        container = container[part]
    container[path[-1]] = text


def _text(dice: Dice, data: Any, kind: Kind, value: Value, form: str) -> Sample:
    template = json.dumps(data, indent=dice.pick((None, None, 2)), ensure_ascii=False, separators=dice.pick(SEPARATORS))
    escaped, (first, last) = _escaped(value.text), value.identifying
    inner = len(_escaped(value.text[:first])), len(_escaped(value.text[:last]))
    return planted(template, kind, Value(escaped, value.variant, inner=inner), form)


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
