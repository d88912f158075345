"""The operator's own regular expressions, run by RE2, which no text can make backtrack."""

from __future__ import annotations

import re
from typing import Any
from unicodedata import normalize

import re2  # type: ignore[import-untyped]  # it ships no types
from gatehook.text import view

_QUIET = re2.Options()
_QUIET.log_errors = False  # RE2 would print them to stderr; they are raised anyway


_RANGE = re.compile(r"\[[^]]*(?:[^\x00-\x7f]-[^]]|[^]]-[^\x00-\x7f])")


def compile_pattern(pattern: str) -> Any:
    """A compiled pattern with the methods of :mod:`re`, for texts as :func:`gatehook.text.view` shows them.

    Raises:
        ValueError: RE2 cannot take the pattern, or takes it for something else than its author means.
    """
    if not pattern.isascii() and re.search(r"(?<!\\)(?:\\\\)*\\[bB]", pattern):
        raise ValueError(r"\b knows ASCII letters only, so it fails beside others; write (?:^|[^\pL]) and (?:[^\pL]|$)")
    if _RANGE.search(pattern):
        raise ValueError(
            "a range of letters beyond ASCII misses those that are seen as the Latin ones they look like; write \\pL"
        )
    try:
        return re2.compile(_seen(pattern), options=_QUIET)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error
        raise ValueError(
            f"not a regular expression that RE2 takes: {reason} (it has no look-around and no back-references,"
            " and \\z for \\Z: https://github.com/google/re2/wiki/Syntax)"
        ) from None


def _seen(pattern: str) -> str:
    """The pattern with its letters as the text shows them: without accents, and Latin where they look so."""
    return re.sub(
        r"[^\x00-\x7f]+", lambda letters: re.escape(view(letters[0], case=True).text), normalize("NFC", pattern)
    )
