"""A text as its readers see it, however its characters are disguised, and the way back to those characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Final

from gatehook.text.lookalikes import INVISIBLE, LOOKALIKES

_ASCII: Final = bytes(range(128))


@dataclass(frozen=True, slots=True)
class View:
    """``text`` is what to match in; :meth:`span` gives the span of the original that a match stands for."""

    text: str
    original: str
    _clusters: Sequence[int] | None = None  # of each character of the view: the number of the cluster that it is of
    _bounds: Sequence[int] | None = None  # where clusters of the original begin; None if each is one character

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where ``original`` holds what ``text[start:end]`` shows; ``start < end``."""
        if self._clusters is None:
            return start, end
        first, behind = self._clusters[start], self._clusters[end - 1] + 1
        return (first, behind) if self._bounds is None else (self._bounds[first], self._bounds[behind])


def view(text: str, *, case: bool = False, accents: bool = False) -> View:
    """``text`` without what tells apart texts that look alike.

    Compatibility forms are made one (NFKC), invisible characters removed, digits of all scripts and letters of other
    scripts that look like Latin ones made ASCII; case is folded unless ``case`` matters, and accents are removed unless
    ``accents`` matter. A text in plain ASCII costs next to nothing, one without anything to change little more.
    """
    if text.isascii():
        return View(text if case else text.lower(), text)
    foreign = set(text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass"))
    marks = "".join(filter(_joins_the_one_before, foreign))
    folds = {char: _fold(char, case, accents) for char in foreign}
    if not marks and all(len(folded) == 1 for folded in folds.values()):
        if any(char != folded for char, folded in folds.items()):
            text_seen = text.translate({ord(char): folded for char, folded in folds.items()})
        else:
            text_seen = text
        return View(text_seen if case else text_seen.lower(), text)
    # A base and at most 30 marks, as in the Stream-Safe Text Format of UAX #15: there is no writing with more.
    clusters = re.findall(f"[^{re.escape(marks)}]?[{re.escape(marks)}]{{1,30}}|.", text, re.DOTALL) if marks else text
    shown = {cluster: _fold(cluster, case, accents) for cluster in set(clusters)}
    pieces = [shown[cluster] for cluster in clusters]
    numbers = [number for number, piece in enumerate(pieces) for _ in piece]
    bounds = [0, *accumulate(map(len, clusters))] if marks else None
    return View("".join(pieces), text, numbers, bounds)


def _joins_the_one_before(char: str) -> bool:
    """Whether NFKC may make one character of this and the one before: combining marks, and vowels and finals of Hangul.

    Source: UAX #15, "Unicode Normalization Forms", and the Unicode Standard, section 3.12.
    """
    return unicodedata.combining(char) != 0 or unicodedata.category(char) == "Me" or "\u1160" <= char <= "\u11ff"


@lru_cache(maxsize=4096)
def _fold(cluster: str, case: bool, accents: bool) -> str:
    seen = unicodedata.normalize("NFKC", "".join(_plain(char) for char in cluster))
    if not accents:
        parts = unicodedata.normalize("NFD", seen)
        seen = unicodedata.normalize("NFC", "".join(char for char in parts if not _is_accent(char)))
    seen = "".join(map(_plain, seen))
    return seen if case else seen.casefold().lower()  # casefold() alone makes Cherokee upper case


def _plain(char: str) -> str:
    return "" if char in INVISIBLE else LOOKALIKES.get(char) or str(unicodedata.decimal(char, char))


def _is_accent(char: str) -> bool:
    """Marks above, below and across letters, and around them; not the vowel signs and points of other scripts."""
    combining = unicodedata.combining(char)
    return combining == 1 or combining >= 200 or unicodedata.category(char) == "Me"
