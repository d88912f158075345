"""Requests to the server, with the credentials that it asks for, and the events in its answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Container, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx2
from gatehook_external import CallSettings, ServiceError, within
from gatehook_external.web import URL, Answer, Web

from gatehook_external_mcp.settings import Connection

SUCCESS: Final = range(200, 300)


class Address:
    """Where requests go, over a pool of connections."""

    def __init__(self, connection: Connection, settings: CallSettings) -> None:
        """Raises :class:`ConfigError` for files of credentials that cannot be used."""
        self.url, self._health_url = connection.address, connection.health_url
        with within("mcp", "auth"):
            self._credentials = connection.auth.headers() if connection.auth else {}
        with within("mcp"):
            self._web = Web(settings, connection if self.url.scheme == "https" else None, connection.uds)

    @asynccontextmanager
    async def exchange(
        self, method: str, url: URL, headers: Mapping[str, str], content: bytes = b"", allowed: Container[int] = ()
    ) -> AsyncIterator[Answer]:
        """As :meth:`Web.exchange`."""
        sent = {**self._credentials, **headers}
        try:
            async with self._web.exchange(method, url, sent, content, allowed=allowed) as answer:
                yield answer
        except httpx2.SSEError:
            raise ServiceError("it sent what is no stream of events, or an event over the limit") from None

    def events(self, answer: Answer, *, endless: bool = False) -> AsyncIterator[httpx2.ServerSentEvent]:
        """None may be over the limit, nor all of them together, unless they are to be ``endless``."""
        body = _Body(answer.chunks(endless=endless))
        response = httpx2.Response(200, headers=answer.headers, stream=body, request=httpx2.Request("GET", "http://x"))
        return aiter(httpx2.EventSource(response, max_event_size=self._web.limit))

    async def tell(self, method: str, url: URL, headers: Mapping[str, str], content: bytes = b"") -> None:
        """Send what needs no answer but that it arrived."""
        async with self.exchange(method, url, headers, content, SUCCESS) as answer:
            await answer.read()  # or the connection would be closed

    async def look(self) -> str:
        """What is wrong with the server, by its endpoint for that; empty if nothing is."""
        return await self._web.look(self._health_url, self._credentials)

    async def aclose(self) -> None:
        await self._web.aclose()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks

    def __aiter__(self) -> Any:
        return self._chunks
