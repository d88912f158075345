"""What `import` costs: milliseconds and modules, in a new interpreter each time."""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median

from benchmarks.peer import CPEX, ROOT
from benchmarks.report import Section, Table, at_most, number

NEEDED = "import pluggy, yaml; from pydantic import BaseModel"
STATEMENTS = {"needed": NEEDED, "gatehook": "import gatehook", "cpex": "import cpex.framework"}

SCRIPT = """
import sys, time
before = len(sys.modules)
start = time.perf_counter()
{statement}
elapsed = time.perf_counter() - start
modules = len(sys.modules) - before
import json
print(json.dumps({{"milliseconds": elapsed * 1e3, "modules": modules}}))
"""


def measure(rounds: int) -> Section:
    interpreters = {name: Path(sys.executable) for name in STATEMENTS} | {"cpex": CPEX.python()}
    samples: dict[str, list[dict[str, float]]] = defaultdict(list)
    for turn in range(rounds + 1):
        for name, statement in STATEMENTS.items():
            sample = _import(interpreters[name], statement)
            if turn:  # the first fills the caches of bytecode and files
                samples[name].append(sample)
    times = {name: [sample["milliseconds"] for sample in taken] for name, taken in samples.items()}
    ratio = median(ours / needed for ours, needed in zip(times["gatehook"], times["needed"], strict=True))
    targets = {"gatehook": at_most(ratio, 3, "times what it needs")}
    table = Table("Import", ["statement", "milliseconds", "modules", "target"])
    for name, statement in STATEMENTS.items():
        modules = number(samples[name][0]["modules"])
        table.rows.append([f"`{statement}`", number(median(times[name])), modules, targets.get(name, "")])
    return Section(table, samples)


def _import(interpreter: Path, statement: str) -> dict[str, float]:
    script = SCRIPT.format(statement=statement)
    run = subprocess.run([interpreter, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    sample: dict[str, float] = json.loads(run.stdout)
    return sample
