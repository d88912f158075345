"""The fixtures of gatehook, as pytest loads them. ``gatehook.testing`` has the same functions to import.

A module beside the package: pytest imports it in every project where gatehook is installed, and importing anything from
the package would cost that project's start a fifth of a second, and its coverage the package's first lines.
"""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def run_hook() -> Callable[..., Any]:
    """``run_hook(plugin, payload, **keys)``: the outcome of one hook, from a real runner; awaited in async tests."""
    from gatehook import testing  # noqa: PLC0415  # only where it is used, see above

    return testing.run_hook


@pytest.fixture(scope="session")
def run_hooks() -> Callable[..., Any]:
    """``run_hooks(plugin, *payloads, **keys)``: the outcomes of several hooks in one request."""
    from gatehook import testing  # noqa: PLC0415  # as above

    return testing.run_hooks


@pytest.fixture(scope="session")
def open_runner() -> Callable[..., Any]:
    """``async with open_runner(*plugins, **keys) as runner:``, a real runner with nothing but these plugins."""
    from gatehook import testing  # noqa: PLC0415  # as above

    return testing.open_runner
