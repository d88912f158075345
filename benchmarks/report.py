"""What a section hands back, and how it is printed."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Table:
    title: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Markdown, padded so that a terminal shows it as well."""
        widths = [max(map(len, cells)) for cells in zip(self.columns, *self.rows, strict=True)]
        head, *body = [
            "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
            for row in [self.columns, *self.rows]
        ]
        rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
        notes = [f"- {note}" for note in self.notes]
        return "\n".join([f"## {self.title}", "", head, rule, *body, *(["", *notes] if notes else [])])


@dataclass(frozen=True)
class Section:
    table: Table
    samples: Any  # for JSON: every measured value, before medians


def number(value: float) -> str:
    """Three significant digits, so that no row pretends to more."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def at_most(value: float, limit: float, unit: str) -> str:
    sign, word = ("≤", "met") if value <= limit else (">", "missed")
    return f"{number(value)} {sign} {limit:g} {unit}: {word}"


def at_least(value: float, limit: float, unit: str) -> str:
    sign, word = ("≥", "met") if value >= limit else ("<", "missed")
    return f"{number(value)} {sign} {limit:g} {unit}: {word}"
