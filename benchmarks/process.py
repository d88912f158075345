"""The process of one side, which answers what it is asked, line by line."""

import json
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.peer import ROOT


class Worker:
    """Runs ``python -m MODULE ARGUMENTS``, which answers each line with a line of JSON."""

    def __init__(self, interpreter: str | Path, module: str, *arguments: str) -> None:
        self._name = " ".join([module, *arguments])
        self._process = subprocess.Popen(
            [interpreter, "-m", module, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, question: str, title: str) -> dict[str, Any]:
        """
        Raises:
            SystemExit: it failed at what the title says.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(f"{question}\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise SystemExit(f"{self._name} failed at {title}; its error is above")
        return dict(json.loads(answer))

    def close(self) -> None:
        self._process.communicate()
