"""One column of the matrix: everything that a transport meets, in one event loop, and what that leaves behind."""

from __future__ import annotations

import asyncio
import gc
import logging
from dataclasses import dataclass, field
from pathlib import Path

from tests.failures.faults import Cell
from tests.failures.playing import Seen, play_row
from tests.failures.stages import stage

ROWS_AT_ONCE = 20


@dataclass
class Column:
    cells: dict[Cell, Seen] = field(default_factory=dict)
    left: dict[str, list[str]] = field(default_factory=dict)
    """What is there afterwards that was not there before: tasks, descriptors, children."""
    logged: str = ""


class _Kept(logging.Handler):
    """Everything that is logged, of whatever library, as people would read it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def play_column(transport: str, rows: dict[str, list[Cell]], folder: Path, certificates: Path) -> Column:
    kept, root = _Kept(), logging.getLogger()
    root.addHandler(kept)
    try:
        column = asyncio.run(_play(transport, rows, folder, certificates))
    finally:
        root.removeHandler(kept)
    column.logged = "\n".join(kept.lines)
    return column


async def _play(transport: str, rows: dict[str, list[Cell]], folder: Path, certificates: Path) -> Column:
    column, turn = Column(), asyncio.Semaphore(ROWS_AT_ONCE)

    async def in_turn(cells: list[Cell]) -> None:
        async with turn:
            column.cells |= await play_row(played, cells)

    async with stage(transport, folder, certificates) as played:
        # A library's first use may open what it keeps for good; a second one may not.
        await play_row(played, [Cell(transport, "hang", "enforce", "block")])
        before = _held()
        # Alone, those that are about time.
        for waits in (True, False):
            await asyncio.gather(*(in_turn(cells) for cells in rows.values() if cells[0].waits is waits))
        gc.collect()  # which warns of what was not closed
        column.left = {what: sorted(now - before[what]) for what, now in _held().items()}
    return column


def _held() -> dict[str, set[str]]:
    return {
        "tasks": {repr(task) for task in asyncio.all_tasks() if task is not asyncio.current_task()},
        "descriptors": set(_descriptors()),
        "children": {path.read_text() for path in Path("/proc/self/task").glob("*/children")},
    }


def _descriptors() -> list[str]:
    found = []
    for path in Path("/proc/self/fd").iterdir():
        try:
            found.append(f"{path.name} {path.readlink()}")
        except FileNotFoundError:
            continue  # the one that reads the folder
    return [line for line in found if "anon_inode" not in line]  # gRPC has pollers of its own, and keeps them
