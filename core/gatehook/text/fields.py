"""Which fields of a payload an operator means, by the paths that reports print."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import translate

from gatehook.values import Path

_ROOTS = ("args", "result", "metadata", "content")
_BETWEEN = re.compile(r"[.\[\]]+")
_GLOB = re.compile(r"[^.\[\]]+(?:\.[^.\[\]]+|\[(?:\d+|\*\*?)\])*")
_ANY_NUMBER = "**"

Step = Callable[[str], object] | None
"""Whether a key or index is meant; ``None`` for any number of them."""


def check_field(glob: str) -> str:
    """The glob itself.

    Raises:
        ValueError: no path can match it.
    """
    if not _GLOB.fullmatch(glob):
        raise ValueError(
            f"{glob!r} is no field: write keys with dots, and indices in brackets, as in 'args.people[0].name'"
        )
    root = _BETWEEN.split(glob, maxsplit=1)[0]
    if "*" not in root and root not in _ROOTS:
        raise ValueError(
            f"{glob!r} is no field: paths begin with args (of tools and prompts), result (of both), metadata or content"
            " (of resources), as in 'args.query', 'result.content[*].text', '**.note'"
        )
    return glob


def check_fields(only: Sequence[str], but: Sequence[str]) -> None:
    """
    Raises:
        ValueError: so much is left out that no field remains.
    """
    for glob in but:
        if glob == _ANY_NUMBER or (only and set(only) <= set(but)):
            raise ValueError(f"leaving out {glob!r} leaves no field")


def compile_fields(only: Sequence[str], but: Sequence[str] = ()) -> Callable[[Path], bool]:
    """A function that tells whether a path is one of the fields, or in one, and not so of ``but``.

    A glob is a path as reports print it: ``args.query``, ``result.content[*].text``. ``*`` stands for a key, an index
    or a part of one, ``**`` for any number of them. No fields are all fields.
    """
    wanted = [_steps(glob) for glob in only or [_ANY_NUMBER]]
    unwanted = [_steps(glob) for glob in but]

    def applies(path: Path) -> bool:
        names = [name for part in path for name in _names(str(part))]
        return any(_leads_to(steps, names) for steps in wanted) and not any(
            _leads_to(steps, names) for steps in unwanted
        )

    return applies


def _steps(glob: str) -> list[Step]:
    return [None if name == _ANY_NUMBER else re.compile(translate(name)).match for name in _names(glob)]


def _names(path: str) -> list[str]:
    """The keys and indices in a path as it is printed; a key with a dot in it looks like two."""
    return [name for name in _BETWEEN.split(path) if name]


def _leads_to(steps: Sequence[Step], names: Sequence[str]) -> bool:
    """Whether the steps lead to the place of that name, or to one that it is in."""
    reached = _with_skipped({0}, steps)
    for name in names:
        if len(steps) in reached:
            return True
        taken = {at + 1 for at in reached if (step := steps[at]) is not None and step(name)}
        reached = _with_skipped(taken | {at for at in reached if steps[at] is None}, steps)
    return len(steps) in reached


def _with_skipped(reached: set[int], steps: Sequence[Step]) -> set[int]:
    """Places among the steps, and those behind a ``**`` that stands for nothing."""
    return reached | {behind for at in reached for behind in _behind(at, steps)}


def _behind(at: int, steps: Sequence[Step]) -> range:
    end = at
    while end < len(steps) and steps[end] is None:
        end += 1
    return range(at, end + 1)
