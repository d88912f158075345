"""Deadlines for plugins, with a timer that is armed only when a plugin waits for something.

A coroutine is driven by hand until it first suspends; most plugins never do, and pay nothing for having a deadline.
What does wait is driven on in the caller's own task, so that context variables, ``asyncio.timeout``, task groups and
anyio's cancel scopes inside it work as if it had been awaited.
"""

from __future__ import annotations

import asyncio
import logging
import types
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from pathlib import PurePath
from time import perf_counter_ns as clock
from typing import Any, Final

from gatehook.errors import PayloadError, PluginError

logger = logging.getLogger("gatehook")

NEVER: Final = 1 << 62
"""A point in time, in nanoseconds of :func:`time.perf_counter_ns`, that no clock here reaches."""
GRACE: Final = 0.1
"""Seconds that a timed-out plugin has for its ``finally`` blocks before it is abandoned."""
ERROR_TYPES: Final = frozenset(
    {"exception", "timeout", "blocking", "cancelled", "invalid_result", "access", "conflict", "payload", "backend"}
)
"""Every value that ``error_type`` can have: it labels metrics, so the list is closed."""
ABANDONED: Final = object()


class Deadline:
    """A point in time that stays where it is; that of a :class:`~gatehook.chain.run.Run` moves from step to step."""

    __slots__ = ("at",)

    def __init__(self, at: int) -> None:
        self.at = at

    def until(self) -> int:
        return self.at


class Failure:
    """What a step came to that did not answer. ``reason`` holds no payload text and no text of the exception."""

    __slots__ = ("called", "error", "error_type", "reason")

    def __init__(self, error_type: str, reason: str, error: BaseException | None = None, called: bool = True) -> None:
        self.error_type, self.reason, self.error = error_type, reason, error
        self.called = called  # or the plugin had no part in it, and its breaker does not count it

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """The failure that an exception amounts to; raises it again if it is not the plugin's to handle."""
        if isinstance(error, KeyboardInterrupt | GeneratorExit):
            raise error
        if isinstance(error, BaseExceptionGroup) and error.subgroup((KeyboardInterrupt, GeneratorExit)):
            raise error
        if isinstance(error, PluginError) and error.error_type in ERROR_TYPES:
            return cls(error.error_type, f"failed: {error.reason}", error)
        kind = "cancelled" if isinstance(error, asyncio.CancelledError) else "exception"
        if isinstance(error, PayloadError):
            kind = "payload"
        return cls(kind, f"raised {type(error).__name__}{_place(error)}", error)


