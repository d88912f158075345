"""Connections that come up when they are needed: one at a time, and not again and again to what does not answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from time import monotonic
from typing import Final, NamedTuple

from gatehook_external import NotDelivered, ServiceError
from mcp import ClientSession, MCPError
from mcp_types import Implementation, PaginatedRequestParams
from pydantic import ValidationError

from gatehook_external_mcp.dispatcher import Dispatcher

logger = logging.getLogger("gatehook.external_mcp")

FIRST_WAIT: Final = 0.1
"""Seconds after a failure before the next attempt to connect; twice as long after each further one."""
LONGEST_WAIT: Final = 10.0
MOST_PAGES: Final = 100
"""Of a listing of tools."""
CLIENT: Final = Implementation(name="gatehook", version=version("gatehook-external-mcp"))

Open = Callable[[], Awaitable[Dispatcher]]


class Link(NamedTuple):
    """A connection on which the handshake was made. ``tools`` are the names of the server's."""

    dispatcher: Dispatcher
    tools: frozenset[str]


class Links:
    """The connection to one server, and the one after it broke. Whoever needs it waits for the same attempt.

    Args:
        open: begins a new one.
        limit: seconds for one to come up, handshake included.
    """

    def __init__(self, plugin: str, open: Open, limit: float) -> None:  # noqa: A002  # what it does
        self._plugin, self._open, self._limit = plugin, open, limit
        self._link: Link | None = None
        self._attempt: asyncio.Task[Link] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._failures, self._not_before, self._trouble = 0, 0.0, ""
        self._closed = False

    @property
    def state(self) -> str:
        if self._link is not None and not self._link.dispatcher.over:
            return "open"
        return "connecting" if self._attempt is not None else "closed"

    async def current(self, seconds: float) -> Link:
        """The connection, once it stands.

        Args:
            seconds: for how long the caller can wait, so that nobody waits for an attempt that comes too late.

        Raises:
            NotDelivered: there is none.
            ConfigError: a file of credentials cannot be used.
        """
        if self._link is not None:
            if not self._link.dispatcher.over:
                return self._link
            self.drop(self._link)
        if self._closed:
            raise NotDelivered("the plugin is shutting down")
        if self._attempt is None:
            if (wait := self._not_before - monotonic()) > 0:
                if wait >= seconds:
                    raise NotDelivered(self._trouble)
                await asyncio.sleep(wait)
                return await self.current(seconds - wait)
            self._attempt = asyncio.create_task(self._connect(), name=f"gatehook connect {self._plugin}")
            self._attempt.add_done_callback(self._attempted)
        attempt = self._attempt
        await asyncio.wait({attempt})
        if attempt.cancelled():
            raise NotDelivered("the plugin is shutting down")
        return attempt.result()

    def _attempted(self, attempt: asyncio.Task[Link]) -> None:
        self._attempt = None
        if attempt.cancelled():
            return
        error = attempt.exception()
        if error is None:
            self._link, self._failures = attempt.result(), 0
            return
        self._trouble = error.reason if isinstance(error, ServiceError) else "it cannot be set up"
        self._not_before = monotonic() + min(FIRST_WAIT * 2**self._failures, LONGEST_WAIT)
        self._failures += 1

    async def _connect(self) -> Link:
        """Raises as :meth:`current`."""
        dispatcher: Dispatcher | None = None
        try:
            async with asyncio.timeout(self._limit):
                dispatcher = await self._open()
                return await _shake_hands(dispatcher)
        except BaseException as error:
            if dispatcher is not None:
                self._end(dispatcher)
            if isinstance(error, TimeoutError):
                reason = f"it did not come up within {self._limit:g} seconds"
            elif isinstance(error, ServiceError):
                reason = error.reason
            else:
                raise
            said = await dispatcher.last_words() if dispatcher is not None else ""
            raise NotDelivered(f"{reason}; it said: {said}" if said else reason) from error

    def drop(self, link: Link) -> None:
        """Close a connection that is of no more use; the next call opens another."""
        if self._link is link:
            self._link = None
            logger.warning("plugin %r: the connection is closed: %s", self._plugin, link.dispatcher.over or "it hangs")
            self._end(link.dispatcher)

    def _end(self, dispatcher: Dispatcher) -> None:
        task = asyncio.create_task(dispatcher.close(), name=f"gatehook disconnect {self._plugin}")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        self._closed = True
        try:
            if self._attempt is not None:
                self._attempt.cancel()
                await asyncio.wait({self._attempt})
            if self._link is not None:
                self._end(self._link.dispatcher)
                self._link = None
            while self._closing:
                await asyncio.wait(self._closing)
        except asyncio.CancelledError:  # there is no time left to wait
            for task in self._closing:
                task.cancel()
            if self._closing:
                await asyncio.wait(self._closing)
            raise


async def _shake_hands(dispatcher: Dispatcher) -> Link:
    """Agree on a version, and learn what the server has.

    Raises:
        ServiceError: the server, or the connection, failed.
    """
    fault: Exception | None = None
    # The session is left at once: for its task group's sake, which belongs to this task. The dispatcher goes on.
    async with ClientSession(dispatcher=dispatcher, client_info=CLIENT) as session:
        try:
            told = await session.initialize()
            dispatcher.version = str(told.protocol_version)
            return Link(dispatcher, await _tools(session))
        except Exception as error:  # noqa: BLE001  # raised below, where no task group wraps it
            fault = error
    if isinstance(fault, MCPError):
        raise ServiceError(f"it refuses the handshake (error {fault.code})")
    if isinstance(fault, ValidationError):
        raise ServiceError("it answered the handshake with what MCP does not know")
    if isinstance(fault, RuntimeError):  # what the SDK raises for a version that it does not know
        raise ServiceError("it speaks a version of MCP that is not known here")
    raise fault


async def _tools(session: ClientSession) -> frozenset[str]:
    names: set[str] = set()
    cursor = None
    for _ in range(MOST_PAGES):
        page = await session.list_tools(params=PaginatedRequestParams(cursor=cursor))
        names |= {tool.name for tool in page.tools}
        cursor = page.next_cursor
        if cursor is None:
            break
    return frozenset(names)
