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
from starlette.types import ASGIApp, Receive, Scope, Send

from gatehook_plugin_server.access import Access, check_exposure, tls_of, token_of
from gatehook_plugin_server.addresses import Address
from gatehook_plugin_server.connections import bounded
from gatehook_plugin_server.endpoint import Endpoint
from gatehook_plugin_server.events import first
from gatehook_plugin_server.exchange import Exchange
from gatehook_plugin_server.metrics import PluginMetrics
from gatehook_plugin_server.plugins import Plugins

KEEP_ALIVE: Final = 75
"""Seconds that an idle connection is kept: longer than by clients, or it would be closed under a call of theirs."""


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
        _app(plugins, endpoint, access), http=bounded(settings.max_connections, settings.request_timeout),
        ws="none", loop="none", lifespan="off", log_config=None, access_log=False,
        proxy_headers=False, server_header=False,
        timeout_keep_alive=KEEP_ALIVE, timeout_graceful_shutdown=ceil(settings.drain_timeout),
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
