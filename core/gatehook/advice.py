"""What is permitted and probably not meant: warnings and notes on a config that would start."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final, Literal

from pydantic import BaseModel

from gatehook.conditions import SUBJECT_FIELDS, Condition, fields_for, has_glob, never_both
from gatehook.config import Config
from gatehook.discovery import CONFIG, contributions
from gatehook.entries import Entry
from gatehook.errors import Problem
from gatehook.faults import shown
from gatehook.hooks import OBSERVER, Hook
from gatehook.plan import running
from gatehook.results import PluginMode
from gatehook.values import Path

LONG: Final = 600.0
"""Seconds that nobody waits for; whoever writes more probably thinks in milliseconds."""
_SET: Final = re.compile(r"\[!?+\]?+[^\]]*\]")
"""A set of characters as :mod:`fnmatch` reads it: a ``]`` that comes first is one of them and closes nothing."""
MANAGEMENT: Final = "admin"
"""The section of a host that has a management API."""
Level = Literal["warning", "note"]
Found = Iterator[tuple[Level, str, Path]]


@dataclass(frozen=True, slots=True)
class Advice:
    level: Level
    problem: Problem


@dataclass(frozen=True)
class Look:
    """What is looked at: the config, the entries that run, the hooks, and per installed host those that it calls."""

    config: Config
    entries: Sequence[Entry]
    hooks: Mapping[str, Hook]
    hosts: Mapping[str, Sequence[str]]
    known: dict[tuple[int, str], list[dict[str, list[str]]]] = field(default_factory=dict)

    def written(self, *path: str | int) -> Any:
        """The value that stands in the document, or ``None``."""
        data = self.config.document.data
        for key in path:
            data = data.get(key) if isinstance(data, dict) else data[key] if isinstance(key, int) else None
        return data

    def shared(self, one: Entry, other: Entry) -> list[str]:
        """The hooks, but for observers', at which both run."""
        return self.in_order({*(one.hooks or ())} & {*(other.hooks or ())} - {OBSERVER})

    def fields(self, entry: Entry, hook: str) -> list[dict[str, list[str]]]:
        """What the entry's conditions look at there, worked out once: in a long file each meets each."""
        key = (entry.index, hook)
        if key not in self.known:
            payload = self.hooks[hook].payload
            pairs = fields_for(entry.config.conditions, payload.condition if payload else None)
            self.known[key] = [dict(item) for item in pairs]
        return self.known[key]

    def in_order(self, hooks: Iterable[str]) -> list[str]:
        return [name for name in self.hooks if name in set(hooks)]


def advise(
    config: Config, entries: Sequence[Entry], hooks: Mapping[str, Hook], hosts: Mapping[str, Sequence[str]]
) -> list[Advice]:
    """All warnings and notes, in the order of the file. ``entries`` are as a dry run leaves them."""
    look = Look(config, running(config, entries), hooks, hosts)
    looks = (*_AT_VALUES, *(() if config.document.problems else _AT_ALL_TOGETHER))
    found = [*_switched_off(config, entries), *(item for about in looks for item in about(look))]
    place = config.document.problem
    advice = [Advice(level, place(message, path) if path else Problem(message)) for level, message, path in found]
    return sorted(advice, key=lambda item: item.problem.line or 0)


def _switched_off(config: Config, entries: Sequence[Entry]) -> Found:
    if not config.enabled:
        yield "warning", "PLUGINS_ENABLED is false: no plugin runs, nothing is checked", ()
    if config.enabled and not config.document.problems and not running(config, entries):
        yield "warning", "no plugin runs: every call passes", ("plugins",)
    for entry in entries:
        if config.enabled and entry.failure is not None and not entry.must_run:
            yield (
                "warning",
                f"{entry.lack}; {'it is told of nothing' if entry.observes else 'every call is let through'}",
                entry.path,
            )


# -- settings


def _fail_on_error(look: Look) -> Found:
    if look.written("plugin_settings", "fail_on_plugin_error") is False:
        message = "false opens no enforcing guard: its failures block unless its own `on_error` says otherwise"
        yield "warning", message, ("plugin_settings", "fail_on_plugin_error")


def _timeouts(look: Look) -> Found:
    settings = look.config.settings
    names = ("plugin_timeout", "hook_timeout", "observer_timeout", "shutdown_timeout")
    places: list[tuple[Path, float | None]] = [(("plugin_settings", name), getattr(settings, name)) for name in names]
    places += [((*entry.path, "timeout"), entry.config.timeout) for entry in look.entries]
    for path, seconds in places:
        if seconds is not None and seconds > LONG:
            yield (
                "warning",
                f"{seconds:g} seconds are {seconds / 60:.0f} minutes; for milliseconds write {seconds:g}ms",
                path,
            )


def _no_effect(look: Look) -> Found:
    for entry in look.entries:
        config = entry.config
        observes_only = entry.observes
        reads = entry.manifest is not None and entry.manifest.access == "read"
        idle = {
            "mode": observes_only and "on an observer",
            "on_error": (observes_only and "on an observer")
            or (
                config.mode is PluginMode.AUDIT and config.on_error == "block" and "in mode audit, which blocks nothing"
            ),
            "disable_after": config.errors != "disable" and "without `on_error: disable`",
            "cool_down": config.errors != "disable" and "without `on_error: disable`",
            "recheck": config.recheck and config.mode is not PluginMode.ENFORCE and f"in mode {config.mode}",
            "when_unknown": not config.conditions and "without conditions",
            "access": not reads and "since the plugin may change payloads as it is",
        }
        if config.mandatory and MANAGEMENT not in {item.name for item in contributions(CONFIG)}:
            idle["mandatory"] = "without a management API, and no installed host has one"
        for key, why in idle.items():
            if why and look.written(*entry.path, key) is not None:
                yield "warning", f"has no effect {why}", (*entry.path, key)


