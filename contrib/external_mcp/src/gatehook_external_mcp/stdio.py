"""MCP over the pipes of a child process: one JSON text per line.

https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#stdio
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from gatehook_external import NotDelivered
from mcp.client.stdio import get_default_environment

from gatehook_external_mcp import wire
from gatehook_external_mcp.dispatcher import Calls, Dispatcher, ended
from gatehook_external_mcp.lines import Lines
from gatehook_external_mcp.wire import Json

logger = logging.getLogger("gatehook.external_mcp")

PATIENCE: Final = 2.0
"""Seconds for a child to end by itself, and again after SIGTERM, before SIGKILL."""
MOMENT: Final = 0.1
"""Seconds between the end of a process and the end of its pipes, either of which may come first."""
LONGEST_SAID: Final = 1000
"""Bytes of a line on stderr that are logged."""
LAST_WORDS: Final = 500
"""Characters, of at most three lines on stderr, in the reason why a server did not come up."""
SHORTEST_SECRET: Final = 4
"""Characters of a variable's value; shorter ones are words that may stand anywhere."""
_LOUD: Final = re.compile(
    r"^gatehook: (?!serving|stopping|the config was reloaded)|\b(WARN(ING)?|ERROR|CRITICAL|FATAL)\b"
)


class Child(Dispatcher, asyncio.SubprocessProtocol):
    """A server in a process of its own, which leads a process group of its own."""

    def __init__(self, plugin: str, env: Mapping[str, str], limit: int) -> None:
        self._plugin, self._env = plugin, env
        self._calls = Calls()
        self._answers, self._said = Lines(limit), Lines(LONGEST_SAID)
        self._last: deque[str] = deque(maxlen=3)
        self._garbage = self._failed = False
        self._loop = asyncio.get_running_loop()
        self._writable, self._exited, self._gone = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._writable.set()

    @classmethod
    async def start(cls, plugin: str, argv: list[str], env: dict[str, str], cwd: Path, limit: int) -> Child:
        """Start the server; its answers may have ``limit`` bytes each.

        Raises:
            NotDelivered: it cannot be started.
        """
        loop = asyncio.get_running_loop()
        try:
            _, child = await loop.subprocess_exec(
                lambda: cls(plugin, env, limit),
                *argv,
                env=get_default_environment() | env,
                cwd=cwd,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "its arguments hold the character U+0000"
            raise NotDelivered(f"it cannot be started in {cwd}: {why}") from None
        return child

    # -- what the event loop tells of the process

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)  # noqa: S101  # what a subprocess's protocol gets
        self._transport = transport
        self._stdin: Any = transport.get_pipe_transport(0)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            for line in self._answers.feed(data):
                self._hear(line)
        else:
            for line in self._said.feed(data):
                self._log(line)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd < 2 and not self.over:
            self.over = f"the server closed its standard {'output' if fd else 'input'}"
            self._loop.call_later(MOMENT, self._fail)  # unless it ends meanwhile, which tells more

    def process_exited(self) -> None:
        self._exited.set()
        if not self._failed:
            self.over = f"the server ended with status {self._transport.get_returncode()}"
            self._loop.call_later(MOMENT, self._fail)  # what it wrote last may still be on its way

    def connection_lost(self, exc: Exception | None) -> None:
        """It ended, and all that it wrote was read."""
        self._fail()
        self._gone.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # -- calls

    @property
    def busy(self) -> bool:
        return len(self._calls) > 0

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: Mapping[str, Any] | None = None
    ) -> Json:
        if self.over:
            raise ended(self.over)
        number, waiting = self._calls.begin()
        sent = False
        try:
            line = wire.request(number, method, params) + b"\n"
            if not self._writable.is_set():
                await self._writable.wait()
                if self.over:
                    raise ended(self.over)
            self._stdin.write(line)
            sent = True
            return wire.result_of(await waiting)
        except asyncio.CancelledError:
            if sent and waiting.cancelled() and method != "initialize" and not self.over:
                self._stdin.write(wire.cancellation(number) + b"\n")
            raise
        finally:
            self._calls.forget(number)

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: Mapping[str, Any] | None = None
    ) -> None:
        if self.over:
            raise ended(self.over)
        self._stdin.write(wire.notification(method, params) + b"\n")

    def _hear(self, line: bytes) -> None:
        if len(line) > self._answers.limit:
            self.over = f"the server wrote a line of more than {self._answers.limit:,} bytes (max_response_size_mb)"
            self._fail()
            return
        try:
            answer = self._calls.hear(wire.load(line))
        except ValueError:
            self._note_garbage(line)
            return
        # A server that asks and does not read gets no answers, or they would pile up here.
        if answer is not None and not self.over and self._writable.is_set():
            self._stdin.write(answer + b"\n")

    def _note_garbage(self, line: bytes) -> None:
        if line.strip() and not self._garbage:
            self._garbage = True
            logger.warning("plugin %r: its server writes to its standard output what is no JSON", self._plugin)

    def _log(self, line: bytes) -> None:
        text = self._redacted(line.decode(errors="replace").strip())
        if text:
            text = text if text.isprintable() else ascii(text)
            logger.log(_level(text), "plugin %r: its server says: %s", self._plugin, text)
            if not self.version:  # later it may speak of what it was asked
                self._last.append(text)

    def _redacted(self, text: str) -> str:
        for value in sorted(self._env.values(), key=len, reverse=True):
            if len(value) >= SHORTEST_SECRET:
                text = text.replace(value, "********")
        return text

    async def last_words(self) -> str:
        if self.over:  # and not all may have been read
            with suppress(TimeoutError):
                async with asyncio.timeout(MOMENT):
                    await self._gone.wait()
        return " | ".join(self._last)[-LAST_WORDS:]

    def _fail(self) -> None:
        """Nobody need wait any longer."""
        self._failed = True
        self._calls.fail(self.over)
        self._writable.set()
        self._stdin.close()

    # -- the end

    async def close(self) -> None:
        self.over = self.over or "it was closed here"
        self._fail()
        try:
            if not await _set(self._exited):
                self._signal(signal.SIGTERM)
                await _set(self._exited)
        finally:  # also when there is no time left to wait
            self._signal(signal.SIGKILL)  # the whole group, for the server may have children
            await _set(self._exited)  # or the transport would take the exit status from asyncio's own watcher
            self._transport.close()
            await _set(self._gone)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._transport.get_pid(), number)
            else:
                self._transport.kill()


def _level(line: str) -> int:
    """How loud a line on stderr is, which has no level but what it says; gatehook's own servers warn by default."""
    return logging.WARNING if _LOUD.search(line) else logging.INFO


async def _set(event: asyncio.Event) -> bool:
    """Whether it happens before patience ends."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await event.wait()
    except TimeoutError:
        return False
