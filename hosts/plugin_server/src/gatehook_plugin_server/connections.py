"""HTTP connections, so many at a time, that do not wait for ever for a request which does not come."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol


def bounded(most: int, head_timeout: float) -> type[H11Protocol]:
    """uvicorn's connections. Over ``most`` they are closed at once, and so is one that is idle, or has sent a part of a
    request's head, for ``head_timeout`` seconds before its first request, or within a later one."""

    class Connection(H11Protocol):
        late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
            super().connection_made(transport)
            if len(self.connections) > most:
                transport.abort()
            else:
                self._wait()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is None or self.cycle.response_complete:
                self._wait()
            elif self.late is not None:
                self.late.cancel()
                self.late = None

        def _wait(self) -> None:
            if self.late is None:
                self.late = self.loop.call_later(head_timeout, self.transport.close)

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if self.late is not None:
                self.late.cancel()

    return Connection
