"""``gatehook serve``: the command line, our standard streams, and signals."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource
from gatehook import ConfigError, GatehookError

from gatehook_plugin_server.addresses import Address
from gatehook_plugin_server.endpoint import Endpoint
from gatehook_plugin_server.logs import log_to_stderr
from gatehook_plugin_server.plugins import Plugins
from gatehook_plugin_server.stdio import serve_stdio

BAD_CONFIG: Final = 2


def say(text: str) -> None:
    """To the operator, who reads stderr; stdout may belong to the protocol."""
    with suppress(OSError):  # whoever read it may have gone
        for line in text.splitlines():
            click.echo(f"gatehook: {line}", err=True)


@click.command
@click.option(
    "--config", type=click.Path(path_type=Path), envvar="PLUGIN_CONFIG_FILE", show_envvar=True, required=True,
    help="The config file.",
)  # fmt: skip
@click.option("--stdio", is_flag=True, help="Serve the process that started this one, whatever the config says.")
@click.option("--listen", metavar="HOST:PORT|unix:PATH", help="Serve streamable HTTP there, at /mcp.")
@click.option("--grpc", metavar="HOST:PORT|unix:PATH", help="Serve gRPC there.")
@click.option("--legacy", is_flag=True, help="Speak as ContextForge 0.6 to 0.8 did over MCP: a tool for each hook.")
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False), default="warning",
    envvar="GATEHOOK_LOG_LEVEL", show_envvar=True, show_default=True, help="What gatehook logs to stderr.",
)  # fmt: skip
@click.pass_context
def serve(  # noqa: PLR0913  # one parameter for each option
    context: click.Context,
    config: Path,
    stdio: bool,
    listen: str | None,
    grpc: str | None,
    legacy: bool,
    log_level: str,
) -> None:
    """Serve the enabled plugins of a config to gateways.

    Without --listen and --grpc, and `listen` in the config, over standard input and output. SIGTERM and SIGINT end it
    once running calls are answered; SIGHUP reads the config again.
    """
    if stdio and (listen or grpc):
        raise click.UsageError("--stdio serves one process; leave out --listen and --grpc")
    log_to_stderr(log_level)
    with suppress(FileNotFoundError):  # the current directory was deleted; then a config in it is not found either
        sys.path.append(str(config.absolute().parent))  # for local classes; last, so none stands in for a library
    try:
        asyncio.run(_serve(config, stdio, listen, grpc, legacy))
    except GatehookError as error:
        say(str(error))
        if context.get_parameter_source("config") is ParameterSource.ENVIRONMENT:
            say(f"the environment variable PLUGIN_CONFIG_FILE names this config: {config}")
        context.exit(BAD_CONFIG)


async def _serve(config: Path, stdio: bool, listen: str | None, grpc: str | None, legacy: bool) -> None:
    streams = _take_streams()
    stopping = asyncio.Event()
    plugins = await Plugins.open(config)
    try:
        _handle_signals(plugins, stopping)
        endpoint = Endpoint(plugins, legacy=legacy)
        if not (stdio or listen):
            listen = plugins.settings.listen
        serving: list[Callable[[], Coroutine[Any, Any, None]]] = []
        if listen:
            from gatehook_plugin_server.http import serve_http  # noqa: PLC0415  # slow, and not needed over pipes

            address = Address.parse(listen, plugins.folder)
            serving.append(partial(serve_http, plugins, endpoint, address, stopping, _tell))
        if grpc:
            address = Address.parse(grpc, plugins.folder)
            serving.append(partial(_grpc(), plugins, address, plugins.folder, stopping, _tell))
        if not serving:
            plugins.private = True
            serving.append(partial(serve_stdio, plugins, endpoint, streams, stopping))
        await _all(serving)
    except ConfigError as error:
        raise plugins.placed(error) from None
    finally:
        await plugins.close()


def _grpc() -> Callable[..., Coroutine[Any, Any, None]]:
    try:
        from gatehook_plugin_server.grpc_frontend import serve_grpc  # noqa: PLC0415  # an extra
    except ModuleNotFoundError as error:
        raise GatehookError(f"--grpc needs {error.name}: pip install 'gatehook-plugin-server[grpc]'") from None
    return serve_grpc


async def _all(serving: list[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    """Run all front ends; the first that fails ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            for frontend in serving:
                group.create_task(frontend())
    except* GatehookError as failed:
        raise failed.exceptions[0] from None


def _tell(url: str) -> None:
    say(f"serving at {url}")


def _take_streams() -> tuple[int, int]:
    """Our standard streams for the protocol alone: what a plugin prints goes to stderr, what it reads is empty."""
    read, write = os.dup(0), os.dup(1)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return read, write


def _handle_signals(plugins: Plugins, stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Task[None]] = set()

    async def reload() -> None:
        try:
            await plugins.reload()
        except Exception as error:  # noqa: BLE001  # whatever is wrong with the new config, the old one goes on
            cause = str(error) if isinstance(error, GatehookError) else type(error).__name__
            say(f"the config was not reloaded, the old one goes on:\n{cause}")
        else:
            say("the config was reloaded")

    def begin_reload() -> None:
        task = loop.create_task(reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    def stop() -> None:
        stopping.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)  # the second one ends us at once

    loop.add_signal_handler(signal.SIGHUP, begin_reload)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
