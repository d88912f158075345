"""The score card of pii_filter beside its peer, on the same generated texts.

`python -m benchmarks.detection [--quick] [--only SIDE] [--failures KIND]`
"""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from benchmarks.detection import card, failures, held_out
from benchmarks.detection.card import Score
from benchmarks.detection.corpus import FULL, QUICK, SEED, corpus
from benchmarks.detection.sides import Side, ask
from benchmarks.detection.truth import Sample
from benchmarks.peer import PII_FILTER
from benchmarks.record import RESULTS, write
from benchmarks.report import Table

SIDES = ("gatehook", "cpex")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer texts")
    parser.add_argument("--only", choices=SIDES, help="one side, without the other")
    parser.add_argument("--seed", type=int, default=SEED, help="of the texts (%(default)s)")
    parser.add_argument("--failures", metavar="KIND", help="the texts missed or changed wrongly, of a kind or a row")
    parser.add_argument("--most", type=int, default=40, help="so many of each (%(default)s)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder for the results (%(default)s)")
    options = parser.parse_args()

    samples = corpus(QUICK if options.quick else FULL, options.seed)
    if options.failures and options.failures not in (known := _names(samples)):
        parser.error(f"no kind or row {options.failures!r}; there are {', '.join(known)}")
    scores = [Score.of(side, samples) for side in _asked([options.only] if options.only else [*SIDES], samples)]
    console = Console(width=None if sys.stdout.isatty() else 200)
    if options.failures:
        for score in scores:
            failures.show(console, score, options.failures, options.most)
        return
    tables = card.tables(scores)
    for table in tables:
        console.print(_rich(table))
    write(options.output, "Detection", tables, {"seed": options.seed, **card.figures(scores)}, options.quick)


def _names(samples: list[Sample]) -> list[str]:
    """What ``--failures`` shows."""
    kinds = {span.kind: None for sample in samples for span in sample.spans}
    groups = dict.fromkeys(sample.group for sample in samples if not sample.group.startswith(held_out.GROUP))
    return [*kinds, *groups, *failures.FLAWS]


def _asked(names: list[str], samples: list[Sample]) -> list[Side]:
    """The sides at once: nothing is timed here."""
    interpreters = {"gatehook": lambda: Path(sys.executable), "cpex": PII_FILTER.python}
    results = [sample.result for sample in samples]
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda name: ask(name, interpreters[name](), results), names))


def _rich(table: Table) -> RichTable:
    rich = RichTable(title=table.title, caption="\n".join(table.notes), box=box.SIMPLE_HEAD, caption_justify="left")
    for column in table.columns:
        numeric = table.rows[0][table.columns.index(column)].strip(f" %|.{card.NONE}0123456789") == ""
        rich.add_column(column, no_wrap=True, justify="right" if numeric else "left")
    for row in table.rows:
        style = "red" if row[-1].endswith("missed") else ""
        rich.add_row(*row, style=style)
    return rich


if __name__ == "__main__":
    main()
