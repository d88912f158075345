"""One side of the dispatch section: reads the names of cases, answers each with a line of JSON.

`python -m benchmarks.worker SIDE SECONDS`
"""

import asyncio
import json
import sys

from benchmarks.cases import CASES, CONCURRENT, Case
from benchmarks.sides import Prepare, load
from benchmarks.timing import microseconds


async def measure(prepare: Prepare, case: Case, seconds: float) -> float:
    async with prepare(case) as loop:
        elapsed = await microseconds(loop, seconds)
    return elapsed / CONCURRENT if case.shape == "concurrent" else elapsed


def main(side: str, seconds: float) -> None:
    prepare = load(side)
    cases = {case.name: case for case in CASES}
    for line in sys.stdin:
        name = line.strip()
        elapsed = asyncio.run(measure(prepare, cases[name], seconds))
        print(json.dumps({"side": side, "case": name, "microseconds": elapsed}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
