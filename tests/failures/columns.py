"""One column of the matrix: everything that a transport meets, in one event loop, and what that leaves behind."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.failures.faults import Cell
from tests.failures.playing import Begun, Seen, play_row, play_start
from tests.failures.stages import stage

ROWS_AT_ONCE = 20


@dataclass
class Column:
    cells: dict[Cell, Seen] = field(default_factory=dict)
    starts: dict[Cell, Begun] = field(default_factory=dict)
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


def play_column(transport: str, cells: list[Cell], starts: list[Cell], folder: Path, certificates: Path) -> Column:
    kept, root = _Kept(), logging.getLogger()
    level = root.level
    root.addHandler(kept)
    root.setLevel(logging.INFO)
    try:
        column = asyncio.run(_play(transport, cells, starts, folder, certificates))
    finally:
        root.removeHandler(kept)
        root.setLevel(level)
    column.logged = "\n".join(kept.lines)
    return column


async def _play(transport: str, cells: list[Cell], starts: list[Cell], folder: Path, certificates: Path) -> Column:
    column, turn = Column(), asyncio.Semaphore(ROWS_AT_ONCE)
    rows = [[cell for cell in cells if cell.fault == fault] for fault in dict.fromkeys(cell.fault for cell in cells)]

    async def row(cells: list[Cell]) -> None:
        async with turn:
            column.cells |= await play_row(played, cells)

    async def start(cell: Cell) -> None:
        async with turn:
            column.starts[cell] = await play_start(played, cell)

    async with stage(transport, folder, certificates) as played:
        # A library's first use may open what it keeps for good; a second one may not.
        await play_row(played, [Cell(transport, "hang", "enforce", "block")])
        before = _held()
        # Alone, those that are about time.
        await asyncio.gather(*(row(cells) for cells in rows if cells[0].waits))
        await asyncio.gather(*(row(cells) for cells in rows if not cells[0].waits))
        await asyncio.gather(*map(start, starts))
        gc.collect()  # which warns of what was not closed
        column.left = {what: sorted(now - before[what]) for what, now in _held().items()}
    return column


def _held() -> dict[str, set[str]]:
    return {
        "tasks": {repr(task) for task in asyncio.all_tasks() if task is not asyncio.current_task()},
        "descriptors": set(_descriptors()),
        "children": set(_children()),
    }


def _descriptors() -> Iterator[str]:
    """Where there is /proc, as there is in Linux."""
    for path in Path("/proc/self/fd").glob("*"):
        with suppress(FileNotFoundError):  # the one that reads the folder
            name = str(path.readlink())
            if "anon_inode" not in name:  # gRPC has pollers of its own, and keeps them
                yield f"{path.name} {name}"


def _children() -> Iterator[str]:
    for path in Path("/proc/self/task").glob("*/children"):
        with suppress(FileNotFoundError):  # a thread that ended meanwhile
            yield from path.read_text().split()
