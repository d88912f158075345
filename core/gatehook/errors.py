"""Every error that gatehook raises on purpose.

::

    GatehookError
    ├── ConfigError        what an operator wrote cannot be honoured
    ├── ManifestError      what a distribution advertises is not true
    ├── PluginLoadError    an enabled plugin cannot be found, imported, constructed or initialized
    ├── PluginError        a plugin failed while it ran a hook
    ├── PayloadError       a payload cannot be handed to plugins: too deep, cyclic, or not copyable
    └── ViolationError     a plugin blocked, and the host asked to be told by an exception
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatehook.results import PluginViolation


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that ends an error message: ``, did you mean 'tenant_ids'?``, or nothing when no name is near."""
    names = {each.casefold(): each for each in reversed(list(known))}
    found = get_close_matches(name.casefold(), list(reversed(names)), n=1)
    return f", did you mean {names[found[0]]!r}?" if found else ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a document, and where.

    ``path`` is the way into the document (``("plugins", 0, "mode")``), ``line`` counts from 1.
    """

    message: str
    path: tuple[str | int, ...] = ()
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return ": ".join(part for part in (where, dotted(self.path), self.message) if part)


def dotted(path: Iterable[str | int]) -> str:
    """A path as people write it: ``plugins[0].config.words``."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return text


class GatehookError(Exception):
    """The base of all errors of gatehook."""


class ConfigError(GatehookError):
    """What an operator wrote cannot be honoured. ``problems`` lists every fault that was found, not only the first."""

    def __init__(self, problems: str | Iterable[Problem]) -> None:
        self.problems = (Problem(problems),) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class ManifestError(GatehookError):
    """What a distribution says of its plugins is missing, malformed or untrue."""


_PARTICIPLES = {
    "find": "found",
    "import": "imported",
    "construct": "constructed",
    "register": "registered",
    "initialize": "initialized",
}


class PluginLoadError(GatehookError):
    """An enabled plugin cannot be brought up.

    ``phase`` is ``find``, ``import``, ``construct``, ``register`` or ``initialize``.
    """

    def __init__(self, plugin: str, phase: str, reason: str) -> None:
        self.plugin, self.phase, self.reason = plugin, phase, reason
        super().__init__(f"plugin {plugin!r} cannot be {_PARTICIPLES[phase]}: {reason}")


class PluginError(GatehookError):
    """A plugin failed while it ran a hook. The message holds no payload text and no text of the plugin's exception."""

    def __init__(self, plugin: str, hook: str, error_type: str, reason: str) -> None:
        self.plugin, self.hook, self.error_type, self.reason = plugin, hook, error_type, reason
        super().__init__(f"plugin {plugin!r} failed at {hook}: {reason}")


class PayloadError(GatehookError):
    """A payload cannot be handed to plugins: nested too deep, cyclic, or holding what cannot be copied."""


class ViolationError(GatehookError):
    """A plugin blocked. ``violation`` says which, by what rule, and why."""

    def __init__(self, violation: PluginViolation) -> None:
        self.violation = violation
        super().__init__(f"{violation.plugin_name}: {violation.reason} [{violation.code}]")
