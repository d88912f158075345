"""Requests over HTTP: sent where the operator says, and nowhere else, with answers that cannot be too large."""

from __future__ import annotations

from collections.abc import AsyncIterator, Container, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpcore2
from httpx2 import URL

from gatehook_external.errors import ServiceError
from gatehook_external.limits import capped
from gatehook_external.settings import CallSettings
from gatehook_external.tls import TLS
from gatehook_external.web.faults import of_status, told_apart
from gatehook_external.web.network import Network

_IDLE: Final = 4.0
"""Seconds until an unused connection is closed. uvicorn and Node close theirs after 5 s, and a request that crosses
with that is lost."""
_SUCCESS: Final = range(200, 300)
_MISTRUSTED: Final = (
    "for want of a client certificate (tls_client_cert)",
    "since it does not trust our client certificate (tls_client_cert)",
)
"""Without one and with one, a handshake breaks that the client takes for done: TLS 1.3 asks for it last."""


class Web:
    """A pool of connections.

    It is used without httpx2's client above it, which would log URLs, take cookies, and look into the environment for
    proxies and passwords. So nothing follows a redirect, either.

    Args:
        tls: ``None`` for http.
        uds: the Unix socket of whoever is to be asked, wherever URLs seem to lead.

    Raises:
        ConfigError: a file of certificates cannot be used.
    """

    def __init__(self, settings: CallSettings, tls: TLS | None, uds: Path | None = None) -> None:
        self.limit, self._allowed = settings.max_response_bytes, settings.allowed_response_codes
        self._hint = "" if tls is None else ", perhaps " + _MISTRUSTED[tls.tls_client_cert is not None]
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls.context() if tls is not None else None,
            max_connections=settings.connection_pool_size,
            max_keepalive_connections=settings.connection_pool_size,
            keepalive_expiry=_IDLE,
            uds=str(uds) if uds else None,
            network_backend=Network() if tls is not None else None,
        )

    @asynccontextmanager
    async def exchange(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        content: bytes = b"",
        *,
        allowed: Container[int] = (),
    ) -> AsyncIterator[Answer]:
        """Send a request. The answer's body is there to be read within the ``async with``.

        Args:
            allowed: statuses, in place of ``allowed_response_codes``.

        Raises:
            Refused: the answer's status is not allowed.
            ServiceError: there is no answer.
            NotDelivered: there is no connection.
        """
        target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        # A small compressed answer may be a huge one by the time that its size is seen.
        sent = [("accept-encoding", "identity"), ("user-agent", "gatehook"), *headers.items()]
        with told_apart(self._hint):
            async with self._pool.stream(method, target, headers=sent, content=content or None) as response:
                self._hint = ""
                if wrong := of_status(response.status, allowed or self._allowed):
                    raise Refused(wrong, response.status)
                answer = Answer(response, self.limit)
                if answer.headers.get("content-encoding", "identity") != "identity":
                    raise ServiceError("it compressed its answer, though it was told not to")
                yield answer

    async def look(self, url: URL, headers: Mapping[str, str]) -> str:
        """What an endpoint for health says is wrong; empty for any status of success."""
        try:
            async with self.exchange("GET", url, headers, allowed=_SUCCESS):
                return ""
        except ServiceError as error:
            return error.reason

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
        return b"".join([chunk async for chunk in self.chunks()])

    def chunks(self, *, endless: bool = False) -> AsyncIterator[bytes]:
        """Over the limit in all only if the body is to be ``endless``; then its reader bounds the parts of it."""
        if endless:
            return self._response.aiter_stream()
        return capped(self._response.aiter_stream(), self._limit, self.headers.get("content-length"))
