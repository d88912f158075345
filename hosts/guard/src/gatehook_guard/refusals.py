"""Messages that do not pass: who is told, and what is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from gatehook_guard import answers
from gatehook_guard.flight import Flight
from gatehook_guard.guarding import answer_refused
from gatehook_guard.wire import Kind, RefusedError, Sender

Send = Callable[[bytes], object]


class Refusals:
    """``counts`` are by cause. Each cause is told to the operator when it first happens."""

    def __init__(self, flight: Flight, to_client: Send, to_server: Send, say: Callable[[str], None]) -> None:
        self.counts: Counter[str] = Counter()
        self._flight, self._to_client, self._to_server, self._say = flight, to_client, to_server, say

    def count(self, what: str) -> None:
        self.counts[what] += 1
        if self.counts[what] == 1:
            self._say(what)

    def of_client(self, error: RefusedError) -> None:
        """A refused request is answered, even if nobody can tell its id; after a notification nobody waits."""
        self.count(f"a message of the client was refused: {error.reason}")
        for sender in error.senders or [Sender(Kind.REQUEST, None)]:
            if sender.kind is Kind.REQUEST:
                self._to_client(_refusal(sender, error))
            elif sender.kind is Kind.RESPONSE and sender.id is not None:
                self._to_server(_refusal(sender, error))  # whose request would wait for ever

    def of_server(self, error: RefusedError) -> None:
        """A refused answer becomes an error to the client; a refused request is answered to the server."""
        self.count(f"a message of the server was refused: {error.reason}")
        for sender in error.senders:
            if sender.kind is Kind.REQUEST and sender.id is not None:
                self._to_server(_refusal(sender, error))
            call = self._flight.awaiting(sender.id) if sender.kind is Kind.RESPONSE else None
            if call is None:
                continue
            if call.answer is not None:
                call.sent = False
                call.answer.set_exception(error)
            else:
                self._flight.end(call)
                self._to_client(answer_refused(call.id, error))


def _refusal(sender: Sender, error: RefusedError) -> bytes:
    return answers.error(sender.id, error.code, f"gatehook refused this message: {error.reason}")
