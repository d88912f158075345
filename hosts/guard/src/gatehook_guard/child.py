"""The upstream that is a child process."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import Any, Final

from gatehook_guard.streams import Input

STDIN: Final = 0
STDOUT: Final = 1
LAST_WORDS: Final = 0.5
"""Seconds that a process which has ended may still be heard, through children that hold its output."""


class Child(asyncio.SubprocessProtocol):
    """A server started by the guard. Its stderr is our own."""

    def __init__(self, says: Input, filled_by: Input) -> None:
        self._loop = asyncio.get_running_loop()
        self._says, self._filled_by = says, filled_by
        self.exited: asyncio.Future[None] = self._loop.create_future()
        self._transport: Any = None
        self._stdin: Any = None

    async def start(self, command: list[str]) -> None:
        """Raises :class:`OSError` if the command cannot be started."""
        # A group of its own: a server is often started by another program, such as npx, which would end alone.
        await self._loop.subprocess_exec(lambda: self, *command, stderr=None, process_group=0)

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._stdin = transport.get_pipe_transport(STDIN)
        self._says.connection_made(transport.get_pipe_transport(STDOUT))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._says.data_received(data)

    def pipe_connection_lost(self, fd: int, error: Exception | None) -> None:
        if fd == STDOUT:
            self._says.end()

    def process_exited(self) -> None:
        if not self.exited.done():
            self.exited.set_result(None)
            self._loop.call_later(LAST_WORDS, self._says.end)

    def pause_writing(self) -> None:
        self._filled_by.pause()

    def resume_writing(self) -> None:
        self._filled_by.resume()

    def write(self, line: bytes) -> None:
        if not self._stdin.is_closing():
            self._stdin.write(line)

    def close_input(self) -> None:
        self._stdin.close()

    @property
    def code(self) -> int:
        """The exit code, as a shell gives it."""
        returned: int | None = self._transport.get_returncode()
        if returned is None:
            return 0
        return returned if returned >= 0 else 128 - returned

    async def stop(self, kill_timeout: float) -> None:
        """End it and what it started: SIGTERM, and SIGKILL if that is not enough."""
        if self._transport is None:
            return
        self._stdin.close()
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self.exited.done():
                with suppress(ProcessLookupError, PermissionError):  # it has just ended
                    os.killpg(self._transport.get_pid(), number)
                await asyncio.wait([self.exited], timeout=kill_timeout)
        self._transport.close()
