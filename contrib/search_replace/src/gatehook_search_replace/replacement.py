r"""What a rule puts in the place of a match: text, and groups of the match as ``\1`` or ``\g<name>``."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_ESCAPE: Final = re.compile(r"\\(?:(?P<number>[1-9]\d?)|g<(?P<name>\w+)>|(?P<char>[nt\\])|(?P<bad>.?))", re.DOTALL)
_CHARS: Final = {"n": "\n", "t": "\t", "\\": "\\"}


class Replacement(NamedTuple):
    """A text, and then groups by number, each with the text behind it; texts are in UTF-8."""

    first: bytes
    rest: list[tuple[int, bytes]]


def parse_replacement(replace: str, groups: int, names: dict[str, int]) -> Replacement:
    """
    Raises:
        ValueError: there is no such group, or an escape means nothing.
    """
    texts = [""]
    numbers = []
    end = 0
    for escape in _ESCAPE.finditer(replace):
        texts[-1] += replace[end : escape.start()]
        end = escape.end()
        if escape["char"]:
            texts[-1] += _CHARS[escape["char"]]
        elif escape["bad"] is not None:
            raise ValueError(rf"replace has {escape[0]}, which means nothing; write \\ for a backslash")
        else:
            numbers.append(_group(escape["number"] or escape["name"], groups, names))
            texts.append("")
    texts[-1] += replace[end:]
    first, *others = (text.encode() for text in texts)
    return Replacement(first, list(zip(numbers, others, strict=True)))


def _group(name: str, groups: int, names: dict[str, int]) -> int:
    group = int(name) if name.isdecimal() else names.get(name)
    if group is None or group > groups:
        raise ValueError(f"replace names the group {name}, which search does not have")
    return group
