"""MCP over HTTP: one POST for each message.

https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Container, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import httpcore2
import httpx2
from gatehook_external import NotDelivered, ServiceError
from gatehook_external.web import Answer, Refused

from gatehook_external_mcp import wire
from gatehook_external_mcp.address import SUCCESS, Address
from gatehook_external_mcp.dispatcher import Dispatcher, ended
from gatehook_external_mcp.wire import Json

SESSION: Final = "mcp-session-id"
VERSION: Final = "mcp-protocol-version"
_END: Final = 0.1
"""Seconds for a stream of events to end, after the answer."""
_GOODBYE: Final = 1.0
"""Seconds for a server to hear that a session is over, or a call cancelled."""


class Posts(Dispatcher):
    """Each request is a POST of its own, and its answer that POST's, as JSON or as a stream of events."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._session = ""
        self._last = 0
        self._running = 0
        self._streams_end = True
        self._idle = asyncio.Event()
        self._goodbyes: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        return False  # a ping is a request of its own

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: Mapping[str, Any] | None = None
    ) -> Json:
        if self.over:
            raise ended(self.over)
        self._last += 1
        number = self._last
        self._running += 1
        try:
            async with self._post(wire.request(number, method, params), opts) as answer:
                if method == "initialize":
                    self._session = answer.headers.get(SESSION, "")
                return wire.result_of(await self._read(answer, number))
        except asyncio.CancelledError:
            if self._session and method == "tools/call":  # or the end of the connection is all that there is to tell
                self._say_goodbye(wire.cancellation(number))
            raise
        finally:
            self._running -= 1
            if self.over and not self._running:
                self._idle.set()

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: Mapping[str, Any] | None = None
    ) -> None:
        async with self._post(wire.notification(method, params), opts, SUCCESS) as answer:
            await answer.read()  # or the connection would be closed

    @asynccontextmanager
    async def _post(
        self, content: bytes, opts: Mapping[str, Any] | None, allowed: Container[int] = ()
    ) -> AsyncIterator[Answer]:
        headers = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
        if self.version:
            headers[VERSION] = self.version
        if self._session:
            headers[SESSION] = self._session
        try:
            headers |= (opts or {}).get("headers") or {}  # what the SDK's session wants to be sent
            async with self._address.exchange("POST", self._address.url, headers, content, allowed) as answer:
                yield answer
        except Refused as error:
            if error.status == 404 and self._session:  # what a server says of a session that it does not know
                self.over = "the server forgot the session"
                raise NotDelivered(self.over) from None
            if error.status in (400, 401, 403):  # 400 is what some say of a session that they forgot
                self.over = error.reason  # the next connection brings fresh credentials
            raise

    async def _read(self, answer: Answer, number: int) -> Json:
        if answer.kind == "text/event-stream":
            return await self._event(answer, number)
        if answer.kind != "application/json":
            raise ServiceError("it answered with what is neither JSON nor a stream of events")
        try:
            message = wire.load(await answer.read())
        except ValueError:
            raise ServiceError("it answered with what is no JSON") from None
        return wire.answer_to(number, message)

    async def _event(self, answer: Answer, number: int) -> Json:
        """The answer among the events, of which the others tell of progress and the like."""
        events = self._address.events(answer)
        async for event in events:
            if event.event == "message" and (message := _answer_in(event.data, number)):
                await self._see_the_end(events)
                return message
        raise ServiceError("it ended the stream without an answer")

    async def _see_the_end(self, events: AsyncIterator[httpx2.ServerSentEvent]) -> None:
        """A stream ends after its answer. Only when it was read to its end, its connection is used again."""
        if self._streams_end:
            try:
                async with asyncio.timeout(_END):
                    async for _ in events:
                        pass
            except TimeoutError:
                self._streams_end = False  # then a new connection costs less than to wait each time
            except (ServiceError, httpx2.SSEError, httpcore2.NetworkError, httpcore2.ProtocolError):
                pass

    def _say_goodbye(self, content: bytes) -> None:
        task = asyncio.create_task(self._goodbye("POST", content), name="gatehook cancelled call")
        self._goodbyes.add(task)
        task.add_done_callback(self._goodbyes.discard)

    async def _goodbye(self, method: str, content: bytes = b"") -> None:
        headers = {"content-type": "application/json", SESSION: self._session, VERSION: self.version}
        with suppress(ServiceError, TimeoutError):
            async with asyncio.timeout(_GOODBYE):
                await self._address.tell(method, self._address.url, headers, content)

    async def close(self) -> None:
        self.over = self.over or "it was closed here"
        try:
            if self._running:  # others than the one that found this connection unusable
                await self._idle.wait()
            if self._goodbyes:
                await asyncio.wait(self._goodbyes)
            if self._session:
                await self._goodbye("DELETE")
        finally:
            await self._address.aclose()


def _answer_in(data: str, number: int) -> Json | None:
    try:
        return wire.answer_to(number, wire.load(data))
    except (ValueError, ServiceError):
        return None
