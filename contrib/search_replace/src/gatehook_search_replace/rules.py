"""Rules as objects that replace in one text after the other."""

from __future__ import annotations

import re
from functools import lru_cache
from time import perf_counter
from typing import Final, Protocol

from gatehook.text import encodable

from gatehook_search_replace.limits import Limits
from gatehook_search_replace.patterns import Pattern
from gatehook_search_replace.replacement import Replacement, parse_replacement
from gatehook_search_replace.trial import refuse_slow

_PLAIN: Final = re.compile(r"[^\\.+*?()|\[\]{}^$]+")
_KNOWS_ONE_TEXT: Final = re.compile(r"\\[AzQ]|\(\?\w*-\w*m")


class Replace(Protocol):
    """A rule as it runs."""

    def may_be_in(self, texts: str) -> bool:
        """Whether there may be something to replace in one of several texts, which line breaks join."""

    def __call__(self, text: str, limits: Limits) -> str:
        """
        Raises:
            TooMuchWork: replacing it all would pass the limits.
        """


@lru_cache(maxsize=1024)  # settings are checked before there is a plugin
def compile_rule(search: str, replace: str, regex: bool) -> Replace:
    """
    Raises:
        ValueError: RE2 cannot take the pattern, or not in time; it can match nothing at all; or the replacement names a
            group that it does not have.
    """
    if not regex:
        return Literal(search, replace)
    pattern = Pattern(search)
    if pattern.may_be_empty():
        raise ValueError("search can match nothing at all, as in 'x*' or '^', and would put the replacement everywhere")
    replacement = parse_replacement(replace, pattern.groups, pattern.names)
    if not replacement.rest:
        if _PLAIN.fullmatch(search):
            return Literal(search, replacement.first.decode())
        pattern = Pattern(search, capture=False)
    refuse_slow(pattern)
    return Expression(pattern, replacement)


class Literal:
    def __init__(self, search: str, replace: str) -> None:
        self._search = search
        self._replace = replace

    def may_be_in(self, texts: str) -> bool:
        return self._search in texts

    def __call__(self, text: str, limits: Limits) -> str:
        growth = len(self._replace) - len(self._search)
        if growth > 0:
            limits.grow(growth * text.count(self._search))
        return text.replace(self._search, self._replace)


class Expression:
    def __init__(self, pattern: Pattern, replacement: Replacement) -> None:
        self._pattern = pattern
        self._replacement = replacement
        search = pattern.search
        self._in_lines = None if _KNOWS_ONE_TEXT.search(search) else Pattern(f"(?m:{search})", capture=False)

    def may_be_in(self, texts: str) -> bool:
        return self._in_lines is None or self._in_lines.is_in(encodable(texts).encode())

    def __call__(self, text: str, limits: Limits) -> str:
        data = encodable(text).encode()
        pieces: list[bytes] = []
        append = pieces.append
        first, rest = self._replacement
        behind = unchecked = 0
        for groups in self._pattern.matches(data):
            start, end = groups[0]
            if start > behind:
                append(data[behind:start])
            append(first)
            for group, text_behind in rest:
                start, stop = groups[group]
                append(data[start:stop])
                append(text_behind)
            behind = end
            unchecked += 1
            if perf_counter() > limits.look_at:
                limits.check_time(unchecked)
                unchecked = 0
        if unchecked or perf_counter() > limits.look_at:
            limits.check_time(unchecked)
        if not pieces:
            return text
        pieces.append(data[behind:])
        limits.grow(sum(map(len, pieces)) - len(data))
        return b"".join(pieces).decode()
