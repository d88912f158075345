"""The command line. Hosts add commands of their own through the entry-point group ``gatehook.commands``.

Exit codes: 0, all is well; 1, the answer is no (``check`` found problems, the call of ``explain`` is blocked, ``list``
shows something enabled that cannot run); 2, there is no answer (bad usage, nothing to read).
"""

from __future__ import annotations

from typing import Any, Final, NoReturn

import click

from gatehook.cli import surroundings
from gatehook.cli.check import check
from gatehook.cli.explain import explain
from gatehook.cli.installed import list_installed
from gatehook.cli.new import new
from gatehook.cli.output import Fault
from gatehook.cli.schema import schema
from gatehook.discovery import COMMANDS, Contribution, contributions, own_version
from gatehook.errors import GatehookError

KNOWN_COMMANDS: Final = {"guard": "gatehook-guard", "serve": "gatehook-plugin-server"}
"""Commands of our own hosts, to name what is missing."""


class Commands(click.Group):
    """Our own commands and those of hosts, which are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*self.commands, *(item.name for item in contributions(COMMANDS))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        theirs = (item for item in contributions(COMMANDS) if item.name == cmd_name)
        return own or next(map(_contributed, theirs), None) or _known(cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GatehookError as error:
            raise Fault(str(error)) from None


def _contributed(item: Contribution) -> click.Command:
    try:
        command = item.load()
    except GatehookError as error:
        return _broken(item, str(error))
    if isinstance(command, click.Command):
        return command
    return _broken(item, f"{item.distribution} is broken: its entry point {item.origin} is no click command")


def _broken(item: Contribution, why: str) -> click.Command:
    """Stands in for a command that cannot be imported: it is listed."""
    return _refusing(item.name, why, f"(broken; calling it says why) from {item.distribution}")


def _known(name: str) -> click.Command | None:
    """Stands in for a command of our own hosts that is not installed: it is not listed."""
    if name not in KNOWN_COMMANDS:
        return None
    return _refusing(name, f"the command {name!r} comes with {KNOWN_COMMANDS[name]}, which is not installed")


def _refusing(name: str, why: str, hint: str = "") -> click.Command:
    """A command that takes anything, and says what is wrong."""

    def refuse(**_: Any) -> NoReturn:
        raise Fault(why)

    takes_anything = {"ignore_unknown_options": True, "help_option_names": []}
    arguments: list[click.Parameter] = [click.Argument(["args"], nargs=-1, type=click.UNPROCESSED)]
    return click.Command(name, takes_anything, refuse, arguments, short_help=hint)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(own_version(), prog_name="gatehook")
@click.pass_context
def commands(context: click.Context) -> None:
    """Plugins in the life of an MCP request, and enforcement that can be proved.

    Exit codes: 0 all is well, 1 the answer is no, 2 there is no answer.
    """
    if context.invoked_subcommand in commands.commands:  # ours; a host's command runs in directories of other people
        surroundings.enter()


for command in (check, explain, list_installed, new, schema):
    commands.add_command(command)


def main() -> None:
    """The console script."""
    commands(prog_name="gatehook")
