"""MCP over HTTP: one POST for each message.

https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import httpx2
from gatehook_external import CallSettings, NotDelivered, ServiceError, capped, within

from gatehook_external_mcp import wire
from gatehook_external_mcp.dispatcher import Dispatcher, ended
from gatehook_external_mcp.faults import of_status, told_apart
from gatehook_external_mcp.settings import Connection
from gatehook_external_mcp.wire import Json

SESSION: Final = "mcp-session-id"
VERSION: Final = "mcp-protocol-version"
_GOODBYE: Final = 1.0
"""Seconds for a server to hear that a session is over, or a call cancelled."""
_IDLE: Final = 30.0
"""Seconds until an unused connection is closed."""


class Address:
    """Where requests go, over a pool of connections.

    httpx2's transport is used without its client, which would log URLs, take cookies, and look into the environment for
    proxies and passwords. So nothing follows a redirect, either.
    """

    def __init__(self, connection: Connection, settings: CallSettings) -> None:
        """Raises :class:`ConfigError` for files of credentials that cannot be used."""
        self.url, self._allowed = connection.address, settings.allowed_response_codes
        self.limit = settings.max_response_bytes
        pool = settings.connection_pool_size
        limits = httpx2.Limits(max_connections=pool, max_keepalive_connections=pool, keepalive_expiry=_IDLE)
        with within("mcp"):
            self._headers = connection.auth.headers() if connection.auth else {}
            verify = connection.context() if self.url.scheme == "https" else False
        uds = str(connection.uds) if connection.uds else None
        self._transport = httpx2.AsyncHTTPTransport(verify=verify, trust_env=False, limits=limits, uds=uds)

    @asynccontextmanager
    async def exchange(
        self,
        method: str,
        url: httpx2.URL,
        headers: Mapping[str, str],
        content: bytes | None = None,
        *,
        told: bool = False,
    ) -> AsyncIterator[httpx2.Response]:
        """Send a request; the answer's body is read, up to the limit, within the ``async with``.

        Args:
            told: whether it is enough that the server heard it, so that 202 or 204 will do in any case.

        Raises:
            ServiceError: there is no answer, or none with a status that is allowed.
            NotDelivered: there is no connection.
        """
        sent = {"accept-encoding": "identity", "user-agent": "gatehook", **self._headers, **headers}
        request = httpx2.Request(method, url, headers=sent, content=content)
        with told_apart():
            response = await self._transport.handle_async_request(request)
            try:
                response.request = request
                allowed = [*self._allowed, 202, 204] if told else self._allowed
                if wrong := of_status(response.status_code, allowed):
                    raise Refused(wrong, response.status_code)
                if response.headers.get("content-encoding", "identity") != "identity":
                    raise ServiceError("it compressed its answer, though it was told not to")
                yield response
            finally:
                await response.aclose()

    async def body(self, response: httpx2.Response) -> bytes:
        length = response.headers.get("content-length")
        return b"".join([chunk async for chunk in capped(response.aiter_raw(), self.limit, length)])

    async def aclose(self) -> None:
        await self._transport.aclose()


class Refused(ServiceError):
    """An answer with a status that is not allowed."""

    def __init__(self, reason: str, status: int) -> None:
        self.status = status
        super().__init__(reason)


class Posts(Dispatcher):
    """Each request is a POST of its own, and its answer that POST's, as JSON or as a stream of events."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._session = ""
        self._last = 0
        self._goodbyes: set[asyncio.Task[None]] = set()

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: Mapping[str, Any] | None = None
    ) -> Json:
        if self.over:
            raise ended(self.over)
        self._last += 1
        number = self._last
        try:
            async with self._post(wire.request(number, method, params), opts) as response:
                if method == "initialize":
                    self._session = response.headers.get(SESSION, "")
                return wire.result_of(await self._answer(response, number))
        except asyncio.CancelledError:
            if self._session and method == "tools/call":  # or the end of the connection is all that there is to tell
                self._say_goodbye(wire.cancellation(number))
            raise

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: Mapping[str, Any] | None = None
    ) -> None:
        async with self._post(wire.notification(method, params), opts, told=True):
            pass

    @asynccontextmanager
    async def _post(
        self, content: bytes, opts: Mapping[str, Any] | None, *, told: bool = False
    ) -> AsyncIterator[httpx2.Response]:
        headers = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
        if self.version:
            headers[VERSION] = self.version
        if self._session:
            headers[SESSION] = self._session
        try:
            headers |= (opts or {}).get("headers") or {}  # what the SDK's session wants to be sent
            async with self._address.exchange("POST", self._address.url, headers, content, told=told) as response:
                yield response
        except Refused as error:
            if error.status == 404 and self._session:  # what a server says of a session that it does not know
                self.over = "the server forgot the session"
                raise NotDelivered(self.over) from None
            if error.status in (400, 401, 403):
                self.over = error.reason  # the next connection brings fresh credentials
            raise

    async def _answer(self, response: httpx2.Response, number: int) -> Json:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "text/event-stream":
            return await self._event(response, number)
        if kind != "application/json":
            raise ServiceError("it answered with what is neither JSON nor a stream of events")
        try:
            answer = wire.load(await self._address.body(response))
        except ValueError:
            raise ServiceError("it answered with what is no JSON") from None
        return wire.answer_to(number, answer)

    async def _event(self, response: httpx2.Response, number: int) -> Json:
        """The answer among the events, of which the others tell of progress and the like."""
        response.stream = _Capped(response, self._address.limit)
        try:
            async for event in httpx2.EventSource(response, max_event_size=self._address.limit):
                if event.event == "message" and (answer := _answer_in(event.data, number)):
                    return answer
        except httpx2.SSEError:
            raise ServiceError("it answered with what is no stream of events") from None
        raise ServiceError("it ended the stream without an answer")

    def _say_goodbye(self, content: bytes) -> None:
        task = asyncio.create_task(self._goodbye("POST", content), name="gatehook cancelled call")
        self._goodbyes.add(task)
        task.add_done_callback(self._goodbyes.discard)

    async def _goodbye(self, method: str, content: bytes | None = None) -> None:
        headers = {"content-type": "application/json", SESSION: self._session, VERSION: self.version}
        with suppress(ServiceError, TimeoutError):
            async with (
                asyncio.timeout(_GOODBYE),
                self._address.exchange(method, self._address.url, headers, content, told=True),
            ):
                pass

    async def close(self) -> None:
        self.over = self.over or "it was closed here"
        try:
            if self._goodbyes:
                await asyncio.wait(self._goodbyes)
            if self._session:
                await self._goodbye("DELETE")
        finally:
            await self._address.aclose()


class _Capped(httpx2.AsyncByteStream):
    """The body of an answer, which ends with a ServiceError where it is over the limit."""

    def __init__(self, response: httpx2.Response, limit: int) -> None:
        self._whole, self._limit = response.stream, limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._whole, httpx2.AsyncByteStream)  # noqa: S101  # what an asynchronous transport answers
        async for chunk in capped(self._whole.__aiter__(), self._limit):
            yield chunk

    async def aclose(self) -> None:
        assert isinstance(self._whole, httpx2.AsyncByteStream)  # noqa: S101  # as above
        await self._whole.aclose()


def _answer_in(data: str, number: int) -> Json | None:
    try:
        return wire.answer_to(number, wire.load(data))
    except (ValueError, ServiceError):
        return None
