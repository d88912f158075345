"""The operator's own regular expressions, run by RE2, which no text can make backtrack."""

from __future__ import annotations

import re
from typing import Any

import re2  # type: ignore[import-untyped]  # it ships no types

_QUIET = re2.Options()
_QUIET.log_errors = False  # RE2 would print them to stderr; they are raised anyway


def compile_pattern(pattern: str) -> Any:
    """A compiled pattern with the methods of :mod:`re`.

    Raises:
        ValueError: RE2 cannot take the pattern, or takes it for something else than its author means.
    """
    if not pattern.isascii() and re.search(r"(?<!\\)(?:\\\\)*\\[bB]", pattern):
        raise ValueError(r"\b knows ASCII letters only, so it fails beside others; write (?:^|[^\pL]) and (?:[^\pL]|$)")
    try:
        return re2.compile(pattern, options=_QUIET)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error
        raise ValueError(
            f"not a regular expression that RE2 takes: {reason} (it has no look-around and no back-references,"
            " and \\z for \\Z: https://github.com/google/re2/wiki/Syntax)"
        ) from None
