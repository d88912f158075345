"""Many calls and answers in one stream, as gatehook's own clients have them: see their ``conversation`` module."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import grpc.aio
from gatehook_external.strict_json import decode
from pydantic_core import to_json

from gatehook_plugin_server.tools import is_duration

Json = dict[str, Any]
Context = grpc.aio.ServicerContext[bytes, bytes]

_BYE: Final = b'{"bye":true}'
_FULL: Final = 65_536
"""Bytes of a message, from which on no further line is put into it."""


class Conversation:
    """The server's end of a stream.

    Args:
        invoke: answers a call within so many seconds, or as long as it takes; it raises nothing but cancellation.
        most_bytes: of an answer that the client reads.
        most_calls: that wait for their end, or for the client to read their answers; meanwhile no further one is read.
    """

    def __init__(
        self,
        context: Context,
        invoke: Callable[[Any, float | None], Awaitable[Json]],
        most_bytes: float,
        most_calls: int,
    ) -> None:
        self._context, self._invoke, self._most_bytes = context, invoke, most_bytes
        self._room = asyncio.Semaphore(most_calls)
        self._running: dict[int, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsaid: deque[bytes] = deque()
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Until the client has said its last, and is answered."""
        try:
            while isinstance(raw := await self._context.read(), bytes):
                for line in raw.split(b"\n"):
                    await self._take(line)
            if self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            for task in self._tasks:
                task.cancel()

    async def leave(self) -> None:
        """Tell the client to ask elsewhere; what it has asked is answered."""
        await self._say(_BYE)

    async def _take(self, raw: bytes) -> None:
        try:
            message = decode(raw)
            number, cancel = message["id"], message.get("cancel")
            if type(number) is not int or (number in self._running and not cancel):
                raise ValueError
            seconds, call = (None, None) if cancel else (message["timeout"], message["call"])
            if seconds is not None and not is_duration(seconds):
                raise ValueError
        except (ValueError, KeyError, TypeError, AttributeError):
            await self._context.abort(grpc.StatusCode.INVALID_ARGUMENT, "this is no call")
            raise
        if cancel:
            if (running := self._running.get(number)) is not None:
                running.cancel()
            return
        await self._room.acquire()
        task = asyncio.create_task(self._answer(number, call, seconds), name="gatehook gRPC call")
        self._running[number] = task
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, number))

    def _ended(self, number: int, task: asyncio.Task[None]) -> None:
        self._running.pop(number, None)
        self._tasks.discard(task)
        self._room.release()

    async def _answer(self, number: int, call: Any, seconds: float | None) -> None:
        answer = await self._invoke(call, seconds)
        del self._running[number]  # from here on it cannot be cancelled: that would leave half a message
        raw = b'{"id":%d,"answer":%s}' % (number, to_json(answer))
        await self._say(raw if len(raw) <= self._most_bytes else b'{"id":%d,"oversize":true}' % number)

    async def _say(self, line: bytes) -> None:
        self._unsaid.append(line)
        try:
            async with self._writing:
                if self._unsaid:  # or whoever wrote before took this line along
                    await self._context.write(self._message())
        except grpc.aio.BaseError:
            pass  # the client has gone

    def _message(self) -> bytes:
        lines = [self._unsaid.popleft()]
        size = len(lines[0])
        while self._unsaid and size + len(self._unsaid[0]) < min(_FULL, self._most_bytes):
            lines.append(self._unsaid.popleft())
            size += len(lines[-1]) + 1
        return b"\n".join(lines)
