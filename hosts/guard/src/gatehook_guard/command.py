"""``gatehook guard``: the command line, our standard streams, and signals."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import click
from click.core import ParameterSource
from gatehook import GatehookError, Runner

from gatehook_guard.guarding import Caller
from gatehook_guard.logs import Formatter
from gatehook_guard.methods import HOOKS
from gatehook_guard.settings import GuardSettings
from gatehook_guard.stdio import Session

BAD_CONFIG: Final = 2
NOT_EXECUTABLE: Final = 126
NOT_FOUND: Final = 127


def say(text: str) -> None:
    """To the operator, who reads stderr; stdout belongs to the protocol."""
    with suppress(OSError):  # whoever read it may have gone
        for line in text.splitlines():
            click.echo(f"gatehook: {line}", err=True)


@click.command(context_settings={"allow_interspersed_args": False})
@click.option(
    "--config", type=click.Path(path_type=Path), envvar="PLUGIN_CONFIG_FILE", show_envvar=True, required=True,
    help="The config file.",
)  # fmt: skip
@click.option("--user", help="On whose behalf the client calls, for conditions and plugins.")
@click.option("--tenant", help="The tenant that the client belongs to.")
@click.option("--server-id", help="The name of the server behind, for conditions.")
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False), default="warning",
    envvar="GATEHOOK_LOG_LEVEL", show_envvar=True, show_default=True,
    help="What gatehook logs to stderr: at info also the chains at start, at debug also every record.",
)  # fmt: skip
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def guard(  # noqa: PLR0913  # one parameter for each option
    context: click.Context,
    config: Path,
    user: str | None,
    tenant: str | None,
    server_id: str | None,
    log_level: str,
    command: tuple[str, ...],
) -> None:
    """Put the plugins of a config in front of the MCP server that COMMAND starts.

    In a client's list of servers, put `gatehook guard --config FILE --` before the server's command.
    """
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setFormatter(Formatter())
    logging.basicConfig(level=logging.WARNING, handlers=[stderr])
    logging.getLogger("gatehook").setLevel(log_level.upper())  # libraries are not asked for more
    with suppress(FileNotFoundError):  # the current directory was deleted; then a config in it is not found either
        sys.path.append(str(config.absolute().parent))  # for local classes; last, so none stands in for a library
    read, write = _take_streams()
    caller = Caller(user, tenant, server_id)
    try:
        context.exit(asyncio.run(_guard(config, caller, list(command), read, write)))
    except GatehookError as error:
        say(str(error))
        if context.get_parameter_source("config") is ParameterSource.ENVIRONMENT:
            say(f"the environment variable PLUGIN_CONFIG_FILE names this config: {config}")
        context.exit(BAD_CONFIG)


def _take_streams() -> tuple[int, int]:
    """Our standard streams for the protocol alone: what a plugin prints goes to stderr, what it reads is empty."""
    read, write = os.dup(0), os.dup(1)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return read, write


async def _guard(config: Path, caller: Caller, command: list[str], read: int, write: int) -> int:
    async with Runner.from_config(config, hooks=HOOKS) as runner:
        session = Session(runner, _settings(runner), caller, say)
        _handle_signals(runner, session)
        try:
            return await session.run(command, read, write)
        except FileNotFoundError as error:
            say(f"the server's command was not found: {error.filename or command[0]}")
            return NOT_FOUND
        except PermissionError:
            say(f"the server's command cannot be executed: {command[0]}")
            return NOT_EXECUTABLE


def _settings(runner: Runner) -> GuardSettings:
    return GuardSettings.model_validate(runner.section("guard"))


def _handle_signals(runner: Runner, session: Session) -> None:
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Task[None]] = set()

    async def reload() -> None:
        try:
            await runner.reload()
        except Exception as error:  # noqa: BLE001  # whatever is wrong with the new config, the old one goes on
            cause = str(error) if isinstance(error, GatehookError) else type(error).__name__
            say(f"the config was not reloaded, the old one goes on:\n{cause}")
        else:
            session.reconfigure(_settings(runner))
            say("the config was reloaded")

    def begin_reload() -> None:
        task = loop.create_task(reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    def stop(number: int) -> None:
        if not session.stop.done():
            session.stop.set_result(number)

    loop.add_signal_handler(signal.SIGHUP, begin_reload)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
