"""MCP over HTTP as it was before streamable HTTP: one long stream of events, and a POST for each message.

https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from gatehook_external import NotDelivered, ServiceError
from gatehook_external.web import URL, same_origin

from gatehook_external_mcp import wire
from gatehook_external_mcp.address import Address
from gatehook_external_mcp.dispatcher import Calls, Dispatcher, ended
from gatehook_external_mcp.http import VERSION
from gatehook_external_mcp.wire import Json


class Events(Dispatcher):
    """Messages are posted to where the server says; their answers are among the events."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._calls = Calls()
        self._posts: URL = address.url
        self._reading: asyncio.Task[None] | None = None
        self._answering: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, address: Address) -> Events:
        """Raises :class:`ServiceError` if the server does not begin a stream."""
        found: asyncio.Future[URL] = asyncio.get_running_loop().create_future()
        events = cls(address)
        events._reading = asyncio.create_task(events._read(found), name="gatehook events")
        try:
            events._posts = await found
        except BaseException:
            await events.close()
            raise
        return events

    async def _read(self, found: asyncio.Future[URL]) -> None:
        why = "the server ended the stream of events"
        try:
            headers = {"accept": "text/event-stream", "cache-control": "no-store"}
            async with self._address.exchange("GET", self._address.url, headers) as answer:
                async for event in self._address.events(answer, endless=True):
                    if event.event == "endpoint" and not found.done():
                        found.set_result(self._endpoint(event.data))
                    elif event.event == "message" and event.data:
                        self._hear(event.data)
        except ServiceError as error:
            why = error.reason
            if not found.done():
                found.set_exception(error)
        finally:
            self.over = self.over or why
            if not found.done():
                found.set_exception(NotDelivered(self.over))
            self._calls.fail(self.over)

    def _endpoint(self, data: str) -> URL:
        url = self._address.url.join(data)
        if not same_origin(url, self._address.url):
            raise ServiceError("it wants messages to be sent to another origin")
        return url

    def _hear(self, data: str) -> None:
        try:
            message = wire.load(data)
        except ValueError:
            return
        if answer := self._calls.hear(message):
            self._post_later(answer)

    def _post_later(self, content: bytes) -> None:
        task = asyncio.create_task(self._try(content), name="gatehook post")
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _try(self, content: bytes) -> None:
        try:
            async with asyncio.timeout(1):
                await self._post(content)
        except (ServiceError, TimeoutError):
            pass  # nobody waits for it

    async def _post(self, content: bytes) -> None:
        headers = {"content-type": "application/json", **({VERSION: self.version} if self.version else {})}
        await self._address.tell("POST", self._posts, headers, content)

    @property
    def busy(self) -> bool:
        return len(self._calls) > 0

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: Mapping[str, Any] | None = None
    ) -> Json:
        if self.over:
            raise ended(self.over)
        number, waiting = self._calls.begin()
        try:
            await self._post(wire.request(number, method, params))
            return wire.result_of(await waiting)
        except asyncio.CancelledError:
            if method == "tools/call" and not self.over:
                self._post_later(wire.cancellation(number))
            raise
        finally:
            self._calls.forget(number)

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: Mapping[str, Any] | None = None
    ) -> None:
        await self._post(wire.notification(method, params))

    async def close(self) -> None:
        self.over = self.over or "it was closed here"
        try:
            for task in (self._reading, *self._answering):
                if task is not None:
                    task.cancel()
                    await asyncio.wait({task})
        finally:
            await self._address.aclose()
