"""Distributions of one plugin, and what becomes of the conformance checks when they are run on it."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gatehook.testing import conformance

MODULE = '''
import asyncio
import logging
import time

from gatehook import Plugin, PluginResult, PluginViolation
from gatehook.text import rewrite
from pydantic import BaseModel, ConfigDict

logger = logging.getLogger(__name__)


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    word: str = "quagga"
    """What is masked."""


class Toy(Plugin):
    settings_model = Settings

    def mask(self, text, path):
        return text.replace(self.settings.word, "*****")

    async def tool_pre_invoke(self, payload, context):
        await asyncio.sleep(0)
        changed = rewrite(payload, self.mask)
        return None if changed is None else PluginResult(modified_payload=changed)

    async def tool_post_invoke(self, payload, context):
        changed = rewrite(payload, self.mask)
        if changed is None:
            return None
        return PluginResult(False, violation=PluginViolation("no", code="FOUND", details={"count": 1}))
'''
MANIFEST = """
description: Masks a word.
version: "1.0"
available_hooks: [tool_pre_invoke, tool_post_invoke]
violation_codes: [FOUND]
default_config: { word: quagga }
config_schema:
  type: object
  additionalProperties: false
  properties:
    word: { type: string, default: quagga, description: What is masked. }
"""
README = "Give the word in `word`."


class Held:
    """What became of each check: ``failed`` and ``skipped`` by the check's name, with what it says."""

    def __init__(self, cls: Any, only: str | None) -> None:
        self.passed: list[str] = []
        self.failed: dict[str, str] = {}
        self.skipped: dict[str, str] = {}
        for name in dir(cls):
            if name == only or (only is None and name.startswith("test_")):
                try:
                    getattr(cls(), name)()
                except pytest.fail.Exception as failure:
                    self.failed[name] = str(failure)
                except pytest.skip.Exception as skip:
                    self.skipped[name] = str(skip)
                else:
                    self.passed.append(name)


@pytest.fixture
def held() -> Callable[..., Held]:
    """`held(plugin, **keys)` runs every check of `conformance(plugin, **keys)`, or `only` one."""
    return lambda plugin, only=None, **keys: Held(conformance(plugin, **keys), only)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path; what is imported from it is forgotten afterwards."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    importlib.invalidate_caches()
    yield tmp_path
    sys.modules.pop("gatehook_toy", None)


@pytest.fixture
def distribution(site: Path) -> Callable[..., None]:
    """`distribution(module=(old, new), …)` installs the plugin `toy` with a part of its files replaced."""

    def install(**replaced: tuple[str, str]) -> None:
        texts = {"module": MODULE, "manifest": MANIFEST, "readme": README}
        for name, (old, new) in replaced.items():
            assert old in texts[name]
            texts[name] = texts[name].replace(old, new, 1)
        info = site / "gatehook_toy-1.0.dist-info"
        (info / "extra_metadata").mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: gatehook-toy\nVersion: 1.0\nSummary: Masks a word.\n\n{texts['readme']}"
        )
        (info / "entry_points.txt").write_text("[gatehook.plugins]\ntoy = gatehook_toy:Toy\n")
        (info / "extra_metadata" / "plugin-manifest.yaml").write_text(texts["manifest"])
        (site / "gatehook_toy.py").write_text(texts["module"])

    return install
