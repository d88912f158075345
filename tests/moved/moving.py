"""A plugin for pytest: every runner that the tests make gets its plugins from a plugin server.

An entry is changed as its operator would: ``kind: external`` and a section ``mcp:``, everything else untouched.
"""

import os
from collections.abc import Mapping
from typing import Any

import hypothesis
import pytest
from gatehook import Runner

SERVED = {"pii_filter", "deny_list", "search_replace"}

# Each example brings up a plugin on the other side.
hypothesis.settings.register_profile("moved", deadline=None, max_examples=10)
hypothesis.settings.load_profile("moved")


def moved(entry: Mapping[str, Any], url: str) -> dict[str, Any]:
    kind = entry.get("kind", entry["name"])
    if kind not in SERVED:
        return dict(entry)
    return {**entry, "kind": "external", "mcp": {"proto": "STREAMABLEHTTP", "url": url, "plugin": kind}}


@pytest.fixture(autouse=True)
def _everything_is_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    in_process, url = Runner.from_config, os.environ["GATEHOOK_MOVED_TO"]

    def from_config(source: Any, **keys: Any) -> Runner:
        if isinstance(source, Mapping):
            source = {**source, "plugins": [moved(entry, url) for entry in source["plugins"]]}
        return in_process(source, **keys)

    monkeypatch.setattr(Runner, "from_config", from_config)
