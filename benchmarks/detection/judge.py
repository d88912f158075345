"""What a side did to a sample, judged by what comes out, the same way for all.

A planted value is found if no letter or digit of its identifying part is left where it stood; if some are, it is found
partly, which counts as missed. A change that touches no planted value is a false alarm.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.detection.kinds import BY_NAME
from benchmarks.detection.sides import MARK, Answer
from benchmarks.detection.truth import Sample, Span, at, parsed, shape, strings

LABEL_REACH = 40
"""How many characters before a value its label can be."""


@dataclass(frozen=True, slots=True)
class Change:
    """A part of a text that is not there any more."""

    start: int
    end: int

    def touches(self, start: int, end: int) -> bool:
        return self.start < end and start < self.end


@dataclass(frozen=True, slots=True)
class Verdict:
    found: bool = False
    """All planted values."""
    partly: bool = False
    kind_right: bool = False
    wide: bool = False
    """Whether letters or digits beside a found value are gone too, such as its label."""
    label_only: bool = False
    """Whether what stands just before a value is gone, and the value is left, or a part of it."""
    false_alarms: tuple[str, ...] = ()
    """The parts of the texts that were changed without cause."""
    wrong_reports: tuple[str, ...] = ()
    """Reported kinds, once for each report that has no planted value of that kind."""
    broken: str = ""
    """What is wrong with the result's shape: keys, types, JSON that no longer parses."""
    stable: bool = True


def judge(sample: Sample, answer: Answer) -> Verdict:
    if answer.refused:
        return Verdict(broken=f"refused: {answer.refused}")
    broken = _broken(sample, answer)
    if broken == "keys or types":
        return Verdict(broken=broken, stable=answer.stable)
    found, partly, wide, label_only = [], False, False, False
    alarms = []
    for path, text in strings(sample.result):
        spans = [span for span in sample.spans if span.path == path]
        changed = changes(text, at(answer.result, path))
        for span in spans:
            lost, left = _letters(text, span, changed)
            found.append(lost > 0 and not left)
            partly |= lost > 0 and left > 0
            wide |= any(_outside(text, change, span) for change in changed if change.touches(span.start, span.end))
            before = any(change.touches(span.start - LABEL_REACH, span.start) for change in changed)
            label_only |= bool(left) and before
        alarms += [
            text[change.start : change.end]
            for change in changed
            if not any(change.touches(span.start, span.end) for span in spans)
        ]
    wanted = [BY_NAME[span.kind] for span in sample.spans]
    right = all(any(kind.is_reported_as(name) for name in answer.kinds) for kind in wanted)
    is_found = bool(found) and all(found)
    return Verdict(
        is_found,
        partly,
        is_found and right,
        wide,
        label_only,
        tuple(alarms),
        _wrong(sample, answer),
        broken,
        answer.stable,
    )


def changes(original: str, masked: str) -> list[Change]:
    """The parts of ``original`` that became marks.

    The rest of ``masked`` stands in ``original`` in this order, so the first place where each piece fits will do.
    A text that is no such thing counts as changed throughout.
    """
    if original == masked:
        return []
    first, *others = masked.split(MARK)
    if not others or not original.startswith(first):
        return [Change(0, len(original))]
    *middle, last = others
    stop = len(original) - len(last)
    if not original.endswith(last) or stop < len(first):
        return [Change(0, len(original))]
    changed, position = [], len(first)
    for piece in middle:
        place = original.find(piece, position + 1 if piece else position, stop) if piece else position
        if place < 0:
            return [Change(0, len(original))]
        changed.append(Change(position, place))
        position = place + len(piece)
    changed.append(Change(position, stop))
    return [change for change in changed if change.start < change.end]


def _letters(text: str, span: Span, changed: list[Change]) -> tuple[int, int]:
    """How many letters and digits of the identifying part are gone, and how many are left."""
    places = [place for place in range(*span.inner) if text[place].isalnum()]
    lost = sum(any(change.start <= place < change.end for change in changed) for place in places)
    return lost, len(places) - lost


def _outside(text: str, change: Change, span: Span) -> bool:
    beside = text[change.start : max(change.start, span.start)] + text[min(change.end, span.end) : change.end]
    return any(map(str.isalnum, beside))


def _wrong(sample: Sample, answer: Answer) -> tuple[str, ...]:
    wrong = []
    for name, count in answer.kinds.items():
        planted = sum(BY_NAME[span.kind].is_reported_as(name) for span in sample.spans)
        wrong += [name] * (count - planted)
    return tuple(wrong)


def _broken(sample: Sample, answer: Answer) -> str:
    before, after = shape(sample.result), shape(answer.result)
    if before == after:
        return ""
    texts = {path: text for path, text in strings(sample.result) if parsed(text) is not None}
    if {path for path, _ in strings(sample.result)} != {path for path, _ in strings(answer.result)}:
        return "keys or types"
    if any(parsed(at(answer.result, path)) is None for path in texts):
        return "JSON text does not parse"
    return "keys or types in JSON text" if texts else ""
