"""The server over standard input and output: a message in each line."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import Any, Final

from gatehook_plugin_server.endpoint import Endpoint
from gatehook_plugin_server.events import first
from gatehook_plugin_server.lines import Lines, Oversize
from gatehook_plugin_server.pipes import CHUNK, copied_from, copied_to, is_pipe
from gatehook_plugin_server.plugins import Plugins
from gatehook_plugin_server.wire import INVALID_REQUEST, Id, Message, RpcError, read, write_error

FLUSH: Final = 1.0
"""Seconds for the last answers to be read."""


class Session(asyncio.Protocol):
    """One client, until it closes our input or does not read our output any more."""

    def __init__(self, endpoint: Endpoint, max_bytes: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._endpoint, self._max_bytes = endpoint, max_bytes
        self._lines = Lines(max_bytes)
        self._calls: dict[Id, asyncio.Task[None]] = {}
        self._input: Any = None
        self._output: Any = None
        self.closed = asyncio.Event()
        """The client sends nothing more."""
        self.lost = asyncio.Event()
        """The client reads nothing more."""

    async def run(self, in_fd: int, out_fd: int, stopping: asyncio.Event, drain_timeout: float) -> None:
        """Serve until the client closes either side, or ``stopping`` is set. Calls that run then may take
        ``drain_timeout`` seconds more, if there is still somebody to tell, who does not want to wait either."""
        beside = os.path.samestat(os.fstat(in_fd), os.fstat(out_fd))
        out = os.fdopen(out_fd if is_pipe(out_fd) and not beside else copied_to(out_fd), "wb", buffering=0)
        self._output, _ = await self._loop.connect_write_pipe(lambda: _Output(self), out)
        source = os.fdopen(in_fd if is_pipe(in_fd) and not beside else copied_from(in_fd), "rb", buffering=0)
        await self._loop.connect_read_pipe(lambda: self, source)
        try:
            await first(self.closed.wait(), self.lost.wait(), stopping.wait())
            self._input.close()
            if self._calls:
                told = [] if stopping.is_set() else [stopping.wait()]
                await first(asyncio.wait([*self._calls.values()]), self.lost.wait(), *told, limit=drain_timeout)
        finally:
            for call in self._calls.values():
                call.cancel()
            self._input.close()
            self._output.close()
            await first(self.lost.wait(), limit=FLUSH)
            if not self.lost.is_set():
                self._output.abort()

    # -- what the client sends

    def connection_made(self, transport: Any) -> None:
        self._input = transport
        # asyncio would take 256 KiB for each read from a pipe, which costs a small message more than reading it does.
        transport.max_size = CHUNK

    def data_received(self, data: bytes) -> None:
        for line in self._lines.feed(data):
            try:
                self._take(line)
            except RpcError as error:
                self._send(write_error(error))

    def _take(self, line: bytes | Oversize) -> None:
        if isinstance(line, Oversize):
            reason = f"the message is longer than {self._max_bytes} bytes"
            raise RpcError(INVALID_REQUEST, reason, request_id=line.request_id())
        message = read(line)
        if message.id is None:
            if message.method == "notifications/cancelled" and (call := self._named(message.params.get("requestId"))):
                call.cancel()
        elif message.id in self._calls:
            raise RpcError(INVALID_REQUEST, "a request with this id is running")  # without the id: that is the other's
        else:
            self._calls[message.id] = task = self._loop.create_task(self._serve(message))
            # Not in the task itself: one that is cancelled before its first step never comes to its `finally`.
            task.add_done_callback(partial(self._calls.pop, message.id))

    def _named(self, request_id: Any) -> asyncio.Task[None] | None:
        return self._calls.get(request_id) if type(request_id) in (int, str) else None

    async def _serve(self, message: Message) -> None:
        self._send(await self._endpoint.answer(message))

    def _send(self, answer: bytes) -> None:
        if not self._output.is_closing():
            self._output.write(answer + b"\n")

    def connection_lost(self, error: Exception | None) -> None:
        self.closed.set()

    def pause(self) -> None:
        """Our output is full: nothing more is taken until it is read."""
        self._input.pause_reading()

    def resume(self) -> None:
        if not self.closed.is_set():
            self._input.resume_reading()


class _Output(asyncio.BaseProtocol):
    def __init__(self, session: Session) -> None:
        self._session = session

    def pause_writing(self) -> None:
        self._session.pause()

    def resume_writing(self) -> None:
        self._session.resume()

    def connection_lost(self, error: Exception | None) -> None:
        self._session.lost.set()


async def serve_stdio(plugins: Plugins, endpoint: Endpoint, fds: tuple[int, int], stopping: asyncio.Event) -> None:
    """Serve the process at the other ends of two file descriptors, the first to read, the second to write."""
    settings = plugins.settings
    await Session(endpoint, settings.max_request_bytes).run(*fds, stopping, settings.drain_timeout)