def _place(error: BaseException) -> str:
    """Where an exception was raised: `` at plugin.py:12``. Its text is left out, for it may quote what it met."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f" at {PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""


TIMEOUT: Final = Failure("timeout", "took longer than its timeout")
BLOCKING: Final = Failure("blocking", "took longer than its timeout without giving way to the event loop")


class Watch:
    """Holds the current task to a deadline, by cancelling it as :func:`asyncio.timeout` does.

    A plugin that swallows the cancellation and goes on waiting is abandoned after ``GRACE``.
    """

    __slots__ = ("_before", "_cancels", "_deadline", "_task", "_timer", "abandoned")

    def __init__(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "gatehook runs on asyncio"  # noqa: S101  # nothing else suspends a coroutine here
        # A cancellation that was asked for and not yet delivered is still to come, so it is not counted as an old one.
        self._task, self._before = task, task.cancelling() - bool(getattr(task, "_must_cancel", False))
        self._cancels = 0
        self._deadline = NEVER
        self._timer: asyncio.TimerHandle | None = None
        self.abandoned = False

    def until(self, deadline: int) -> None:
        if deadline != self._deadline:
            self.stop()
            self._deadline = deadline
            if deadline != NEVER:
                self._timer = self._task.get_loop().call_later(max(0, deadline - clock()) / 1e9, self._expire)

    def stop(self) -> None:
        self._deadline = NEVER
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self.abandoned = self._cancels > 0
        self._cancels += 1
        self._task.cancel()
        self._timer = self._task.get_loop().call_later(GRACE, self._expire)

    def release(self, error: Any = None) -> None:
        """Take back our own cancellations.

        Raises:
            asyncio.CancelledError: one is left, so the caller was cancelled; ``error`` itself, if it is one.
        """
        self.stop()
        for _ in range(self._cancels):
            self._task.uncancel()
        self._cancels = 0
        if self._task.cancelling() > self._before:
            raise error if isinstance(error, asyncio.CancelledError) else asyncio.CancelledError

    def settle(self, said: Any) -> Any:
        """What a plugin that waited came to: ``said`` (an exception if it raised), or the failure that a timeout is.

        Raises:
            asyncio.CancelledError: the caller was cancelled, whether or not the plugin let that through.
        """
        late = self._cancels > 0 or clock() > self._deadline
        if isinstance(said, KeyboardInterrupt):
            raise said
        self.release(said)
        if self.abandoned:
            raise GeneratorExit  # the plugin caught even that when it was closed; nothing may run on after it
        if late:
            return TIMEOUT
        return Failure.of(said) if isinstance(said, BaseException) else said


@types.coroutine
def drive(
    coroutine: Coroutine[Any, Any, Any], awaited: Any, watch: Watch, deadline: Callable[[], int]
) -> Generator[Any, Any, Any]:
    """Run a suspended coroutine to its end, and return what it returns, or ``ABANDONED``.

    Args:
        awaited: what the coroutine yielded to the event loop.
        deadline: asked at each suspension.
    """
    value: Any
    resume: Callable[..., Any]
    try:
        while True:
            watch.until(deadline())
            try:
                value = (yield from _wait(awaited, watch)) if _delegates(awaited) else (yield awaited)
                resume = coroutine.send
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as error:  # noqa: BLE001  # a cancellation, handed on to where the coroutine waits
                if watch.abandoned:
                    close(coroutine)
                    return ABANDONED
                value, resume = error, coroutine.throw
            try:
                awaited = resume(value)
            except StopIteration as stop:
                return stop.value
    finally:
        watch.stop()


def _delegates(awaited: Any) -> bool:
    """Whether cancelling what a coroutine waits for only asks somebody else, who may not listen: a task, say."""
    return isinstance(awaited, asyncio.Future) and type(awaited) is not asyncio.Future


def _wait(awaited: asyncio.Future[Any], watch: Watch) -> Generator[Any, Any, Any]:
    """Wait for a task as the event loop does, but stop when the plugin that waits for it is to be abandoned."""
    awaited._asyncio_future_blocking = False  # as the event loop says that it has seen it
    while True:
        woken = awaited.get_loop().create_future()
        wake = partial(_wake, woken)
        awaited.add_done_callback(wake)
        try:
            yield from woken
        except asyncio.CancelledError as error:
            if watch.abandoned or not awaited.cancel(*error.args):
                raise
        else:
            return
        finally:
            awaited.remove_done_callback(wake)


def _wake(woken: asyncio.Future[None], awaited: asyncio.Future[Any]) -> None:
    if not woken.done():
        woken.set_result(None)


def close(coroutine: Coroutine[Any, Any, Any]) -> None:
    try:
        coroutine.close()
    except Exception:  # noqa: BLE001  # "coroutine ignored GeneratorExit", or an error of its cleanup
        logger.warning("a timed-out plugin refused to stop; it was abandoned")


async def bounded(call: Callable[..., Any], suspends: bool, deadline: int, *args: Any) -> Any:
    """Call one method of a plugin: what it returned, or a :class:`Failure`."""
    try:
        said = call(*args)
        if not suspends:
            return BLOCKING if clock() > deadline else said
    except BaseException as error:  # noqa: BLE001  # Failure.of raises again what must not be swallowed
        return Failure.of(error)
    try:
        awaited = said.send(None)
    except StopIteration as stop:
        return BLOCKING if clock() > deadline else stop.value
    except BaseException as error:  # noqa: BLE001
        return Failure.of(error)
    watch = Watch()
    coroutine = said
    try:
        said = await drive(coroutine, awaited, watch, lambda: deadline)
    except BaseException as error:  # noqa: BLE001
        said = error
    if said is ABANDONED:
        watch.release()
        return TIMEOUT
    return watch.settle(said)
