"""The texts behind a figure of the score card."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable

from rich.console import Console
from rich.text import Text

from benchmarks.detection.card import Judged, Score, percent
from benchmarks.detection.held_out import GROUP
from benchmarks.detection.judge import Verdict
from benchmarks.detection.kinds import BY_NAME
from benchmarks.detection.truth import Sample, at

FLAWS: dict[str, Callable[[Verdict], bool]] = {
    "label only": lambda verdict: verdict.label_only,
    "wide": lambda verdict: verdict.wide,
    "broken": lambda verdict: bool(verdict.broken),
    "unstable": lambda verdict: not verdict.stable,
}
"""Rows of the last table, by the name that shows their texts."""


def show(console: Console, score: Score, name: str, most: int) -> None:
    """The texts missed and changed wrongly, of a kind, a group such as ``UUIDs`` or ``soft hyphen``, or a flaw."""
    console.rule(f"{score.side.name}: {name}")
    if name in FLAWS:
        every = [told for group, judged in score.groups.items() if not group.startswith(GROUP) for told in judged]
        _list(console, name, [judged for judged in every if FLAWS[name](judged[1])], most)
        return
    kind = BY_NAME.get(name)
    judged = score.of_kind(kind) if kind else score.groups[name]
    if kind:
        _list_shares(console, "variant", judged, lambda sample: sample.variant)
        _list_shares(console, "form", judged, lambda sample: sample.form)
        reports = [*score.benign, *score.groups["positive"]]
        alarms = [told for told in reports if any(map(kind.is_reported_as, told[1].wrong_reports))]
    else:
        alarms = [told for told in judged if told[1].false_alarms]
    _list(console, "missed", [told for told in judged if told[0].spans and not told[1].found], most)
    _list(console, "changed or reported wrongly", alarms, most)


def _list(console: Console, title: str, judged: list[Judged], most: int) -> None:
    console.print(f"\n{title}: {len(judged)} texts", style="bold")
    for sample, verdict in judged[:most]:
        wrong = [f"cut {part!r}" for part in verdict.false_alarms]
        wrong += [f"reported {kind} {count}×" for kind, count in Counter(verdict.wrong_reports).items()]
        wrong += [verdict.broken] if verdict.broken else []
        where = ", ".join([sample.group, *(span.kind for span in sample.spans), sample.variant, sample.form, *wrong])
        console.print(f"{where}:", _marked(sample), markup=False, highlight=False)


def _list_shares(console: Console, title: str, judged: list[Judged], key: Callable[[Sample], str]) -> None:
    parts: dict[str, list[bool]] = defaultdict(list)
    for sample, verdict in judged:
        parts[key(sample)].append(verdict.found)
    shares = [f"{name} {percent(sum(found) / len(found))} of {len(found)}" for name, found in sorted(parts.items())]
    console.print(f"found by {title}: {', '.join(shares)}", markup=False, highlight=False)


def _marked(sample: Sample) -> Text:
    """The text around the planted value, which is in colour; without one, its beginning."""
    if not sample.spans:
        data = sample.result.get("structuredContent")
        return Text(repr(sample.result["content"][0]["text"] if data is None else data)[:400])
    span = sample.spans[0]
    text = at(sample.result, span.path)
    key = "" if span.path[-1] == "text" else f"{span.path[-1]}: "
    before, value, after = text[max(0, span.start - 80) : span.start], span.value, text[span.end : span.end + 40]
    return Text.assemble(key, repr(before)[1:-1], (f"«{repr(value)[1:-1]}»", "bold red"), repr(after)[1:-1])