# -- conditions


def _never_matching(look: Look) -> Found:
    for entry in look.entries:
        for position, condition in enumerate(entry.config.conditions):
            place = (*entry.path, "conditions", position)
            if not any(values for _, values in condition):
                others = ", whatever the other conditions say" if len(entry.config.conditions) > 1 else ""
                yield "warning", f"names nothing, so it always matches{others}", place
            for name, values in condition:
                for index, value in enumerate(values):
                    why = _why_never(name, value)
                    if why:
                        yield "warning", f"can never match: {why}", (*place, name, index)
                    elif "[" in _SET.sub("", value):
                        yield "warning", "the [ is never closed, so it stands for itself", (*place, name, index)


def _why_never(field: str, value: str) -> str:
    if not value.strip():
        return "it is empty"
    if value != value.strip():
        return "it begins or ends with white space"
    if field == "content_types" and "/" not in value and not has_glob(value):
        return "a media type has a slash, such as application/json"
    if field == "resources" and ":" not in value and not has_glob(value):
        return "a resource is named by its URI, such as file:///etc/hosts"
    return ""


def _ignored_fields(look: Look) -> Found:
    for entry in look.entries:
        for position, condition in enumerate(entry.config.conditions):
            subjects = [name for name, values in condition if values and name in SUBJECT_FIELDS]
            hooks = look.in_order(entry.hooks or ()) if subjects else ()
            ignored = [hook for hook in hooks if _is_ignored(look, entry, condition, hook)]
            if ignored:
                what = " and ".join(subjects)
                message = f"{what} mean nothing at {', '.join(ignored)}; it runs there whatever the subject"
                yield "warning", message, (*entry.path, "conditions", position)


def _is_ignored(look: Look, entry: Entry, condition: Condition, hook: str) -> bool:
    payload = look.hooks[hook].payload
    if payload is None:  # an observer's conditions are about the runs that it is told of
        return False
    own = payload.condition
    if own is not None and getattr(condition, own):
        return False
    return len(fields_for(entry.config.conditions, own)) == len(entry.config.conditions)  # else it is passed over there


# -- order


def _ties(look: Look) -> Found:
    if look.config.settings.parallel_execution_within_band:
        return
    for priority in sorted({entry.config.priority for entry in look.entries}):
        tied = [entry for entry in look.entries if entry.config.priority == priority]
        meeting = [entry for entry in tied if any(_meet(look, entry, other) for other in tied if other is not entry)]
        if meeting:
            names = ", ".join(entry.name for entry in meeting)
            yield "warning", f"{names} share priority {priority}; they run in the order of the file", meeting[1].path


def _modifiers_after_guards(look: Look) -> Found:
    for guard, later in combinations(look.entries, 2):
        beside = look.config.settings.parallel_execution_within_band and guard.config.priority == later.config.priority
        for first, second in ((guard, later), (later, guard)) if beside else ((guard, later),):
            if _approves(first) and _modifies(second) and _meet(look, first, second):
                change = f"{second.name} may change what {first.name} {'is looking at' if beside else 'has let pass'}"
                yield "warning", f"{change}; let {first.name} run after it, or give it `recheck: true`", second.path


def _approves(entry: Entry) -> bool:
    return entry.config.mode is PluginMode.ENFORCE and entry.reads and not entry.config.recheck


def _modifies(entry: Entry) -> bool:
    return entry.config.mode is not PluginMode.AUDIT and not entry.reads


def _meet(look: Look, one: Entry, other: Entry) -> bool:
    """Whether both may run at one hook for one request, as far as exact values tell."""
    return any(not never_both(look.fields(one, hook), look.fields(other, hook)) for hook in look.shared(one, other))


# -- hooks


def _uncalled(look: Look) -> Found:
    if not look.hosts:
        return
    called = {OBSERVER, *(name for names in look.hosts.values() for name in names)}
    for entry in look.entries:
        never = [name for name in look.in_order(entry.hooks or ()) if name not in called]
        if never:
            message = f"no installed host ({', '.join(look.hosts)}) ever calls {', '.join(never)}"
            yield "warning", message, entry.path


def _narrowed(look: Look) -> Found:
    for entry in look.entries:
        left_out = look.in_order({*entry.implemented} - {*(entry.hooks or ())})
        if left_out and entry.hooks:
            yield "note", f"leaves out {', '.join(left_out)}", (*entry.path, "hooks")


def _implied(look: Look) -> Found:
    """What a setting sets besides itself, such as a mode that stands for several switches; first what is no default.

    Values that are no switches may come of what is secret, so they are not shown.
    """
    for entry in look.entries:
        settings = getattr(entry.plugin, "settings", None)
        if isinstance(settings, BaseModel):
            fields = type(settings).model_fields
            implied = {name: getattr(settings, name) for name in settings.model_fields_set - entry.config.config.keys()}
            ordered = sorted(
                implied, key=lambda name: (implied[name] == fields[name].default, list(fields).index(name))
            )
            told = [f"{name}: {shown(implied[name])}" if type(implied[name]) is bool else name for name in ordered]
            if told:
                yield "note", f"what is written here also sets {', '.join(told)}", (*entry.path, "config")


_AT_VALUES: Final[Sequence[Callable[[Look], Found]]] = (_fail_on_error, _timeouts, _no_effect, _never_matching)
_AT_ALL_TOGETHER: Final[Sequence[Callable[[Look], Found]]] = (
    _implied,
    _ignored_fields,
    _ties,
    _modifiers_after_guards,
    _uncalled,
    _narrowed,
)
