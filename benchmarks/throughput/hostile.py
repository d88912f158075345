"""Texts made to be slow, 64 kB each, and the longest that a plugin takes for one.

`python -m benchmarks.throughput.hostile PLUGIN RULE RUNS`, with the number of a rule, prints a line for each text.
"""

import asyncio
import codecs
import json
import re
import subprocess
import sys
from inspect import isawaitable
from statistics import median
from time import perf_counter
from typing import Any

from gatehook import ConfigError, Runner, ToolPostInvokePayload

from benchmarks.detection.sides.gatehook import switches
from benchmarks.detection.truth import text_result
from benchmarks.peer import ROOT
from benchmarks.report import Section, Table, at_most, number
from benchmarks.throughput.side_gatehook import hook, plugin

SIZE = 65_536
LIMIT = 50
"""Milliseconds."""
TIMEOUT = 20
"""Seconds for all texts by one rule; the text that it comes to an end with counts as that long."""

# Between spaces, each with the escapes of a Python string.
REPEATED = [
    r"a",
    r"1",
    r"(",
    r":",
    r"@",
    r".",
    r"-",
    r"+",
    r"/",
    r"=",
    r"{",
    r"[",
    r'"',
    r"\\",
    r"\x20",
    r"\n",
    r"e",
    r"é",
    r"中",
    r"ﬁ",
    r"\u200b",
    r"\u0301",
    r"\U0001d7ce",
    r"а",
    r"ａ",
    r"１",
    r"a@",
    r"a@a.",
    r"@..",
    r"a.",
    r"a-a.",
    r"1-",
    r"1\x20",
    r"1.",
    r"1:",
    r"1,\x20",
    r"00",
    r"0x",
    r"x=",
    r"=x=",
    r"xx+y",
    r"ab",
    r""""'""",
    r'\\"',
    r"\\u0041",
    r"&#49;",
    r"%31",
    r"<a>",
    r"aaaaaaaaab",
    r"123-45-678",
    r"123\x2045\x206789\x20",
    r"4111\x20",
    r"4111-1111-1111-111",
    r"411111111111111\x20",
    r"+1\x20",
    r"+1(",
    r"(555)\x20",
    r"555-555-",
    r"::",
    r"1::",
    r"fe80:",
    r"255.",
    r"1.1.1.",
    r"GB29\x20",
    r"GB29NWBK",
    r"DE89\x203704\x20",
    r"bc1q",
    r"AKIA",
    r"eyJ",
    r"eyJ.",
    r"eyJhbGciOiJI.eyJ",
    r"ghp_",
    r"sk-",
    r"xoxb-1-",
    r"-----BEGIN\x20",
    r"-----BEGIN\x20RSA\x20PRIVATE\x20KEY-----\n",
    r"-----END\x20",
    r"api_key=",
    r"api_key:\x20",
    r"token\x20",
    r"password=a\x20",
    r"ssn\x20",
    r"ssn:\x201",
    r"dob\x201/",
    r"passport\x20",
    r"passport\x20A1",
    r"born\x20on\x20",
    r"account\x20number\x20",
    r"MRN\x20",
    r"call\x20",
    r"January\x20",
    r"word\x20word\x20",
    r"[REDACTED]",
    r'{"a":',
    r'[{"a":[',
    r'"a":1,',
    r"1\u200b",
    r"a\u0301",
    r"a\u00ad@",
]

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


def texts() -> dict[str, str]:
    """By what they repeat; and a few that are nested."""
    made = {}
    for written in REPEATED:
        piece = re.sub(r"\\(?:x..|u....|U.{8}|n|\\)", lambda found: codecs.decode(found[0], "unicode_escape"), written)
        made[written.replace(r"\x20", " ")] = (piece * (SIZE // len(piece) + 1))[:SIZE]
    nested = '"x@y.z"'
    while len(nested) < SIZE // 2:
        nested = json.dumps({"a": nested})
    made["JSON in JSON"] = nested
    made["lists in lists"] = "[" * (SIZE // 2) + "]" * (SIZE // 2)
    made["objects, 500 deep"] = '{"a":' * 500 + '"bob@example.com"' + "}" * 500
    made["many e-mails"] = ("a@b.co " * SIZE)[:SIZE]
    made["many cards"] = ("4111111111111111 " * SIZE)[:SIZE]
    made["a list of strings"] = json.dumps(["1-1"] * (SIZE // 7))
    made["digits then letters"] = "1" * (SIZE // 2) + "a" * (SIZE // 2)
    return made


def measure(runs: int) -> Section:
    samples: dict[str, Any] = {}
    table = Table(
        f"Hostile texts of {SIZE // 1024} kB: the longest, in milliseconds",
        ["plugin", "rules", "texts", "slowest text", "milliseconds", "median", "target"],
        notes=["The shortest of a few runs of the plugin's hook for each text."],
    )
    for name, number_of_rule, rule in [(name, place, rule) for name in RULES for place, rule in enumerate(RULES[name])]:
        command = [sys.executable, "-m", __name__, name, str(number_of_rule), str(runs)]
        try:
            lines = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=TIMEOUT).stdout
        except subprocess.TimeoutExpired as error:
            lines = error.stdout or b""
        answers = [json.loads(line) for line in lines.splitlines()]
        samples[f"{name}: {rule}"] = answers
        table.rows.append([name, f"`{rule}`", *_row(answers)])
    return Section(table, samples)


def _row(answers: list[dict[str, Any]]) -> list[str]:
    if refused := answers[0].get("refused"):
        return ["0", f"not taken: {refused}", "", "", ""]
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
        Runner.from_config({"plugins": [{"name": name, "config": config}]})
    except ConfigError as error:
        print(json.dumps({"refused": str(error).splitlines()[-1].strip()}))
        return
    call = hook(plugin(name, config))
    for title, text in texts().items():
        print(json.dumps({"text": title}), flush=True)
        print(json.dumps({"text": title, "milliseconds": await _milliseconds(call, text, runs)}), flush=True)


async def _milliseconds(call: Any, text: str, runs: int) -> float:
    payload = ToolPostInvokePayload("lookup", text_result(text))
    shortest = float("inf")
    for _ in range(runs):
        start = perf_counter()
        answer = call(payload)
        if isawaitable(answer):
            await answer
        shortest = min(shortest, 1000 * (perf_counter() - start))
        if shortest > 10 * LIMIT:
            break
    return shortest


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
