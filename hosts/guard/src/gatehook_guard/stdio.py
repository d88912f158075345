"""The guard over stdio: our own standard streams in front, a child process behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from gatehook import Runner

from gatehook_guard.child import Child
from gatehook_guard.guarding import Caller
from gatehook_guard.relay import Relay
from gatehook_guard.settings import GuardSettings
from gatehook_guard.streams import Input, Output, connect_input, connect_output


class Session:
    """One client, one server and the relay between them, until either ends or ``stop`` names a signal."""

    def __init__(self, runner: Runner, settings: GuardSettings, caller: Caller, say: Callable[[str], None]) -> None:
        self._settings, self._say = settings, say
        self._out = Output()
        self._relay = Relay(runner, settings, caller, self._out.write, lambda line: self._server.write(line), say)
        self._in = Input(settings.max_message_bytes, self._relay.from_client)
        self._said = Input(settings.max_message_bytes, self._relay.from_server)
        self._out.filled_by = self._said
        self._server = Child(self._said, filled_by=self._in)
        self.stop: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def reconfigure(self, settings: GuardSettings) -> None:
        """All settings but ``max_message_bytes``, which stays as it was at the start."""
        self._settings = self._relay.guarding.settings = settings

    async def run(self, command: list[str], read: int, write: int) -> int:
        """Serve until the end, and answer with the exit code.

        Raises:
            OSError: the command cannot be started.
        """
        await connect_output(write, self._out, read)
        try:
            await self._server.start(command)
            await connect_input(read, self._in, write)
            return await self._serve()
        finally:
            self._relay.close()
            await self._server.stop(self._settings.kill_timeout)
            await self._out.close(self._settings.kill_timeout)
            self._tell_counts()

    async def _serve(self) -> int:
        over: list[asyncio.Future[Any]] = [self.stop, self._out.lost, self._said.ended]
        await _first([self._in.ended, *over])
        if not any(event.done() for event in over):
            self._in.ended.result()
            await self._drain(over)
        if self.stop.done():
            return 128 + self.stop.result()
        if self._out.lost.done() or not self._said.ended.done():
            return 0  # the client has gone, and the server is made to
        self._said.ended.result()
        self._relay.server_gone()
        await _first([self._idle(), self._out.lost, self.stop], self._settings.drain_timeout)
        await _first([self._server.exited, self.stop], self._settings.stop_timeout)
        return self._server.code

    async def _drain(self, over: list[asyncio.Future[Any]]) -> None:
        """The client sends nothing more: what is in flight may come to its end, and so may the server."""
        settings = self._settings
        checked = self._relay.flight.until(lambda calls: not any(call.in_pre_hook for call in calls))
        await _first([checked, *over], settings.drain_timeout)
        self._server.close_input()
        await _first([self._idle(), *over], settings.drain_timeout)
        await _first(over, settings.stop_timeout)

    def _idle(self) -> Awaitable[None]:
        return self._relay.flight.until(lambda calls: not calls)

    def _tell_counts(self) -> None:
        for what, times in self._relay.refusals.counts.items():
            if times > 1:
                self._say(f"{what}: {times} in all")


async def _first(events: Iterable[Awaitable[Any]], limit: float | None = None) -> None:
    """Wait until one of the events happens, or the time is up."""
    waiting = [asyncio.ensure_future(event) for event in events]
    ours = [future for future, event in zip(waiting, events, strict=True) if future is not event]
    try:
        await asyncio.wait(waiting, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for future in ours:
            future.cancel()
