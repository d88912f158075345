"""Resident memory of a process that has a runner and has served requests.

`python -m benchmarks.memory SIDE PLUGINS` prints megabytes.
"""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from benchmarks.cases import Case
from benchmarks.peer import CPEX, ROOT
from benchmarks.report import Section, Table, number
from benchmarks.sides import load

PLUGINS = (0, 5, 100)
SIDES = ("floor", "cpex", "gatehook")
REQUESTS = 500


def measure(rounds: int) -> Section:
    interpreters = {"floor": Path(sys.executable), "cpex": CPEX.python(), "gatehook": Path(sys.executable)}
    samples = {
        f"{side}_{plugins}": [_megabytes(interpreters[side], side, plugins) for _ in range(rounds)]
        for plugins in PLUGINS
        for side in SIDES
    }
    table = Table("Resident memory: megabytes", ["plugins", "Python with asyncio", f"cpex {CPEX.version}", "gatehook"])
    for plugins in PLUGINS:
        table.rows.append([str(plugins), *(number(median(samples[f"{side}_{plugins}"])) for side in SIDES)])
    return Section(table, samples)


def _megabytes(interpreter: Path, side: str, plugins: int) -> float:
    command: list[str | Path] = [interpreter, "-m", "benchmarks.memory", side, str(plugins)]
    return float(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout)


async def _serve(side: str, plugins: int) -> None:
    async with load(side)(Case("memory", "", plugins=plugins)) as loop:
        await loop(REQUESTS)
        print(_resident())


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
