"""The way through a text: places where something may be found are found fast, and only those are looked at closely.

Nearly everything sought holds a digit or an ``@``. So a text is seen as classes of characters (``0`` for a digit, ``a``
for a letter) in which the engine of :mod:`re` leaps from digit to digit; words and short numbers cost hardly anything.
All expressions here and in the detectors take time linear in the text: repetitions are bounded, or possessive (``++``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import Final, Literal

from gatehook_pii_filter.names import Kinds, names_after, names_before, names_of_key

Span = tuple[int, int]

_CLASSES: Final = str.maketrans({**dict.fromkeys(digits, "0"), **dict.fromkeys(ascii_letters, "a")})

# A run of digits that is long, goes on behind signs, is in a long word, or is a day before a month's name and a year.
_PLACE = re.compile(
    r"""0(?<!00)[0]*+(?:
          (?<=0{5})
        | (?=[ ()/+-]{1,3}0|\.(?!00?(?![0.()/+-]))[ ]?0)  # but no decimals
        | (?=[a:_/=+~-][0a_/+=.:~-]{3})
        | (?<=[0a_-]{10})
        | (?<!000)(?=(?:aa)?(?:[ -](?:aa[ ])?a{3,9}[.,]?[ -]|,[ ])0000)
        )""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"[0 .()/+-]*+")
_WORD_END = re.compile(r"[0a_/+=.:~%@-]*+")
_OF_WORDS = "0a_/+=.:~-"
_IN_WORDS = frozenset("a_:=/+~")
_LONGEST_HEAD = 256
_SHORTEST_WORD = 6
_FEWEST_DIGITS = 5
# Which detectors fit a number is remembered by its classes.
_MOST_CLASSES = 10_000
_LONGEST_CLASSES = 40
# Keys without any digit.
_LONG_WORD = "a" * 20
_LETTERS = re.compile(r"(?<![0a])a{20}")
_NOTHING: Final[Kinds] = frozenset()


@dataclass(frozen=True, slots=True)
class Detector:
    """One kind of data, and where it is looked for.

    ``at`` says what makes a place worth a look: an ``@``, a ``number`` whose classes ``fits`` takes, a ``word`` with
    digits in it, a ``name`` for this kind near one of these; or that the whole ``text`` is searched, always or if there
    is such a word in it (a ``block``). ``confidence`` is how likely a finding is what it seems to be, 0 to 1; below
    what the operator asks for, only findings that are named count. ``partial`` shortens what was found so that its
    owner still knows it.
    """

    kind: str
    at: Literal["@", "number", "word", "name", "block", "text"]
    find: Callable[[Scan, int, int], Sequence[Span]]
    confidence: float
    partial: Callable[[str], str] | None = None
    fits: Callable[[str], object] = bool


Finding = tuple[int, int, Detector]
"""Start, end, and what found it."""


class Scan:
    """One text, or several with NUL between them, while it is searched.

    Args:
        key: of a position, the key under which the text stands that it is in.
    """

    def __init__(self, text: str, key: Callable[[int], str]) -> None:
        self.text = text
        self.classes = classes_of(text)
        self._key = key

    def names(self, start: int, end: int) -> Kinds:
        """What the words before and after a place, or the key above it, say it is."""
        named = names_before(self.text, start)
        if named is None:
            named = names_of_key(self._key(start))
        if named is None:
            named = names_after(self.text, end)
        return named or _NOTHING


def classes_of(text: str) -> str:
    """The text with ``0`` for each digit and ``a`` for each letter; ``?`` for what is not ASCII."""
    return (text if text.isascii() else text.encode("ascii", "replace").decode("ascii")).translate(_CLASSES)


def _is_long(classes: str, before: str) -> bool:
    """Whether a number is one that somebody may have been given, and no amount of money."""
    return classes.count("0") >= _FEWEST_DIGITS and before not in "$\u20ac\xa3\xa5"


