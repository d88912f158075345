"""What services give to be put in the place of texts: one text, a list with one for each, or parts to be replaced."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any


def replaced(texts: Sequence[str], replacement: Any) -> dict[str, str] | None:
    """What each of the texts is to be, or ``None`` if the service did not say so; no change for ``None``."""
    match replacement:
        case None:
            return {}
        case str() if len(texts) == 1:
            return {texts[0]: replacement}
        case list() if len(replacement) == len(texts) and _are_texts(replacement):
            return dict(zip(texts, replacement, strict=True))
        case dict() if "" not in replacement and _are_texts([*replacement.values()]):
            return _parts_replaced(texts, replacement)
    return None


def _are_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _parts_replaced(texts: Sequence[str], parts: dict[str, str]) -> dict[str, str]:
    if not parts:
        return {}
    # The longest first, in one pass: what was put in is not replaced again.
    pattern = re.compile("|".join(map(re.escape, sorted(parts, key=len, reverse=True))))
    return {text: pattern.sub(lambda match: parts[match[0]], text) for text in texts}
