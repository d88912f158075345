"""Where in a payload a rule applies: globs over paths as violations and records write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import re2  # type: ignore[import-untyped]  # it ships no types

_WILD: Final = re.compile(r"(\*\*|\*)")
_WILDCARDS: Final = {"**": r"(?s:.*)", "*": r"[^.\[\]]*"}
_ROOTS: Final = ("args", "result", "metadata", "content")


def check_field(glob: str) -> str:
    """
    Raises:
        ValueError: no path can match.
    """
    root = re.split(r"[.\[]", glob, maxsplit=1)[0]
    if "*" not in root and root not in _ROOTS:
        raise ValueError(
            f"{glob!r} is no field: paths begin with args (of tools and prompts), result (of both), metadata or content"
            " (of resources), as in 'args.query', 'result.content[*].text', '**.note'"
        )
    return glob


def compile_fields(fields: Sequence[str], but: Sequence[str]) -> Callable[[str], bool]:
    """Whether a path is one of the fields, or within one, and not so of ``but``; no fields are all fields."""
    wanted, unwanted = _compile(fields or ["**"]), _compile(but)
    return lambda path: bool(wanted.search(path)) and not (but and unwanted.search(path))


def _compile(globs: Sequence[str]) -> Any:
    patterns = [
        "".join(_WILDCARDS.get(part) or re2.escape(part) for part in _WILD.split(glob) if part) for glob in globs
    ]
    return re2.compile(rf"\A(?:{'|'.join(patterns)})(?:[.\[]|\z)")
