"""What a line says, read so that no other parser can read it differently.

A relay that two parties parse differently is a hole: one sees a harmless message, the other a tool call. So every line
is read strictly, and one that parsers are known to disagree about is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
ENVELOPE: Final = frozenset({"jsonrpc", "id", "method", "params", "result", "error"})

COMMON_PARAMS: Final = frozenset({"name", "arguments", "_meta", "uri", "cursor", "progressToken", "progress", "total"})
"""No two of these are spellings of one; knowing that saves looking."""

Id = int | str


class Kind(Enum):
    REQUEST = "request"
    NOTIFICATION = "notification"
    RESPONSE = "response"


class Repeated(dict[str, Any]):
    """An object that had a key more than once: some parsers take the first, some the last."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        seen: set[str] = set()
        self.keys_repeated = {key for key, _ in pairs if key in seen or seen.add(key)}  # type: ignore[func-returns-value]


@dataclass(slots=True)
class Message:
    """One JSON-RPC message. ``raw`` is its line as it came; ``ambiguous`` tells that somewhere in it a key repeats."""

    kind: Kind
    id: Id | None
    method: str
    body: dict[str, Any]
    raw: bytes
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages that came in one line; none, if it was blank. Each one's own ``raw`` is empty."""

    messages: list[Message]
    raw: bytes


@dataclass(frozen=True, slots=True)
class Sender:
    """What could be made out of a refused message, to tell its sender: its kind, and its id where that is certain."""

    kind: Kind
    id: Id | None


class RefusedError(Exception):
    """A line that must not pass, and whom to tell."""

    def __init__(self, reason: str, code: int = INVALID_REQUEST, senders: Iterable[Sender] = ()) -> None:
        self.reason, self.code, self.senders = reason, code, tuple(senders)
        super().__init__(reason)


def dump(value: Any) -> bytes:
    """``value`` as one line.

    Raises:
        TypeError, ValueError, RecursionError: it is not JSON data, or holds NaN, an infinity or a lone surrogate.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


_HALF = re.compile("[\ud800-\udfff]")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class Reader:
    """Reads the lines of one direction."""

    def __init__(self) -> None:
        # One decoder for all lines: json.loads would build one for each.
        self._decode = json.JSONDecoder(object_pairs_hook=self._object, parse_constant=self._constant).decode
        self._repeats = self._constants = False

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        self._repeats = True
        return Repeated(pairs)

    def _constant(self, name: str) -> None:
        self._constants = True

    def read(self, line: bytes) -> Message | Batch:
        """The message in a line, or the batch; a blank line is a batch of none.

        Raises:
            RefusedError: the line is not JSON, not JSON-RPC, or can be read in two ways.
        """
        fault = None
        self._repeats = self._constants = False
        try:
            text = line.decode()
        except UnicodeDecodeError:
            text, fault = line.decode(errors="replace"), "it is not valid UTF-8"
        if line.isspace() and not line.strip(b" \t\r\n"):
            return Batch([], line)
        try:
            value = self._decode(text)
        except ValueError:
            raise RefusedError("it is not JSON", PARSE_ERROR) from None
        except RecursionError:
            raise RefusedError("it nests too deep", PARSE_ERROR) from None
        fault = fault or self._fault(line, value)
        if fault:
            raise RefusedError(fault, PARSE_ERROR, senders(value))
        if type(value) is not list:
            return self._message(value, line)
        if not value:
            raise RefusedError("it is an empty batch")
        try:
            return Batch([self._message(item, b"") for item in value], line)
        except RefusedError as refused:
            raise RefusedError(f"of one message of the batch: {refused.reason}", senders=senders(value)) from None

    def _fault(self, line: bytes, value: Any) -> str | None:
        # Readers with universal newlines take a bare CR, which JSON allows between tokens, for the end of the line:
        # an object nested in a harmless message would become a message of its own.
        if b"\r" in line and b"\r" in line.rstrip(b"\r\n"):
            return "it holds a carriage return"
        if self._constants:
            return "it holds NaN or Infinity, which JSON does not have"
        if _SURROGATE.search(line):
            try:
                dump(value)
            except (ValueError, RecursionError):
                return "it holds half a surrogate pair"
        return None

    def _message(self, value: Any, raw: bytes) -> Message:
        fault = _envelope_fault(value) or _params_fault(value.get("params")) or _kind_fault(value)
        if fault:
            raise RefusedError(fault, senders=senders(value))
        kind = Kind.RESPONSE if "method" not in value else Kind.REQUEST if "id" in value else Kind.NOTIFICATION
        return Message(kind, value.get("id"), value.get("method", ""), value, raw, self._repeats)


def _envelope_fault(value: Any) -> str | None:
    if not isinstance(value, dict):
        return "it is not a JSON object"
    if type(value) is Repeated:
        return f"its envelope repeats a key: {_shown(value.keys_repeated)}"
    if not value.keys() <= ENVELOPE and (variants := variants_of(value, ENVELOPE)):
        return f"its envelope holds a variant of a key: {_shown(variants)}"
    return None


def _params_fault(params: Any) -> str | None:
    if type(params) is Repeated:
        return "its params repeat a key"
    if type(params) is not dict or params.keys() <= COMMON_PARAMS:
        return None
    if len({key.casefold() for key in params}) < len(params):
        return "its params hold one key in two spellings"
    return None


def variants_of(keys: Iterable[str], known: frozenset[str]) -> set[str]:
    """The keys that are not in ``known``, yet some parsers would take for one of them.

    Parsers that ignore case fold Unicode too: to them the long s is an s, and the Kelvin sign a k.
    """
    folded = {key.casefold() for key in known}
    return {key for key in keys if key not in known and key.casefold() in folded}


def _kind_fault(value: dict[str, Any]) -> str | None:
    answers = ("result" in value) + ("error" in value)
    if "method" not in value:
        if answers != 1:
            return "it is neither a request nor a notification nor a response"
        if "id" not in value or not (_is_id(value["id"]) or (value["id"] is None and "error" in value)):
            return "it answers no id that is a string or an integer"
        return None
    if type(value["method"]) is not str:
        return "its method is not a string"
    if answers:
        return "it is both a request and a response"
    # Null makes it a notification to some; 7.0 is the integer 7 to some.
    return None if "id" not in value or _is_id(value["id"]) else "its id is neither a string nor an integer"


def _is_id(value: Any) -> bool:
    return type(value) is int or type(value) is str


def can_answer(value: Any) -> bool:
    """Whether a refused message's id can be put into an answer."""
    return type(value) is int or (type(value) is str and not _HALF.search(value))


def senders(value: Any) -> list[Sender]:
    """Whom to tell that a line was refused: one entry for each message in it whose kind can be made out."""
    if isinstance(value, list):
        return [sender for item in value for sender in senders(item) if not isinstance(item, list)]
    if not isinstance(value, dict):
        return []
    unsure = value.keys_repeated if type(value) is Repeated else set()
    known = value.keys() - unsure - variants_of(value, ENVELOPE)
    certain = "id" in known and can_answer(value["id"])
    if "method" in value:
        return [Sender(Kind.REQUEST if "id" in value else Kind.NOTIFICATION, value["id"] if certain else None)]
    if "result" in value or "error" in value:
        return [Sender(Kind.RESPONSE, value["id"] if certain else None)]
    return []


def _shown(keys: set[str]) -> str:
    return ", ".join(ascii(key) if len(key) <= 20 else "…" for key in sorted(keys))
