"""One call to a service, under every limit that the operator has set."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Hashable
from datetime import UTC, datetime
from math import inf
from time import monotonic
from typing import Any, Final

from gatehook import ConfigError, PluginContext, PluginError

from gatehook_external.attempts import Send, T, delivered
from gatehook_external.breaker import Breaker, Ticket
from gatehook_external.cache import MISSING, Cache, principal
from gatehook_external.errors import ServiceError
from gatehook_external.flights import Flights
from gatehook_external.settings import CallSettings

logger = logging.getLogger("gatehook.external")

LATE: Final = "took longer than its time"
TIMERS_EARLY: Final = 0.005
"""Seconds by which an event loop's timer may be early. Whoever is cancelled that late has run out of time."""


class Service:
    """The service behind one plugin.

    ``sick`` says why its health check finds it unusable, for the plugin's ``health()`` to set; while it is not empty,
    calls fail at once.
    """

    def __init__(self, plugin: str, settings: CallSettings) -> None:
        self.sick = ""
        self.caches = settings.cache_ttl_seconds > 0
        self._plugin, self._settings = plugin, settings
        self._limit = inf if settings.timeout_ms is None else settings.timeout_ms / 1000
        threshold = settings.circuit_breaker_failure_threshold if settings.circuit_breaker_enabled else inf
        self._breaker = Breaker(threshold, settings.circuit_breaker_timeout)
        self._cache = Cache(settings.cache_ttl_seconds, settings.cache_max_entries)
        self._flights = Flights()
        self._calls = self._failures = 0
        self._last_failure: dict[str, str] = {}

    async def call(self, hook: str, context: PluginContext, send: Send[T], *, key: Hashable | None = None) -> T:
        """The service's answer.

        Args:
            send: makes one attempt, and raises ServiceError, NotDelivered or TimeoutError. It is given the seconds that
                are left (maybe infinite), to send them along; they are held here. It may run for several callers at
                once, and after the first of them is gone, so it writes nothing to the context.
            key: what makes an answer reusable, such as the digest of all that is sent. Hook and principal are added
                here. Left out, or if nothing ``caches``, the answer is not kept. A kept answer is shared, so nobody may
                change it.

        Raises:
            PluginError: there is no answer.
        """
        if self.sick:
            raise PluginError(self._plugin, hook, "backend", f"its health check fails: {self.sick}")
        keeps = self.caches and key is not None
        if keeps:
            key = (hook, principal(context, self._settings.cache_scope), key)
            if (answer := self._cache.get(key)) is not MISSING:
                return answer  # type: ignore[no-any-return]  # what `send` returned for this key
        remaining = context.remaining()
        until = monotonic() + min(remaining, self._limit)
        try:
            if keeps:
                return await self._flights.join(key, until, lambda until: self._kept(key, send, until))
            return await self._guarded(send, until)
        except ServiceError as error:
            raise PluginError(self._plugin, hook, error.error_type, error.reason) from error
        except TimeoutError as error:
            limit = "its timeout" if remaining <= self._limit else f"{self._settings.timeout_ms:g} ms (timeout_ms)"
            raise PluginError(self._plugin, hook, "timeout", f"took longer than {limit}") from error

    async def _kept(self, key: Hashable, send: Send[T], until: float) -> T:
        answer = await self._guarded(send, until)
        self._cache.put(key, answer)
        return answer

    async def _guarded(self, send: Send[T], until: float) -> T:
        """A call that the breaker lets pass, and hears the end of."""
        if until <= monotonic():
            raise TimeoutError
        if (ticket := self._breaker.admit()) is None:
            raise ServiceError(self._refusal())
        self._calls += 1
        try:
            answer = await self._in_time(send, until)
        except ServiceError as error:
            self._heard(ticket, error)
            raise
        except TimeoutError:
            self._failed(ticket, LATE)
            raise
        except asyncio.CancelledError:
            # The runner's timer for the same deadline may have come first.
            if until - monotonic() <= TIMERS_EARLY:
                self._failed(ticket, LATE)
            raise
        else:
            self._succeeded(ticket)
            return answer
        finally:
            self._breaker.told_nothing(ticket)  # no matter, once it was told something

    async def _in_time(self, send: Send[T], until: float) -> T:
        try:
            async with asyncio.timeout(None if until == inf else until - monotonic()):
                return await delivered(send, until, self._settings.retry_attempts)
        except ConfigError as error:  # a file of credentials, read anew for a new connection
            raise ServiceError(str(error)) from error

    # -- what the breaker is told, and what it tells

    def _heard(self, ticket: Ticket, error: ServiceError) -> None:
        if error.error_type == "exception":
            self._succeeded(ticket)  # the plugin there failed; the service works
        elif error.error_type != "payload":
            self._failed(ticket, error.reason)

    def _succeeded(self, ticket: Ticket) -> None:
        before = self._breaker.state
        self._breaker.succeeded(ticket)
        if self._breaker.state != before:
            logger.warning("plugin %r: its service answers again, and calls are made again", self._plugin)

    def _failed(self, ticket: Ticket, reason: str) -> None:
        self._failures += 1
        self._last_failure = {"reason": reason, "at": datetime.now(UTC).isoformat(timespec="seconds")}
        before = self._breaker.state
        self._breaker.failed(ticket)
        if self._breaker.state != before:
            logger.warning("plugin %r: no calls for %.3g s: %s", self._plugin, self._breaker.wait, reason)

    def _refusal(self) -> str:
        last = self._last_failure.get("reason", "")
        if self._breaker.state == "half-open":
            return f"its circuit is half open, and one call tries the service; it failed last: {last}"
        return f"its circuit is open for another {self._breaker.wait:.3g} s; it failed last: {last}"

    def details(self) -> dict[str, Any]:
        """For the plugin's status."""
        told: dict[str, Any] = {
            "circuit": self._breaker.state if self._settings.circuit_breaker_enabled else "off",
            "calls": self._calls,
            "failures": self._failures,
            "last_failure": self._last_failure or None,
        }
        if self.caches:
            told["cache"] = {"answers": len(self._cache), "hits": self._cache.hits, "misses": self._cache.misses}
        return told
