"""Latency that stands between a client and a server: tools/call over stdio, one call at a time.

Every route leads to the same server from the same client. All are open at once and take short turns in an order that
changes, so that noise of the machine meets each; added is the difference to the direct route in the same round.
"""

import asyncio
import json
import os
import random
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from mcp import Client, StdioServerParameters

from benchmarks.peer import ROOT
from benchmarks.report import Section, Table, at_most, number

SERVER = [sys.executable, "-m", "benchmarks.guard.server"]
TITLES = {
    "direct": "direct",
    "control": "direct, a second time",
    "bytes": "relay that copies bytes",
    "parse": "relay that parses every message",
    "guard_0": "gatehook guard, 0 plugins",
    "guard_5": "gatehook guard, 5 plugins",
    "fastmcp": "fastmcp's proxy",
}
WARM_UP = 50

Samples = Mapping[str, list[list[float]]]  # milliseconds by route, one list for each round


def measure(rounds: int, calls: int) -> Section:
    with tempfile.TemporaryDirectory() as folder:
        samples = asyncio.run(_measure(_routes(Path(folder)), rounds, calls))
    return Section(_table(samples), samples)


def _routes(folder: Path) -> dict[str, list[str]]:
    relay = [sys.executable, "-m", "benchmarks.guard.relay"]
    gatehook = str(Path(sysconfig.get_path("scripts")) / "gatehook")
    return {
        "direct": SERVER,
        "control": SERVER,
        "bytes": [*relay, "bytes", *SERVER],
        "parse": [*relay, "parse", *SERVER],
        "guard_0": [gatehook, "guard", "--config", str(_config(folder, 0)), "--", *SERVER],
        "guard_5": [gatehook, "guard", "--config", str(_config(folder, 5)), "--", *SERVER],
        "fastmcp": [sys.executable, "-m", "benchmarks.guard.fastmcp_proxy", *SERVER],
    }


def _config(folder: Path, plugins: int) -> Path:
    entry = {"kind": "benchmarks.plugins.NoopPlugin", "hooks": ["tool_pre_invoke", "tool_post_invoke"]}
    path = folder / f"plugins_{plugins}.yaml"
    # JSON is YAML
    path.write_text(json.dumps({"plugins": [{"name": f"p{number}", **entry} for number in range(plugins)]}))
    return path


async def _measure(routes: Mapping[str, list[str]], rounds: int, calls: int) -> Samples:
    samples: dict[str, list[list[float]]] = {route: [] for route in routes}
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    async with AsyncExitStack() as stack:
        clients = {}
        for route, (command, *args) in routes.items():
            server = StdioServerParameters(command=command, args=args, env=environment, cwd=ROOT)
            clients[route] = await stack.enter_async_context(Client(server, read_timeout_seconds=30))
            await _call(clients[route], WARM_UP)
        order = list(routes)
        shuffle = random.Random(0).shuffle  # noqa: S311  # the same order in every run
        for _ in range(rounds):
            shuffle(order)
            for route in order:
                await _call(clients[route], 1)  # wakes processes that slept through the others' turns
                samples[route].append(await _call(clients[route], calls))
    return samples


async def _call(client: Client, calls: int) -> list[float]:
    milliseconds = []
    for _ in range(calls):
        start = perf_counter()
        result = await client.call_tool("lookup", {"q": "Bob"})
        milliseconds.append((perf_counter() - start) * 1e3)
        assert not result.is_error
    return milliseconds


def _table(samples: Samples) -> Table:
    added = {route: _added(samples, route) for route in samples}
    share = added["guard_5"] / added["fastmcp"]
    targets = {"guard_5": at_most(share, 0.1, "of what fastmcp's proxy adds")}
    table = Table(
        "Guard: milliseconds for tools/call over stdio",
        ["route", "p50", "p99", "added p50", "added p99", "target"],
        notes=[
            "p50 and added p50 are medians of rounds; p99 is over all calls.",
            "What the second direct connection adds is the noise of this run.",
        ],
    )
    slowest = {route: _percentile_99(rounds) for route, rounds in samples.items()}
    for route, rounds in samples.items():
        middle = median(median(calls) for calls in rounds)
        differences = ["", ""]
        if route != "direct":
            differences = [f"{added[route]:+.3f}", f"{slowest[route] - slowest['direct']:+.3f}"]
        row = [TITLES[route], number(middle), number(slowest[route]), *differences, targets.get(route, "")]
        table.rows.append(row)
    return table


def _added(samples: Samples, route: str) -> float:
    rounds = zip(samples[route], samples["direct"], strict=True)
    return median(median(calls) - median(direct) for calls, direct in rounds)


def _percentile_99(rounds: list[list[float]]) -> float:
    return quantiles((call for calls in rounds for call in calls), n=100)[98]
