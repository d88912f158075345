"""Where our own commands run: `.env`, the config that the environment names, and the folders of local classes.

Hosts' commands see none of it. An MCP client starts the guard wherever it likes, in a cloned repository for one: what
somebody put there must neither switch the guard off nor run in it.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from gatehook.cli.output import Fault

CONFIG_VARIABLE: Final = "PLUGIN_CONFIG_FILE"


def enter() -> None:
    """Let `.env` and the classes of the current directory count."""
    if not sys.flags.safe_path:
        _look_for_classes_in(Path())
    _read_dotenv(Path(".env"))


def _look_for_classes_in(folder: Path) -> None:
    """Let `kind:` name classes of a folder. It comes last, so no file there can stand in for a library."""
    with suppress(FileNotFoundError):  # the current directory was deleted under us, so there is nothing in it
        path = str(folder.absolute())
        if path not in sys.path:
            sys.path.append(path)


def _read_dotenv(path: Path) -> None:
    """Add what `.env` sets to the environment, but for what is set there already."""
    if not path.is_file():
        return
    from dotenv import load_dotenv  # noqa: PLC0415  # most directories have no .env

    try:
        load_dotenv(path, override=False, encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise Fault(f"{path} cannot be read: {error}") from None


class _ConfigFile(click.Path):
    """A file that exists. If it does not, the message names the variable that the name came from."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            named = ctx and param and param.name and ctx.get_parameter_source(param.name)
            if named is ParameterSource.ENVIRONMENT:
                error.param_hint = f"the environment variable {CONFIG_VARIABLE}"
            raise


def _look_beside(_context: click.Context, _parameter: click.Parameter, config: str | None) -> str | None:
    if config is not None:
        _look_for_classes_in(Path(config).parent)
    return config


config_option: Final[dict[str, Any]] = {
    "envvar": CONFIG_VARIABLE,
    "type": _ConfigFile(exists=True, dir_okay=False),
    "callback": _look_beside,
}
"""What every command that reads a config says of it. The classes beside it can be named in it."""
