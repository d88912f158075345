"""The way through a text: places where something may be found are found fast, and only those are looked at closely.

Nearly everything sought holds a digit or an ``@``. So a text is seen as classes of characters (``0`` for a digit, ``a``
for a letter) in which the engine of :mod:`re` leaps from digit to digit; words and short numbers cost hardly anything.
All expressions here and in the detectors take time linear in the text: repetitions are bounded, or possessive (``++``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
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
        | (?=[ .()/+-]{1,3}0)
        | (?=[a:_/=+~-][0a_/+=.:~-]{3})
        | (?<=[0a_-]{10})
        | (?<!000)(?=(?:aa)?(?:[ -](?:aa[ ])?a{3,9}[.,]?[ -]|,[ ])0000)
        )""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"[0 .()/+-]*+")
_WORD_END = re.compile(r"[0a_/+=.:~%@-]*+")
_OF_WORDS = "0a_/+=.:~-"
_LONGEST_HEAD = 256
# Keys without any digit.
_LONG_WORD = "a" * 20
_LETTERS = re.compile(r"(?<![0a])a{20}")
_CURRENCIES = frozenset("$\u20ac\xa3\xa5")
_NOTHING: Final[Kinds] = frozenset()


@dataclass(frozen=True, slots=True)
class Detector:
    """One kind of data, and where it is looked for.

    ``at`` says what makes a place worth a look: an ``@``, a ``number`` whose classes ``fits`` takes, a ``word`` with
    digits in it, a ``name`` for this kind near one of these; or that the whole ``text`` is searched, always or if there
    is such a word in it (a ``block``). ``confidence`` is how likely a finding is what it seems to be, from 0 to 1; below
    what the operator asks for, only findings that are named count. ``partial`` shortens what was found so that its
    owner still knows it.
    """

    kind: str
    at: Literal["@", "number", "word", "name", "block", "text"]
    find: Callable[[Scan, int, int], Iterable[Span]]
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
        self._fitting: dict[str, list[Detector]] = {}

    def may_find(self, text: str) -> bool:
        """Whether there is any place in a text that is worth a look."""
        if self._whole or "@" in text or "\\u" in text or not text.isascii():
            return True
        classes = classes_of(text)
        return _PLACE.search(classes) is not None or _LONG_WORD in classes

    def find(self, scan: Scan) -> list[Finding]:
        """What the detectors find, in no order, some of it perhaps inside other findings."""
        found: list[Finding] = []
        self._search(scan, self._whole, found)
        if "@" in scan.text:
            self._search(scan, self._at_signs, found)
        number_end = word_end = 0
        for place in _PLACE.finditer(scan.classes):
            start, end = place.span()
            if start >= number_end:
                number_end = self._look_at_number(scan, start, found)
            if start >= word_end and number_end <= end + 1:
                word_end = self._look_at_word(scan, start, end, found)
        if _LONG_WORD in scan.classes:
            for letters in _LETTERS.finditer(scan.classes):
                word_end = self._look_at_word(scan, *letters.span(), found)
        if word_end:
            self._search(scan, self._blocks, found)
        return found

    def _search(self, scan: Scan, detectors: Iterable[Detector], found: list[Finding]) -> None:
        for detector in detectors:
            found += [(start, end, detector) for start, end in detector.find(scan, 0, len(scan.text))]

    def _look_at_number(self, scan: Scan, start: int, found: list[Finding]) -> int:
        """Look at the digits and signs from ``start`` on; returns where they end."""
        end = _NUMBER.match(scan.classes, start).end()  # type: ignore[union-attr]  # it matches anything
        classes = scan.classes[start:end]
        fitting = self._fitting.get(classes)
        if fitting is None:
            fitting = [detector for detector in self._numbers if detector.fits(classes)]
            if len(self._fitting) < 10_000 and len(classes) < 40:
                self._fitting[classes] = fitting
        before = len(found)
        for detector in fitting:
            self._add(scan, detector, start, end, found)
        if self._named and len(found) == before and scan.text[start - 1] not in _CURRENCIES:
            self._add_named(scan, start, end, found)
        return end

    def _look_at_word(self, scan: Scan, start: int, end: int, found: list[Finding]) -> int:
        """Look at the word around some digits; returns where it ends."""
        digit = start
        head = scan.classes[max(0, start - _LONGEST_HEAD) : start]
        start -= len(head) - len(head.rstrip(_OF_WORDS))
        end = _WORD_END.match(scan.classes, end).end()  # type: ignore[union-attr]  # it matches anything
        if end - start < 6:
            return end
        before = len(found)
        for detector in self._words:
            self._add(scan, detector, start, end, found)
        if self._named and len(found) == before:
            # In `api_key=…` the name is part of the word.
            start = max(start, scan.classes.rfind("=", start, digit) + 1, scan.classes.rfind(":", start, digit) + 1)
            self._add_named(scan, start, end, found)
        return end

    def _add(self, scan: Scan, detector: Detector, start: int, end: int, found: list[Finding]) -> None:
        sure = detector.confidence >= self._least
        for span in detector.find(scan, start, end):
            if sure or detector.kind in scan.names(*span):
                found.append((*span, detector))  # noqa: PERF401  # there is one at most, nearly always

    def _add_named(self, scan: Scan, start: int, end: int, found: list[Finding]) -> None:
        for kind in scan.names(start, end):
            if (detector := self._named.get(kind)) is not None and detector.confidence >= self._least:
                found += [(*span, detector) for span in detector.find(scan, start, end)]
