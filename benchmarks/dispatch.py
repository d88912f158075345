"""A whole request: open it, build the payload, run one hook, close it.

Every round starts a process for each side and gives each case to all of them in turns, so that a pair of figures was
measured within a second and noise of the machine meets both.
"""

import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.cases import CASES
from benchmarks.peer import CPEX
from benchmarks.process import Worker
from benchmarks.report import Section, Table, at_least, at_most, number

SIDES = ("floor", "cpex", "gatehook")
SLOPE = "each_further"


@dataclass(frozen=True)
class Samples:
    """Microseconds by case and side, one for each round."""

    by_case: dict[str, dict[str, list[float]]]

    def median(self, case: str, side: str = "gatehook") -> float:
        return median(self.by_case[case][side])

    def times_faster(self, case: str) -> float:
        """Than the peer, pair by pair."""
        sides = self.by_case[case]
        return median(theirs / ours for theirs, ours in zip(sides["cpex"], sides["gatehook"], strict=True))

    def times(self, case: str, other: str) -> float:
        """gatehook's cost in one case over that in another, pair by pair."""
        pairs = zip(self.by_case[case]["gatehook"], self.by_case[other]["gatehook"], strict=True)
        return median(this / that for this, that in pairs)


def measure(rounds: int, seconds: float) -> Section:
    interpreters = {"floor": Path(sys.executable), "cpex": CPEX.python(), "gatehook": Path(sys.executable)}
    by_case: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for _ in range(rounds):
        workers = {side: Worker(interpreters[side], "benchmarks.worker", side, str(seconds)) for side in SIDES}
        for case in CASES:
            for side, worker in workers.items():
                by_case[case.name][side].append(worker.ask(case.name, case.name)["microseconds"])
        for worker in workers.values():
            worker.close()
    for side in SIDES:
        one, twenty = by_case["requests_1"][side], by_case["requests_20"][side]
        by_case[SLOPE][side] = [(last - first) / 19 for first, last in zip(one, twenty, strict=True)]
    return Section(_table(Samples(by_case)), by_case)


def _table(samples: Samples) -> Table:
    targets = {
        "requests_0": at_most(samples.median("requests_0"), 1.5, "µs"),
        "run_0": at_most(samples.median("run_0"), 0.5, "µs"),
        "requests_1": at_least(samples.times_faster("requests_1"), 20, "times faster"),
        "requests_5": at_least(samples.times_faster("requests_5"), 25, "times faster"),
        "requests_20": at_least(samples.times_faster("requests_20"), 25, "times faster"),
        SLOPE: at_most(samples.median(SLOPE), 1, "µs"),
        "large_readers": at_most(samples.times("large_readers", "readers"), 1.2, "times 5 readers"),
        "selected": at_most(samples.times("selected", "requests_5"), 1.5, "times 5 plugins"),
    }
    table = Table(
        "Dispatch: microseconds for a whole request",
        ["request", "bare await", f"cpex {CPEX.version}", "gatehook", "times faster", "target"],
        notes=[
            "Medians of rounds; times faster is the median of pairs of one round.",
            "Arguments are 200 bytes of JSON where no size is given. A writer changes one of them.",
            "A reader looks at an argument too, and its manifest promises `access: read`.",
            "gatehook isolates in every row, by a copy when a plugin first looks; cpex only where a row says so.",
        ],
    )
    titles = {case.name: case.title for case in CASES} | {SLOPE: "each further plugin, from 1 to 20"}
    for name, title in titles.items():
        medians = [number(samples.median(name, side)) for side in SIDES]
        table.rows.append([title, *medians, number(samples.times_faster(name)), targets.get(name, "")])
    return table
