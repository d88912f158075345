"""Servers in a process of their own, and configs for them."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from serve_frames import COMMAND  # noqa: E402  # beside this file, which is no package

SECONDS = 20
"""So long a test waits for what must come."""


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., Path]:
    """``config("Add", {"name": "other", "kind": "serve_toys.Add"}, token="…")``: a file with toys and the section."""

    def write(*plugins: str | dict[str, Any], settings: dict[str, Any] | None = None, **serve: Any) -> Path:
        entries = [{"name": item, "kind": f"serve_toys.{item}"} if isinstance(item, str) else item for item in plugins]
        path = tmp_path / "gatehook.yaml"
        path.write_text(json.dumps({"plugins": entries, "plugin_settings": settings or {}, "serve": serve}))
        return path

    return write


class Server:
    """``url`` is what the server says that it serves at; ``said()`` is what it wrote to stderr."""

    process: asyncio.subprocess.Process
    url = ""

    def __init__(self, stderr: Path) -> None:
        self._stderr = stderr

    async def start(self, *options: str, env: dict[str, str] | None = None, stdin: int | None = -1) -> None:
        with self._stderr.open("wb") as stderr:
            self.process = await asyncio.create_subprocess_exec(
                *COMMAND, *options, stdin=stdin, stdout=-1, stderr=stderr, limit=2**26,
                env={**os.environ, "PYTHONPATH": str(HERE), "PYTHONUNBUFFERED": "1", **(env or {})},
            )  # fmt: skip

    def said(self) -> str:
        return self._stderr.read_text()

    async def says(self, pattern: str) -> re.Match[str]:
        """Wait until the server has said something on stderr."""
        async with asyncio.timeout(SECONDS):
            while not (match := re.search(pattern, self.said())):
                assert self.process.returncode is None, self.said()
                await asyncio.sleep(0.01)  # a file tells nobody that it grew
        return match

    async def send(self, *messages: Any) -> None:
        assert self.process.stdin is not None
        for message in messages:
            self.process.stdin.write(message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n")
        await self.process.stdin.drain()

    async def receive(self) -> Any:
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), SECONDS)
        assert line.endswith(b"\n"), f"the stream ended; the last bytes are {line!r}\n{self.said()}"
        return json.loads(line)

    async def answers(self, message: Any) -> Any:
        await self.send(message)
        return await self.receive()

    async def code(self) -> int:
        return await asyncio.wait_for(self.process.wait(), SECONDS)

    async def stop(self) -> int:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        code = await self.code()
        if self.process.stdin is not None:
            self.process.stdin.close()
        return code


Serve = Callable[..., AbstractAsyncContextManager[Server]]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """``async with serve(path, "--listen", "127.0.0.1:0") as server:`` starts one."""

    @asynccontextmanager
    async def start(config: Path, *options: str, env: dict[str, str] | None = None) -> AsyncIterator[Server]:
        server = Server(tmp_path / "stderr")
        try:
            await server.start("--config", str(config), *options, env=env)
            if "--listen" in options:
                server.url = (await server.says(r"serving at (\S+)")).group(1)
            yield server
        finally:
            if hasattr(server, "process"):
                await server.stop()

    return start
