"""Bytes into lines. Of one that is too long only the ends are kept, which tell whom to answer."""

from __future__ import annotations

import re
from typing import Final

KEPT: Final = 1024
"""So many bytes of either end of an oversize line are kept."""
_FIRST: Final = re.compile(
    rb'\s*\{\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*(?:(\d{1,18})|"([\w.:-]{1,200})")\s*,', re.ASCII
)
_LAST: Final = re.compile(rb',\s*"id"\s*:\s*(?:(\d{1,18})|"([\w.:-]{1,200})")\s*\}\s*$', re.ASCII)


class Oversize:
    """A line over the limit."""

    def __init__(self, head: bytes, tail: bytes) -> None:
        self.head, self.tail = head, tail

    def request_id(self) -> int | str | None:
        """The id of the request that it is, where it stands at one of the ends, as clients write it."""
        match = _FIRST.match(self.head) or _LAST.search(self.tail)
        if match is None:
            return None
        return int(match[1]) if match[1] else match[2].decode()


class Lines:
    """Cuts a stream into lines, without their line feeds. Blank ones are left out."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[bytes | Oversize]:
        *ended, rest = data.split(b"\n")
        lines: list[bytes | Oversize] = []
        for part in ended:
            self._keep(part)
            line = self._take()
            if isinstance(line, Oversize) or line.strip():
                lines.append(line)
        if rest:
            self._keep(rest)
        return lines

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        self._parts.append(part)
        if self._size > self._limit:
            kept = b"".join(self._parts)
            self._parts = [kept[:KEPT], kept[-KEPT:]]

    def _take(self) -> bytes | Oversize:
        parts, size = self._parts, self._size
        self._parts, self._size = [], 0
        if size > self._limit:
            return Oversize(parts[0], parts[1])
        return parts[0] if len(parts) == 1 else b"".join(parts)
