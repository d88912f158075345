"""The client's requests in flight: which id may be asked, answered or given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gatehook_guard.wire import Id, Message

REMEMBERED: Final = 65_536
"""So many cancelled ids are remembered, lest a late answer to one pass as the answer to another."""


@dataclass(slots=True, eq=False)
class Call:
    """One request. ``sent`` while the server owes its answer; ``answer`` if that is held for the post hook."""

    id: Id | None
    method: str
    sent: bool = False
    task: asyncio.Task[None] | None = None
    answer: asyncio.Future[Message] | None = None

    @property
    def in_pre_hook(self) -> bool:
        return not self.sent and self.answer is None


class Flight:
    """Keys are ids as they are: the integer 1 and the string "1" are two, and nothing else is an id."""

    def __init__(self) -> None:
        self.calls: dict[Id | None, Call] = {}
        self._cancelled: dict[Id | None, None] = {}
        self._changed = asyncio.Event()

    def __contains__(self, request_id: Id | None) -> bool:
        """Whether an id is taken: in flight, or cancelled while the server may still answer."""
        return request_id in self.calls or request_id in self._cancelled

    def begin(self, message: Message, sent: bool) -> Call:
        call = self.calls[message.id] = Call(message.id, message.method, sent)
        return call

    def is_current(self, call: Call) -> bool:
        return self.calls.get(call.id) is call

    def awaiting(self, request_id: Id | None) -> Call | None:
        """The call that the server owes an answer with this id."""
        call = self.calls.get(request_id)
        return call if call is not None and call.sent else None

    def end(self, call: Call) -> None:
        if self.is_current(call):
            del self.calls[call.id]
        self._changed.set()

    def sent(self, call: Call) -> None:
        call.sent = True
        self._changed.set()

    def named_by(self, cancellation: Message) -> Call | None:
        """The call that a cancellation means."""
        params = cancellation.body.get("params")
        request_id = params.get("requestId") if isinstance(params, dict) else None
        return self.calls.get(request_id) if type(request_id) is int or type(request_id) is str else None

    def cancel(self, call: Call) -> None:
        """Give up a call, and its hooks."""
        self.end(call)
        if call.task is not None:
            call.task.cancel()
        if call.sent:
            self._cancelled[call.id] = None
            if len(self._cancelled) > REMEMBERED:
                del self._cancelled[next(iter(self._cancelled))]

    def is_late(self, request_id: Id | None) -> bool:
        """Whether a response that nobody waits for is that to a cancelled request; from then on its id is free."""
        if request_id not in self._cancelled:
            return False
        del self._cancelled[request_id]
        return True

    async def until(self, condition: Callable[[list[Call]], bool]) -> None:
        """Wait until something is true of the calls in flight."""
        while not condition(list(self.calls.values())):
            self._changed.clear()
            await self._changed.wait()
