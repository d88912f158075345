"""The files of a new plugin's distribution: what stands in them, and putting them on disk."""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import yaml

from gatehook.cli.names import Names
from gatehook.cli.output import Fault
from gatehook.discovery import own_version
from gatehook.dry_run import HOOKS
from gatehook.hooks import OBSERVER, HookSpecs

if TYPE_CHECKING:
    from jinja2 import Environment

_SHORTENING: Final = ("prompt_post_fetch", "tool_post_invoke", "resource_post_fetch")
"""The hooks at which a new plugin changes what is too long; at the others it blocks, or observes."""
EXTERNAL: Final = tuple(hook for hook in HOOKS if hook.startswith(("prompt_", "tool_", "resource_")))
"""The hooks that the protocol of external plugins has as well."""
_LINE: Final = 120
"""How long a line is in the template."""


def render(
    names: Names, hooks: Collection[str], description: str = "", author: str = "", external: bool = False
) -> dict[str, str]:
    """The files of the distribution, by their paths in it.

    Args:
        hooks: with ``external``, of :data:`EXTERNAL`.
        description: a sentence; left out, :func:`purpose`.
        author: may have an address, as in ``Ada <ada@example.org>``.
        external: whether there is a server for gateways that run plugins in processes of their own.
    """
    types = {hook: _types(hook) for hook in HOOKS if hook in hooks}
    person, _, address = author.partition("<")
    known: dict[str, Any] = {
        **vars(names),
        "hooks": types,
        "types": [name for own in types.values() for name in own],
        "blocking": [hook for hook in types if hook not in (*_SHORTENING, OBSERVER)],
        "shortening": [hook for hook in types if hook in _SHORTENING],
        "observing": OBSERVER in types,
        "purpose": purpose(hooks),
        "description": description or purpose(hooks),
        "author": person.strip(),
        "email": address.strip(" >"),
        "requires": _requires(own_version()),
        "external": external,
    }
    environment = _environment()
    folders = ("plugin/", "external/") if external else ("plugin/",)
    templates = [name for name in environment.list_templates() if name.startswith(folders)]
    return {_path(name, names): environment.get_template(name).render(known) for name in templates}


def purpose(hooks: Collection[str]) -> str:
    """What a new plugin does, as long as nobody has changed it."""
    kinds = {"change" if hook in _SHORTENING else "observe" if hook == OBSERVER else "block" for hook in hooks}
    deeds = {
        "block": "refuses long texts",
        "change": "shortens long texts that come back",
        "observe": "logs what takes long",
    }
    *most, last = (deed for kind, deed in deeds.items() if kind in kinds)
    sentence = f"{', '.join(most)} and {last}." if most else f"{last}."
    return sentence[0].upper() + sentence[1:]


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415  # slow, and needed by `new` only

    environment = Environment(  # noqa: S701  # what is made is no HTML
        loader=PackageLoader("gatehook.cli"),
        extensions=["jinja2.ext.do"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"imports": _imports, "meaning": _meaning, "quoted": _quoted, "yaml": _yaml}
    return environment


def _path(template: str, names: Names) -> str:
    path = template.partition("/")[2].removesuffix(".jinja").replace("PACKAGE", names.module)
    return f".{path}" if path == "gitignore" else path


def _types(hook: str) -> tuple[str, ...]:
    """The names of the hook's payload and result; none for an observer's."""
    payload = HOOKS[hook].payload
    return (payload.__name__, payload.__name__.removesuffix("Payload") + "Result") if payload else ()


def _requires(version: str) -> str:
    """The versions that a plugin made today works with: ``>=0.1,<0.2``; from 1.0 on, ``>=1.2,<2``."""
    major, minor = map(int, version.split(".")[:2])
    return f">={major}.{minor},<{major + 1}" if major else f">=0.{minor},<0.{minor + 1}"


def _meaning(hook: str) -> str:
    """The first sentence of the hook's entry in the manual."""
    entry = inspect.getdoc(getattr(HookSpecs, hook)) or ""
    return re.split(r"(?<=\.)\s", entry.replace("``", "`"))[0].replace("\n", " ")


def _imports(names: Iterable[str], module: str) -> str:
    """An import statement as ruff leaves it: classes before functions, on one line if they fit."""
    ordered = sorted(set(names), key=lambda name: (name[0].islower(), name))
    line = f"from {module} import {', '.join(ordered)}"
    return line if len(line) <= _LINE else "\n".join([f"from {module} import (", *(f"    {n}," for n in ordered), ")"])


def _quoted(text: str) -> str:
    """A string of TOML, which escapes what can be printed as JSON does."""
    return json.dumps(text, ensure_ascii=False)


def _yaml(entry: Mapping[str, str]) -> str:
    return yaml.safe_dump(dict(entry), allow_unicode=True, width=sys.maxsize).rstrip("\n")


def write(files: Mapping[str, str], target: Path) -> None:
    """Put the files into ``target``, which must not exist or be empty: all of them, or none.

    Raises:
        Fault: it cannot be done.
    """
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise Fault(f"{target} exists already{' and is not empty' if target.is_dir() else ''}; nothing was written")
        if not target.parent.is_dir():
            raise Fault(f"the folder {target.parent} does not exist; nothing was written")
        with TemporaryDirectory(prefix=".gatehook-new-", dir=target if target.is_dir() else target.parent) as folder:
            made = Path(folder, "made")
            for path, text in files.items():
                (made / path).parent.mkdir(parents=True, exist_ok=True)
                (made / path).write_text(text, encoding="utf-8")
            if target.is_dir():
                for entry in made.iterdir():
                    entry.rename(target / entry.name)
            else:
                made.rename(target)
    except OSError as error:
        raise Fault(f"{target} cannot be written: {error.strerror}; nothing was written") from None
