"""JSON in which nothing is ambiguous, for answers on which decisions hang."""

from __future__ import annotations

import json
from typing import Any


def loads(text: str | bytes) -> Any:
    """
    Raises:
        ValueError: it is not JSON, says NaN or Infinity, nests too deep, or has a key twice: nobody could say which of
            the two is the verdict.
    """
    try:
        return json.loads(text, parse_constant=_no_number, object_pairs_hook=_unambiguous)
    except RecursionError as error:
        raise ValueError("nests too deep") from error


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
