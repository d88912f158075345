"""Texts made to be slow, 64 kB each, and the longest that a plugin takes for one.

`python -m benchmarks.throughput.hostile PLUGIN RULE RUNS`, with the number of a rule, prints a line for each text.
"""

import asyncio
import json
import subprocess
import sys
from statistics import median
from time import process_time
from typing import Any

from gatehook import GatehookError, Runner, ToolPostInvokePayload

from benchmarks.detection.sides.gatehook import switches
from benchmarks.detection.truth import text_result
from benchmarks.peer import ROOT
from benchmarks.report import Section, Table, at_most, number
from benchmarks.throughput.hostile_texts import SIZE, texts
from benchmarks.throughput.side_gatehook import hook, plugin

LIMIT = 50
"""Milliseconds."""
TIMEOUT = 20
"""Seconds for all texts by one rule; the text that it comes to an end with counts as that long."""

RULES: dict[str, dict[str, dict[str, Any]]] = {
    "pii_filter": {
        "every detector": {},
        **{
            f"own pattern {pattern}": {"custom_patterns": [{"name": "own", "pattern": pattern}]}
            for pattern in ("(?:a|aa)+b", r"(?:\w+\s?)+!", "(x+x+)+y")
        },
    },
    "deny_list": {
        "words of one letter": {"words": ["a", "1", "e"]},
        "prefixes of each other": {"words": ["a" * length for length in range(1, 200)]},
        "endings of each other": {"words": ["a" * length + "b" for length in range(1, 200)] + ["word word word"]},
        "anywhere": {"words": ["aab", "1-1-1x", '\\"x', "ﬁ\u0301"], "match": "substring"},
    },
    "search_replace": {
        pattern: {"words": [{"search": pattern, "replace": "-"}]}
        for pattern in (
            "a(?:.*b)?",
            "(a|aa)+$",
            "(x+x+)+y",
            ".*.*=.*",
            "(?:a*)*b",
            r"(\w+\s?)+!",
            r"(\d+-?)+x",
            "(.*?,){8}x",
            "a.{0,500}b",
            r"\s+$",
            "[a-z]+@[a-z.]+x",
            "(?i)(?:é|e)+z",
            "(a?){50}a{50}",
            ".",
            "(?:)x|$",
        )
    },
}


def measure(runs: int) -> Section:
    samples: dict[str, Any] = {}
    table = Table(
        f"Hostile texts of {SIZE // 1024} kB: the longest, in milliseconds",
        ["plugin", "rules", "texts", "slowest text", "milliseconds", "median", "target"],
        notes=["Of processor time; the shortest of a few runs of the plugin's hook for each text."],
    )
    for name, number_of_rule, rule in _rules():
        command = [sys.executable, "-m", __name__, name, str(number_of_rule), str(runs)]
        try:
            lines = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=TIMEOUT).stdout
        except subprocess.TimeoutExpired as error:
            lines = error.stdout or b""
        answers = [json.loads(line) for line in lines.splitlines()]
        samples[f"{name}: {rule}"] = answers
        if refused := answers[0].get("refused"):
            table.notes.append(f"{name} does not take `{rule}`: {refused}")
        table.rows.append([name, f"`{rule}`".replace("|", "\\|"), *_row(answers)])
    return Section(table, samples)


def _rules() -> list[tuple[str, int, str]]:
    return [(name, place, rule) for name, rules in RULES.items() for place, rule in enumerate(rules)]


def _row(answers: list[dict[str, Any]]) -> list[str]:
    if "refused" in answers[0]:
        return ["0", "not taken", "", "", ""]
    # The text at which a worker ran out of time has only a line that says it began.
    times = {answer["text"]: answer.get("milliseconds", 1000 * TIMEOUT) for answer in answers}
    slowest = max(times, key=lambda text: times[text])
    figures = [number(times[slowest]), number(median(times.values()))]
    return [str(len(times)), f"`{slowest}`", *figures, at_most(times[slowest], LIMIT, "ms")]


async def main(name: str, number_of_rule: int, runs: int) -> None:
    config = list(RULES[name].values())[number_of_rule]
    if name == "pii_filter":
        config = {**dict.fromkeys(switches(), True), **config}
    try:
        async with Runner.from_config({"plugins": [{"name": name, "config": config}]}):
            call = hook(plugin(name, config))
    except GatehookError as error:
        print(json.dumps({"refused": str(error).splitlines()[-1].strip()}))
        return
    for title, text in texts().items():
        print(json.dumps({"text": title}), flush=True)
        print(json.dumps({"text": title, "milliseconds": _milliseconds(call, text, runs)}), flush=True)


def _milliseconds(call: Any, text: str, runs: int) -> float:
    payload = ToolPostInvokePayload("lookup", text_result(text))
    shortest = float("inf")
    for _ in range(runs):
        start = process_time()
        try:
            call(payload)
        except Exception as error:
            # A plugin's own word that it goes no further is an end, too; anything else is a fault.
            if not type(error).__module__.startswith("gatehook_"):
                raise
        shortest = min(shortest, 1000 * (process_time() - start))
        if shortest > 10 * LIMIT:
            break
    return shortest


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
