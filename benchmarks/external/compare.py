"""A plugin that is a service: one hook through its client, over the transport, through its server, and back.

gatehook at both ends beside cpex at both ends. All clients and servers are open at once and take turns in an order that
changes, so that noise of the machine meets each.
"""

import json
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.external import services
from benchmarks.external.side import PLUGIN
from benchmarks.peer import CPEX_SERVICES, ROOT
from benchmarks.process import Worker
from benchmarks.report import Section, Table, at_least, at_most, number

TRANSPORTS = {"stdio": 3.0, "http": 2.0, "grpc": 1.5}
"""With how many times cpex's calls per second gatehook must do, one at a time."""
CONCURRENT = (1, 8)
CACHED = "cached"
SIDES = ("floor", "cpex", "gatehook")
WARM_UP_SECONDS = 0.2

Turns = dict[str, dict[str, list[dict[str, Any]]]]  # answers of benchmarks.external.side by case and side


def measure(rounds: int, seconds: float) -> Section:
    turns: Turns = defaultdict(lambda: defaultdict(list))
    asked = [(side, transport, concurrent) for side in SIDES for transport in TRANSPORTS for concurrent in CONCURRENT]
    asked.append(("gatehook", CACHED, 1))
    shuffle = random.Random(0).shuffle  # noqa: S311  # the same order in every run
    with tempfile.TemporaryDirectory() as folder, _clients(Path(folder)) as clients:
        for number_ in range(-1, rounds):  # the first warms up
            shuffle(asked)
            for side, route, concurrent in asked:
                length = seconds if number_ >= 0 else WARM_UP_SECONDS
                question = {"route": route, "concurrent": concurrent, "seconds": length}
                answer = clients[side].ask(json.dumps(question), f"{route}, {concurrent} at once")
                if number_ >= 0:
                    turns[f"{route} {concurrent}"][side].append(answer)
    return Section(_table(turns), turns)


@contextmanager
def _clients(folder: Path) -> Iterator[dict[str, Worker]]:
    with ExitStack() as stack:
        routes = {
            "floor": _floor_routes(stack),
            "cpex": _cpex_routes(stack, _config(folder, "cpex", "benchmarks.sides.cpex.WriterPlugin")),
            "gatehook": _gatehook_routes(stack, _config(folder, "gatehook", "benchmarks.plugins.WriterPlugin")),
        }
        pythons: dict[str, str | Path] = {
            "floor": sys.executable,
            "cpex": CPEX_SERVICES.python(),
            "gatehook": sys.executable,
        }
        clients = {}
        for side in SIDES:
            clients[side] = Worker(pythons[side], f"benchmarks.external.side_{side}", json.dumps(routes[side]))
            stack.callback(clients[side].close)
        yield clients


def _config(folder: Path, side: str, kind: str) -> Path:
    path = folder / f"{side}.yaml"
    # JSON is YAML
    path.write_text(json.dumps({"plugins": [{"name": PLUGIN, "kind": kind, "hooks": ["tool_pre_invoke"]}]}))
    return path


def _floor_routes(stack: ExitStack) -> dict[str, Any]:
    server = [sys.executable, "-m", "benchmarks.external.bare"]
    ports = {transport: services.free_port() for transport in ("http", "grpc")}
    for transport, port in ports.items():
        stack.enter_context(services.running([*server, transport, str(port)], {}, port))
    return {
        "stdio": {"stdio": [*server, "stdio"]},
        "http": {"http": f"http://127.0.0.1:{ports['http']}/"},
        "grpc": {"grpc": f"127.0.0.1:{ports['grpc']}"},
    }


def _cpex_routes(stack: ExitStack, config: Path) -> dict[str, Any]:
    url = stack.enter_context(services.cpex_over_http(config, ROOT))
    target = stack.enter_context(services.cpex_over_grpc(config, ROOT))
    variables = services.cpex_variables(config, ROOT)
    entry = {"name": PLUGIN, "kind": "external", "hooks": ["tool_pre_invoke"]}
    return {
        "stdio": {**entry, "mcp": {"proto": "STDIO", "cmd": services.cpex_command(), "env": variables}},
        "http": {**entry, "mcp": {"proto": "STREAMABLEHTTP", "url": url}},
        "grpc": {**entry, "grpc": {"target": target}},
    }


def _gatehook_routes(stack: ExitStack, config: Path) -> dict[str, Any]:
    url = stack.enter_context(services.gatehook_over_http(config, ROOT))
    target = stack.enter_context(services.gatehook_over_grpc(config, ROOT))
    command, *args = [*services.gatehook_command(config), "--stdio"]
    child = {"command": command, "args": args, "env": services.python_path(ROOT)}
    entry = {"name": PLUGIN, "kind": "external", "hooks": ["tool_pre_invoke"]}
    return {
        "stdio": {**entry, "mcp": {"proto": "STDIO", **child}},
        "http": {**entry, "mcp": {"proto": "STREAMABLEHTTP", "url": url}},
        "grpc": {**entry, "kind": "external_grpc", "grpc": {"target": target}},
        CACHED: {**entry, "mcp": {"proto": "STREAMABLEHTTP", "url": url}, "config": {"cache_ttl_seconds": 3600}},
    }


def _table(turns: Turns) -> Table:
    table = Table(
        "External: calls per second of a plugin that is a service",
        [
            "transport",
            "at once",
            "bare",
            f"cpex {CPEX_SERVICES.version}",
            "gatehook",
            "times",
            "cpex p50 / p99",
            "gatehook p50 / p99",
            "target",
        ],
        notes=[
            "Medians of rounds; times is the median of pairs of one round; p50 and p99, in ms, are over all calls.",
            "A call is one hook of a request whose plugin changes one of 200 bytes of arguments.",
            "Bare: bytes as many as the messages have, over the transport alone, without JSON; over HTTP with httpx2.",
        ],
    )
    for transport, target in TRANSPORTS.items():
        for concurrent in CONCURRENT:
            sides = turns[f"{transport} {concurrent}"]
            speeds = {side: [len(turn["milliseconds"]) / turn["seconds"] for turn in sides[side]] for side in SIDES}
            times = median(ours / peer for ours, peer in zip(speeds["gatehook"], speeds["cpex"], strict=True))
            medians = [number(median(speeds[side])) for side in SIDES]
            latencies = [_latency(sides[side]) for side in ("cpex", "gatehook")]
            judged = at_least(times, target, "times") if concurrent == 1 else ""
            table.rows.append([transport, str(concurrent), *medians, number(times), *latencies, judged])
    cached = turns[f"{CACHED} 1"]["gatehook"]
    microseconds = median(median(turn["milliseconds"]) for turn in cached) * 1e3
    speed = number(1e6 / microseconds)
    judged = at_most(microseconds, 50, "µs")
    table.rows.append(["answer from the cache", "1", "", "", speed, "", "", _latency(cached), judged])
    return table


def _latency(turns: list[dict[str, Any]]) -> str:
    cuts = quantiles((call for turn in turns for call in turn["milliseconds"]), n=100)
    return f"{number(cuts[49])} / {number(cuts[98])}"
