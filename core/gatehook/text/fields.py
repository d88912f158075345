"""Which fields of a payload are meant, by the paths that reports print."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import translate

from gatehook.values import Path

_INDEX = re.compile(r"\[(\d+|\*)\]")


def compile_fields(globs: Iterable[str]) -> Callable[[Path], bool]:
    """A function that tells whether a path is one of those, or lies inside one.

    A glob is a path as it is printed (``args.query``, ``result.content[0].text``); ``*`` stands for anything, dots and
    indices too, and ``[*]`` for any index.
    """
    patterns = "|".join(
        translate(_INDEX.sub(r".\1", glob)) + "|" + translate(_INDEX.sub(r".\1", glob) + ".*") for glob in globs
    )
    compiled = re.compile(patterns or r"(?!)")
    return lambda path: compiled.match(".".join(map(str, path))) is not None
