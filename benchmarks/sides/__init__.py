"""The sides of a comparison. Each prepares a case and yields a loop that does a number of its requests.

A side checks once that the case does what it says, because a chain that runs nothing is fast.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import cast

from benchmarks.cases import Case
from benchmarks.timing import Loop

Prepare = Callable[[Case], AbstractAsyncContextManager[Loop]]


def load(name: str) -> Prepare:
    """Imported by name: each side runs where only its own framework is installed."""
    return cast(Prepare, import_module(f"{__name__}.{name}").prepare)
