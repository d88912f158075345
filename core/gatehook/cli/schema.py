"""``gatehook schema``: JSON Schemas for editors, made from the models and what is installed."""

from __future__ import annotations

import json

import click

from gatehook.cli.hosts import installed_hosts
from gatehook.cli.output import Name
from gatehook.discovery import installed
from gatehook.dry_run import HOOKS
from gatehook.entries import KNOWN_SECTIONS
from gatehook.kinds import KNOWN_KINDS
from gatehook.schemas import config_schema, manifest_schema


@click.command()
@click.argument("document", type=Name(["config", "manifest"]), default="config")
@click.option("--bare", is_flag=True, help="Of gatehook alone, whatever is installed beside it.")
def schema(document: str, bare: bool) -> None:
    """Print the JSON Schema of the config, or of plugin-manifest.yaml.

    The config's knows the plugins and hosts that are installed: their names, their settings, their sections.
    """
    if document == "manifest":
        made = manifest_schema(list(HOOKS))
    elif bare:
        made = config_schema(list(HOOKS), dict.fromkeys(KNOWN_KINDS), dict.fromkeys(KNOWN_SECTIONS))
    else:
        kinds = {item.name: item.manifest for item in installed() if item.manifest is not None and not item.problem}
        hosts = installed_hosts()
        for host in hosts:
            if host.problem:
                click.echo(f"left out: {host.problem}", err=True)
        sections = {host.name: host.model for host in hosts if not host.problem}
        made = config_schema(list(HOOKS), kinds, sections)
    click.echo(json.dumps(made, indent=2, ensure_ascii=False))
