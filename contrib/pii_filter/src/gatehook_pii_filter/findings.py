"""What was found in the texts of a payload, in order, none of it inside another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from copy import copy
from functools import cache
from itertools import accumulate

from gatehook.text import View, view

from gatehook_pii_filter.masks import Mask
from gatehook_pii_filter.scan import Finding, Scan, Scanner

Found = tuple[int, int, str, Callable[[str], str] | None]
"""Where a kind stands: start, end, kind, and how to shorten what stands there so that its owner still knows it."""

_SIGNS = frozenset("-./@+_=:~")
_APART = frozenset(["", *"\0 \n\t\"',;()<>|"])

Allows = Callable[[str], bool] | None


class Joined:
    """Some of a payload's texts as one, so that they are searched at once.

    NUL is between them, which is in nothing that is sought, so no finding goes from one text into the next.

    Args:
        numbers: those that the texts have in the payload.
        key: of a number, the key under which the text stands.
    """

    def __init__(self, numbers: Sequence[int], texts: Sequence[str], key: Callable[[int], str]) -> None:
        self.text = "\0".join(texts)
        self.lays_bare = True
        """Whether more may be found than before the last masks were put in."""
        self._numbers = numbers
        self._changed: list[int] = []
        self._key = key
        self._starts: list[int] = []
        self._seen: tuple[View, Scan] | None = None

    @property
    def is_separable(self) -> bool:
        """Whether no text holds the sign that is between them."""
        return len(self._numbers) == 1 or self.text.count("\0") == len(self._numbers) - 1

    def may_hold(self, scanner: Scanner) -> bool:
        """Whether anything may be found."""
        return scanner.may_find_in(self._scan()[1])

    def findings(self, scanner: Scanner, allows: Allows) -> list[Found]:
        """What is found; not what ``allows`` accepts, nor anything inside that."""
        seen, scan = self._scan()
        found = scanner.find(scan)
        if not found:
            return []
        return [(*seen.span(start, end), kind, short) for start, end, kind, short in separate(found, scan.text, allows)]

    def _scan(self) -> tuple[View, Scan]:
        if self._seen is None:
            seen = view(self.text, case=True)
            key = cache(self._key)  # a long text has many places
            self._seen = seen, Scan(seen.text, lambda at: key(self.number(seen.span(at, at + 1)[0])))
        return self._seen

    def number(self, position: int) -> int:
        """The number of the text that is at a position."""
        if len(self._numbers) == 1:
            return self._numbers[0]
        if not self._starts:
            self._starts = [0, *accumulate(len(text) + 1 for text in self.text.split("\0"))]
        return self._numbers[bisect_right(self._starts, position) - 1]

    def replaced(self, found: list[Found], mask: Mask) -> Joined:
        """The texts with a mask for each finding."""
        text = self.text
        several = len(self._numbers) > 1
        pieces: list[str] = []
        changed = copy(self)
        changed._changed = self._changed.copy()
        behind = place = 0
        lays_bare = False
        for start, end, kind, short in found:
            masked = mask(kind, text[start:end], short)
            if several:
                place += text.count("\0", behind, start)
            changed._changed.append(place)
            pieces += text[behind:start], masked
            behind = end
            if not masked or text[start - 1 : start] not in _APART or text[end : end + 1] not in _APART:
                lays_bare = lays_bare or not masked or _touches(text[max(0, start - 2) : start], text[end : end + 2])
        pieces.append(self.text[behind:])
        changed.text = "".join(pieces)
        changed.lays_bare = lays_bare
        changed._starts = []
        changed._seen = None
        return changed

    def texts(self) -> dict[int, str]:
        """The texts that something was replaced in, by their numbers."""
        texts = [self.text] if len(self._numbers) == 1 else self.text.split("\0")
        return {self._numbers[place]: texts[place] for place in self._changed}


def _touches(before: str, behind: str) -> bool:
    """Whether letters or digits stand beside a finding, perhaps with one sign between, so that they were part of it."""
    return (
        before[-1:].isalnum()
        or behind[:1].isalnum()
        or (before[-1:] in _SIGNS and before[:1].isalnum())
        or (behind[:1] in _SIGNS and behind[1:].isalnum())
    )


def separate(found: list[Finding], text: str, allows: Allows) -> list[Found]:
    """Findings in order. Those that overlap become one that covers all of them, of the kind of the longest."""
    found.sort(key=_by_start)
    apart: list[Found] = []
    behind = longest = allowed_to = 0
    for start, end, detector in found:
        if allows is not None and allows(text[start:end]):
            allowed_to = max(allowed_to, end)
        elif end <= allowed_to:
            continue
        elif start >= behind:
            apart.append((start, end, detector.kind, detector.partial))
            behind, longest = end, end - start
        elif end > behind or end - start > longest:
            first, _, kind, partial = apart[-1]
            # A partial mask is made for one finding, not for the sum of two.
            apart[-1] = (
                first,
                max(behind, end),
                detector.kind if end - start > longest else kind,
                partial if end <= behind else None,
            )
            behind, longest = max(behind, end), max(longest, end - start)
    return apart


def _by_start(finding: Finding) -> tuple[int, int]:
    return finding[0], -finding[1]