class Scanner:
    """The chosen detectors as one search. Made once, used for all texts.

    Args:
        least: the confidence below which a finding must be named.
    """

    def __init__(self, detectors: Iterable[Detector], least: float) -> None:
        detectors = list(detectors)
        self._least = least
        self._at_signs = [detector for detector in detectors if detector.at == "@"]
        self._numbers = [detector for detector in detectors if detector.at == "number"]
        self._words = [detector for detector in detectors if detector.at == "word"]
        self._named = {detector.kind: detector for detector in detectors if detector.at == "name"}
        self._blocks = [detector for detector in detectors if detector.at == "block"]
        self._whole = [detector for detector in detectors if detector.at == "text"]
        self._by_classes: dict[str, list[Detector]] = {}

    def may_find(self, text: str) -> bool:
        """Whether there is any place in a text that is worth a look."""
        if self._whole or "@" in text or "\\u" in text or not text.isascii():
            return True
        classes = classes_of(text)
        return _PLACE.search(classes) is not None or _LONG_WORD in classes

    def find(self, scan: Scan) -> list[Finding]:
        """What the detectors find, in no order, some of it perhaps inside other findings."""
        found: list[Finding] = []
        text, classes = scan.text, scan.classes
        self._search(scan, self._whole, 0, len(text), found)
        if "@" in text:
            self._search(scan, self._at_signs, 0, len(text), found)
        number_end = word_end = 0
        for place in _PLACE.finditer(classes):
            start, end = place.span()
            if start >= number_end:
                number_end = _NUMBER.match(classes, start).end()  # type: ignore[union-attr]  # it matches anything
                before = len(found)
                for detector in self._fitting(classes[start:number_end]):
                    spans = detector.find(scan, start, number_end)
                    if spans:
                        self._take(scan, detector, spans, found)
                if self._named and len(found) == before and _is_long(classes[start:number_end], text[start - 1]):
                    self._search_named(scan, start, number_end, found)
            if start >= word_end and (classes[end : end + 1] in _IN_WORDS or classes[start - 1] in _IN_WORDS):
                word_end = self._look_at_word(scan, start, end, found)
        if _LONG_WORD in classes:
            for letters in _LETTERS.finditer(classes):
                word_end = self._look_at_word(scan, *letters.span(), found)
        if word_end:
            self._search(scan, self._blocks, 0, len(text), found)
        return found

    def _fitting(self, classes: str) -> list[Detector]:
        fitting = self._by_classes.get(classes)
        if fitting is None:
            fitting = [detector for detector in self._numbers if detector.fits(classes)]
            if len(self._by_classes) < _MOST_CLASSES and len(classes) < _LONGEST_CLASSES:
                self._by_classes[classes] = fitting
        return fitting

    def _look_at_word(self, scan: Scan, start: int, end: int, found: list[Finding]) -> int:
        """Look at the word around some digits; returns where it ends."""
        digit = start
        head = scan.classes[max(0, start - _LONGEST_HEAD) : start]
        start -= len(head) - len(head.rstrip(_OF_WORDS))
        end = _WORD_END.match(scan.classes, end).end()  # type: ignore[union-attr]  # it matches anything
        if end - start < _SHORTEST_WORD:
            return end
        before = len(found)
        self._search(scan, self._words, start, end, found)
        if self._named and len(found) == before:
            # In `api_key=…` the name is part of the word.
            start = max(start, scan.classes.rfind("=", start, digit) + 1, scan.classes.rfind(":", start, digit) + 1)
            self._search_named(scan, start, end, found)
        return end

    def _search(self, scan: Scan, detectors: Iterable[Detector], start: int, end: int, found: list[Finding]) -> None:
        for detector in detectors:
            self._take(scan, detector, detector.find(scan, start, end), found)

    def _search_named(self, scan: Scan, start: int, end: int, found: list[Finding]) -> None:
        for kind in scan.names(start, end):
            if (detector := self._named.get(kind)) is not None and detector.confidence >= self._least:
                found += [(*span, detector) for span in detector.find(scan, start, end)]

    def _take(self, scan: Scan, detector: Detector, spans: Iterable[Span], found: list[Finding]) -> None:
        if detector.confidence >= self._least:
            found += [(start, end, detector) for start, end in spans]
        else:
            found += [(*span, detector) for span in spans if detector.kind in scan.names(*span)]
