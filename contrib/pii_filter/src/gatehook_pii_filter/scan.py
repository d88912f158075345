"""The way through a text: places where something may be found are found fast, and only those are looked at closely.

Nearly everything sought holds a digit or an ``@``. RE2 tells in one pass where the next number or word with digits is
that is worth a look; most texts have none. From there on, for a while, a text is seen as classes of characters (``0``
for a digit, ``a`` for a letter), in which the engine of :mod:`re` leaps from digit to digit. All its expressions, here
and in the detectors, take time linear in the text: repetitions are bounded, or possessive (``++``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import itemgetter
from string import ascii_letters, digits
from typing import Final, Literal

import re2  # type: ignore[import-untyped]  # it ships no types
from gatehook.text import view

from gatehook_pii_filter.names import Kinds, names_after, names_before, names_of_key
from gatehook_pii_filter.tables import Columns

Span = tuple[int, int]

_CLASSES: Final = bytes.maketrans((digits + ascii_letters).encode(), b"0" * len(digits) + b"a" * len(ascii_letters))

# A run of digits that is long, goes on behind signs, is in a long word, or is a day before a month's name and a year.
_OF_NUMBER = r"""(?<=0{5})
        | (?=[ ()/+-]{1,3}0|\.(?!00?(?![.()/+-]?0))[ ]?0)  # but no decimals
        | (?<!000)(?=(?:aa)?(?:[ -](?:aa[ ])?a{3,9}[.,]?[ -]|,[ ])0000)"""
_OF_WORD = r"(?=[a_/=+~-][0a_/+=.:~-]{3}|:[0a]{0,4}:) | (?<=[0a_-]{10})"
_PLACE = re.compile(rf"0(?<!00)[0]*+(?:{_OF_NUMBER}|{_OF_WORD})[0 .()/+-]*+", re.VERBOSE)
_PLACE_IN_WORD = re.compile(rf"0(?<!00)[0]*+(?:{_OF_NUMBER})[0 .()/+-]*+", re.VERBOSE)
# Wherever _PLACE or _LONG_WORD is, this is, too, and where an @ is written as in URLs; it has no way to look behind.
_WORTH_A_LOOK = re2.compile(
    rb"[0-9]{5}|[0-9][ ()/+-]{1,3}[0-9]|[0-9]\. [0-9]|[0-9]\.[0-9]{3}|[0-9]\.[0-9]{1,2}[.()/+-][0-9]"
    rb"|[0-9](?:[A-Za-z_/=+~-][0-9A-Za-z_/+=.:~-]{3}|:[0-9A-Za-z]{0,4}:)|[0-9A-Za-z_-]{9}[0-9]"
    rb"|[0-9](?:[a-z]{2})?(?:[ -](?:[a-z]{2} )?[A-Za-z]{3,9}[.,]?[ -]|, )[0-9]{4}|[A-Za-z]{20}|%40"
)
# Its public methods make objects, which takes longer than to search a short text.
_next_place: Final = partial(_WORTH_A_LOOK._regexp.Match, re2._re2.RE2.Anchor.UNANCHORED)
_STRIDE = 256
"""Characters that are looked at behind a place before RE2 is asked for the next."""
_FARTHEST = 32
"""More characters than _PLACE looks ahead, or _LONG_WORD has."""
_NUMBER = re.compile(r"[0 .()/+-]*+")
_WORD_END = re.compile(r"[0a_/+=.:~%@-]*+")
_OF_WORDS = "0a_/+=.:~-"
_IN_WORDS = frozenset({"a", "_", ":", "=", "/", "+", "~"})
_ENDS_OF_NUMBERS_IN_WORDS = frozenset("0-/+")
_LONGEST_HEAD = 256
_SHORTEST_WORD = 6
_FEWEST_DIGITS = 5
# Which detectors fit a number is remembered by its classes.
_MOST_CLASSES = 10_000
_LONGEST_CLASSES = 40
_DATE = re.compile(r"(?:19|20)\d\d(?:-[01]\d-[0-3]\d(?: .*)?| ?- ?(?:19|20)\d\d)")
_CURRENCIES = frozenset("$\u20ac\xa3\xa5")
# Keys without any digit.
_LONG_WORD = "a" * 20
_NOTHING: Final[Kinds] = frozenset()
NAMED: Final = 0.85
"""How sure a finding is of which only the form speaks, and a name."""


@dataclass(frozen=True, slots=True)
class Detector:
    """One kind of data, and where it is looked for.

    ``at`` says what makes a place worth a look: an ``@``, a ``number`` or a ``word`` with digits in it whose classes
    ``fits`` takes, a ``name`` for this kind near one of these; or that the whole ``text`` is searched, always or if
    there is such a word in it (a ``block``). ``confidence`` is how likely a finding is what it seems to be, 0 to 1;
    below what the operator asks for, only findings that are named count. ``partial`` shortens what was found so that
    its owner still knows it.
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
        self._key = key
        self._columns = Columns(text)
        self.word_end = 0
        """Where the last word ends that was looked at."""

    @cached_property
    def ascii(self) -> bytes:
        """The text with ``?`` for each character that is not ASCII."""
        return self.text.encode("ascii", "replace")

    @cached_property
    def classes(self) -> str:
        return self.ascii.translate(_CLASSES).decode("ascii")

    def names(self, start: int, end: int) -> Kinds:
        """What the column that a place is in, the words before and after it, or the key above it, say it is."""
        column = self._columns.name(start)
        named = names_of_key(column) if column else None
        if named is None:
            named = names_before(self.text, start)
        if named is None:
            named = names_of_key(self._key(start))
        if named is None:
            named = names_after(self.text, end)
        return named or _NOTHING


