"""Requests over HTTP: sent where the operator says, and nowhere else, with answers that cannot be too large."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import httpcore2
import httpx2
from gatehook_external import CallSettings, ServiceError, capped, within

from gatehook_external_mcp.faults import of_status, told_apart
from gatehook_external_mcp.network import Network
from gatehook_external_mcp.settings import Connection

_IDLE: Final = 30.0
"""Seconds until an unused connection is closed."""


class Address:
    """Where requests go, over a pool of connections.

    The pool is used without httpx2's client above it, which would log URLs, take cookies, and look into the environment
    for proxies and passwords. So nothing follows a redirect, either.
    """

    def __init__(self, connection: Connection, settings: CallSettings) -> None:
        """Raises :class:`ConfigError` for files of credentials that cannot be used."""
        self.url, self._allowed = connection.address, settings.allowed_response_codes
        self.limit = settings.max_response_bytes
        encrypted = self.url.scheme == "https"
        self._is_nobody = encrypted and connection.tls_client_cert is None
        with within("mcp", "auth"):
            credentials = connection.auth.headers() if connection.auth else {}
        with within("mcp"):
            context = connection.context() if encrypted else None
        self._headers = {"accept-encoding": "identity", "user-agent": "gatehook", **credentials}
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context,
            max_connections=settings.connection_pool_size,
            max_keepalive_connections=settings.connection_pool_size,
            keepalive_expiry=_IDLE,
            uds=str(connection.uds) if connection.uds else None,
            network_backend=Network() if encrypted else None,
        )

    @asynccontextmanager
    async def exchange(
        self,
        method: str,
        url: httpx2.URL,
        headers: Mapping[str, str],
        content: bytes = b"",
        *,
        further: tuple[int, ...] = (),
    ) -> AsyncIterator[Answer]:
        """Send a request. The answer's body is there to be read within the ``async with``.

        Args:
            further: statuses that are allowed, too.

        Raises:
            ServiceError: there is no answer, or none with a status that is allowed.
            NotDelivered: there is no connection.
        """
        target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        sent = [*self._headers.items(), *headers.items()]
        with told_apart(self._is_nobody):
            async with self._pool.stream(method, target, headers=sent, content=content or None) as response:
                if wrong := of_status(response.status, [*self._allowed, *further]):
                    raise Refused(wrong, response.status)
                answer = Answer(response, self.limit)
                if answer.headers.get("content-encoding", "identity") != "identity":
                    raise ServiceError("it compressed its answer, though it was told not to")
                yield answer

    async def tell(self, method: str, url: httpx2.URL, headers: Mapping[str, str], content: bytes = b"") -> None:
        """Send what needs no answer but that it arrived."""
        async with self.exchange(method, url, headers, content, further=(202, 204)) as answer:
            await answer.read()  # or the connection would be closed

    async def aclose(self) -> None:
        await self._pool.aclose()


class Refused(ServiceError):
    """An answer with a status that is not allowed."""

    def __init__(self, reason: str, status: int) -> None:
        self.status = status
        super().__init__(reason)


class Answer:
    """Its reading ends with a ServiceError where it is over the limit. The names of ``headers`` are in lower case."""

    def __init__(self, response: httpcore2.Response, limit: int) -> None:
        self._response, self._limit = response, limit
        self.headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}

    @property
    def kind(self) -> str:
        """The media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def read(self) -> bytes:
        return b"".join([chunk async for chunk in self._chunks()])

    def events(self, *, endless: bool = False) -> AsyncIterator[httpx2.ServerSentEvent]:
        """None may be over the limit, nor all of them together, unless they are to be ``endless``."""
        body = _Body(self._response.aiter_stream() if endless else self._chunks())
        response = httpx2.Response(200, headers=self.headers, stream=body, request=httpx2.Request("GET", "http://x"))
        return aiter(httpx2.EventSource(response, max_event_size=self._limit))

    def _chunks(self) -> AsyncIterator[bytes]:
        return capped(self._response.aiter_stream(), self._limit, self.headers.get("content-length"))


class _Body(httpx2.AsyncByteStream):
    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks

    def __aiter__(self) -> Any:
        return self._chunks
