"""One call to a service, under every limit that the operator has set."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from time import monotonic
from typing import Any, TypeVar

from gatehook import PluginContext, PluginError

from gatehook_external.breaker import Breaker
from gatehook_external.cache import MISSING, Cache, principal
from gatehook_external.errors import NotDelivered, ServiceError
from gatehook_external.settings import CallSettings

T = TypeVar("T")


class Service:
    """The service behind one plugin.

    ``sick`` says why its health check finds it unusable, for the plugin's ``health()`` to set; while it is not empty,
    calls fail at once.
    """

    def __init__(self, plugin: str, settings: CallSettings) -> None:
        self._plugin, self._settings = plugin, settings
        self._breaker = Breaker(settings.circuit_breaker_failure_threshold, settings.circuit_breaker_timeout)
        self._cache = Cache(settings.cache_ttl_seconds, settings.cache_max_entries)
        self.sick = ""
        self.calls = self.failures = 0

    @property
    def caches(self) -> bool:
        """Whether a key is of any use."""
        return self._settings.cache_ttl_seconds > 0

    async def call(
        self,
        hook: str,
        context: PluginContext,
        send: Callable[[float], Awaitable[T]],
        *,
        key: Hashable | None = None,
    ) -> T:
        """The service's answer.

        Args:
            send: makes one attempt within so many seconds (maybe infinite), and raises ServiceError, NotDelivered or
                TimeoutError. It may run for several callers at once, so it writes nothing to the context.
            key: what makes an answer reusable, such as the digest of all that is sent. Hook and principal are added
                here. Left out, the answer is not kept. A kept answer is shared, so nobody may change it.

        Raises:
            PluginError: there is no answer.
        """
        if self.sick:
            raise PluginError(self._plugin, hook, "backend", f"its health check fails: {self.sick}")
        if key is not None and self.caches:
            key = (hook, *principal(context, self._settings.cache_scope), key)
            if (answer := self._cache.get(key)) is not MISSING:
                return answer  # type: ignore[no-any-return]
        left = context.remaining()
        if self._settings.timeout_ms is not None:
            left = min(left, self._settings.timeout_ms / 1000)
        ticket = self._breaker.admit()
        if ticket is None:
            raise PluginError(self._plugin, hook, "backend", "its circuit is open")
        try:
            async with asyncio.timeout(None if left == float("inf") else left):
                until = monotonic() + left
                for again in range(self._settings.retry_attempts, -1, -1):
                    try:
                        answer = await send(until - monotonic())
                        break
                    except NotDelivered:
                        if not again:
                            raise
                        await asyncio.sleep(0.05)
        except ServiceError as error:
            self._breaker.failed(ticket)
            raise PluginError(self._plugin, hook, error.error_type, error.reason) from error
        except TimeoutError as error:
            self._breaker.failed(ticket)
            raise PluginError(self._plugin, hook, "timeout", "took longer than its timeout") from error
        except BaseException:
            self._breaker.said_nothing(ticket)
            raise
        self._breaker.succeeded(ticket)
        if key is not None and self.caches:
            self._cache.put(key, answer)
        return answer

    def details(self) -> dict[str, Any]:
        return {"circuit": self._breaker.state}
