"""The kit for plugin authors: payloads, a real runner for one plugin, assertions on outcomes, a conformance suite.

Needs what ``gatehook[testing]`` installs.
"""

from gatehook.testing.assertions import (
    REMOVED,
    assert_advised,
    assert_allowed,
    assert_answered,
    assert_blocked,
    assert_changed,
    assert_unchanged,
)
from gatehook.testing.conformance import conformance
from gatehook.testing.fixtures import plugin_fixtures
from gatehook.testing.payloads import prompt_call, prompt_result, resource, resource_read, tool_call, tool_result
from gatehook.testing.running import open_runner, run_hook, run_hooks

__all__ = [
    "REMOVED",
    "assert_advised",
    "assert_allowed",
    "assert_answered",
    "assert_blocked",
    "assert_changed",
    "assert_unchanged",
    "conformance",
    "open_runner",
    "plugin_fixtures",
    "prompt_call",
    "prompt_result",
    "resource",
    "resource_read",
    "run_hook",
    "run_hooks",
    "tool_call",
    "tool_result",
]
