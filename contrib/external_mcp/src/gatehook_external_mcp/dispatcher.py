"""What a connection is to the SDK's session: a dispatcher, which carries requests and hands back their results.

The SDK has dispatchers of its own, over transports that tell faults apart by JSON-RPC's error codes alone. Here a fault
is an exception of the very call that it befell, so that what was surely not delivered is known for certain; and a call
over stdio takes 0.2 ms instead of 0.35.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from anyio import TASK_STATUS_IGNORED
from anyio.abc import TaskStatus
from gatehook_external import NotDelivered, ServiceError

from gatehook_external_mcp import wire
from gatehook_external_mcp.wire import Json


class Dispatcher:
    """One connection, :class:`mcp.shared.dispatcher.Dispatcher` to the SDK. ``over`` says why it ended, if it did.

    Requests of a server find no answer but an error, apart from pings, since none was invited; its notifications are
    nothing to a plugin.
    """

    over: str = ""
    version: str = ""
    """Of the protocol, once the handshake told."""

    async def last_words(self) -> str:
        """What a server that does not come up told of itself, for people."""
        return ""

    @property
    @abstractmethod
    def busy(self) -> bool:
        """Whether a ping would have to wait for calls that were sent before it, on the same line."""

    @abstractmethod
    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: Mapping[str, Any] | None = None
    ) -> Json:
        """The result of a request. Whoever waits holds the time limit; to cancel is to cancel at the server.

        Args:
            opts: the SDK's wishes; of these, ``headers`` over HTTP are heard.

        Raises:
            MCPError: the server answered with an error.
            ServiceError, NotDelivered: there is no answer.
        """

    @abstractmethod
    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: Mapping[str, Any] | None = None
    ) -> None: ...

    @abstractmethod
    async def close(self) -> None:
        """End the connection, within seconds whatever the other side does."""

    async def run(self, *handlers: Any, task_status: TaskStatus[None] = TASK_STATUS_IGNORED, **further: Any) -> None:
        """There is nothing to drive: the event loop brings what arrives."""
        task_status.started()
        await asyncio.Event().wait()


class Calls:
    """The calls that wait for an answer on a line that carries many. No number is used twice, so what comes late,
    twice or unasked finds nobody waiting."""

    def __init__(self) -> None:
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def begin(self) -> tuple[int, asyncio.Future[Json]]:
        self._last += 1
        waiting = self._waiting[self._last] = asyncio.get_running_loop().create_future()
        return self._last, waiting

    def forget(self, number: int) -> None:
        self._waiting.pop(number, None)

    def hear(self, message: Any) -> bytes | None:
        """Take in what arrived; a request is answered with what is returned."""
        if wire.is_answer(message):
            number = message.get("id")
            waiting = self._waiting.get(number) if type(number) is int else None
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
            return None
        if type(message) is not dict or type(message.get("id")) not in (int, str):
            return None
        answer: Json = {"jsonrpc": "2.0", "id": message["id"]}
        if message.get("method") == "ping":
            return wire.dump({**answer, "result": {}})
        return wire.dump({**answer, "error": {"code": wire.METHOD_NOT_FOUND, "message": "there is no such method"}})

    def fail(self, reason: str) -> None:
        """The line broke: of each call, nobody knows how far it got."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ServiceError(reason))
        self._waiting.clear()


def ended(over: str) -> NotDelivered:
    return NotDelivered(f"the connection is closed: {over}")
