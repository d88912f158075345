"""Megabytes a second of pii_filter beside its peer: its hook, and a whole request that runs it.

Every round starts a process for each side and gives each case to all routes in turns.
"""

import json
import sys
from collections import defaultdict
from statistics import median

from benchmarks.peer import PII_FILTER
from benchmarks.process import Worker
from benchmarks.report import Section, Table, at_least, number
from benchmarks.throughput.cases import Case, cases

# The first is the peer's, which has every detector on by default; the others are gatehook's.
ROUTES = ("peer", "hook, all on", "hook, default", "request, all on")
ON_CLEAN, WITH_ITEMS = 1.3, 1.0
"""Times the peer's."""


def measure(rounds: int, seconds: float) -> Section:
    samples: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    made = cases()
    for _ in range(rounds):
        peer = Worker(PII_FILTER.python(), "benchmarks.throughput.side_cpex", str(seconds))
        ours = Worker(sys.executable, "benchmarks.throughput.side_gatehook", str(seconds))
        for case in made:
            for route in ROUTES:
                side = peer if route == "peer" else ours
                question = {"route": route, "result": case.result, "has_items": case.has_items}
                answer = side.ask(json.dumps(question), f"{route}, {case.title}")
                samples[case.title][route].append(case.bytes / answer["microseconds"])
        peer.close()
        ours.close()
    return Section(_table(made, samples), samples)


def _table(measured: tuple[Case, ...], samples: dict[str, dict[str, list[float]]]) -> Table:
    table = Table(
        "Throughput of pii_filter: MB/s",
        [
            "a tool's result",
            "kB",
            PII_FILTER.distribution,
            *ROUTES[1:],
            "times, all on",
            "times, default",
            "target, all on",
        ],
        notes=[
            "The fastest batch of each round, and the median of rounds; times the peer's: of pairs of one round.",
            f"{PII_FILTER.distribution} {PII_FILTER.version}: its hook as it comes, with all its detectors on.",
            "Bytes of objects are those of their JSON.",
            "Hook: the plugin's method called with a payload. Request: open one, run the hook in a runner, close it.",
        ],
    )
    for case in measured:
        routes = samples[case.title]
        times = [
            median(ours / peer for ours, peer in zip(routes[route], routes["peer"], strict=True))
            for route in ("hook, all on", "hook, default")
        ]
        speeds = [number(median(routes[route])) for route in ROUTES]
        target = at_least(times[0], WITH_ITEMS if case.has_items or case.is_object else ON_CLEAN, "times")
        table.rows.append([case.title, number(case.bytes / 1000), *speeds, *map(number, times), target])
    return table
