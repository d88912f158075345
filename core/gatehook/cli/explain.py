"""``gatehook explain``: what becomes of one call, and why."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import click

from gatehook.cli.output import Cell, Fault, Name, json_option, say_json, say_table
from gatehook.cli.payload import read_payload
from gatehook.cli.surroundings import config_option
from gatehook.config import load_config
from gatehook.dry_run import HOOKS
from gatehook.errors import GatehookError, PluginError
from gatehook.payloads import Payload
from gatehook.results import Outcome, Record, Verdict
from gatehook.runner import Runner

PAYLOADS: Final = {hook.name: hook.payload for hook in HOOKS.values() if hook.payload is not None}
_COLOURS: Final = {
    Verdict.OK: "green",
    Verdict.MODIFIED: "yellow",
    Verdict.RESPONSE: "yellow",
    Verdict.SKIPPED: "dim",
}
"""The others are red."""


@click.command()
@click.argument("config", **config_option)
@click.option("--hook", required=True, type=Name(list(PAYLOADS)))
@click.option("--payload", required=True, help="JSON, @FILE, or - for standard input.")
@click.option("--user", help="On whose behalf the call is made.")
@click.option("--tenant", "tenant_id", help="The tenant that the call belongs to.")
@click.option("--server-id", help="The MCP server that it goes to.")
@click.option("--content-type", help="The media type of what it carries.")
@json_option
def explain(config: str, hook: str, payload: str, as_json: bool, **who: str | None) -> None:
    """Run one hook of CONFIG on a payload, and tell which plugins ran, which did not and why, and what each said.

    The plugins are initialized and really run, on this payload only. The exit code is 1 if the call is blocked.
    """
    value = read_payload(PAYLOADS[hook], payload)
    document = load_config(config).document
    try:
        outcome = asyncio.run(_run(config, value, who))
    except PluginError as error:
        click.echo(f"{hook}: the host gets a PluginError, since fail_on_plugin_error is set: {error}")
        raise click.exceptions.Exit(1) from None
    except GatehookError as error:
        raise Fault(document.redacted(str(error))) from None
    if as_json:
        say_json(_report(hook, outcome))
    else:
        _say(hook, outcome)
    raise click.exceptions.Exit(1 if outcome.blocked else 0)


async def _run(config: str, payload: Payload, who: dict[str, Any]) -> Outcome[Payload]:
    async with Runner.from_config(config) as runner, runner.request(**who) as request:
        outcome = await runner.explain(payload, request)
        outcome.records  # noqa: B018  # put together now, while the plugins are up
        return outcome


def _report(hook: str, outcome: Outcome[Payload]) -> dict[str, Any]:
    return {
        "hook": hook,
        "blocked": outcome.blocked,
        "modified": outcome.modified,
        "violation": outcome.violation.to_dict() if outcome.violation else None,
        "violations": [violation.to_dict() for violation in outcome.violations],
        "response": outcome.response,
        "payload": outcome.payload.to_dict(),
        "metadata": dict(outcome.metadata),
        "records": [{**record._asdict(), "microseconds": record.duration * 1e6} for record in outcome.records],
    }


def _say(hook: str, outcome: Outcome[Payload]) -> None:
    if outcome.records:
        columns = ["#", "plugin", "mode", "verdict", "in effect", "µs", "what"]
        say_table(hook, columns, [_row(number, record) for number, record in enumerate(outcome.records, 1)])
    if outcome.violation is not None:
        violation = outcome.violation
        click.secho(f"blocked by {violation.plugin_name} [{violation.code}]: {violation.reason}", fg="red")
    elif outcome.response is not None:
        click.secho("answered in the server's place:", fg="yellow")
        say_json(outcome.response)
    elif outcome.modified:
        click.secho("allowed, as changed:", fg="yellow")
        say_json(outcome.payload.to_dict())
    else:
        click.secho(f"allowed as it is{'' if outcome.records else ': no plugin is at this hook'}", fg="green")


def _row(number: int, record: Record) -> list[Cell]:
    what = [f"[{record.code}]" if record.code else "", record.reason, ", ".join(record.changes)]
    return [
        str(number),
        (f"{record.plugin} (second look)" if record.recheck else record.plugin, "bold"),
        record.mode,
        (record.verdict, _COLOURS.get(record.verdict, "red")),
        "yes" if record.effective else "",
        "" if record.verdict == "skipped" else f"{record.duration * 1e6:.0f}",
        " ".join(filter(None, what)),
    ]
