"""Many calls and answers in one stream of a gatehook server: an RPC costs as much again as a small call.

A message holds lines of JSON, as many as there are to be sent, up to about 64 KiB. The client's are
``{"id", "timeout", "call": {…}}`` and ``{"id", "cancel": true}``. The server's are ``{"id", "answer": {…}}``, in any
order; ``{"id", "oversize": true}`` in place of an answer longer than the client reads; and ``{"bye": true}``: it takes
no further calls, and answers those it has.
"""

from __future__ import annotations

import asyncio
from itertools import count
from math import inf
from typing import Any, Final

import grpc.aio
from gatehook_external import NotDelivered, ServiceError
from gatehook_external.strict_json import decode

Json = dict[str, Any]

_FULL: Final = 65_536
"""Bytes of a message, from which on no further line is put into it."""
_SHORTEST: Final = 0.001
"""Seconds that are told at least, since 0 is no time to a server."""


class Conversation:
    """The client's end of a stream. Once it is ``over``, further calls need another one; maybe because the server
    ``refused`` the credentials."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._numbers = count(1)
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self._unsent: dict[int, bytes] = {}  # by the number of the call, negative where it is cancelled
        self._woken = asyncio.Event()
        self.over = self.refused = False
        self._tasks = [asyncio.create_task(work, name="gatehook gRPC") for work in (self._write(), self._read())]

    @property
    def ended(self) -> bool:
        return all(task.done() for task in self._tasks)

    async def ask(self, call: bytes, seconds: float) -> Json:
        """The answer to a call.

        Raises:
            ServiceError, NotDelivered, TimeoutError: there is none.
        """
        if seconds <= 0:
            raise TimeoutError
        number = next(self._numbers)
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        time = b"null" if seconds == inf else b"%.6f" % max(seconds, _SHORTEST)
        self._unsent[number] = b'{"id":%d,"timeout":%s,"call":%s}' % (number, time, call)
        self._woken.set()
        try:
            async with asyncio.timeout(None if seconds == inf else seconds):
                return await answer
        except (asyncio.CancelledError, TimeoutError):
            if self._unsent.pop(number, None) is None:
                self._unsent[-number] = b'{"id":%d,"cancel":true}' % number
            raise
        finally:
            del self._answers[number]
            self._woken.set()

    def leave(self) -> None:
        """Ask nothing more; what was asked is waited for."""
        self.over = True
        self._woken.set()

    async def close(self) -> None:
        self._stream.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    async def _write(self) -> None:
        try:
            while self._answers or self._unsent or not self.over:
                if self._unsent:
                    await self._stream.write(self._message())
                else:
                    self._woken.clear()
                    await self._woken.wait()
            await self._stream.done_writing()
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            pass  # the stream has ended, and the reader hears why

    def _message(self) -> bytes:
        lines = []
        size = 0
        while self._unsent and size < _FULL:
            lines.append(self._unsent.pop(next(iter(self._unsent))))
            size += len(lines[-1])
        return b"\n".join(lines)

    async def _read(self) -> None:
        reason = "it ended the connection before it answered"
        try:
            while (raw := await self._stream.read()) is not grpc.aio.EOF:
                for line in raw.split(b"\n"):
                    self._take(decode(line))
        except grpc.aio.AioRpcError as error:
            reason, self.refused = meaning(error), error.code() is grpc.StatusCode.UNAUTHENTICATED
        except (ValueError, KeyError, TypeError, AttributeError):
            reason = "it answered with what is not understood"
            self._stream.cancel()
        finally:
            self._end(reason)

    def _take(self, message: Json) -> None:
        if message.get("bye"):
            self.leave()
            return
        number = message["id"]
        if type(number) is not int:
            raise TypeError
        answer = self._answers.get(number)
        if answer is None or answer.done():
            return  # nobody waits for it any more
        if message.get("oversize"):
            answer.set_exception(ServiceError("its answer is over the limit"))
        elif type(message["answer"]) is dict:
            answer.set_result(message["answer"])
        else:
            raise TypeError

    def _end(self, reason: str) -> None:
        self.leave()
        for number, answer in self._answers.items():
            if not answer.done():
                sure = number in self._unsent
                answer.set_exception(NotDelivered(reason) if sure else ServiceError(reason))
        self._unsent.clear()


def meaning(error: grpc.aio.AioRpcError) -> str:
    """What a status says of the server. Its text is the server's own, and not for our records."""
    match error.code():
        case grpc.StatusCode.UNAVAILABLE:
            return "it became unavailable during the call"
        case grpc.StatusCode.UNAUTHENTICATED:
            return "it does not accept the credentials"
        case grpc.StatusCode.PERMISSION_DENIED:
            return "it does not permit the call"
        case grpc.StatusCode.UNIMPLEMENTED:
            return "it has no such method; is it a plugin server?"
        case grpc.StatusCode.RESOURCE_EXHAUSTED:
            return "its answer is over the limit, or the call over one of its own"
        case other:
            return f"it answered with status {other.name}"
