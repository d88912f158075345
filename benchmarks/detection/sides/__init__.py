"""Each side masks the samples it is given, in a process of its own, with what its users would call.

`python -m benchmarks.detection.sides.SIDE` reads results as lines of JSON and answers each with a line: the masked
``result``, the ``kinds`` that it reports with their counts, whether a second run leaves it ``stable``.
The first line says what it is: its ``version``, and the ``kinds`` that it knows.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import peer

MARK = "[REDACTED]"
"""What every side puts in the place of what it found."""


@dataclass(frozen=True, slots=True)
class Answer:
    result: Any
    kinds: dict[str, int]
    stable: bool


@dataclass(frozen=True, slots=True)
class Side:
    name: str
    version: str
    kinds: tuple[str, ...]
    answers: tuple[Answer, ...]


def ask(name: str, interpreter: Path, results: Iterable[Any]) -> Side:
    """What a side makes of the results.

    Raises:
        SystemExit: it failed; its error is on stderr.
    """
    lines = "".join(f"{json.dumps(result)}\n" for result in results)
    run = subprocess.run(
        [interpreter, "-m", f"{__name__}.{name}"], cwd=peer.ROOT, input=lines, stdout=subprocess.PIPE, text=True
    )
    if run.returncode:
        raise SystemExit(f"{name} failed; its error is above")
    head, *answers = map(json.loads, run.stdout.splitlines())
    return Side(name, head["version"], tuple(head["kinds"]), tuple(Answer(**answer) for answer in answers))
