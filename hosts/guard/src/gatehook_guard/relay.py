"""One session between a client and a server: every message passes through here, most of them as they are.

It takes lines and sends lines; where they come from and go to is the business of frontends and upstreams.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from gatehook import Runner

from gatehook_guard.flight import Call, Flight
from gatehook_guard.guarding import Caller, Guarding, ServerGoneError, refused, server_gone, unanswered
from gatehook_guard.lines import Oversize
from gatehook_guard.methods import GUARDED
from gatehook_guard.refusals import Refusals, Send
from gatehook_guard.settings import GuardSettings
from gatehook_guard.wire import INVALID_REQUEST, Batch, Kind, Message, Reader, RefusedError, dump

Line = bytes | Oversize
CANCELLED: Final = "notifications/cancelled"
_GUARDED_FOLDED: Final = {name.casefold() for name in GUARDED}


class Relay:
    """The messages of one client with one server.

    :meth:`from_client` and :meth:`from_server` tell whether they began work that wants a turn of the event loop before
    the next line is read. Given it, hooks that do not suspend keep the order of the messages.
    """

    def __init__(  # noqa: PLR0913  # what a relay stands between
        self, runner: Runner, settings: GuardSettings, caller: Caller, to_client: Send, to_server: Send,
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.flight = Flight()
        self.guarding = Guarding(runner, settings, caller, say)
        self.refusals = Refusals(self.flight, to_client, to_server, say)
        self._limit = settings.max_message_bytes
        self._to_client, self._to_server, self._say = to_client, to_server, say
        self._client_reader, self._server_reader = Reader(), Reader()
        self._server_gone = False

    # -- client to server

    def from_client(self, line: Line) -> bool:
        try:
            read = self._read(self._client_reader, line)
            if isinstance(read, Message):
                return self._client_message(read)
        except RefusedError as error:
            self.refusals.of_client(error)
            return False
        if not _distinct(read) or not all(map(self._passes_to_server, read.messages)):
            return self._take_apart(read, self._client_message, self.refusals.of_client)
        for message in read.messages:
            if message.kind is Kind.REQUEST:
                self.flight.begin(message, sent=True)
            elif message.method == CANCELLED:
                self._cancel(message)
        self._to_server(read.raw)
        return False

    def _passes_to_server(self, message: Message) -> bool:
        """Whether a message of a batch needs nothing but to be noted."""
        if message.kind is Kind.RESPONSE:
            return True
        if self.guarding.concerns(message.method) or is_misspelt(message.method):
            return False
        if message.kind is Kind.NOTIFICATION:
            call = self.flight.named_by(message) if message.method == CANCELLED else None
            return call is None or not call.in_pre_hook
        return not self._server_gone and message.id not in self.flight

    def _client_message(self, message: Message) -> bool:
        if message.kind is Kind.REQUEST:
            return self._request(message)
        # A client's response to a request of the server concerns no hook: it passes, whatever it answers.
        if message.kind is Kind.NOTIFICATION:
            if message.method == CANCELLED and not self._cancel(message):
                return False
            if self.guarding.concerns(message.method) or is_misspelt(message.method):
                raise refused(message, f"a notification of {message.method!a}, which is a request")
        self._to_server(message.raw)
        return False

    def _request(self, message: Message) -> bool:
        if message.id in self.flight:
            raise refused(message, "its id is that of another request in flight")
        if self.guarding.concerns(message.method):
            self.guarding.check_readable(message)
            call = self.flight.begin(message, sent=False)
            call.task = asyncio.create_task(self._serve(call, message))
            return True
        if is_misspelt(message.method):
            raise refused(message, "its method is a guarded one in another spelling")
        if self._server_gone:
            self._to_client(server_gone(message.id))
            return False
        self.flight.begin(message, sent=True)
        self._to_server(message.raw)
        return False

    async def _serve(self, call: Call, message: Message) -> None:
        async def ask(line: bytes, hold: bool) -> Message | None:
            self._check_current(call)
            if self._server_gone:
                raise ServerGoneError
            call.answer = asyncio.get_running_loop().create_future() if hold else None
            self.flight.sent(call)
            self._to_server(line)
            return await call.answer if call.answer is not None else None

        line: bytes | None
        try:
            line = await self.guarding.answer(message, ask)
        except Exception as error:  # noqa: BLE001  # whatever it was, the client must not wait for ever
            self._say(f"{message.method} blocked: answering raised {type(error).__name__}")
            line = unanswered(message.id)
        self._check_current(call)
        if line is None:
            call.task = None
        else:
            self.flight.end(call)
            self._to_client(line)

    def _check_current(self, call: Call) -> None:
        # A hook may have swallowed the cancellation of its call.
        if not self.flight.is_current(call):
            raise asyncio.CancelledError

    def _cancel(self, cancellation: Message) -> bool:
        """Give up a request; tells whether the server should hear of it."""
        call = self.flight.named_by(cancellation)
        if call is not None:
            self.flight.cancel(call)
        return call is None or not call.in_pre_hook

    # -- server to client

    def from_server(self, line: Line) -> bool:
        try:
            read = self._read(self._server_reader, line)
            if isinstance(read, Message):
                return self._server_message(read)
        except RefusedError as error:
            self.refusals.of_server(error)
            return False
        if not _distinct(read) or not all(map(self._passes_to_client, read.messages)):
            return self._take_apart(read, self._server_message, self.refusals.of_server)
        for message in read.messages:
            if call := self.flight.awaiting(message.id) if message.kind is Kind.RESPONSE else None:
                self._answered(call, message)
        self._to_client(read.raw)
        return False

    def _passes_to_client(self, message: Message) -> bool:
        if message.kind is Kind.RESPONSE:
            call = self.flight.awaiting(message.id)
            return call is not None and call.answer is None
        return not self._brings_task_result(message)

    def _server_message(self, message: Message) -> bool:
        if message.kind is not Kind.RESPONSE:
            if self._brings_task_result(message):
                self.refusals.count("task notifications that carry a tool's result")
            else:
                self._to_client(message.raw)
            return False
        call = self.flight.awaiting(message.id)
        if call is None:
            late = self.flight.is_late(message.id)
            self.refusals.count("late responses to cancelled requests" if late else "responses to no request in flight")
            return False
        if call.answer is not None:
            call.sent = False
            call.answer.set_result(message)
            return True
        self._answered(call, message)
        self._to_client(message.raw)
        return False

    def _answered(self, call: Call, message: Message) -> None:
        self.flight.end(call)
        if call.method == "tools/list":
            self.guarding.schemas.remember(message.body.get("result"))

    def _brings_task_result(self, message: Message) -> bool:
        if not message.method.casefold().startswith("notifications/tasks") or not self.guarding.has("tool_post_invoke"):
            return False
        params = message.body.get("params")
        keys = {key.casefold() for key in params} if isinstance(params, dict) else set()
        return not keys.isdisjoint({"result", "content", "structuredcontent"})

    def server_gone(self) -> None:
        """The server has ended: what it still owes is answered by errors, here and from now on."""
        self._server_gone = True
        for call in list(self.flight.calls.values()):
            if call.sent and call.answer is not None:
                call.sent = False
                call.answer.set_exception(ServerGoneError())
            elif call.sent:
                self.flight.end(call)
                self._to_client(server_gone(call.id))

    def close(self) -> None:
        """Give up everything in flight."""
        for call in list(self.flight.calls.values()):
            self.flight.cancel(call)

    # -- either direction

    def _read(self, reader: Reader, line: Line) -> Message | Batch:
        if isinstance(line, bytes):
            return reader.read(line)
        reason = f"it has {line.size} bytes, more than max_message_bytes allows ({self._limit})"
        raise RefusedError(reason, INVALID_REQUEST, line.senders())

    def _take_apart(
        self, batch: Batch, handle: Callable[[Message], bool], refuse: Callable[[RefusedError], None]
    ) -> bool:
        """Each message of a batch goes its own way, as a line of its own."""
        began = False
        for message in batch.messages:
            message.raw = dump(message.body)
            try:
                began |= handle(message)
            except RefusedError as error:
                refuse(error)
        return began


def is_misspelt(method: str) -> bool:
    """Whether some servers might take a method for a guarded one, which it is not by its letters."""
    return method not in GUARDED and method.casefold() in _GUARDED_FOLDED


def _distinct(batch: Batch) -> bool:
    ids = [(message.kind, message.id) for message in batch.messages if message.id is not None]
    return len(set(ids)) == len(ids)
