"""Words by the hundred thousand, looked for all at once.

The automaton is pyahocorasick's. At each character of a text it looks through all that may come next, one by one, and
Chinese words begin with thousands of different ones: so its characters are the bytes of UTF-8.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import ahocorasick  # type: ignore[import-not-found]  # a compiled module without types
from gatehook.text import MAX_NESTED_JSON, view

from gatehook_deny_list.reading import Reading, unescaped

_BETWEEN = "\0"
"""Stands between texts that are searched in one go; no word holds it."""
_MOST_FOUND = 3
"""How many words may end at one place, on average over a text. In texts that people write, few places end any."""
_ALWAYS_FOUND = 10_000
"""How many words any text may hold, however short."""
_MOST_STEPS = 16
"""How many words that end in one another an exception may cover. One deeper is a hit, so that nothing takes long."""

# Thai and Lao, Burmese, Khmer, kana, CJK ideographs, Hangul: written without spaces, or with particles attached.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)


class _Joins(dict[str, bool]):
    """Whether a character belongs to the word beside it: letters, digits and marks of scripts that write spaces."""

    def __missing__(self, char: str) -> bool:
        joins = unicodedata.category(char)[0] in "LNM" and not _UNSPACED.match(char)
        self[char] = joins
        return joins


Hit = tuple[int, int, int]
"""Start, end, and the number of the word that stands there."""


Region = tuple[int, int, int, int]
"""A stretch that is covered by words which overlap or touch: start, end, their lists (one bit each), the longest word.

