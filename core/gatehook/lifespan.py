"""The life of one plugin, from ``initialize`` to ``shutdown``, in a task of its own.

A task group, a cancel scope or a client's session must be left by the task that entered it. So whatever a plugin opens
in ``initialize`` it may close in ``shutdown``, though the one is called at a start or reload and the other long after.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from time import perf_counter_ns as clock
from typing import Any

from gatehook.chain.deadline import Failure, bounded
from gatehook.plugin import Plugin


class Lifespan:
    """One plugin's, for one attempt to bring it up. All limits are in seconds."""

    def __init__(self, plugin: Plugin) -> None:
        self.plugin = plugin

    async def begin(self, limit: float) -> Failure | None:
        """Call ``initialize``, and say why the plugin is not up, if it is not."""
        loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[Failure | None] = loop.create_future()
        self._end: asyncio.Future[float] = loop.create_future()
        self._task = asyncio.create_task(self._live(limit), name=f"gatehook plugin {self.plugin.name}")
        return await asyncio.shield(self._ready)

    async def end(self, limit: float) -> Failure | None:
        """Call ``shutdown``, and say what went wrong, if anything did.

        Raises:
            asyncio.CancelledError: the caller was cancelled; the plugin has been shut down all the same.
        """
        cancelled: asyncio.CancelledError | None = None
        if not self._end.done():
            self._end.set_result(limit)
        if not self._ready.done():
            self._task.cancel()  # nobody waits for it to come up any more
        while not self._task.done():
            try:
                await asyncio.wait({self._task})
            except asyncio.CancelledError as error:  # anyio cancels again and again, until its scope is left
                cancelled = error
        if cancelled is not None:
            raise cancelled
        return None if self._task.cancelled() else self._task.result()

    async def _live(self, limit: float) -> Failure | None:
        try:
            failure = await within(self.plugin.initialize, limit)
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError) and self._end.done():
                asyncio.current_task().uncancel()  # type: ignore[union-attr]  # this runs in a task
                return await within(self.plugin.shutdown, self._end.result())
            self._ready.set_exception(error)
            self._ready.exception()  # if nobody waits for it any more, it is not forgotten but told by the task
            raise
        self._ready.set_result(failure)
        try:
            limit = await self._end
        except asyncio.CancelledError:
            pass  # a scope that the plugin left open was cancelled, or the event loop ends: it has nothing to wait for
        return await within(self.plugin.shutdown, limit)


async def within(function: Callable[[], Any], limit: float, answers: list[Any] | None = None) -> Failure | None:
    """Call one of a plugin's own methods, for no longer than ``limit`` seconds; ``answers`` gets what it returned."""
    said = await bounded(function, inspect.iscoroutinefunction(function), clock() + int(limit * 1e9))
    if isinstance(said, Failure):
        return said
    if inspect.iscoroutine(said):
        said.close()  # or Python warns, later and elsewhere, that nobody awaited it
        return Failure("invalid_result", "returned a coroutine that nobody awaited")
    if answers is not None:
        answers.append(said)
    return None
