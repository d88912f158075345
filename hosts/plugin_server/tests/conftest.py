"""Servers in a process of their own, and configs for them."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from serve_frames import COMMAND, HERE  # beside this file, which is no package

SECONDS = 20
"""So long a test waits for what must come."""


Write = Callable[..., Path]


def written(folder: Path, *plugins: str | dict[str, Any], settings: Any = None, **serve: Any) -> Path:
    entries = [{"name": item, "kind": f"serve_toys.{item}"} if isinstance(item, str) else item for item in plugins]
    path = folder / "gatehook.yaml"
    path.write_text(json.dumps({"plugins": entries, "plugin_settings": settings, "serve": serve}))
    return path


@pytest.fixture
def config(tmp_path: Path) -> Write:
    """``config("Add", {"name": "other", "kind": "serve_toys.Add"}, token="…")``: a file with toys and the section."""
    return partial(written, tmp_path)


class Server:
    """``url`` is what the server says that it serves at; ``said()`` is what it wrote to stderr."""

    url = ""

    def __init__(self, folder: Path, options: Sequence[str], env: Mapping[str, str]) -> None:
        self._stderr = folder / "stderr"
        with self._stderr.open("wb") as stderr:
            self.process = subprocess.Popen(
                [*COMMAND, *options], stdin=-1, stdout=-1, stderr=stderr,
                env={**os.environ, "PYTHONPATH": str(HERE), "PYTHONUNBUFFERED": "1", **env},
            )  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout

    def said(self) -> str:
        return self._stderr.read_text()

    def says(self, pattern: str) -> re.Match[str]:
        """Wait until the server has said something on stderr."""
        until = time.monotonic() + SECONDS
        while not (match := re.search(pattern, self.said())):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < until, self.said()
            time.sleep(0.01)
        return match

    def send(self, *messages: Any) -> None:
        lines = [item if isinstance(item, bytes) else json.dumps(item).encode() + b"\n" for item in messages]
        self.stdin.write(b"".join(lines))
        self.stdin.flush()

    def receive(self) -> Any:
        line = self.stdout.readline()
        assert line.endswith(b"\n"), f"the stream ended; the last bytes are {line!r}\n{self.said()}"
        return json.loads(line)

    def answers(self, message: Any) -> Any:
        self.send(message)
        return self.receive()

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def code(self) -> int:
        return self.process.wait(SECONDS)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.code()
        with suppress(BrokenPipeError):
            self.stdin.close()
        self.stdout.close()


Serve = Callable[..., AbstractContextManager[Server]]


@contextmanager
def started(config: Path, *options: str, env: Mapping[str, str] = MappingProxyType({})) -> Iterator[Server]:
    server = Server(config.parent, ["--config", str(config), *options], env)
    try:
        if "--listen" in options:
            server.url = server.says(r"serving at (\S+)").group(1)
        yield server
    finally:
        server.stop()


@pytest.fixture
def serve() -> Serve:
    """``with serve(path, "--listen", "127.0.0.1:0") as server:`` starts one."""
    return started


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for many small questions, on the loopback interface."""
    path = written(
        tmp_path_factory.mktemp("local"), "Add", "Mask", "Boom", allowed_hosts=["allowed.example"],
        allowed_origins=["https://tools.example"], max_request_bytes=4096, request_timeout="300ms",
    )  # fmt: skip
    with started(path, "--listen", "127.0.0.1:0") as server:
        yield server
