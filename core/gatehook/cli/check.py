"""``gatehook check``: is a config right, and what would it run?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import click

from gatehook.advice import Advice, advise
from gatehook.cli.hosts import Host, installed_hosts
from gatehook.cli.output import (
    Cell,
    Fault,
    counted,
    json_option,
    problem_json,
    say_json,
    say_problem,
    say_table,
)
from gatehook.cli.surroundings import config_option
from gatehook.dry_run import HOOKS, DryRun, dry_run
from gatehook.errors import ConfigError, Problem, nearest
from gatehook.plan import Plan, Planned, make_plan
from gatehook.results import PluginMode

COLOURS: Final = {PluginMode.ENFORCE: "green", PluginMode.PERMISSIVE: "yellow", PluginMode.AUDIT: "cyan"}


@dataclass(frozen=True)
class Found:
    """What a check came to. With problems there is no plan, since nothing would run.

    ``host`` is the one that was named, if any.
    """

    problems: list[Problem]
    plan: Plan = field(default_factory=Plan)
    advice: list[Advice] = field(default_factory=list)
    host: Host | None = None

    @property
    def warnings(self) -> int:
        return sum(item.level == "warning" for item in self.advice)


@click.command()
@click.argument("config", **config_option)
@click.option("--host", help="Check for this host, such as guard: an enforcing plugin that it never calls is an error.")
@click.option("--strict", is_flag=True, help="Warnings are problems.")
@json_option
def check(config: str, host: str | None, strict: bool, as_json: bool) -> None:
    """Tell everything that is wrong with CONFIG, then what it runs at each hook.

    Imports and constructs the enabled plugins, but does not initialize them. CONFIG defaults to $PLUGIN_CONFIG_FILE.
    """
    hosts = _chosen(installed_hosts(), host)
    called = hosts[0].called_hooks if host else None
    try:
        run = dry_run(config, called=called)
    except ConfigError as error:  # it cannot even be parsed
        found = Found(list(error.problems))
    else:
        found = _look(run, hosts, host)
    if as_json:
        say_json(_report(config, found))
    else:
        _say(config, found)
    raise click.exceptions.Exit(1 if found.problems or (strict and found.warnings) else 0)


def _chosen(hosts: list[Host], name: str | None) -> list[Host]:
    if name is None:
        return [host for host in hosts if host.problem or host.called_hooks]
    for host in hosts:
        if host.name == name and host.problem:
            raise Fault(host.problem)
        if host.name == name and host.called_hooks:
            return [host]
    raise Fault(f"no host {name!r} is installed{nearest(name, [host.name for host in hosts if host.called_hooks])}")


def _look(run: DryRun, hosts: Sequence[Host], chosen: str | None) -> Found:
    plan = Plan() if run.problems else make_plan(run.config, run.entries, HOOKS)
    called = {host.name: host.called_hooks for host in hosts if host.called_hooks}
    advice = [Advice("warning", Problem(host.problem)) for host in hosts if host.problem]
    advice += advise(run.config, run.entries, HOOKS, called)
    return Found(run.problems, plan, advice, hosts[0] if chosen else None)


# -- for machines


def _report(config: str, found: Found) -> dict[str, Any]:
    hosts = [found.host] if found.host else []
    return {
        "config": config,
        "ok": not found.problems,
        "problems": [problem_json(problem) for problem in found.problems],
        "advice": [problem_json(item.problem, level=item.level) for item in found.advice],
        "hooks": {name: [asdict(step) for step in steps] for name, steps in found.plan.hooks.items()},
        "idle": [asdict(item) for item in found.plan.idle],
        "hosts": {host.name: {"called_hooks": [*host.called_hooks], "coverage": host.coverage} for host in hosts},
    }


# -- for people


def _say(config: str, found: Found) -> None:
    plan = found.plan
    for problem in found.problems:
        say_problem(problem)
    for hook, steps in plan.hooks.items():
        columns = ["#", "plugin", "kind", "priority", "mode", "access", "on_error", "timeout", "conditions"]
        say_table(hook, columns, [_row(number, step) for number, step in enumerate(steps, 1)])
    if plan.idle:
        say_table("not running", ["plugin", "", "why"], [(item.plugin, item.state, item.reason) for item in plan.idle])
    for item in found.advice:
        say_problem(item.problem, item.level)
    _sum_up(config, found)
    if found.host and found.host.coverage and plan.hooks:
        click.echo()
        _say_coverage(found.host)


def _say_coverage(host: Host) -> None:
    columns = list(dict.fromkeys(key for row in host.coverage for key in row))
    rows = [[row.get(key, "") for key in columns] for row in host.coverage]
    say_table(f"what {host.name} guards", columns, rows)


def _sum_up(config: str, found: Found) -> None:
    plugins = {step.plugin for steps in found.plan.hooks.values() for step in steps}
    summary = f"{counted(len(plugins), 'plugin')} at {counted(len(found.plan.hooks), 'hook')}"
    if found.problems:
        summary = counted(len(found.problems), "problem")
    if found.warnings:
        summary += f", {counted(found.warnings, 'warning')}"
    click.secho(f"{config}: {summary}", fg="red" if found.problems else "green")


def _row(number: int, step: Planned) -> list[Cell]:
    conditions = " or ".join(
        " and ".join(f"{name}: {', '.join(values)}" for name, values in entry.items()) for entry in step.conditions
    )
    if conditions and step.when_unknown != "match":
        conditions += f" (unknown: {step.when_unknown})"
    return [
        str(number),
        (step.plugin, "bold"),
        "" if step.kind == step.plugin else step.kind,
        f"{step.priority} (band)" if step.band is not None else str(step.priority),
        (step.mode, COLOURS[step.mode]),
        f"{step.access}, rechecks" if step.recheck else step.access,
        "" if step.on_error == ("block" if step.mode is PluginMode.ENFORCE else "allow") else step.on_error,
        f"{step.timeout:g}s",
        conditions,
    ]
