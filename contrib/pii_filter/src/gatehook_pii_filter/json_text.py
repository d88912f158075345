"""Texts that are JSON themselves: servers put the same data into ``content[].text`` as into ``structuredContent``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_KEY_OR_VALUE = re.compile(rf"(?P<string>{_STRING})(?P<colon>\s*+:)?")


def is_json(text: str) -> bool:
    """Whether the text is a JSON object or array."""
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def rewrite_json(text: str, label: str, visit: Callable[[str, str], str]) -> str:
    """The JSON text with every string value in it as ``visit(value, key)`` returned it.

    All else stays as it is to the letter, numbers and white space too, so the text remains valid and keeps its types.
    ``key`` is the nearest one before the value, or ``label``. The very same object is returned if nothing changed.
    """
    key = label

    def replace(match: re.Match[str]) -> str:
        nonlocal key
        string = match["string"]
        value = json.loads(string)
        if match["colon"]:
            key = value
            return match[0]
        replaced = visit(value, key)
        return string if replaced == value else json.dumps(replaced, ensure_ascii=string.isascii())

    rewritten = _KEY_OR_VALUE.sub(replace, text)
    return text if rewritten == text else rewritten
