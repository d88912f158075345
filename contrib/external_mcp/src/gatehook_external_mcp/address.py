"""Requests over HTTP: sent where the operator says, and nowhere else, with answers that cannot be too large."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import httpx2
from gatehook_external import CallSettings, ServiceError, capped, within

from gatehook_external_mcp.faults import of_status, told_apart
from gatehook_external_mcp.settings import Connection

_IDLE: Final = 30.0
"""Seconds until an unused connection is closed."""
_TO_CONNECT: Final = 0.9
"""The part of a call's time in which it must have a connection. Were it cancelled before, httpx2 would leave the socket
of an unfinished TLS handshake open."""


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
        encrypted = self.url.scheme == "https"
        self._is_nobody = encrypted and connection.tls_client_cert is None
        with within("mcp"):
            self._headers = connection.auth.headers() if connection.auth else {}
            verify = connection.context() if encrypted else False
        uds = str(connection.uds) if connection.uds else None
        self._transport = httpx2.AsyncHTTPTransport(verify=verify, trust_env=False, limits=limits, uds=uds)

    @asynccontextmanager
    async def exchange(  # noqa: PLR0913  # the parts of a request
        self,
        method: str,
        url: httpx2.URL,
        headers: Mapping[str, str],
        content: bytes | None = None,
        *,
        seconds: float | None = None,
        further: tuple[int, ...] = (),
        endless: bool = False,
    ) -> AsyncIterator[httpx2.Response]:
        """Send a request. The answer's body is there to be read within the ``async with``; it ends with a ServiceError
        where it is over the limit, unless it is ``endless``.

        Args:
            seconds: how much time there is, for the sake of the part of it in which a connection must be had.
            further: statuses that are allowed, too.

        Raises:
            ServiceError: there is no answer, or none with a status that is allowed.
            NotDelivered: there is no connection.
        """
        sent = {"accept-encoding": "identity", "user-agent": "gatehook", **self._headers, **headers}
        timeout = {"connect": None if seconds is None else seconds * _TO_CONNECT}
        request = httpx2.Request(method, url, headers=sent, content=content, extensions={"timeout": timeout})
        with told_apart(self._is_nobody):
            response = await self._transport.handle_async_request(request)
            try:
                if wrong := of_status(response.status_code, [*self._allowed, *further]):
                    raise Refused(wrong, response.status_code)
                if response.headers.get("content-encoding", "identity") != "identity":
                    raise ServiceError("it compressed its answer, though it was told not to")
                response.request = request
                if not endless:
                    response.stream = _Capped(response, self.limit)
                yield response
            finally:
                await response.aclose()

    async def tell(  # as above
        self,
        method: str,
        url: httpx2.URL,
        headers: Mapping[str, str],
        content: bytes | None = None,
        *,
        seconds: float | None = None,
    ) -> None:
        """Send what needs no answer but that it arrived."""
        async with self.exchange(method, url, headers, content, seconds=seconds, further=(202, 204)) as response:
            await response.aread()  # or the connection would be closed

    async def aclose(self) -> None:
        await self._transport.aclose()


class Refused(ServiceError):
    """An answer with a status that is not allowed."""

    def __init__(self, reason: str, status: int) -> None:
        self.status = status
        super().__init__(reason)


class _Capped(httpx2.AsyncByteStream):
    """The body of an answer."""

    def __init__(self, response: httpx2.Response, limit: int) -> None:
        self._whole, self._limit = response.stream, limit
        self._declared = response.headers.get("content-length")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._whole, httpx2.AsyncByteStream)  # noqa: S101  # what an asynchronous transport answers
        async for chunk in capped(self._whole.__aiter__(), self._limit, self._declared):
            yield chunk

    async def aclose(self) -> None:
        assert isinstance(self._whole, httpx2.AsyncByteStream)  # noqa: S101  # as above
        await self._whole.aclose()
