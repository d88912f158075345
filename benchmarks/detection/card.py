"""The score card: what the verdicts amount to, side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.detection import held_out, weak_spots
from benchmarks.detection.disguises import DISGUISES
from benchmarks.detection.judge import Verdict, judge
from benchmarks.detection.kinds import BY_NAME, KINDS, Kind
from benchmarks.detection.negatives import NEGATIVES, STRICT
from benchmarks.detection.sides import Side
from benchmarks.detection.truth import Sample
from benchmarks.report import Table, at_least, at_most

NONE = "–"
FAMILIES = {"digits": "digits", "mixed": "letters and digits", "address": "e-mail", "secret": "keys, wallets"}
Judged = tuple[Sample, Verdict]


@dataclass(frozen=True)
class Score:
    """One side's verdicts, by the group of their samples."""

    side: Side
    groups: dict[str, list[Judged]]

    @classmethod
    def of(cls, side: Side, samples: list[Sample]) -> Score:
        groups: dict[str, list[Judged]] = defaultdict(list)
        for sample, answer in zip(samples, side.answers, strict=True):
            groups[sample.group].append((sample, judge(sample, answer)))
        return cls(side, groups)

    def of_kind(self, kind: Kind, group: str = "positive") -> list[Judged]:
        return [judged for judged in self.groups[group] if judged[0].spans[0].kind == kind.name]

    def knows(self, kind: Kind) -> bool:
        return any(kind.is_reported_as(name) for name in self.side.kinds)

    @property
    def benign(self) -> list[Judged]:
        """All that holds nothing to find, the hard negatives too."""
        return [*self.groups["benign"], *(judged for group in NEGATIVES for judged in self.groups[group])]

    def recall(self, kind: Kind) -> float:
        return share(self.of_kind(kind), lambda verdict: verdict.found)

    def precision(self, kind: Kind) -> float | None:
        """Of the reports of this kind, how many are of planted values; None if there is no report."""
        judged = [*self.groups["positive"], *self.benign]
        right = sum(verdict.kind_right for _, verdict in self.of_kind(kind))
        wrong = sum(sum(map(kind.is_reported_as, verdict.wrong_reports)) for _, verdict in judged)
        return right / (right + wrong) if right + wrong else None

    def false_reports(self, kind: Kind) -> float:
        """For 1,000 benign texts."""
        reports = [sum(map(kind.is_reported_as, verdict.wrong_reports)) for _, verdict in self.benign]
        return 1000 * sum(reports) / len(reports)

    def false_alarms(self, group: str) -> float:
        """Changes for 1,000 texts of the group."""
        return 1000 * sum(len(verdict.false_alarms) for _, verdict in self.groups[group]) / len(self.groups[group])

    def all_false_alarms(self) -> float:
        return 1000 * sum(len(verdict.false_alarms) for _, verdict in self.benign) / len(self.benign)

    def changed(self, group: str) -> float:
        """Texts of 1,000 of the group."""
        return 1000 * share(self.groups[group], lambda verdict: bool(verdict.false_alarms or verdict.broken))

    def disguised(self, name: str, family: str) -> tuple[float, float]:
        """The recall in disguise, and plain of the same values in the same texts."""
        shown = [judged for judged in self.groups[name] if _family(judged[0]) == family]
        twins = {sample.twin for sample, _ in shown}
        plain = [judged for judged in self.groups["plain"] if judged[0].twin in twins]
        return share(shown, lambda verdict: verdict.found), share(plain, lambda verdict: verdict.found)


def share(judged: Iterable[Judged], holds: Callable[[Verdict], bool]) -> float:
    held = [holds(verdict) for _, verdict in judged]
    return sum(held) / len(held) if held else 0.0


def figures(scores: list[Score]) -> dict[str, Any]:
    """The counts behind the tables, for JSON."""
    return {
        score.side.name: {
            "version": score.side.version,
            "kinds": score.side.kinds,
            "recall": {kind.name: score.recall(kind) for kind in KINDS},
            "precision": {kind.name: score.precision(kind) for kind in KINDS},
            "false_reports": {kind.name: score.false_reports(kind) for kind in KINDS},
            "false_alarms": score.all_false_alarms(),
            "changed": {group: score.changed(group) for group in ("benign", *NEGATIVES)},
            "held_out": {
                kind.name: share(score.of_kind(kind, held_out.GROUP), lambda verdict: verdict.found) for kind in KINDS
            },
            "disguised": {name: {family: score.disguised(name, family) for family in FAMILIES} for name in DISGUISES},
        }
        for score in scores
    }


def tables(scores: list[Score]) -> list[Table]:
    """gatehook's score comes first; its targets are beside it, those against the peer if there is a peer."""
    return [_kinds(scores), _negatives(scores), _held_out(scores), _disguises(scores), _others(scores)]


def _kinds(scores: list[Score]) -> Table:
    ours, peer = scores[0], scores[1] if len(scores) > 1 else None
    table = Table(
        f"Detection: {' | '.join(f'{score.side.name} {score.side.version}' for score in scores)}",
        ["kind", "values", "recall %", "partly %", "kind right %", "precision %", "false reports", "recall, target"],
        notes=[
            "Recall: no letter or digit of the identifying part is left. Partly: some are gone; counts as missed.",
            "Kind right: found, and reported as this kind. Precision: reports of this kind that are of planted ones.",
            "False reports: for 1,000 benign texts and hard negatives; in the last row, changes of any kind.",
            f"{NONE}: the side has no detector of that name; its recall is what others of its detectors mask of it.",
        ],
    )
    for kind in KINDS:
        rows = [_figures(score, kind) for score in scores]
        target = at_least(100 * ours.recall(kind), round(100 * peer.recall(kind), 1), "%") if peer else ""
        table.rows.append([kind.name, str(len(ours.of_kind(kind))), *map(_beside, zip(*rows, strict=True)), target])
    alarms = [score.all_false_alarms() for score in scores]
    target = at_most(alarms[0], round(alarms[1] / 3, 1), "(a third)") if peer else ""
    table.rows.append(
        ["all", str(len(ours.benign)), "", "", "", "", _beside(f"{value:.1f}" for value in alarms), target]
    )
    return table


