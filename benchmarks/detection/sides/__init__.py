"""Each side masks the samples it is given, in a process of its own, with what its users would call.

`python -m benchmarks.detection.sides.SIDE` reads results as lines of JSON and answers each with a line: the masked
``result``, the ``kinds`` that it reports with their counts, whether a second run leaves it ``stable``; or why it
``refused`` to do so.
The first line says what it is: its ``version``, and the ``kinds`` that it knows.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import peer

MARK = "[REDACTED]"
"""What every side puts in the place of what it found."""


@dataclass(frozen=True, slots=True)
class Answer:
    result: Any = None
    kinds: dict[str, int] = field(default_factory=dict)
    stable: bool = True
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    name: str
    version: str
    kinds: tuple[str, ...]
    answers: tuple[Answer, ...]


def ask(name: str, interpreter: Path, results: Iterable[Any]) -> Side:
    """What a side makes of the results.

    Raises:
        SystemExit: it failed.
    """
    lines = "".join(f"{json.dumps(result)}\n" for result in results)
    command: list[str | Path] = [interpreter, "-m", f"{__name__}.{name}"]
    run = subprocess.run(command, cwd=peer.ROOT, input=lines, capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"{run.stderr}{name} failed; its error is above")
    head, *answers = map(json.loads, run.stdout.splitlines())
    return Side(name, head["version"], tuple(head["kinds"]), tuple(Answer(**answer) for answer in answers))
