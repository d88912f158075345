"""The connection to one server: what is sent over it, and what its failures mean."""

from __future__ import annotations

import asyncio
from math import inf
from time import monotonic
from typing import Any, Final

import grpc.aio
from gatehook_external import NotDelivered, ServiceError

from gatehook_external_grpc.channel import metadata, open_channel
from gatehook_external_grpc.conversation import Conversation, meaning
from gatehook_external_grpc.settings import Connection

CHECK: Final = "/cpex.Health/Check"
CONVERSE: Final = "/gatehook.Plugins/Converse"

_GRACE: Final = 60.0
"""Seconds that calls have to end on a channel that is not used any more."""
_TROUBLE: Final = {
    "Connection refused": "it refuses connections",
    "No such file": "its socket is not there",
    "resolving": "its name is unknown",
    "Hostname Verification": "its certificate is for another name",
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not trusted",
    "andshake failed": "it does not speak TLS as we do",
    "Socket closed": "it closes connections, such as for want of a client certificate, or of TLS",
    "reset by peer": "it closes connections, such as for want of a client certificate, or of TLS",
    "HTTP/2": "it does not speak gRPC",
}
"""What gRPC says when it cannot connect holds one of these, in the versions that we know."""


class Unimplemented(ServiceError):
    """The server has no such method."""


class Link:
    """A channel; once it has failed, the next call opens another one, and reads the files of certificates and tokens.

    All ``seconds`` may be infinite.

    Raises:
        ConfigError: a file cannot be read, or does not fit. Paths begin in the connection's settings.
    """

    def __init__(self, connection: Connection, most_bytes: int) -> None:
        self._connection, self._most_bytes = connection, most_bytes
        self._closing: dict[grpc.aio.Channel, asyncio.Task[None]] = {}
        self._conversations: list[Conversation] = []
        self._open()

    def _open(self) -> None:
        self._metadata = metadata(self._connection)
        self._channel = open_channel(self._connection, self._most_bytes)
        self._methods: dict[str, Any] = {}
        self._failed = False

    @property
    def state(self) -> str:
        """idle, connecting, ready, transient_failure or shutdown."""
        return self._channel.get_state().name.lower()

    async def call(self, path: str, request: bytes, seconds: float) -> bytes:
        """The answer to one RPC.

        Raises:
            ServiceError, NotDelivered, TimeoutError, ConfigError: there is none.
        """
        seconds = await self._connected(seconds)
        try:
            answer: bytes = await self._method(path)(
                request, timeout=None if seconds == inf else seconds, metadata=self._metadata
            )
        except grpc.aio.AioRpcError as error:
            raise self._fault(error) from None
        return answer

    async def converse(self, call: bytes, seconds: float) -> dict[str, Any]:
        """The answer of a gatehook server to a short call; raises what :meth:`call` does."""
        if any(old.refused for old in self._conversations):
            self._failed = True
        seconds = await self._connected(seconds)
        if not self._conversations or self._conversations[-1].over:
            limit = ("gatehook-most-bytes", str(self._most_bytes))
            stream: Any = self._channel.stream_stream(CONVERSE)(metadata=(*self._metadata, limit))
            self._conversations = [old for old in self._conversations if not old.ended]
            self._conversations.append(Conversation(stream))
        return await self._conversations[-1].ask(call, seconds)

    async def close(self) -> None:
        for conversation in self._conversations:
            await conversation.close()
        for task in self._closing.values():
            task.cancel()
        for channel in (*self._closing, self._channel):
            await channel.close()

    def _method(self, path: str) -> Any:
        if path not in self._methods:
            self._methods[path] = self._channel.unary_unary(path)
        return self._methods[path]

    async def _connected(self, seconds: float) -> float:
        """Wait for the connection, and return what is left of the time.

        Nothing is sent until it stands: what fails before was surely not delivered, and what fails later may have been.
        """
        if not self._failed and self._channel.get_state(try_to_connect=True) is grpc.ChannelConnectivity.READY:
            return seconds
        if self._failed:
            self._reopen()
        until, channel = monotonic() + seconds, self._channel
        async with asyncio.timeout(None if seconds == inf else seconds):
            while (state := channel.get_state(try_to_connect=True)) is not grpc.ChannelConnectivity.READY:
                if state is grpc.ChannelConnectivity.TRANSIENT_FAILURE:
                    self._failed = self._failed or channel is self._channel
                    raise NotDelivered(await self._trouble())
                if state is grpc.ChannelConnectivity.SHUTDOWN:
                    raise NotDelivered("the connection was closed")
                await channel.wait_for_state_change(state)
        return until - monotonic()

    def _reopen(self) -> None:
        old = self._channel
        for conversation in self._conversations:
            conversation.leave()
        self._open()
        self._closing[old] = asyncio.create_task(old.close(_GRACE), name="gatehook gRPC")
        self._closing[old].add_done_callback(lambda _: self._closing.pop(old, None))

    async def _trouble(self) -> str:
        """Why there is no connection, which gRPC tells a call alone; asking for the health is a harmless one."""
        told, check = "", self._method(CHECK)
        try:
            await check(b"", timeout=1)
        except grpc.aio.AioRpcError as error:
            told = error.details() or ""
        return next((meant for words, meant in _TROUBLE.items() if words in told), "there is no connection to it")

    def _fault(self, error: grpc.aio.AioRpcError) -> Exception:
        match error.code():
            case grpc.StatusCode.DEADLINE_EXCEEDED:
                return TimeoutError()
            case grpc.StatusCode.UNIMPLEMENTED:
                return Unimplemented(meaning(error))
            case grpc.StatusCode.UNAUTHENTICATED:
                self._failed = True  # the token may have been renewed
        return ServiceError(meaning(error))
