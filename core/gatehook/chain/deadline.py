"""Calling a step, with a timer that is armed only when the step suspends.

A coroutine is driven once by hand; most plugins never wait, and pay nothing for having a deadline. One that does wait is
driven on in the caller's own task, so that context variables, ``asyncio.timeout``, task groups and anyio's cancel scopes
inside it work as if it had been awaited.
"""

from __future__ import annotations

import asyncio
import logging
import types
from collections.abc import Callable, Coroutine, Generator
from time import perf_counter_ns as clock
from typing import Any, Final

from gatehook.errors import PluginError

logger = logging.getLogger("gatehook")

GRACE: Final = 0.1
"""Seconds that a timed-out step has for its ``finally`` blocks before it is abandoned."""
ERROR_TYPES: Final = frozenset(
    {"exception", "timeout", "blocking", "cancelled", "invalid_result", "access", "conflict", "payload", "backend"}
)
"""Every value that ``error_type`` can have: it labels metrics, so the list is closed."""


class Failure:
    """What a step came to that did not answer. ``reason`` holds no payload text and no text of the exception."""

    __slots__ = ("error", "error_type", "reason")

    def __init__(self, error_type: str, reason: str, error: BaseException | None = None) -> None:
        self.error_type, self.reason, self.error = error_type, reason, error

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """The failure that an exception amounts to; raises it again if it is not the plugin's to handle."""
        if isinstance(error, KeyboardInterrupt | GeneratorExit):
            raise error
        if isinstance(error, BaseExceptionGroup) and error.subgroup((KeyboardInterrupt, GeneratorExit)):
            raise error
        if isinstance(error, PluginError) and error.error_type in ERROR_TYPES:
            return cls(error.error_type, error.reason, error)
        kind = "cancelled" if isinstance(error, asyncio.CancelledError) else "exception"
        return cls(kind, f"raised {type(error).__name__}", error)


def begin(call: Callable[[Any, Any], Any], suspends: bool, payload: Any, context: Any) -> Any:
    """Call a step and return what it said, a :class:`Failure`, or :class:`Suspended` if it waits for something."""
    try:
        said = call(payload, context)
        if not suspends:
            return said
    except BaseException as error:  # noqa: BLE001  # Failure.of raises again what must not be swallowed
        return Failure.of(error)
    try:
        awaited = said.send(None)
    except StopIteration as stop:
        return stop.value
    except BaseException as error:  # noqa: BLE001
        return Failure.of(error)
    return Suspended(said, awaited)


class Suspended:
    """A step that waits; ``awaited`` is what its coroutine yielded to the event loop."""

    __slots__ = ("abandoned", "awaited", "cancels", "coroutine", "task", "timer")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], awaited: Any) -> None:
        self.coroutine, self.awaited = coroutine, awaited
        self.cancels = 0
        self.abandoned = False

    async def finish(self, deadline: int) -> Any:
        """What the step said in the end, or a :class:`Failure`.

        Args:
            deadline: when to cancel the step, in nanoseconds of :func:`time.perf_counter_ns`.

        Raises:
            asyncio.CancelledError: the caller was cancelled, whether or not the step let that through.
        """
        self.task = asyncio.current_task()
        assert self.task is not None, "gatehook runs on asyncio"  # noqa: S101  # a coroutine cannot suspend outside a task here
        loop, before = self.task.get_loop(), self.task.cancelling()
        self.timer = loop.call_later(max(0, deadline - clock()) / 1e9, self._expire)
        try:
            said = await self._drive()
        except BaseException as error:  # noqa: BLE001
            said = error
        finally:
            self.timer.cancel()
        for _ in range(self.cancels):
            self.task.uncancel()
        if self.task.cancelling() > before:
            raise said if isinstance(said, asyncio.CancelledError) else asyncio.CancelledError
        if self.cancels or clock() > deadline:
            return Failure("timeout", "took longer than its timeout")
        return Failure.of(said) if isinstance(said, BaseException) else said

    def _expire(self) -> None:
        # Cancel as asyncio.timeout does; a step that swallows it and goes on waiting is given up after GRACE.
        self.abandoned = self.cancels > 0
        self.cancels += 1
        assert self.task is not None  # noqa: S101
        self.task.cancel()
        self.timer = self.task.get_loop().call_later(GRACE, self._expire)

    @types.coroutine
    def _drive(self) -> Generator[Any, Any, Any]:
        resume: Callable[..., Any]
        while True:
            try:
                value, resume = (yield self.awaited), self.coroutine.send
            except GeneratorExit:
                self.coroutine.close()
                raise
            except BaseException as error:  # noqa: BLE001  # a cancellation, handed on to where the step waits
                if self.abandoned:
                    return self._close()
                value, resume = error, self.coroutine.throw
            try:
                self.awaited = resume(value)
            except StopIteration as stop:
                return stop.value

    def _close(self) -> None:
        try:
            self.coroutine.close()
        except Exception:  # noqa: BLE001  # "coroutine ignored GeneratorExit", or an error of its cleanup
            logger.warning("a timed-out plugin refused to stop; it was abandoned")
