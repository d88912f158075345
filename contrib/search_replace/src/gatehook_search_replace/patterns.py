"""Regular expressions as RE2 takes them, and what to write instead of those that it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import re2  # type: ignore[import-untyped]  # it ships no types

# What other engines have and RE2 has not (https://github.com/google/re2/wiki/Syntax), and what to write instead.
_INSTEAD: Final = (
    (
        r"\(\?[=!]",
        r"look-ahead",
        r"match what follows, too, and put it back: not 'a(?=b)' but 'a(b)' with \1 in replace",
    ),
    (
        r"\(\?<[=!]",
        r"look-behind",
        r"match what precedes, too, and put it back: not '(?<=a)b' but '(a)b' with \1 in replace",
    ),
    (r"\\[1-9]|\\k[<{']|\(\?P=", "a back-reference", "write out what the group may be, or one rule for each case"),
    (r"\(\?>", "an atomic group", "write '(?:': RE2 never backtracks, so there is nothing to save"),
    (r"[*+?}]\+", "a possessive repetition", "leave out its '+': RE2 never backtracks, so there is nothing to save"),
    (r"\(\?\(", "a conditional", "write an alternative for each case: '(a)b|c'"),
    (r"\(\?#", "a comment", "put it into the YAML"),
    (r"\(\?[a-zA-Z]*x", "verbose mode", "write it in one line, without the white space"),
    (r"\\Z", r"\Z", r"write \z for the end of the text"),
    (r"\\[GKRXhHvV]", "an escape that only Perl has", "write the characters that it stands for, '[ \\t]' for \\h"),
    (r"\\[uU]", r"\u", r"write the character itself or '\x{00E9}'"),
    (r"\\N", r"\N", r"write the character itself, '\x{00E9}', or '.' for all but a line break"),
)
_REPETITION: Final = re.compile(r"(?<!\\)\{,\d*\}")
_BYTE: Final = re.compile(r"\\C")
_ANYWHERE: Final = re2._re2.RE2.Anchor.UNANCHORED
_BOUNDARY: Final = re.compile(r"\\[bB]")


class Pattern:
    """An expression that is run over UTF-8; spans of groups count its bytes and are ``(-1, -1)`` for one not matched.

    Raises:
        ValueError: it cannot be honoured; the message says why, and what to write instead.
    """

    def __init__(self, search: str, capture: bool = True) -> None:
        bare = re.sub(r"\\\\", "", search)  # so that a backslash found is one that means something
        _refuse_misunderstandings(search, bare)
        try:
            compiled = _compile(search, capture)
        except re2.error as error:
            reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
            raise ValueError(_explanation(reason, bare)) from None
        self.search = search
        self.groups: int = compiled.groups
        self.names: dict[str, int] = compiled.groupindex
        # Its public methods make objects and count characters, which takes four times as long as to match.
        self._match = compiled._regexp.Match
        self._match_some: Any
        self._match_some, self._step = _adjacent(search) if compiled.programsize < 500 else (None, 0)

    def may_be_empty(self) -> bool:
        """Whether it matches nothing in some short texts; where it does so in others only, nothing is replaced."""
        found = [self._match(_ANYWHERE, text, 0, len(text))[0] for text in (b"", b"a", b"a a", b"1", b"\n")]
        return any(start == end >= 0 for start, end in found)

    def is_in(self, data: bytes) -> bool:
        return bool(self._match(_ANYWHERE, data, 0, len(data))[0][0] >= 0)

    def matches(self, data: bytes) -> Iterator[list[tuple[int, int]]]:
        """Of each match that is not empty the spans of all groups, the whole of it first."""
        match, match_some, size = self._match, self._match_some, len(data)
        position = 0
        while position < size:
            groups = match(_ANYWHERE, data, position, size)
            start, end = groups[0]
            if start < 0:
                return
            if start < end:
                yield groups
            is_adjacent = start == position and match_some
            position = end + (start == end)
            while is_adjacent:
                groups = match_some(_ANYWHERE, data, position, size)
                for first in range(1, len(groups), self._step):
                    start, end = groups[first]
                    is_adjacent = start < end
                    if not is_adjacent:
                        break
                    yield groups[first : first + self._step]
                    position = end


def _compile(search: str, capture: bool) -> Any:
    options = re2.Options()
    options.log_errors = False  # RE2 would print them to stderr; they are raised anyway
    options.never_capture = not capture
    return re2.compile(search, options=options)


def _adjacent(search: str) -> tuple[Any, int]:
    """A search for up to four matches that follow one another, and the number of groups of each.

    A call of RE2 takes longer than to match a character, so texts in which all matches are faster this way; with large
    programs they are slower. Each is the match that ``search`` alone would find there, as those behind it are optional.
    """
    try:
        compiled = _compile(f"({search})({search})?({search})?({search})?", capture=True)
    except re2.error:  # the names of groups must not repeat
        return None, 0
    return compiled._regexp.Match, compiled.groups // 4


def _refuse_misunderstandings(search: str, bare: str) -> None:
    """What RE2 takes, but not for what was meant."""
    if _REPETITION.search(bare):
        raise ValueError("RE2 takes '{,n}' for these very characters; write '{0,n}', or '\\{,' if you mean them")
    if _BYTE.search(bare):
        raise ValueError(r"\C is a byte, which may be half a character; write '(?s:.)'")
    if not search.isascii() and _BOUNDARY.search(bare):
        raise ValueError(r"\b knows ASCII letters only, so it fails beside others; write (^|[^\pL]) and ([^\pL]|$)")


def _explanation(reason: str, bare: str) -> str:
    for syntax, name, advice in _INSTEAD:
        if re.search(syntax, bare):
            return f"search has {name}, which RE2, the engine that no text can slow down, does not know; {advice}"
    if reason.startswith(("invalid repetition size", "bad repetition argument")):
        advice = "repetitions may count to 1,000, also those in one another together; write '*' or '+' for more"
    elif reason.startswith(("pattern too large", "DFA out of memory")):
        advice = "lower the counts in '{…}', or write '*' or '+'"
    else:
        advice = "its syntax: https://github.com/google/re2/wiki/Syntax; for plain text, set regex: false"
    return f"search is no regular expression that RE2 takes: {reason}; {advice}"
