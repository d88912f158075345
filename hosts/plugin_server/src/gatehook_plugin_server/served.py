"""One plugin that is up under one config, for as long as anybody may call it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, Self

from gatehook import ConfigFile, GatehookError, PluginStatus, Runner
from gatehook_external.protocol import HOOKS

ONLY_OBSERVES: Final = "it has no hook that gateways call, and nothing to observe here; run it where the gateway is"


class Served:
    """``written`` is its status before the start, which tells what the config says of it. ``calls`` run now."""

    def __init__(self, written: PluginStatus, runner: Runner) -> None:
        self.written, self.runner = written, runner
        self.name = written.name
        self.hooks = frozenset(self.status().hooks) & frozenset(HOOKS)
        self.calls = 0
        self._unused = asyncio.Event()

    @classmethod
    async def start(cls, source: ConfigFile, written: PluginStatus, config: Mapping[str, Any] | None = None) -> Self:
        """Bring the plugin up, with ``config`` laid over its own.

        Raises:
            GatehookError: it does not come up.
        """
        runner = await Runner.from_config(source, only=written.name, config=config).__aenter__()
        (status,) = runner.plugins()
        observes = frozenset(HOOKS).isdisjoint(status.hooks)
        if observes or status.state != "running":
            await runner.__aexit__()
            why = status.reason or ONLY_OBSERVES
            raise GatehookError(f"plugin {written.name!r} cannot be served: {why}")
        return cls(written, runner)

    def status(self) -> PluginStatus:
        """How it is now, in the mode that the config gives it: here it always enforces."""
        (status,) = self.runner.plugins()
        return replace(status, mode=self.written.mode)

    def enter(self) -> None:
        self.calls += 1

    def leave(self) -> None:
        self.calls -= 1
        if not self.calls:
            self._unused.set()

    async def unused(self, limit: float) -> None:
        """Wait until its calls have ended, or ``limit`` seconds are over."""
        if self.calls:
            self._unused.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(limit):
                    await self._unused.wait()

    async def stop(self) -> None:
        await self.runner.__aexit__()
