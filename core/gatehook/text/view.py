"""A text as its readers see it, however its characters are disguised, and the way back to those characters."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate
from typing import Final

from gatehook.text.lookalikes import INVISIBLE, LOOKALIKES

_ASCII: Final = bytes(range(128))
_PLAIN: Final = str.maketrans({**LOOKALIKES, **dict.fromkeys(INVISIBLE, "")})
_FOREIGN_DIGIT: Final = re.compile(r"[^\D0-9]")
_NO_LETTER: Final = re.compile(r"[^\w\n]")

# Vowel signs that are no marks by class, and yet are composed with the letter before (NFC_Quick_Check=Maybe).
_VOWEL_SIGNS: Final = frozenset(
    "\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dcf\u0ddf\u102e\u1b35"
    "\U00011127\U0001133e\U00011357\U000114b0\U000114ba\U000114bd\U000115af\U00011930"
)


@dataclass(frozen=True, slots=True)
class View:
    """``text`` is what to match in; :meth:`span` gives the span of the original that a match stands for."""

    text: str
    original: str
    _shown: Sequence[int] | None = None  # where pieces begin in the text, those of an odd number being seen as one
    _bounds: Sequence[int] = ()  # where they begin in the original

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where ``original`` holds what ``text[start:end]`` shows; ``start < end``."""
        if self._shown is None:
            return start, end
        first, last = bisect_right(self._shown, start) - 1, bisect_right(self._shown, end - 1) - 1
        return (
            self._bounds[first] + (0 if first % 2 else start - self._shown[first]),
            self._bounds[last + 1] if last % 2 else self._bounds[last] + end - self._shown[last],
        )


def view(text: str, *, case: bool = False, accents: bool = False) -> View:
    """``text`` without what tells apart texts that look alike. A view seen again is the same.

    Compatibility forms are made one (NFKC), invisible characters removed, digits of all scripts and letters of other
    scripts that look like Latin ones made ASCII; case is folded unless ``case`` matters, and accents are removed unless
    ``accents`` matter. A text in plain ASCII costs next to nothing, one without anything to change little more.
    """
    if text.isascii():
        return View(text if case else text.lower(), text)
    foreign = set(text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass"))
    blocks = {ord(char) >> 8 for char in foreign}
    marks = foreign & frozenset().union(*map(_joining, blocks))
    tables = {block: _changed(block, case, accents) for block in blocks}
    shown = {char: other for char in foreign if (other := tables[ord(char) >> 8].get(char, char)) != char}
    longer = [char for char, seen in shown.items() if len(seen) != 1 and char not in marks]
    if not marks and not longer:
        seen = _with_others(text, shown)
        return View(seen if case else seen.lower(), text)
    # What is not seen as one character, and what stands between, in turn. A base and at most 30 marks, as in the
    # Stream-Safe Text Format of UAX #15: there is no writing with more.
    joining = f"[{re.escape(''.join(marks))}]"
    with_marks = f"[^\n{joining[1:]}?{joining}{{1,30}}" if marks else r"(?!)"
    alone = f"[{re.escape(''.join(longer))}]" if longer else r"(?!)"
    pieces = re.split(f"({with_marks}|{alone})", text)
    bounds = [0, *accumulate(map(len, pieces))]
    clusters = _shown(set(pieces[1::2]), case, accents)
    pieces[1::2] = map(clusters.__getitem__, pieces[1::2])
    starts = [0, *accumulate(map(len, pieces))]
    seen = _with_others("".join(pieces), {char: other for char, other in shown.items() if len(other) == 1})
    return View(seen if case else seen.lower(), text, starts, bounds)


@cache  # for as many as there are blocks
def _joining(block: int) -> frozenset[str]:
    """Of 256 characters those that join the one before."""
    return frozenset(filter(_joins_the_one_before, _characters(block)))


@cache
def _changed(block: int, case: bool, accents: bool) -> dict[str, str]:
    """Of 256 characters those that are seen as others."""
    shown = _fold("\n".join(_characters(block)), case, accents).split("\n")
    return {char: seen for char, seen in zip(_characters(block), shown, strict=True) if char != seen}


def _characters(block: int) -> list[str]:
    return [chr(code) for code in range(block << 8, block + 1 << 8) if code > 0x7F]


def _joins_the_one_before(char: str) -> bool:
    """Whether this and the character before may be seen as one: invisible characters, combining marks, and what NFKC
    composes with a letter before it, such as vowels and finals of Hangul.

    Source: UAX #15, "Unicode Normalization Forms", and the Unicode Standard, section 3.12.
    """
    first = unicodedata.normalize("NFKD", char)[0]
    return (
        unicodedata.combining(first) != 0
        or "\u1160" <= first <= "\u11ff"
        or first in _VOWEL_SIGNS
        or char in INVISIBLE
        or unicodedata.category(char) == "Me"
    )


def _with_others(text: str, others: Mapping[str, str]) -> str:
    if len(others) > 60:  # about where one pass by table gets faster than one for each character
        return text.translate({ord(char): other for char, other in others.items()})
    for char, other in others.items():
        text = text.replace(char, other)
    return text


def _shown(clusters: Collection[str], case: bool, accents: bool) -> dict[str, str]:
    """How each cluster is seen."""
    if len(clusters) > 1000:  # more than the cache may hold to any use; most likely made to be slow
        return dict(zip(clusters, _fold("\n".join(clusters), case, accents).split("\n"), strict=True))
    return {cluster: _fold_one(cluster, case, accents) for cluster in clusters}


def _fold(seen: str, case: bool, accents: bool) -> str:
    """``seen`` until it does not change any more; line breaks remain and keep apart what is between them."""
    before = ""
    while seen != before:
        before = seen
        seen = _FOREIGN_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), seen.translate(_PLAIN))
        seen = unicodedata.normalize("NFKC", seen)
        if not accents:
            parts = unicodedata.normalize("NFD", seen)
            accented = dict.fromkeys(map(ord, filter(_is_accent, set(_NO_LETTER.findall(parts)))))
            seen = unicodedata.normalize("NFC", parts.translate(accented)) if accented else seen
        if not case:
            seen = seen.casefold().lower()  # casefold() alone makes Cherokee upper case
    return seen


_fold_one = lru_cache(maxsize=4096)(_fold)


def _is_accent(char: str) -> bool:
    """Marks above, below and across letters, and around them; not the vowel signs and points of other scripts."""
    combining = unicodedata.combining(char)
    return combining == 1 or combining >= 200 or unicodedata.category(char) == "Me"