# However often it was escaped, as in JSON in JSON; from the first of some backslashes on.
_ESCAPE = re.compile(r"\\(?<!\\\\)(?:\\*+/|\\*+u[0-9A-Fa-f]{4}(?:\\++u[0-9A-Fa-f]{4})*+)")


def unescaped(text: str) -> str:
    """JSON with the characters themselves where they are escaped, as far as it matters to :meth:`Scanner.may_find`."""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    codes = escape[0].replace("\\", "").replace("u", "")
    return "/" if codes == "/" else bytes.fromhex(codes).decode("utf-16-be", "surrogatepass")


def _start_of_digits(classes: str, position: int) -> int:
    """Where the digits begin that a position is in."""
    head = classes[max(0, position - _LONGEST_HEAD) : position]
    return position - (len(head) - len(head.rstrip("0")))


def _follows_word(classes: str, start: int) -> bool:
    return start > 0 and (classes[start - 1] in _IN_WORDS or classes[max(0, start - 2) : start] == "a-")


def _goes_on_as_word(classes: str, end: int) -> bool:
    return classes[end : end + 1] in _IN_WORDS and classes[end - 1] in _ENDS_OF_NUMBERS_IN_WORDS


def _is_long(classes: str, before: str) -> bool:
    """Whether a number is one that somebody may have been given, and no amount of money."""
    return classes.count("0") >= _FEWEST_DIGITS and before not in _CURRENCIES


