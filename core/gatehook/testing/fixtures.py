"""Fixtures made to measure, for a ``conftest.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gatehook.payloads import Payload
from gatehook.runner import Runner
from gatehook.testing.running import Tested, open_runner, run_hook


def plugin_fixtures(plugin: Tested) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Two fixtures for the tests of one plugin, whose settings are given by keyword::

        configured, run = plugin_fixtures("deny_list")

    ``configured(mode="enforce", **config)`` is a runner to be entered, ``run(payload, mode="enforce", **config)`` the
    outcome of one hook as :func:`run_hook` has it.
    """

    @pytest.fixture(scope="session")
    def configured() -> Callable[..., Runner]:
        return lambda mode="enforce", **config: open_runner(plugin, mode=mode, config=config)

    @pytest.fixture(scope="session")
    def run() -> Callable[..., Any]:
        def run(payload: Payload, mode: str = "enforce", **config: Any) -> Any:
            return run_hook(plugin, payload, mode=mode, config=config)

        return run

    return configured, run
