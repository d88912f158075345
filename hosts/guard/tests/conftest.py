"""A guard in a process of its own, between a client and a server that are both the test: raw lines, in and out."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from guard_frames import Frame, dump, request, response  # noqa: E402  # beside this file, which is no package

GUARD = [sys.executable, "-m", "gatehook", "guard"]
SECONDS = 20
"""So long a test waits for a line that must come. Nothing waits for a line that must not: a ping is sent after it."""


class End:
    """One end of the guard."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, *frames: Frame) -> None:
        for frame in frames:
            self.writer.write(dump(frame))

    async def line(self) -> bytes:
        return await asyncio.wait_for(self.reader.readline(), SECONDS)

    async def receive(self) -> Any:
        line = await self.line()
        assert line.endswith(b"\n"), f"the stream ended; the last bytes are {line!r}"
        return json.loads(line)

    async def ended(self) -> bool:
        return await self.line() == b""


class Guard:
    """``client`` and ``server`` are what the test plays; ``said`` is what the guard wrote to stderr."""

    client: End
    server: End

    def __init__(self, folder: Path) -> None:
        self.config = folder / "gatehook.yaml"
        self._stderr = folder / "stderr"
        self.process: asyncio.subprocess.Process
        self._connected: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        self._pings = 0

    def configure(self, plugins: list[Any], settings: dict[str, Any] | None = None) -> None:
        """Plugins are names of toys, or whole entries."""
        entries = [{"name": item, "kind": f"toys.{item}"} if isinstance(item, str) else item for item in plugins]
        config = {"plugins": entries} | ({"guard": settings} if settings else {})
        self.config.write_text(json.dumps(config))

    async def start(self, *options: str, env: dict[str, str] | None = None, server: list[str] | None = None) -> None:
        path = str(self.config.with_name("socket"))
        listener = await asyncio.start_unix_server(self._connect, path, limit=2**26)
        command = [sys.executable, "-I", "-S", str(HERE / "bridge.py"), path, *(server or ["0"])]
        with self._stderr.open("wb") as stderr:
            self.process = await asyncio.create_subprocess_exec(
                *GUARD, "--config", str(self.config), *options, "--", *command,
                stdin=-1, stdout=-1, stderr=stderr, limit=2**26,
                env={**os.environ, "PYTHONPATH": str(HERE), **(env or {})},
            )  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.client = End(self.process.stdout, self.process.stdin)
        died = asyncio.ensure_future(self.process.wait())
        await asyncio.wait([self._connected, died], timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
        assert self._connected.done(), self.said()
        died.cancel()
        self.server = self._connected.result()
        listener.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connected.set_result(End(reader, writer))

    async def call(self, name: str, args: dict[str, Any], result: dict[str, Any]) -> Any:
        """One tools/call that reaches the server, which answers ``result``; what the client gets."""
        self._pings += 1
        request_id = f"call-{self._pings}"
        self.client.send(request(request_id, "tools/call", name=name, arguments=args))
        assert (await self.server.receive())["id"] == request_id
        self.server.send(response(request_id, result))
        return await self.client.receive()

    async def nothing_for_server(self) -> None:
        """Whatever the client sent before did not reach the server."""
        self._pings += 1
        ping = request(f"ping-{self._pings}", "ping")
        self.client.send(ping)
        assert await self.server.receive() == ping
        self.server.send(response(ping["id"], {}))
        assert await self.client.receive() == response(ping["id"], {})

    async def nothing_for_client(self) -> None:
        """Whatever the server sent before did not reach the client."""
        self._pings += 1
        notification = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": self._pings}}
        self.server.send(notification)
        assert await self.client.receive() == notification

    def said(self) -> str:
        return self._stderr.read_text()

    async def says(self, text: str) -> None:
        """Wait until the guard has said something on stderr."""
        async with asyncio.timeout(SECONDS):
            while text not in self.said():  # noqa: ASYNC110  # a file tells nobody that it grew
                await asyncio.sleep(0.01)  # a file tells nobody that it grew

    async def code(self) -> int:
        return await asyncio.wait_for(self.process.wait(), SECONDS)

    async def stop(self) -> None:
        if hasattr(self, "process") and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            await self.code()
        if hasattr(self, "server"):
            self.server.writer.close()
        if hasattr(self, "process"):
            self.client.writer.close()


Start = Callable[..., AbstractAsyncContextManager[Guard]]


@pytest.fixture
def guard(tmp_path: Path) -> Start:
    """``async with guard("Mask", violation_as="error") as it:`` starts a guard with toys and settings."""

    @asynccontextmanager
    async def start(
        *plugins: Any, options: tuple[str, ...] = (), env: dict[str, str] | None = None,
        server: list[str] | None = None, **settings: Any,
    ) -> AsyncIterator[Guard]:  # fmt: skip
        it = Guard(tmp_path)
        it.configure(list(plugins), settings)
        try:
            await it.start(*options, env=env, server=server)
            yield it
        finally:
            await it.stop()

    return start
