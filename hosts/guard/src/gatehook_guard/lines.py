"""Bytes into lines. A line that is too long is never held: its head and tail are kept, to tell its sender."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from gatehook_guard.wire import Kind, Sender, can_answer

KEPT: Final = 4096
"""So many bytes of either end of an oversize line are kept."""


@dataclass(frozen=True, slots=True)
class Oversize:
    """A line longer than the limit: its length, and both its ends."""

    size: int
    head: bytes
    tail: bytes

    def senders(self) -> list[Sender]:
        """Its kind and id, as far as the ends tell; an id that head and tail disagree about is none."""
        seen, unfinished = _head(self.head)
        last = _tail(self.tail)
        ids = {value for value in (seen.get("id"), last.get("id")) if can_answer(value)}
        found = ids.pop() if len(ids) == 1 else None
        if isinstance(seen.get("method", last.get("method")), str):
            return [Sender(Kind.REQUEST if "id" in seen or "id" in last else Kind.NOTIFICATION, found)]
        if unfinished in ("result", "error") or seen.keys() & {"result", "error"}:
            return [Sender(Kind.RESPONSE, found)]
        return [] if found is None else [Sender(Kind.REQUEST, found)]


class Lines:
    """Cuts a stream into lines; each keeps its line feed."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._head = self._tail = b""

    def feed(self, data: bytes) -> Iterator[bytes | Oversize]:
        start = 0
        while end := data.find(b"\n", start) + 1:
            self._keep(data[start:end] if start or end < len(data) else data)
            yield self._take()
            start = end
        if start < len(data):
            self._keep(data[start:])

    def close(self) -> Iterator[bytes | Oversize]:
        """What is left at the end of the stream: a line without a line feed, which is put to it."""
        if self._size:
            self._keep(b"\n")
            yield self._take()

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size <= self.limit:
            self._parts.append(part)
            return
        if self._parts:
            before = b"".join(self._parts)
            self._parts.clear()
            self._head, self._tail = before[:KEPT], before[-KEPT:]
        self._head += part[: KEPT - len(self._head)]
        self._tail = (self._tail + part[-KEPT:])[-KEPT:]

    def _take(self) -> bytes | Oversize:
        line: bytes | Oversize
        if self._size > self.limit:
            line = Oversize(self._size, self._head, self._tail)
        else:
            line = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        self._size, self._head, self._tail = 0, b"", b""
        return line


_KEY = re.compile(r'\s*[{,]\s*("(?:[^"\\]|\\.)*")\s*:\s*')
_LAST = re.compile(
    rb',(\s*"(?:jsonrpc|id|method)"\s*:\s*(?:-?\d{1,20}|"[^"\\]{0,200}")\s*'
    rb'(?:,\s*"(?:jsonrpc|id|method)"\s*:\s*(?:-?\d{1,20}|"[^"\\]{0,200}")\s*){0,2})\}\s*$'
)


def _head(data: bytes) -> tuple[dict[str, Any], str | None]:
    """The members of an object that a beginning of it holds in full, and the key of the one that is cut off."""
    text = data.decode(errors="replace")
    decoder = json.JSONDecoder()
    seen: dict[str, Any] = {}
    at = 0
    while match := _KEY.match(text, at):
        key = None
        try:
            key = json.loads(match[1], strict=False)
            value, at = decoder.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            return seen, key
        if at >= len(text):  # a number may go on
            return seen, key
        if key in seen:
            return {}, None
        seen[key] = value
    return seen, None


def _tail(data: bytes) -> dict[str, Any]:
    """An object's last members, as far as they are plain: the brace that ends the line is the envelope's own."""
    match = _LAST.search(data)
    try:
        members = json.loads(b"{" + match[1] + b"}", object_pairs_hook=list) if match else []
    except ValueError:
        return {}
    found = dict(members)
    return found if len(found) == len(members) else {}
