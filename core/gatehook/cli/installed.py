"""``gatehook list``: what is installed, what of it is enabled, and what of it is broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import click

from gatehook.cli.hosts import installed_hosts
from gatehook.cli.output import Cell, json_option, say_json, say_table
from gatehook.cli.surroundings import config_option
from gatehook.discovery import COMMANDS, Available, contributions, installed
from gatehook.dry_run import DryRun, dry_run
from gatehook.errors import GatehookError
from gatehook.kinds import find, load
from gatehook.plugin import Plugin


@dataclass
class Listed:
    """One plugin that is installed, or that the config wants. ``enabled`` has the names of the entries that do it."""

    name: str
    distribution: str = ""
    version: str = ""
    location: str = ""
    target: str = ""
    description: str = ""
    hooks: list[str] = field(default_factory=list)
    access: str = ""
    enabled: list[str] = field(default_factory=list)
    disabled: list[str] = field(default_factory=list)
    problem: str = ""


@click.command("list")
@click.option("--config", **config_option, help="Tell what this config enables. Defaults to $PLUGIN_CONFIG_FILE.")
@click.option("--import", "try_import", is_flag=True, help="Import every plugin, to see whether that works.")
@json_option
def list_installed(config: str | None, try_import: bool, as_json: bool) -> None:
    """List the plugins and hosts that are installed.

    Reads metadata only, but imports and constructs what the config enables, and with --import imports all. The exit
    code is 1 if something that is enabled cannot run.
    """
    wanted = dry_run(config) if config else None
    found = inventory(installed(), wanted, try_import)
    if as_json:
        say_json({"plugins": [asdict(item) for item in found], "hosts": _hosts()})
    else:
        _say(found, wanted)
    if wanted and wanted.problems:
        click.echo(f"{config} has problems; `gatehook check` tells them", err=True)
    cannot_run = any(item.enabled and item.problem for item in found)
    raise click.exceptions.Exit(1 if cannot_run or (wanted and wanted.problems) else 0)


def inventory(available: list[Available], wanted: DryRun | None, try_import: bool) -> list[Listed]:
    """Everything installed by name (copies in the order of the path), then what else the config wants."""
    listed = {id(item): _listed(item, available) for item in available}
    more: list[Listed] = []
    for entry in wanted.entries if wanted else ():
        kind = entry.config.kind or entry.name
        try:
            item = find(kind, available, entry.config.distribution)
        except GatehookError as error:
            more.append(row := Listed(kind, problem=str(error)))
        else:
            if id(item) not in listed:
                more.append(_listed(item, available))
                available, listed[id(item)] = [*available, item], more[-1]
            row = listed[id(item)]
        (row.enabled if entry.enabled else row.disabled).append(entry.name)
        row.problem = row.problem or entry.lie or entry.lack
    for item in available if try_import else ():
        row = listed[id(item)]
        try:
            load(item, Plugin)
        except GatehookError as error:
            row.problem = row.problem or str(error)
    found = [listed[id(item)] for item in available if listed[id(item)] not in more]
    return [*sorted(found, key=lambda row: row.name), *more]


def _listed(item: Available, available: Sequence[Available]) -> Listed:
    row = Listed(
        item.name,
        item.distribution or "",
        item.version,
        item.location,
        item.target,
        problem=item.problem or "; ".join(_rivals(item, available)),
    )
    if item.manifest is not None:
        row.description, row.access = item.manifest.description, item.manifest.access
        row.hooks = list(item.manifest.available_hooks)
    return row


def _rivals(item: Available, available: Sequence[Available]) -> Iterator[str]:
    """Who else claims the plugin's name, or one of its aliases: enabling it by that needs a pin."""
    for other in available:
        if other is not item and other.name == item.name:
            same = other.distribution == item.distribution
            twice, also = f"installed a second time in {other.location}", f"also claimed by {other.origin}"
            yield twice if same else also
        elif other is not item and item.manifest and other.manifest:
            for alias in sorted({*item.manifest.aliases} & {*other.manifest.aliases}):
                yield f"the alias {alias} is also claimed by {other.origin}"


def _hosts() -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for item in contributions(COMMANDS):
        host = found.setdefault(item.distribution, {"sections": [], "commands": [], "problem": ""})
        host["commands"].append(f"gatehook {item.name}")
    for section in installed_hosts():
        host = found.setdefault(section.distribution, {"sections": [], "commands": [], "problem": ""})
        host["sections"].append(section.name)
        host["problem"] = host["problem"] or section.problem
    return [{"distribution": name, **host} for name, host in found.items()]


def _say(found: list[Listed], wanted: DryRun | None) -> None:
    if found:
        columns = ["plugin", "distribution", "version", "enabled", "problem", "description"]
        say_table("plugins", columns, [_row(item, wanted) for item in found])
    else:
        click.echo("no plugins are installed\n")
    rows: list[list[Cell]] = [
        [host["distribution"], ", ".join(host["commands"]), ", ".join(host["sections"]), (host["problem"], "red")]
        for host in _hosts()
    ]
    if rows:
        say_table("hosts", ["distribution", "commands", "sections", "problem"], rows)


def _row(item: Listed, wanted: DryRun | None) -> list[Cell]:
    enabled: Cell = ""
    if wanted is not None:
        off = "" if wanted.config.enabled else " (PLUGINS_ENABLED is false)"
        enabled = "disabled" if item.disabled else "no"
        if item.enabled:
            enabled = (f"as {', '.join(item.enabled)}{off}", "green")
    problem = (item.problem, "red")
    return [(item.name, "bold"), item.distribution or "local", item.version, enabled, problem, item.description]
