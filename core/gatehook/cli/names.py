"""What the parts of a new plugin's distribution are called: all after one name."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from typing import Final

from gatehook.cli.output import Fault
from gatehook.discovery import installed, spec_without_import
from gatehook.entries import KNOWN_SECTIONS
from gatehook.kinds import KNOWN_KINDS

_PREFIX: Final = re.compile("[Gg]atehook([-_]|(?=[A-Z]))")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*([-_][A-Za-z0-9]+)*")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LONGEST: Final = 40
"""With more, imports would not fit on a line."""
# Where YAML wants text, these would have to stand in quotes.
_YAML_WORDS: Final = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


@dataclass(frozen=True)
class Names:
    """``row_limit``, ``gatehook-row-limit``, ``gatehook_row_limit``, ``RowLimitPlugin``, ``RowLimitSettings``."""

    plugin: str
    distribution: str
    module: str
    cls: str
    settings: str


def names_of(given: str) -> Names:
    """What the parts are called; ``row-limit``, ``row_limit``, ``RowLimit`` and ``gatehook-row-limit`` are one name.

    Raises:
        Fault: it cannot be a plugin's name, or is taken already.
    """
    prefix = _PREFIX.match(given)
    bare = given[prefix.end() :] if prefix else given
    if not _NAME.fullmatch(bare):
        near = re.sub("[^A-Za-z0-9]+", "_", bare).strip("_0123456789")
        hint = f"; did you mean {near!r}?" if bare.isascii() and _NAME.fullmatch(near) else ""
        raise Fault(f"{given!r} cannot be a plugin's name: letters a to z and digits, joined by - or _{hint}")
    words = _HUMP.sub("_", bare).replace("-", "_").split("_")
    plugin = "_".join(words).lower()
    _check(plugin, given)
    camel = "".join(word.capitalize() if bare.isupper() else word[0].upper() + word[1:] for word in words)
    names = Names(
        plugin,
        f"gatehook-{plugin.replace('_', '-')}",
        f"gatehook_{plugin}",
        camel if plugin.endswith("_plugin") else f"{camel}Plugin",
        f"{camel}Settings",
    )
    if taker := _taker(names):
        raise Fault(f"the name {plugin!r} is taken by {taker}; names must differ, since operators write them as `kind`")
    return names


def _check(plugin: str, given: str) -> None:
    if plugin == "gatehook":
        raise Fault(f"{given!r} is the framework's own name")
    if keyword.iskeyword(plugin) or keyword.iskeyword(plugin.capitalize()) or plugin in _YAML_WORDS:
        raise Fault(f"{given!r} is a word of Python or YAML, not a name; did you mean '{plugin}_guard'?")
    if len(plugin) > _LONGEST:
        raise Fault(f"{given!r} is too long for a name: {len(plugin)} characters; {_LONGEST} at most")


def _taker(names: Names) -> str:
    for item in installed():
        if names.plugin == item.name or (item.manifest and names.plugin in item.manifest.aliases):
            return item.origin
    ours = KNOWN_KINDS.get(names.plugin) or KNOWN_SECTIONS.get(names.plugin)
    return ours or (f"the module {names.module}" if spec_without_import(names.module) else "")