def _figures(score: Score, kind: Kind) -> list[str]:
    """Recall, partly, kind right, precision and false reports."""
    positives, precision = score.of_kind(kind), score.precision(kind)
    first = [_hundredths(score.recall(kind)), _hundredths(share(positives, lambda verdict: verdict.partly))]
    if not score.knows(kind):
        return [*first, NONE, NONE, NONE]
    right = _hundredths(share(positives, lambda verdict: verdict.kind_right))
    return [*first, right, NONE if precision is None else _hundredths(precision), f"{score.false_reports(kind):.1f}"]


def _beside(cells: Iterable[str]) -> str:
    return " | ".join(cell.rjust(5) for cell in cells)


def _negatives(scores: list[Score]) -> Table:
    names = [score.side.name for score in scores]
    table = Table("Benign texts and hard negatives: changed, of 1,000", ["text", "texts", *names, "target"])
    for group in ("benign", *NEGATIVES):
        changed = [score.changed(group) for score in scores]
        target = at_most(changed[0], 3, "of 1,000") if group in STRICT else ""
        count = str(len(scores[0].groups[group]))
        table.rows.append([group, count, *(f"{value:.1f}" for value in changed), target])
    return table


def _held_out(scores: list[Score]) -> Table:
    table = Table(
        "Held out: recall with other labels, keys and texts; changes of 1,000 real texts",
        ["what", "texts", *(score.side.name for score in scores), "target"],
        notes=["No list of failures shows these texts, so that no detector is fitted to them."],
    )
    for kind in KINDS:
        recalls = [share(score.of_kind(kind, held_out.GROUP), lambda verdict: verdict.found) for score in scores]
        target = at_least(100 * recalls[0], round(100 * recalls[1], 1), "%") if len(scores) > 1 else ""
        count = str(len(scores[0].of_kind(kind, held_out.GROUP)))
        table.rows.append([kind.name, count, *map(percent, recalls), target])
    for group in (held_out.PROSE, held_out.CODE):
        changed = [f"{score.changed(group):.1f}" for score in scores]
        table.rows.append([group.removeprefix("held out: "), str(len(scores[0].groups[group])), *changed, ""])
    return table


def _disguises(scores: list[Score]) -> Table:
    names = [score.side.name for score in scores]
    table = Table(
        "In disguise: recall, and what part of the plain recall it is",
        ["disguise", "of", "values", *_columns("recall", names), *_columns("of plain", names), "target"],
        notes=["Plain: the same values in the same texts without the disguise."],
    )
    for name in DISGUISES:
        for family, title in FAMILIES.items():
            values = [sample for sample, _ in scores[0].groups[name] if _family(sample) == family]
            if not values:
                continue
            recalls = [score.disguised(name, family) for score in scores]
            parts = [recall / plain if plain else None for recall, plain in recalls]
            cells = [
                *(percent(recall) for recall, _ in recalls),
                *(NONE if part is None else percent(part) for part in parts),
            ]
            target = at_least(100 * (parts[0] or 0), 90, "%")
            table.rows.append([name, title, str(len(values)), *cells, target])
    return table


def _others(scores: list[Score]) -> Table:
    names = [score.side.name for score in scores]
    table = Table("Other weak spots", ["what", "texts", *names, "target"])

    def row(title: str, judged: list[list[Judged]], holds: Callable[[Verdict], bool], target: str = "") -> None:
        shares = [share(mine, holds) for mine in judged]
        met = {"": "", "all": at_least(100 * shares[0], 100, "%"), "none": at_most(100 * shares[0], 0, "%")}[target]
        table.rows.append([title, str(len(judged[0])), *map(percent, shares), met])

    for group in weak_spots.GROUPS:
        row(f"found: {group}", [score.groups[group] for score in scores], lambda verdict: verdict.found)
    every = [[judged for group in score.groups.values() for judged in group] for score in scores]
    planted = [[judged for judged in mine if judged[0].spans] for mine in every]
    row("label or neighbour masked, value left", planted, lambda verdict: verdict.label_only, "none")
    row("letters or digits beside the value masked too", planted, lambda verdict: verdict.wide)
    row("keys, types and JSON text intact", every, lambda verdict: not verdict.broken, "all")
    numbers = [score.groups[weak_spots.NUMBER] for score in scores]
    row("keys, types and JSON text intact: a number in JSON text", numbers, lambda verdict: not verdict.broken, "all")
    row("the same when masked twice", every, lambda verdict: verdict.stable, "all")
    return table


def _columns(title: str, sides: list[str]) -> list[str]:
    return [f"{title}, {side}" for side in sides]


def _family(sample: Sample) -> str:
    return BY_NAME[sample.spans[0].kind].family


def _hundredths(value: float) -> str:
    return f"{100 * value:.1f}"


def percent(value: float) -> str:
    return f"{_hundredths(value)} %"
