"""A rule as a function from text to text. Regular expressions are run by RE2, which no text can make backtrack."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import re2  # type: ignore[import-untyped]  # it ships no types

Replace = Callable[[str], str]

_QUIET = re2.Options()
_QUIET.log_errors = False  # RE2 would print them to stderr; they are raised anyway
_ESCAPE = re.compile(r"\\(?:(?P<number>[1-9]\d?)|g<(?P<name>\w+)>|(?P<char>[nt\\])|(?P<bad>.?))", re.DOTALL)
_CHARS = {"n": "\n", "t": "\t", "\\": "\\"}


def compile_rule(search: str, replace: str, regex: bool) -> Replace:
    """A function that gives back the very same object if there is nothing to replace.

    Raises:
        ValueError: RE2 cannot take the pattern, the pattern can match nothing at all, or the replacement names a group
            that it does not have.
    """
    if not regex:
        return lambda text: text.replace(search, replace)
    pattern = _compile(search)
    template = _template(replace, pattern)

    def substitute(text: str) -> str:
        readable = _encodable(text)
        if pattern.search(readable) is None:
            return text
        return str(pattern.sub(lambda match: _fill(template, match), readable))

    return substitute


def _compile(search: str) -> Any:
    if not search.isascii() and re.search(r"(?<!\\)(?:\\\\)*\\[bB]", search):
        raise ValueError(r"\b knows ASCII letters only, so it fails beside others; write (^|[^\pL]) and ([^\pL]|$)")
    try:
        pattern = re2.compile(search, options=_QUIET)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error
        raise ValueError(
            f"search is no regular expression that RE2 takes: {reason} (it has no look-around and no back-references,"
            " and \\z for \\Z: https://github.com/google/re2/wiki/Syntax); for plain text, set regex: false"
        ) from None
    if any(match.start() == match.end() for text in ("", "a", "a a") for match in pattern.finditer(text)):
        raise ValueError("search can match nothing at all, as in 'x*' or '^', and would put the replacement everywhere")
    return pattern


def _template(replace: str, pattern: Any) -> list[str | int]:
    """The replacement as texts and numbers of groups."""
    parts: list[str | int] = []
    end = 0
    for escape in _ESCAPE.finditer(replace):
        parts.append(replace[end : escape.start()])
        end = escape.end()
        if escape["char"]:
            parts.append(_CHARS[escape["char"]])
        elif escape["bad"] is not None:
            raise ValueError(rf"replace has {escape[0]}, which means nothing; write \\ for a backslash")
        else:
            parts.append(_group(escape["number"] or escape["name"], pattern))
    parts.append(replace[end:])
    return parts


def _group(name: str, pattern: Any) -> int:
    group = int(name) if name.isdecimal() else pattern.groupindex.get(name)
    if group is None or group > pattern.groups:
        raise ValueError(f"replace names the group {name}, which search does not have")
    return group


def _fill(template: list[str | int], match: Any) -> str:
    if match.start() == match.end():  # only where a pattern looked harmless at load
        return ""
    return "".join(part if isinstance(part, str) else match[part] or "" for part in template)


def _encodable(text: str) -> str:
    """``text`` with lone surrogates, which RE2 cannot read, as U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return re.sub(r"[\ud800-\udfff]", "\ufffd", text)
    return text
