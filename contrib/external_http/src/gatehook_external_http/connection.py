"""The way to one service, which is open for as long as its plugin is."""

from __future__ import annotations

import json
from typing import Any, Final

from gatehook import ConfigError
from gatehook.text import encodable
from gatehook_external import NotDelivered, ServiceError, within
from gatehook_external.strict_json import decode
from gatehook_external.web import URL, Web

from gatehook_external_http.settings import ServiceSettings

_HEADERS: Final = {"accept": "application/json", "content-type": "application/json"}


class Connection:
    """To be opened before anything is asked."""

    def __init__(self, settings: ServiceSettings, endpoint: str) -> None:
        self._settings, self._endpoint = settings, URL(endpoint)
        self._web: Web | None = None

    async def open(self) -> None:
        """
        Raises:
            ConfigError: a file of certificates or credentials cannot be used.
        """
        settings = self._settings
        self._credentials()  # a mistake in them is one of the config now, and a failure of the call later
        with within("config"):
            # Without TLS there is no context: reading the system's authorities takes 30 ms.
            self._web = Web(settings, settings if settings.speaks_tls else None)

    def _credentials(self) -> dict[str, str]:
        with within("config", "auth"):
            return self._settings.auth.headers() if self._settings.auth else {}

    async def close(self) -> None:
        if self._web is not None:
            await self._web.aclose()

    async def post(self, body: bytes) -> Any:
        """The service's answer to a body made by :func:`body_of`, as JSON data.

        Raises:
            ConfigError: its credentials are in a file that cannot be used any more.
            ServiceError: there is no answer that can be used.
            NotDelivered: there is no connection.
        """
        if self._web is None:
            raise NotDelivered("it is not open")
        headers = _HEADERS | self._credentials()  # from a file that may have been renewed
        async with self._web.exchange("POST", self._endpoint, headers, body) as answer:
            content = await answer.read()
        try:
            return decode(content)
        except ValueError as error:
            raise ServiceError(f"the answer is not JSON: {error}") from error

    async def check(self) -> str:
        """What the health endpoint says is wrong; empty if nothing is."""
        if self._web is None:
            return "it is not open"
        try:
            return await self._web.look(self._settings.health_url, self._credentials())
        except ConfigError as error:
            return str(error)


def body_of(value: Any) -> bytes:
    """
    Raises:
        ServiceError: the value is no JSON.
    """
    try:
        return encodable(json.dumps(value, ensure_ascii=False, allow_nan=False)).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ServiceError("what is to be sent is no JSON", "payload") from error