Of regions that :meth:`Words.find` returns, the last is the list of that word, the first one that has it.
"""


class TooManyWords(ValueError):
    """The text was not searched to its end, since too many words that end in one another are in it."""

    def __init__(self, most: int, characters: int) -> None:
        super().__init__(
            f"more than {most:,} words in a text of {characters:,} characters: they end in one another (a, aa, aaa …)"
        )


class Words:
    """The words of several lists, and the exceptions: words in which, or across which, a denied one is no hit.

    Args:
        lists: the words of each list.
        whole: only words of their own count. Letters, digits and combining marks beside a word make it a part of
            another; an edge of the word that is none of these, as in ``C++``, or that is of a script without spaces,
            may have any neighbour.
        case, accents: whether these make different words.

    Whatever searches a text may raise :class:`TooManyWords`.
    """

    def __init__(
        self, lists: Sequence[Iterable[str]], exceptions: Iterable[str], *, whole: bool, case: bool, accents: bool
    ) -> None:
        self._case, self._accents, self._whole = case, accents, whole
        self._joins = _Joins()
        owners: dict[str, int] = {form: -1 for word in exceptions for form in self._forms(word)}
        self._exceptions = _automaton(owners) if owners else None
        lists_of: dict[str, int] = dict.fromkeys(owners, 0)
        for number, words in enumerate(lists):
            for word in words:
                for form in self._forms(word):
                    owners.setdefault(form, number)
                    lists_of[form] = lists_of.get(form, 0) | 1 << number
        ordered = sorted(owners, key=len)
        self._automaton = _automaton(ordered)
        self._owner = [owners[form] for form in ordered]
        self._length = array("l", map(len, ordered))
        self._opens = bytes(whole and self._joins[form[0]] for form in ordered)
        self._closes = bytes(whole and self._joins[form[-1]] for form in ordered)
        self._shorter = array("l", [-1]) * len(ordered)
        self._lists = [0] * len(ordered)
        numbers = {form: number for number, form in enumerate(ordered)}
        for number, form in enumerate(ordered):
            shorter = self._shorter[number] = self._end_of(form, numbers)
            self._lists[number] = lists_of[form] | (0 if shorter < 0 else self._lists[shorter])
            if shorter >= 0 > self._owner[shorter]:
                self._owner[number] = -1  # no word, since an exception ends it

    def hold(self, text: str) -> bool:
        return bool(self.find([text]))

    def excepts(self, word: str) -> bool:
        """Whether an exception is in the word, so that it can never be found."""
        if self._exceptions is None:
            return False
        return any(any(self._exceptions.iter(_octets(form))) and not self.hold(form) for form in self._forms(word))

    def may_be_in(self, json: str) -> bool:
        """Whether any string of a JSON text may hold a word, also of JSON texts in it. It is read without parsing."""
        for _ in range(1 + MAX_NESTED_JSON):
            if any(self._hits(self._read(json + _BETWEEN).text)):
                return True
            if "\\" not in json:
                return False
            json = unescaped(json)
        return False

    def find(self, texts: Sequence[str]) -> dict[int, list[Region]]:
        """Every stretch that denied words cover, in order, by the number of the text that it is in."""
        reading = self._read(_BETWEEN.join(texts) + _BETWEEN)
        hits = list(self._hits(reading.text))
        if hits and self._exceptions:
            hits = self._not_excepted(hits)
        return self._placed(self._regions(hits), reading, texts) if hits else {}

    def _read(self, text: str) -> Reading:
        return Reading(text, case=self._case, accents=self._accents)

    def _hits(self, text: str) -> Iterator[Hit]:
        """Of each place where words end, the longest one: of those that are words of their own, if that matters."""
        whole, joins, opens, closes, length = self._whole, self._joins, self._opens, self._closes, self._length
        most = _ALWAYS_FOUND + _MOST_FOUND * len(text)
        found = self._automaton.iter(_octets(text))
        places = islice(found, most)
        decided = -1
        for last, word in places if text.isascii() else _in_characters(places, text):
            if last == decided:  # the automaton reports the longest first
                continue
            end = last + 1
            start = end - length[word]
            if whole:
                if closes[word] and joins[text[end]]:
                    decided = last  # all that end here do so with the same character
                    continue
                if opens[word] and joins[text[start - 1]]:  # before the first stands the last, which is _BETWEEN
                    continue
            decided = last
            yield start, end, word
        if next(found, None):
            raise TooManyWords(most, len(text))

    def _not_excepted(self, hits: list[Hit]) -> list[Hit]:
        owner = self._owner
        starts, ends = _merged((start, end) for start, end, word in hits if owner[word] < 0)
        if not starts:
            return hits
        kept = []
        for start, end, word in hits:
            if owner[word] < 0:
                continue
            last = bisect_left(starts, end) - 1
            if last >= 0 and ends[last] > start:
                word = self._behind(word, end - ends[last])
                if word < 0:
                    continue
            kept.append((end - self._length[word], end, word))
        return kept

    def _behind(self, word: int, length: int) -> int:
        """The longest word of at most this length that ends the given one; -1 if there is none."""
        for _ in range(_MOST_STEPS):
            if word < 0 or self._length[word] <= length:
                return word
            word = self._shorter[word]
        return word

    def _regions(self, hits: list[Hit]) -> list[Region]:
        """Hits that overlap or touch in one."""
        lists, length = self._lists, self._length
        regions: list[Region] = []
        first, last, longest = hits[0]
        held = 0
        for start, end, word in hits:
            if start > last:
                regions.append((first, last, held, longest))
                first, held, longest = start, 0, word
            elif start < first:
                first = start
                while regions and regions[-1][1] >= first:
                    earlier, _, others, other = regions.pop()
                    first, held = min(first, earlier), held | others
                    longest = max(longest, other, key=length.__getitem__)
            last = end
            held |= lists[word]
            if length[word] > length[longest]:
                longest = word
        return [*regions, (first, last, held, longest)]

    def _placed(self, regions: list[Region], reading: Reading, texts: Sequence[str]) -> dict[int, list[Region]]:
        """The regions in the texts that they are in, not in what was joined."""
        placed: dict[int, list[Region]] = {}
        if not reading.in_place:
            spans = reading.spans((start, end) for start, end, _, _ in regions)
            regions = [(*span, *region[2:]) for span, region in zip(spans, regions, strict=True)]
        text, offset, behind = -1, 0, -1
        for start, end, lists, longest in regions:
            if end > behind:
                while end > behind:
                    text += 1
                    offset, behind = behind + 1, behind + 1 + len(texts[text])
                here = placed[text] = []
            # A combining mark at the beginning of a text is seen with what was put before it.
            first = start - offset if start > offset else 0
            here.append((first, end - offset, lists, self._owner[longest]))
        return placed

    def _forms(self, word: str) -> set[str]:
        """The word as it may look: case decides what a foreign letter looks like (Greek nu: Ν like N, ν like v)."""
        cased = {word} if self._case or word.isascii() else {word, word.lower(), word.upper(), word.title()}
        return {" ".join(view(form, case=self._case, accents=self._accents).text.split()) for form in cased}

    def _end_of(self, form: str, numbers: Mapping[str, int]) -> int:
        """The longest of the shorter words that ends this one and is whole there; -1 if there is none."""
        for start in range(1, len(form)):
            if (word := numbers.get(form[start:], -1)) >= 0:
                return self._shorter[word] if self._opens[word] and self._joins[form[start - 1]] else word
        return -1


def _automaton(forms: Iterable[str]) -> ahocorasick.Automaton:
    """Of the forms' octets; it finds their numbers."""
    automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
    for number, form in enumerate(forms):
        automaton.add_word(_octets(form), number)
    automaton.make_automaton()
    return automaton


def _octets(text: str) -> str:
    """A character for each byte of UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("latin-1")


def _in_characters(places: Iterable[tuple[int, int]], text: str) -> Iterator[tuple[int, int]]:
    """What was found in the octets of a text, in order, with its place among the text's characters."""
    utf8 = text.encode("utf-8", "surrogatepass")
    behind = characters = 0
    for last, word in places:
        characters += len(utf8[behind : last + 1].decode("utf-8", "surrogatepass"))
        behind = last + 1
        yield characters - 1, word


def _merged(spans: Iterable[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Starts and ends of what the spans, which come in the order of their ends, cover together."""
    starts: list[int] = []
    ends: list[int] = []
    for start, end in spans:
        while ends and ends[-1] >= start:
            ends.pop()
            start = min(start, starts.pop())
        starts.append(start)
        ends.append(end)
    return starts, ends
