"""An MCP server over stdio that plays faults. ``scene`` is a folder: the file ``fault`` says which, and the file
``events`` is told what happened. The standard library alone, since it is started again and again."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tests.failures.servers import speech

TICK = 0.03


class Server:
    def __init__(self, scene: Path) -> None:
        self._scene = scene
        self._calls: dict[Any, str] = {}
        self._late: list[dict[str, Any]] = []
        self._writing = threading.Lock()

    @property
    def fault(self) -> str:
        return (self._scene / "fault").read_text()

    def tell(self, what: str, canary: str) -> None:
        with (self._scene / "events").open("a") as file:
            file.write(json.dumps([what, canary]) + "\n")

    def write(self, data: bytes) -> None:
        with self._writing:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    def send(self, message: dict[str, Any]) -> None:
        self.write(json.dumps(message).encode() + b"\n")

    def run(self) -> None:
        self.tell("started", str(os.getpid()))
        if self.fault == "refused":
            sys.exit(1)
        for line in sys.stdin.buffer:
            message = json.loads(line)
            if speech.is_call(message):
                self.answer(message)
            elif "id" in message:
                result = speech.result_of(message)
                if self.fault == "version mismatch" and message["method"] == "initialize":
                    result["protocolVersion"] = "1999-01-01"
                self.send(speech.reply(message, result))
            elif message["method"] == "notifications/cancelled":
                self.tell("cancelled", self._calls.get(message["params"]["requestId"], ""))

    def answer(self, message: dict[str, Any]) -> None:
        fault, canary = self.fault, speech.canary_of(message)
        self._calls[message["id"]] = canary
        self.tell("called", canary)
        answer = speech.answer_to(message, fault)
        data = json.dumps(answer).encode() + b"\n"
        if fault == "late reply":
            self.say_late()
            self._late.append(answer)
        elif fault in ("hang", "cancel"):
            pass
        elif fault == "slow drip":
            threading.Thread(target=self.drip, args=(data,), daemon=True).start()
        elif fault == "crash in mid-reply":
            self.write(data[: len(data) // 2])
            os._exit(3)
        elif fault == "garbage":
            self.write(b"\x00\xff" + speech.LEAK.encode() + b"\n" * 3)
        elif fault == "oversize":
            threading.Thread(target=self.flood, args=(data,), daemon=True).start()
        else:
            self.say_late()
            self.write(data)

    def say_late(self) -> None:
        for answer in self._late:
            self.send(answer)
        self._late.clear()

    def drip(self, data: bytes) -> None:
        """A byte now and then; once the fault is over, the rest."""
        with self._writing:
            for at in range(len(data)):
                over = not self.fault
                sys.stdout.buffer.write(data[at:] if over else data[at : at + 1])
                sys.stdout.buffer.flush()
                if over:
                    return
                time.sleep(TICK)

    def flood(self, data: bytes) -> None:
        """A line without end, or until the fault is over."""
        with self._writing:
            sys.stdout.buffer.write(data[:-3])
            sent = 0
            while self.fault:
                sent += sys.stdout.buffer.write(b"x" * 16384)
                sys.stdout.buffer.flush()
            sys.stdout.buffer.write(b"\n")
            sys.stdout.buffer.flush()
            self.tell("flooded", str(sent))


if __name__ == "__main__":
    Server(Path(sys.argv[1])).run()
