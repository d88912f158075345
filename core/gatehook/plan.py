"""What a config would run: per hook the steps in their order, and what of the config runs nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gatehook.conditions import Condition, fields_for
from gatehook.config import Config, masked
from gatehook.entries import Entry
from gatehook.hooks import OBSERVER, Hook
from gatehook.results import PluginMode


@dataclass(frozen=True, slots=True)
class Planned:
    """One step of one hook. ``band`` is its priority where it shares that with others and runs beside them.

    ``conditions`` are those that count at this hook: entries that are ORed, each of fields that are ANDed.
    """

    plugin: str
    kind: str
    distribution: str
    mode: PluginMode
    priority: int
    band: int | None
    access: str
    on_error: str
    timeout: float
    recheck: bool
    when_unknown: str
    conditions: tuple[dict[str, list[str]], ...]


@dataclass(frozen=True, slots=True)
class Idle:
    """An entry that runs at no hook: ``disabled``, ``failed`` (and let through), or ``off`` with all of them."""

    plugin: str
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """``hooks`` has only those at which something runs, in the order of a request's life."""

    hooks: dict[str, tuple[Planned, ...]] = field(default_factory=dict)
    idle: tuple[Idle, ...] = ()


def make_plan(config: Config, entries: Sequence[Entry], hooks: Mapping[str, Hook]) -> Plan:
    """The plan for entries whose hooks are known, as a dry run leaves them."""
    steps = {name: [entry for entry in running(config, entries) if name in (entry.hooks or ())] for name in hooks}
    return Plan(
        {name: tuple(_steps(config, found, hooks[name])) for name, found in steps.items() if found},
        tuple(_idle(config, entries)),
    )


def running(config: Config, entries: Iterable[Entry]) -> list[Entry]:
    """The entries that run, in their order."""
    wanted = [entry for entry in entries if entry.enabled and entry.failure is None and config.enabled]
    return sorted(wanted, key=lambda entry: (entry.config.priority, entry.index))


def _steps(config: Config, entries: Sequence[Entry], hook: Hook) -> Iterable[Planned]:
    settings = config.settings
    priorities = [entry.config.priority for entry in entries]
    parallel = settings.parallel_execution_within_band and hook.name != OBSERVER
    limit = settings.observer_timeout if hook.name == OBSERVER else settings.plugin_timeout
    for entry in entries:
        written = entry.config
        yield Planned(
            plugin=entry.name,
            kind=written.kind or entry.name,
            distribution=(entry.available and entry.available.distribution) or "",
            mode=written.mode,
            priority=written.priority,
            band=written.priority if parallel and priorities.count(written.priority) > 1 else None,
            access="read" if entry.reads else "write",
            on_error=written.errors,
            timeout=written.timeout or limit,
            recheck=written.recheck,
            when_unknown=written.when_unknown or "match",
            conditions=_conditions(config, entry, hook),
        )


def _conditions(config: Config, entry: Entry, hook: Hook) -> tuple[dict[str, list[str]], ...]:
    shown: list[Any] = [condition.model_dump() for condition in entry.config.conditions]
    shown = masked(shown, config.document, (*entry.path, "conditions"))
    if hook.payload is None:  # an observer's conditions are about the runs that it is told of
        return tuple({name: values for name, values in condition.items() if values} for condition in shown)
    fields = fields_for([Condition(**condition) for condition in shown], hook.payload.condition)
    return () if not all(fields) else tuple(dict(pairs) for pairs in fields)


def _idle(config: Config, entries: Iterable[Entry]) -> Iterable[Idle]:
    for entry in entries:
        if not entry.enabled:
            yield Idle(entry.name, "disabled")
        elif not config.enabled:
            yield Idle(entry.name, "off", "PLUGINS_ENABLED is false")
        elif entry.failure is not None:
            yield Idle(entry.name, "failed", entry.lack)
