"""File descriptors as streams of whole lines, with back-pressure."""

from __future__ import annotations

import asyncio
import os
import queue
import stat
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

from gatehook_guard.lines import Lines, Oversize

CHUNK: Final = 32_768


class Pausable(Protocol):
    """What can be told to bring nothing more for a while."""

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


class Input(asyncio.Protocol):
    """Cuts what it receives into lines, and hands them on one after the other.

    ``take`` tells whether it began work that wants a turn of the loop before the next line. ``ended`` is done when all
    lines are taken; it fails when ``take`` does, since no line may pass by a relay that is broken.
    """

    def __init__(self, limit: int, take: Callable[[bytes | Oversize], bool]) -> None:
        self._loop = asyncio.get_running_loop()
        self._lines = Lines(limit)
        self._take = take
        self._queue: deque[bytes | Oversize] = deque()
        self._waiting = self._eof = False
        self._source: Pausable | None = None
        self.ended: asyncio.Future[None] = self._loop.create_future()

    def connection_made(self, transport: Any) -> None:
        self._source = transport
        # asyncio would take 256 KiB for each read from a pipe; so large a block comes from the system anew each time,
        # which costs a small message more than everything else that is done to it here.
        transport.max_size = CHUNK

    def data_received(self, data: bytes) -> None:
        self._queue.extend(self._lines.feed(data))
        if not self._waiting:
            self._pump()

    def eof_received(self) -> None:
        self.end()

    def connection_lost(self, error: Exception | None) -> None:
        self.end()

    def end(self) -> None:
        if not self._eof:
            self._eof = True
            self._queue.extend(self._lines.close())
            if not self._waiting:
                self._pump()

    def pause(self) -> None:
        if self._source is not None and not self._eof:
            self._source.pause_reading()

    def resume(self) -> None:
        if self._source is not None and not self._eof:
            self._source.resume_reading()

    def _pump(self) -> None:
        self._waiting = False
        while self._queue and not self.ended.done():
            try:
                wants_a_turn = self._take(self._queue.popleft())
            except Exception as error:  # noqa: BLE001  # handed to whoever waits for the end
                self.ended.set_exception(error)
                return
            if wants_a_turn and (self._queue or self._eof):
                self._waiting = True
                self._loop.call_soon(self._pump)
                return
        if self._eof and not self.ended.done():
            self.ended.set_result(None)


class Output(asyncio.BaseProtocol):
    """Where lines go. While it is full, the input that fills it pauses."""

    def __init__(self) -> None:
        self.filled_by: Input | None = None
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)

    def write(self, line: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(line)

    def pause_writing(self) -> None:
        if self.filled_by is not None:
            self.filled_by.pause()

    def resume_writing(self) -> None:
        if self.filled_by is not None:
            self.filled_by.resume()

    async def close(self, limit: float) -> None:
        """Write what is left, for no longer than ``limit`` seconds."""
        self._transport.close()
        await asyncio.wait([self.lost], timeout=limit)
        if not self.lost.done():
            self._transport.abort()


async def connect_output(fd: int, sink: Output, read: int) -> None:
    """Connect our own output; ``read`` is the input beside it.

    The loop can only wait for pipes and sockets, and makes them non-blocking, which a terminal or one socket for both
    directions would not bear: those get threads.
    """
    if _is_pipe(fd) and not _same(fd, read):
        await asyncio.get_running_loop().connect_write_pipe(lambda: sink, os.fdopen(fd, "wb", buffering=0))
    else:
        sink.connection_made(_WriterThread(fd, sink))


async def connect_input(fd: int, source: Input, written: int) -> None:
    """Connect our own input; ``written`` is the output beside it."""
    if _is_pipe(fd) and not _same(fd, written):
        await asyncio.get_running_loop().connect_read_pipe(lambda: source, os.fdopen(fd, "rb", buffering=0))
    else:
        source.connection_made(_ReaderThread(fd, source))


def _same(one: int, other: int) -> bool:
    return os.path.samestat(os.fstat(one), os.fstat(other))


def _is_pipe(fd: int) -> bool:
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


class _ReaderThread:
    def __init__(self, fd: int, protocol: Input) -> None:
        self._loop = asyncio.get_running_loop()
        self._fd, self._protocol = fd, protocol
        self._may_read = threading.Event()
        self._may_read.set()
        threading.Thread(target=self._run, name="gatehook stdin", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._may_read.wait()
            try:
                data = os.read(self._fd, CHUNK)
            except OSError:  # a terminal that hung up
                data = b""
            if not data:
                self._loop.call_soon_threadsafe(self._protocol.end)
                return
            self._loop.call_soon_threadsafe(self._protocol.data_received, data)

    def pause_reading(self) -> None:
        self._may_read.clear()

    def resume_reading(self) -> None:
        self._may_read.set()


class _WriterThread:
    def __init__(self, fd: int, protocol: Output) -> None:
        self._loop = asyncio.get_running_loop()
        self._fd, self._protocol = fd, protocol
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._pending = 0
        self._closing = False
        threading.Thread(target=self._run, name="gatehook stdout", daemon=True).start()

    def is_closing(self) -> bool:
        return self._closing

    def write(self, line: bytes) -> None:
        if self._pending <= CHUNK < self._pending + len(line):
            self._protocol.pause_writing()
        self._pending += len(line)
        self._lines.put(line)

    def _written(self, size: int) -> None:
        if self._pending - size <= CHUNK < self._pending:
            self._protocol.resume_writing()
        self._pending -= size

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                rest = memoryview(line)
                while rest:
                    rest = rest[os.write(self._fd, rest) :]
            except OSError:
                break
            self._loop.call_soon_threadsafe(self._written, len(line))
        self._loop.call_soon_threadsafe(self._protocol.connection_lost, None)

    def close(self) -> None:
        self._closing = True
        self._lines.put(None)

    def abort(self) -> None:
        self._closing = True
