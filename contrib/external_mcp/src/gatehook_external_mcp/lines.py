"""Bytes as lines, of which none may be too long."""

from __future__ import annotations


class Lines:
    """What arrives in pieces. Of a line of more than ``limit`` bytes, ``limit + 1`` come at once, and no more."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._begun = bytearray()
        self._dropping = False

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are whole now, without their ends."""
        if data.find(b"\n") == len(data) - 1 and not (self._begun or self._dropping or len(data) > self.limit):
            return [data[:-1]]  # as nearly all that arrives
        *pieces, rest = data.split(b"\n")
        lines: list[bytes] = []
        for piece in pieces:
            self._take(piece, lines)
            if not self._dropping:
                lines.append(bytes(self._begun))
            self._begun.clear()
            self._dropping = False
        self._take(rest, lines)
        return lines

    def _take(self, piece: bytes, lines: list[bytes]) -> None:
        if self._dropping:
            return
        self._begun += piece[: self.limit + 1 - len(self._begun)]
        if len(self._begun) > self.limit:
            lines.append(bytes(self._begun))
            self._begun.clear()
            self._dropping = True
