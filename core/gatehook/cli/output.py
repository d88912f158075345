"""How the commands speak: tables and colour on a terminal, plain columns elsewhere, JSON for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from gatehook.errors import Problem, dotted, nearest
from gatehook.values import Model, to_json

Cell = str | tuple[str, str]
"""A text, or a text and its colour."""

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object, for machines.")


class Name(click.Choice):  # type: ignore[type-arg]  # older versions of click have none
    """One of some names. For another one the message tells the nearest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return str(super().convert(value, param, ctx))
        except click.BadParameter as error:
            self.fail(error.message.removesuffix(".") + (nearest(str(value), self.choices) or "."), param, ctx)


class Fault(click.ClickException):
    """An operator's mistake that leaves no answer."""

    exit_code = 2


def say_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    return to_json(value) if isinstance(value, Model) else repr(value)


def say_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """A table under its title, with an empty line after it. A column in which nothing stands is left out."""
    keep = [index for index in range(len(columns)) if any(_text(row[index]) for row in rows)]
    columns, rows = [columns[index] for index in keep], [[row[index] for index in keep] for row in rows]
    (_rich if sys.stdout.isatty() else _columns)(title, columns, rows)


def _columns(title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    lines = [list(columns), *([_text(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    click.echo(title)
    for line in lines:
        click.echo("  " + "  ".join(map(str.ljust, line, widths)).rstrip())
    click.echo()


def _rich(title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    from rich.console import Console  # noqa: PLC0415  # slow to import, and of use on a terminal only
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(title=Text(title, "bold"), title_justify="left", box=None, padding=(0, 1, 0, 1))
    console = Console()
    names = sum(2 + max(len(_text(cell)) for cell in column) for column in list(zip(columns, *rows, strict=True))[:-1])
    for column in columns:  # names stay in one piece where what they leave is enough for the last column
        whole = column != columns[-1] and names < console.width * 0.8
        table.add_column(column, no_wrap=whole, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) if isinstance(cell, str) else Text(*cell) for cell in row))
    console.print(table, Text())


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell[0]


def say_problem(problem: Problem, level: str = "error") -> None:
    """One line as compilers write it, so that editors and CI find the place."""
    where = ":".join(str(part) for part in (problem.file, problem.line) if part is not None)
    colour = {"error": "red", "warning": "yellow", "note": "cyan"}[level]
    parts = (where, click.style(level, fg=colour), dotted(problem.path), problem.message)
    click.echo(": ".join(part for part in parts if part))


def problem_json(problem: Problem, **more: str) -> dict[str, Any]:
    return {
        **more,
        "file": problem.file,
        "line": problem.line,
        "path": dotted(problem.path),
        "message": problem.message,
    }


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