def _gaps(start: int, end: int, found: Iterable[Finding]) -> Iterator[Span]:
    """What is left of a number, where two that stand side by side look like one."""
    for first, last, _ in sorted(found, key=itemgetter(0)):
        if first - start >= _FEWEST_DIGITS:
            yield start, first
        start = max(start, last)
    if end - start >= _FEWEST_DIGITS:
        yield start, end


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
        return bool(self._whole) or self.may_find_in(Scan(view(text, case=True).text, lambda position: ""))

    def may_find_in(self, scan: Scan) -> bool:
        return bool(self._whole) or "@" in scan.text or _next_place(scan.ascii, 0, len(scan.ascii))[0][0] >= 0

    def find(self, scan: Scan) -> list[Finding]:
        """What the detectors find, in no order, some of it perhaps inside other findings."""
        found: list[Finding] = []
        scan.word_end = 0
        self._search(scan, self._whole, 0, len(scan.text), found)
        if "@" in scan.text or "%" in scan.text:
            self._search(scan, self._at_signs, 0, len(scan.text), found)
        position, size = 0, len(scan.ascii)
        while (hit := _next_place(scan.ascii, min(position, size), size)[0])[0] >= 0:
            position = self._look_closely(scan, _start_of_digits(scan.classes, hit[0]), hit[1], found)
        if position:
            self._search(scan, self._blocks, 0, len(scan.text), found)
        return found

    def _look_closely(self, scan: Scan, position: int, until: int, found: list[Finding]) -> int:
        """Look at places from a position on; returns how far, where none has been for a while."""
        classes = scan.classes
        until += _STRIDE
        while True:
            place, seen = None, min(until, scan.word_end + _FARTHEST)
            if position < scan.word_end:
                place = _PLACE_IN_WORD.search(classes, position, seen)
            if place is None or place.start() >= scan.word_end:
                place, seen = _PLACE.search(classes, max(position, scan.word_end), until), until
            start = place.start() if place else until
            while (at := classes.find(_LONG_WORD, max(position, scan.word_end), start)) >= 0:
                self._look_at_word(scan, at, at + len(_LONG_WORD), found)
            if place is None:
                return max(until - _FARTHEST, position)
            position = place.end()
            if position == seen:  # perhaps cut off
                position = _NUMBER.match(classes, start).end()  # type: ignore[union-attr]  # it matches anything
            self._look_at_number(scan, start, position, found)
            if start >= scan.word_end and _follows_word(classes, start):
                self._look_at_word(scan, start, start, found)
            if position > scan.word_end and _goes_on_as_word(classes, position):
                self._look_at_word(scan, _start_of_digits(classes, position), position, found)
            until = position + _STRIDE

    def _look_at_number(self, scan: Scan, start: int, end: int, found: list[Finding]) -> None:
        """Look at digits and signs."""
        classes = scan.classes[start:end]
        fitting = self._by_classes.get(classes)
        if fitting is None:
            fitting = self._fitting(classes)
        before = len(found)
        for detector in fitting:
            if spans := detector.find(scan, start, end):
                self._take(scan, detector, spans, found)
                if len(found) > before and found[before][0] <= start and found[before][1] >= end - 1:
                    return  # nothing is left to be found
        if self._named and end - start >= _FEWEST_DIGITS and _is_long(classes, scan.text[max(0, start - 1)]):
            for first, last in _gaps(start, end, found[before:]):
                self._search_named(scan, first, last, found)

    def _fitting(self, classes: str) -> list[Detector]:
        fitting = [detector for detector in self._numbers if detector.fits(classes)]
        if len(self._by_classes) < _MOST_CLASSES and len(classes) < _LONGEST_CLASSES:
            self._by_classes[classes] = fitting
        return fitting

    def _look_at_word(self, scan: Scan, start: int, end: int, found: list[Finding]) -> None:
        """Look at the word around some digits."""
        digit = start
        head = scan.classes[max(0, start - _LONGEST_HEAD) : start]
        start -= len(head) - len(head.rstrip(_OF_WORDS))
        end = _WORD_END.match(scan.classes, end).end()  # type: ignore[union-attr]  # it matches anything
        scan.word_end = end
        if end - start < _SHORTEST_WORD:
            return
        last_start, last_end, _ = found[-1] if found else (0, 0, None)
        if last_start <= start and end <= last_end:
            return
        before = len(found)
        classes = scan.classes[start:end]
        self._search(scan, [detector for detector in self._words if detector.fits(classes)], start, end, found)
        if self._named and len(found) == before and not (last_start < end and start < last_end):
            # In `api_key=…` the name is part of the word.
            start = max(start, scan.classes.rfind("=", start, digit) + 1, scan.classes.rfind(":", start, digit) + 1)
            self._search_named(scan, start, end, found)

    def _search(self, scan: Scan, detectors: Iterable[Detector], start: int, end: int, found: list[Finding]) -> None:
        for detector in detectors:
            self._take(scan, detector, detector.find(scan, start, end), found)

    def _search_named(self, scan: Scan, start: int, end: int, found: list[Finding]) -> None:
        for kind in scan.names(start, end):
            if (detector := self._named.get(kind)) is not None and detector.confidence >= self._least:
                spans = detector.find(scan, start, end)
                found += [(*span, detector) for span in spans if not _DATE.fullmatch(scan.text, *span)]

    def _take(self, scan: Scan, detector: Detector, spans: Iterable[Span], found: list[Finding]) -> None:
        if detector.confidence >= self._least:
            for start, end in spans:
                found.append((start, end, detector))
        elif self._least <= NAMED:
            found += [(*span, detector) for span in spans if detector.kind in scan.names(*span)]
