"""What a long deny list costs: the same text, 100 words and 100,000.

`python -m benchmarks.throughput.deny SECONDS` prints microseconds by the number of words.
"""

import asyncio
import json
import subprocess
import sys
from collections import defaultdict
from itertools import product
from statistics import median

from gatehook import Plugin, ToolPostInvokePayload

from benchmarks.detection.dice import Dice
from benchmarks.detection.truth import text_result
from benchmarks.peer import ROOT
from benchmarks.report import Section, Table, at_most, number
from benchmarks.throughput.cases import prose
from benchmarks.throughput.side_gatehook import hook, plugin
from benchmarks.timing import Loop, microseconds

FEW, MANY = 100, 100_000
SIZES = (1_000, 100_000)
SYLLABLES = [first + vowel + last for first, vowel, last in product("bcdfgklmnprstvz", "aeiou", "bdgklmnprstx")]


def words(count: int) -> list[str]:
    """Different ones of two to four syllables, some of them phrases, none of a language."""
    dice, made = Dice("words"), dict[str, None]()
    while len(made) < count:
        word = "".join(dice.pick(SYLLABLES) for _ in range(dice.number(2, 4)))
        made[f"{word} {dice.pick(SYLLABLES)}x" if dice.chance(0.1) else f"{word}q"] = None
    return list(made)


def measure(rounds: int, seconds: float) -> Section:
    samples: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for _ in range(rounds):
        command = [sys.executable, "-m", __name__, str(seconds)]
        answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
        for size, by_count in json.loads(answer).items():
            for count, elapsed in by_count.items():
                samples[size][count].append(elapsed)
    table = Table(
        "deny_list: microseconds for clean prose",
        ["kB", f"{FEW} words", f"{MANY:,} words", "MB/s with the long list", "times the short one", "target"],
    )
    for size, by_count in samples.items():
        few, many = by_count[str(FEW)], by_count[str(MANY)]
        times = median(long / short for long, short in zip(many, few, strict=True))
        speed = number(int(size) / median(many))
        cells = [number(int(size) / 1000), number(median(few)), number(median(many)), speed, number(times)]
        table.rows.append([*cells, at_most(times, 2, "times")])
    return Section(table, samples)


async def main(seconds: float) -> None:
    elapsed: dict[int, dict[int, float]] = {size: {} for size in SIZES}
    for count in (FEW, MANY):
        denies = plugin("deny_list", {"words": words(count)})
        for size in SIZES:
            elapsed[size][count] = await microseconds(_loop(denies, prose(size)), seconds, of=min)
    print(json.dumps(elapsed))


def _loop(denies: Plugin, text: str) -> Loop:
    call, payload = hook(denies), ToolPostInvokePayload("lookup", text_result(text))

    async def loop(count: int) -> None:
        for _ in range(count):
            answer = call(payload)
            assert answer is None or answer.continue_processing

    return loop


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
