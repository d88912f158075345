"""Paths and texts in the form that others can take."""

from __future__ import annotations

import re
from collections.abc import Callable

from gatehook.values import Path

_SURROGATE = re.compile("[\ud800-\udfff]")


def written(path: Path, hides: Callable[[str], bool]) -> str:
    """``args.people[0].note``, with ``*`` for each key that ``hides`` says must not be shown.

    A key may be personal data itself: ``{"bob@example.com": …}``.
    """
    return "".join(
        f"[{part}]" if isinstance(part, int) else ".*" if hides(part) else f".{part}" for part in path
    ).removeprefix(".")


def encodable(text: str) -> str:
    """``text`` with U+FFFD for each lone surrogate: those have no UTF-8, which engines outside Python read."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
