"""Plugins under the configs that callers sent."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import blake2b
from typing import Any

from gatehook import ConfigFile, PluginStatus

from gatehook_plugin_server.served import Served


class Configured:
    """At most ``limit`` plugins are kept up; ``retire`` takes those that were not used for longest.

    ``source`` is the config that theirs are laid over: as it was read, whatever has become of the file.
    """

    def __init__(self, source: ConfigFile, limit: int, retire: Callable[[Served], None]) -> None:
        self._source, self._limit, self._retire = source, limit, retire
        self._salt = secrets.token_bytes(16)  # so that an id tells nothing of its config, and is gone after a reload
        self._starting: dict[str, asyncio.Task[Served]] = {}
        self._up: dict[str, Served] = {}  # the one used last is the last
        self._one_at_a_time = asyncio.Lock()

    async def start(self, written: PluginStatus, config: Mapping[str, Any]) -> str:
        """Bring a plugin up with ``config`` laid over its own, unless it is; its id. Those who ask for one config at a
        time share its start.

        Raises:
            GatehookError: it does not come up.
            TypeError, ValueError, RecursionError: the config is no JSON.
        """
        told = json.dumps([written.name, config], sort_keys=True, allow_nan=False).encode()
        config_id = blake2b(told, digest_size=16, key=self._salt).hexdigest()
        if config_id not in self._up:
            if config_id not in self._starting:
                task = asyncio.create_task(self._start(written, config), name=f"gatehook configure {written.name}")
                task.add_done_callback(partial(self._started, config_id))
                self._starting[config_id] = task
            await asyncio.shield(self._starting[config_id])
        return config_id

    async def _start(self, written: PluginStatus, config: Mapping[str, Any]) -> Served:
        async with self._one_at_a_time:  # however many callers ask for
            return await Served.start(self._source, written, config)

    def _started(self, config_id: str, task: asyncio.Task[Served]) -> None:
        wanted = self._starting.pop(config_id, None) is not None
        if task.cancelled() or task.exception() is not None:
            return
        if not wanted:
            self._retire(task.result())
            return
        self._up[config_id] = task.result()
        while len(self._up) > self._limit:
            self._retire(self._up.pop(next(iter(self._up))))

    def find(self, config_id: str, name: str) -> Served | None:
        """The plugin ``name`` under that config, if it is up."""
        served = self._up.pop(config_id, None)
        if served is None:
            return None
        self._up[config_id] = served
        return served if served.name == name else None

    def up(self) -> list[Served]:
        return [*self._up.values()]

    def close(self) -> list[asyncio.Task[Served]]:
        """Retire all; those that are still starting, which are retired once they are up."""
        for served in self._up.values():
            self._retire(served)
        starting = [*self._starting.values()]
        self._up.clear()
        self._starting.clear()
        return starting
