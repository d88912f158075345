"""The texts behind a figure of the score card."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable

from rich.console import Console
from rich.text import Text

from benchmarks.detection.card import Judged, Score, percent
from benchmarks.detection.kinds import BY_NAME
from benchmarks.detection.truth import Sample, at


def show(console: Console, score: Score, name: str, most: int) -> None:
    """The missed and the wrongly changed texts of a kind, or of a group such as ``UUIDs`` or ``soft hyphen``."""
    console.rule(f"{score.side.name}: {name}")
    if kind := BY_NAME.get(name):
        judged = score.of_kind(kind)
        for title, part in (("variant", _by_variant(judged)), ("form", _by_form(judged))):
            console.print(
                f"found by {title}: {', '.join(f'{key} {value}' for key, value in part.items())}", markup=False
            )
        missed = [sample for sample, verdict in judged if not verdict.found]
        alarms = [
            (sample, verdict.false_alarms, verdict.wrong_reports)
            for sample, verdict in [*score.benign, *score.groups["positive"]]
            if any(map(kind.is_reported_as, verdict.wrong_reports))
        ]
    else:
        judged = score.groups[name]
        missed = [sample for sample, verdict in judged if sample.spans and not verdict.found]
        alarms = [
            (sample, verdict.false_alarms, verdict.wrong_reports) for sample, verdict in judged if verdict.false_alarms
        ]
    console.print(f"\nmissed: {len(missed)} of {len(judged)}", style="bold")
    for sample in missed[:most]:
        console.print(f"{sample.spans[0].kind}, {sample.variant}, {sample.form}:", _marked(sample))
    console.print(f"\nfalse alarms: {len(alarms)} texts", style="bold")
    for sample, parts, kinds in alarms[:most]:
        said = Counter(kinds)
        console.print(
            f"{sample.group}, {sample.form}, reported {dict(said)}, cut {[*parts]}: {_texts(sample)!r}", markup=False
        )
    broken = [(sample, verdict.broken) for sample, verdict in judged if verdict.broken]
    for sample, reason in broken[:most]:
        console.print(f"broken ({reason}): {_texts(sample)!r}", markup=False)


def _shares(judged: list[Judged], key: Callable[[Sample], str]) -> dict[str, str]:
    """The recall of each part of the samples."""
    parts: dict[str, list[bool]] = defaultdict(list)
    for sample, verdict in judged:
        parts[key(sample)].append(verdict.found)
    return {name: f"{percent(sum(found) / len(found))} of {len(found)}" for name, found in sorted(parts.items())}


def _marked(sample: Sample) -> Text:
    """The text with the planted value in colour."""
    (span,) = sample.spans
    text = at(sample.result, span.path)
    start, end = max(0, span.start - 80), min(len(text), span.end + 40)
    key = "" if span.path[-1] == "text" else f"{span.path[-1]}: "
    return Text.assemble(key, text[start : span.start], (text[span.start : span.end], "bold red"), text[span.end : end])


def _texts(sample: Sample) -> str:
    data = sample.result.get("structuredContent")
    return str(data) if data is not None else str(sample.result["content"][0]["text"])[:400]
