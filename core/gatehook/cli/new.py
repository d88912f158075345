"""``gatehook new``: a distribution to begin a plugin with, which works from the first minute."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from gatehook.cli.names import Names, names_of
from gatehook.cli.output import Fault, Name, counted
from gatehook.cli.project import EXTERNAL, purpose, render, write
from gatehook.dry_run import HOOKS

_HOOK = Name(list(HOOKS))
_DEFAULT_HOOKS = ("tool_pre_invoke", "tool_post_invoke")


class _Line(click.ParamType):  # type: ignore[type-arg]  # older versions of click have none
    """A text that fits on one line of a metadata file."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip()
        if not text.isprintable():
            self.fail("must be one line, without control characters.", param, ctx)
        return text


@click.command()
@click.argument("name")
@click.option("--hook", "hooks", multiple=True, type=_HOOK, help="A hook that it implements. Repeatable.")
@click.option(
    "--external/--in-process",
    default=None,
    help="Add a server, for gateways in other processes.",
)
@click.option("--description", type=_Line(), help="What it does, in a sentence.")
@click.option("--author", type=_Line(), help="NAME, or NAME <ADDRESS>. Defaults to what git knows.")
@click.option("--directory", type=click.Path(path_type=Path), help="Where to write it. Defaults to ./gatehook-NAME.")
@click.option("--yes", is_flag=True, help="Ask nothing: take the defaults of what is not given.")
def new(  # noqa: PLR0913  # one for each option
    name: str,
    hooks: tuple[str, ...],
    external: bool | None,
    description: str | None,
    author: str | None,
    directory: Path | None,
    yes: bool,
) -> None:
    """Write a distribution with a plugin called NAME, which installs and passes its tests.

    On a terminal it asks for what is not given. row-limit, row_limit and RowLimit are one NAME.
    """
    names = names_of(name)
    target = (directory or Path(names.distribution)).absolute()
    asks = sys.stdin.isatty() and not yes
    hooks = hooks or (_ask_hooks() if asks else _DEFAULT_HOOKS)
    if external is None:
        external = asks and click.confirm("A server as well, for gateways that run plugins in processes of their own")
    _check_external(hooks, external)
    if description is None:
        description = _ask("What it does, in a sentence", purpose(hooks)) if asks else ""
    if author is None:
        author = _ask("Author", _author_in_git()) if asks else _author_in_git()
    files = render(names, hooks, description, author, external)
    write(files, target.resolve())
    _say(names, directory or Path(names.distribution), files)


def _ask_hooks() -> tuple[str, ...]:
    click.echo(f"Hooks: {', '.join(HOOKS)}")
    return tuple(click.prompt("At which of them", default=", ".join(_DEFAULT_HOOKS), value_proc=_hooks_in))


def _hooks_in(text: str) -> list[str]:
    found = [_HOOK.convert(word, None, None) for word in text.replace(",", " ").split()]
    if not found:
        raise click.UsageError("at least one, please")
    return found


def _check_external(hooks: tuple[str, ...], external: bool) -> None:
    if external and (others := [hook for hook in hooks if hook not in EXTERNAL]):
        raise Fault(f"the protocol of external plugins has no {', '.join(others)}; it has {', '.join(EXTERNAL)}")


def _ask(what: str, default: str) -> str:
    return str(click.prompt(what, default=default, type=_Line()))


def _author_in_git() -> str:
    name, address = (_git_config(key) for key in ("user.name", "user.email"))
    return f"{name} <{address}>" if name and address else name


def _git_config(key: str) -> str:
    try:
        found = subprocess.run(["git", "config", key], capture_output=True, text=True, check=False)  # noqa: S603, S607  # fixed words; git is where the user has it
    except OSError:  # there is no git
        return ""
    text = found.stdout.strip()
    return text if text.isprintable() else ""


def _say(names: Names, target: Path, files: dict[str, str]) -> None:
    click.echo(f"{target}: {counted(len(files), 'file')}")
    for path in sorted(files):
        click.echo(f"  {path}")
    click.echo(f"\nIts `kind` is {names.plugin}. Install it and run its tests:\n")
    click.echo(
        f"  cd {target}\n  python -m venv .venv\n  .venv/bin/pip install -e . 'gatehook[testing]'\n  .venv/bin/pytest"
    )
