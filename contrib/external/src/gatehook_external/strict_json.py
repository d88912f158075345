"""JSON in which nothing is ambiguous, for calls and answers on which verdicts hang.

Of a key that stands twice some parsers take the first value and some the last; so what one side allowed the other could
deny. Such an object is refused, and so is what is no JSON although Python reads it: NaN, and numbers that become
infinite.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import Any, Final, NoReturn


def decode(data: bytes | str) -> Any:
    """
    Raises:
        ValueError: it is no JSON in UTF-8, or could be read in two ways. The text quotes nothing of it.
    """
    try:
        return _decode(data if isinstance(data, str) else data.decode())
    except _AmbiguousError:
        raise
    except (ValueError, RecursionError) as error:
        raise ValueError(_fault(error)) from None


class _AmbiguousError(ValueError):
    """Some parsers take it, others do not, or take it for something else."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _AmbiguousError("an object repeats a key")
    return made


def _constant(name: str) -> NoReturn:
    raise _AmbiguousError(f"{name} is no number")


def _float(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise _AmbiguousError("a number is too large")
    return value


_decode: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float).decode


def _fault(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    return {UnicodeDecodeError: "it is not UTF-8", RecursionError: "it nests too deep"}.get(
        type(error), "a number has too many digits"
    )
