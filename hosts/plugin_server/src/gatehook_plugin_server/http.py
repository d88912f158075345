"""The server over streamable HTTP: each request is a POST of one message, answered by one. There are no sessions.

``/health`` and ``/metrics`` are for whoever looks after the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from typing import Final

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from gatehook_plugin_server import wire
from gatehook_plugin_server.access import Access, check_exposure, tls_of, token_of
from gatehook_plugin_server.addresses import Address
from gatehook_plugin_server.endpoint import LEGACY_VERSIONS, VERSION, Endpoint
from gatehook_plugin_server.events import first
from gatehook_plugin_server.metrics import PluginMetrics
from gatehook_plugin_server.plugins import Plugins

KEEP_ALIVE: Final = 75
"""Seconds that an idle connection is kept: longer than by clients, or it would be closed under a call of theirs."""
HEADER_MISMATCH: Final = -32020
_JSON: Final = (b"content-type", b"application/json")


class Refused(Exception):
    """An HTTP status, and why."""

    def __init__(self, status: int, reason: str) -> None:
        self.status, self.reason = status, reason
        super().__init__(reason)


class Guarded:
    """Lets in what ``access`` lets in. ``/health`` needs no token."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        refused = self._access.refusal(scope["headers"], needs_token=scope["path"] != "/health")
        if refused is None:
            await self._app(scope, receive, send)
            return
        status, reason = refused
        challenge = {"WWW-Authenticate": "Bearer"} if status == 401 else None
        await JSONResponse({"error": reason}, status, challenge)(scope, receive, send)


class Exchange:
    """``POST /mcp``."""

    def __init__(self, endpoint: Endpoint, max_bytes: int, body_timeout: float) -> None:
        self._endpoint, self._max_bytes, self._body_timeout = endpoint, max_bytes, body_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        try:
            _check_media(headers)
            body = await self._body(headers, receive)
        except Refused as refused:
            close = {"Connection": "close"}  # what is left of the body is not read
            await JSONResponse({"error": refused.reason}, refused.status, close)(scope, receive, send)
            return
        try:
            message = wire.read(body)
            _check_version(headers, message)
        except wire.RpcError as error:
            await _respond(send, 400, wire.write_error(error))
            return
        if message.id is None:  # a notification, of which none tells us anything: there is no session to name it in
            await _respond(send, 202, b"")
            return
        try:
            answer = await self._answer(message, receive)
        except asyncio.CancelledError:  # the server must stop
            await _respond(send, 503, b"")
            return
        if answer is not None:
            await _respond(send, 200, answer)

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._max_bytes:
            raise Refused(413, f"the message is longer than {self._max_bytes} bytes")
        body = bytearray()
        try:
            async with asyncio.timeout(self._body_timeout):
                while True:
                    event = await receive()
                    if event["type"] == "http.disconnect":
                        raise Refused(400, "the body broke off")
                    body += event.get("body", b"")
                    if len(body) > self._max_bytes:
                        raise Refused(413, f"the message is longer than {self._max_bytes} bytes")
                    if not event.get("more_body"):
                        return bytes(body)
        except TimeoutError:
            raise Refused(408, f"the body took longer than {self._body_timeout:g} seconds") from None

    async def _answer(self, message: wire.Message, receive: Receive) -> bytes | None:
        """The answer, or nothing if the client closes the connection: then the call is cancelled."""
        call = asyncio.create_task(self._endpoint.answer(message))
        gone = None
        try:
            await asyncio.sleep(0)  # most calls have ended after their first step
            if not call.done():
                gone = asyncio.ensure_future(receive())  # of a body that was read nothing can come but the disconnect
                await asyncio.wait((call, gone), return_when=asyncio.FIRST_COMPLETED)
            return call.result() if call.done() else None
        finally:
            call.cancel()
            if gone is not None:
                gone.cancel()


async def _respond(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-length", b"%d" % len(body))]
    if body:
        headers.append(_JSON)
    start: Message = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body})


def _check_media(headers: dict[bytes, bytes]) -> None:
    media = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media != b"application/json":
        raise Refused(415, "the body must be application/json")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Refused(415, "the body must not be encoded")


def _check_version(headers: dict[bytes, bytes], message: wire.Message) -> None:
    """The version of the protocol, and from 2026-07-28 on whatever else headers tell of the message, must be true."""
    version = headers.get(b"mcp-protocol-version", b"").decode("latin-1")
    if version and version not in (*LEGACY_VERSIONS, VERSION):
        raise wire.RpcError(wire.INVALID_REQUEST, "this version of the protocol is not supported", None, message.id)
    if version != VERSION or message.id is None:
        return
    said = {b"mcp-method": message.method}
    if message.method == "tools/call":
        said[b"mcp-name"] = message.params.get("name", "")
    for name, value in said.items():
        if headers.get(name, b"").decode("latin-1") != value:
            raise wire.RpcError(
                HEADER_MISMATCH, f"the header {name.decode()} is not what the message says", None, message.id
            )


def _app(plugins: Plugins, endpoint: Endpoint, access: Access) -> ASGIApp:
    settings, metrics = plugins.settings, PluginMetrics(plugins)

    async def health(request: Request) -> Response:
        well = all(said is True for said in plugins.health().values())
        return JSONResponse({"status": "healthy" if well else "unhealthy"}, 200 if well else 503)

    async def scraped(request: Request) -> Response:
        return Response(metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    exchange = Exchange(endpoint, settings.max_request_bytes, settings.request_timeout)
    routes = [Route("/mcp", exchange, methods=["POST"]), Route("/health", health), Route("/metrics", scraped)]
    return Guarded(Starlette(routes=routes), access)


def _connections(head_timeout: float) -> type[H11Protocol]:
    """uvicorn's, which do not wait for ever for the head of a request."""

    class Connection(H11Protocol):
        late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
            super().connection_made(transport)
            self._wait()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is None or self.cycle.response_complete:
                self._wait()
            elif self.late is not None:
                self.late.cancel()
                self.late = None

        def _wait(self) -> None:
            if self.late is None:
                self.late = self.loop.call_later(head_timeout, self.transport.close)

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if self.late is not None:
                self.late.cancel()

    return Connection


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # signals are for all front ends, so the command handles them


async def serve_http(
    plugins: Plugins, endpoint: Endpoint, address: Address, stopping: asyncio.Event, tell: Callable[[str], None]
) -> None:
    """Serve until ``stopping`` is set and the calls that run then are answered, or ``drain_timeout`` is over.

    Args:
        tell: gets the URL once it can be called.

    Raises:
        ConfigError: it cannot listen there, or must not without TLS and a token.
    """
    settings = plugins.settings
    check_exposure(address, settings)
    access, tls = Access(address, settings, token_of(settings, plugins.folder)), tls_of(settings, plugins.folder)
    config = uvicorn.Config(
        _app(plugins, endpoint, access), http=_connections(settings.request_timeout), ws="none", loop="none",
        lifespan="off", log_config=None, access_log=False, proxy_headers=False, server_header=False,
        timeout_keep_alive=KEEP_ALIVE, limit_concurrency=settings.max_connections + 1,
        timeout_graceful_shutdown=ceil(settings.drain_timeout),
    )  # fmt: skip
    config.load()
    config.ssl = tls
    server = _Server(config)
    listening = address.listen()
    serving = asyncio.create_task(server.serve([listening]))
    try:
        tell(address.url(listening, secure=tls is not None))
        await first(asyncio.wait([serving]), stopping.wait())
        server.should_exit = True
        await serving
    finally:
        listening.close()
        address.forget()
