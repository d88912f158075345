"""Everything that starting would find out, short of initializing a plugin: all errors at once, and what would run."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gatehook.assembly import build
from gatehook.config import Config, load_config
from gatehook.discovery import installed
from gatehook.entries import Entry, inspect_entries, report_lack
from gatehook.errors import ConfigError, ManifestError, PluginLoadError, Problem
from gatehook.hooks import Hook, HookSpecs, hooks_of

HOOKS: Final[Mapping[str, Hook]] = {
    hook.name: hook for hook in sorted(hooks_of(HookSpecs), key=lambda hook: list(vars(HookSpecs)).index(hook.name))
}
"""The hooks of gatehook itself, in the order of a request's life."""


@dataclass(frozen=True)
class DryRun:
    """``problems`` keep a runner from starting; without any, ``entries`` are as they would be after a start."""

    config: Config
    entries: list[Entry]
    problems: list[Problem]


def dry_run(
    source: str | os.PathLike[str] | Mapping[str, Any],
    environ: Mapping[str, str] = os.environ,
    called: Collection[str] | None = None,
) -> DryRun:
    """Check a config, import and construct what it enables, and tell everything that is wrong.

    Args:
        source: the config's path, or a mapping of the same shape.
        environ: where ``${VAR}`` and ``PLUGINS_ENABLED`` are looked up.
        called: the hooks that the host calls, if there is one in mind.

    Raises:
        ConfigError: there is nothing to check, since the document cannot be read.
    """
    config = load_config(source, environ)
    entries = inspect_entries(config, installed(), HOOKS, called)
    faulty = {problem.path[:2] for problem in config.document.problems}
    for entry in entries:
        if entry.enabled and config.enabled:
            if entry.failure is None and not entry.lie and entry.path not in faulty:
                _build(entry, config)
            if entry.lie:
                config.document.report(entry.lie, entry.path)
            report_lack(entry, config)
    return DryRun(config, entries, sorted(config.document.problems, key=lambda problem: problem.line or 0))


def _build(entry: Entry, config: Config) -> None:
    try:
        entry.plugin = build(entry, config, HOOKS)
    except PluginLoadError as error:
        entry.failure = error
    except ConfigError as error:
        config.document.problems.extend(error.problems)
    except ManifestError as error:
        entry.lie = str(error).removeprefix(f"plugin {entry.name!r}: ")
