"""The way to one service: an HTTP client that is open for as long as its plugin is."""

from __future__ import annotations

import json
import os
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx2
from gatehook import ConfigError
from gatehook.text import encodable
from gatehook_external import NotDelivered, ServiceError, capped, within

from gatehook_external_http import strict_json
from gatehook_external_http.settings import ServiceSettings

_KEEPALIVE: Final = 4.0
"""Seconds. uvicorn and Node close idle connections after 5 s, and a request that crosses with that is lost."""
_HEADERS: Final = {
    "Accept": "application/json",
    # A small compressed answer may be a huge one by the time that its size is seen.
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
    "User-Agent": "gatehook",
}


class Connection:
    """It follows no redirect, reads no proxies or credentials from the environment, and no more than it may."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._client: httpx2.AsyncClient | None = None

    async def open(self) -> None:
        """
        Raises:
            ConfigError: a file of certificates or credentials cannot be used.
        """
        settings = self._settings
        size = settings.connection_pool_size
        with within("config"):
            # Reading the system's authorities takes 30 ms.
            verify = settings.context() if settings.speaks_tls else False
        self._credentials()  # a mistake in them is one of the config now, and a failure of the call later
        self._client = httpx2.AsyncClient(
            verify=verify,
            headers=_HEADERS,
            timeout=None,  # the whole call has one deadline, which the service layer holds
            follow_redirects=False,
            trust_env=False,
            limits=httpx2.Limits(max_connections=size, max_keepalive_connections=size, keepalive_expiry=_KEEPALIVE),
        )

    def _credentials(self) -> dict[str, str]:
        with within("config", "auth"):
            return self._settings.auth.headers() if self._settings.auth else {}

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def post(self, url: str, body: bytes) -> Any:
        """The service's answer to a body made by :func:`body_of`, as JSON data.

        Raises:
            ServiceError: there is none that can be used.
            NotDelivered: there is no connection.
        """
        async with self._answer("POST", url, body) as response:
            if response.status_code not in self._settings.allowed_response_codes:
                raise ServiceError(_refused(response))
            if (coding := response.headers.get("Content-Encoding", "identity")) != "identity":
                raise ServiceError(f"the answer is encoded ({coding[:20]!r}), which was not asked for")
            limit, declared = self._settings.max_response_bytes, response.headers.get("Content-Length")
            answer = b"".join([chunk async for chunk in capped(response.aiter_raw(), limit, declared)])
        try:
            return strict_json.loads(answer)
        except ValueError as error:
            raise ServiceError("the answer is not JSON") from error

    async def check(self) -> str:
        """What the health endpoint says is wrong; empty if nothing is."""
        try:
            async with self._answer("GET", self._settings.health_url, None) as response:
                return "" if response.is_success else _refused(response)
        except (ConfigError, ServiceError) as error:
            return str(error)

    @asynccontextmanager
    async def _answer(self, method: str, url: str, body: bytes | None) -> AsyncIterator[httpx2.Response]:
        """The head of the answer; its body is yet to be read, or not."""
        if self._client is None:
            raise NotDelivered("it is not open")
        try:
            headers = self._credentials()  # from a file that may have been renewed
            async with self._client.stream(method, url, content=body, headers=headers) as response:
                yield response
        except httpx2.HTTPError as error:
            raise _failure(error) from error


def body_of(value: Any) -> bytes:
    """
    Raises:
        ServiceError: the value is no JSON.
    """
    try:
        return encodable(json.dumps(value, ensure_ascii=False, allow_nan=False)).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ServiceError("what is to be sent is no JSON", "payload") from error


def _refused(response: httpx2.Response) -> str:
    status = response.status_code
    phrase = f" ({httpx2.codes.get_reason_phrase(status)})"
    hint = ", and redirects are not followed" if response.is_redirect else ""
    return f"it answered with status {status}{phrase}{hint}"


def _failure(error: httpx2.HTTPError) -> ServiceError:
    undelivered = isinstance(error, httpx2.ConnectError)
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ServiceError(f"its certificate is not accepted: {cause.verify_message}")  # nor will it be next time
        if isinstance(cause, ssl.SSLError):
            return ServiceError(f"no TLS with it: {cause.reason or 'the connection broke off'}")
        if undelivered and isinstance(cause, socket.gaierror):
            return NotDelivered("it cannot be reached: there is no address for its name")
        if undelivered and isinstance(cause, OSError) and cause.errno:
            return NotDelivered(f"it cannot be reached: {os.strerror(cause.errno)}")
    if undelivered:
        return NotDelivered("it cannot be reached")
    if isinstance(error, httpx2.RemoteProtocolError):
        return ServiceError("it broke off, or does not speak HTTP")
    return ServiceError(f"the connection failed ({type(error).__name__})")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        if isinstance(error, BaseExceptionGroup):  # one for each address
            error = error.exceptions[0]
        yield error
        error = error.__cause__ or error.__context__
