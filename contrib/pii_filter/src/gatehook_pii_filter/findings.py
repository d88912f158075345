"""What was found in the texts of a payload: text by text, in order, none of it inside another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

from gatehook.text import View, view

from gatehook_pii_filter.scan import Finding, Scan, Scanner


class Found(NamedTuple):
    """Where a kind stands in one text. ``partial`` shortens it so that its owner still knows it."""

    start: int
    end: int
    kind: str
    partial: Callable[[str], str] | None


class Search:
    """The texts of one payload, joined, so that they are searched at once.

    Args:
        key: of the i-th text, the key under which it stands.
    """

    def __init__(self, texts: Sequence[str], key: Callable[[int], str]) -> None:
        self._texts = texts
        self._key = key
        # NUL is in nothing that is sought, so no finding goes from one text into the next.
        self._view: View = view(texts[0] if len(texts) == 1 else "\0".join(texts), case=True)
        self._starts: list[int] = []

    def findings(self, scanner: Scanner, allows: Callable[[str], bool]) -> dict[int, list[Found]]:
        """What is found, by the number of the text; not what ``allows`` accepts, nor anything inside that."""
        scan = Scan(self._view.text, self._key_at)
        found = scanner.find(scan)
        if not found:
            return {}
        by_text: dict[int, list[Found]] = {}
        for start, end, kind, partial in separate(found, scan.text, allows):
            first, last = self._view.span(start, end)
            index, begin = self._place(first)
            by_text.setdefault(index, []).append(Found(first - begin, last - begin, kind, partial))
        return by_text

    def _key_at(self, position: int) -> str:
        return self._key(self._place(self._view.span(position, position + 1)[0])[0])

    def _place(self, position: int) -> tuple[int, int]:
        """The number of the text at a position of the joined ones, and where it begins."""
        if len(self._texts) == 1:
            return 0, 0
        if not self._starts:
            self._starts = [0, *accumulate(len(text) + 1 for text in self._texts)]
        index = bisect_right(self._starts, position) - 1
        return index, self._starts[index]


def separate(found: list[Finding], text: str, allows: Callable[[str], bool]) -> list[Found]:
    """Findings in order. Those that overlap become one that covers all of them, of the kind of the longest."""
    found.sort(key=lambda finding: (finding[0], -finding[1]))
    apart: list[Found] = []
    behind = longest = allowed_to = 0
    for start, end, detector in found:
        if allows(text[start:end]):
            allowed_to = max(allowed_to, end)
        elif end <= allowed_to:
            continue
        elif start >= behind:
            apart.append(Found(start, end, detector.kind, detector.partial))
            behind, longest = end, end - start
        elif end > behind or end - start > longest:
            before = apart[-1]
            kind = detector.kind if end - start > longest else before.kind
            # A partial mask is made for one finding, not for the sum of two.
            apart[-1] = Found(before.start, max(behind, end), kind, before.partial if end <= behind else None)
            behind, longest = max(behind, end), max(longest, end - start)
    return apart
