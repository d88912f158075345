"""A port that can be turned against its clients: closed, taken out of TLS, or given another certificate."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """Accepts connections, for ``serve`` to speak over. ``address`` is a port, or the path of a Unix socket."""

    def __init__(self, serve: Serve, *, path: Path | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._serve, self._path, self.tls = serve, path, tls
        self.garbles = False
        """Whether it answers in plain text where TLS is expected."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._socket = self._bound(0)
        self.address: int | str = str(path) if path else self._socket.getsockname()[1]
        self.listen()

    def _bound(self, port: int) -> socket.socket:
        if self._path is not None:
            made = socket.socket(socket.AF_UNIX)
            self._path.unlink(missing_ok=True)
            made.bind(str(self._path))
        else:
            made = socket.socket()
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(("127.0.0.1", port))
        made.setblocking(False)
        return made

    def listen(self) -> None:
        self._socket.listen()
        self._accepting = asyncio.create_task(self._accept(self._socket))

    async def refuse(self) -> None:
        """Drop everybody and stop listening; the port stays ours, so that nobody else can have it."""
        self._accepting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._accepting
        await self.drop()
        self._socket.close()
        self._socket = self._bound(self.address if isinstance(self.address, int) else 0)

    async def drop(self) -> None:
        """Break off with everybody; when this is done, they can know."""
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        await self.refuse()
        self._socket.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            accepted, _ = await loop.sock_accept(listening)
            task = asyncio.create_task(self._handle(accepted))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _handle(self, accepted: socket.socket) -> None:
        if self.garbles:
            await asyncio.get_running_loop().sock_sendall(accepted, b"what is TLS?\r\n")
            accepted.close()
            return
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, accepted, ssl=self.tls)
        except OSError:  # no TLS with this client, or it went away
            return
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        self._writers.add(writer)
        try:
            await self._serve(reader, writer)
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()
