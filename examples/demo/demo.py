"""The guard and three plugins between a real client and a real MCP server, and then the same calls without them.

    python examples/demo/demo.py

The client and the server are the official SDK's; client, guard and server are processes of their own. What the server
saw, the server wrote down; what the plugins decided and how long each took, an observer in the guard did (records.py).
"""

from __future__ import annotations

import asyncio
import json
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from mcp import Client, MCPError, StdioServerParameters
from mcp.types import TextContent, TextResourceContents
from rich.box import ROUNDED
from rich.console import Console
from rich.table import Table
from rich.text import Text

HERE = Path(__file__).resolve().parent
CONFIG = HERE / "gatehook.yaml"
GATEHOOK = str(Path(sysconfig.get_path("scripts")) / "gatehook")
SERVER = [sys.executable, str(HERE / "server.py")]

TOOL, RESOURCE = "tools/call", "resources/read"
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    (TOOL, "find_customer", {"name": "Ada Smith"}),
    (TOOL, "add_note", {"name": "Ada Smith", "text": "pays with 5555 5555 5555 4444 from now on"}),
    (TOOL, "run_sql", {"query": "DROP TABLE customers"}),
    (TOOL, "count_customers", {}),
    (RESOURCE, "", {"uri": "crm://export.csv"}),
]
ROUNDS = 2
"""Python's first call of anything is slow, so the last round is shown."""


@dataclass
class Call:
    """One call as everybody saw it. ``saw`` is ``None`` if it never came to the server."""

    what: str
    sent: dict[str, Any]
    saw: dict[str, Any] | None
    came_back: Any
    records: list[dict[str, Any]] = field(default_factory=list)


async def ask(client: Client, method: str, name: str, arguments: dict[str, Any]) -> Any:
    """What comes back to the client: structured content where there is some, else text."""
    if method == RESOURCE:
        try:
            (content,) = (await client.read_resource(arguments["uri"])).contents
        except MCPError as error:
            return f"error: {error}"
        return content.text if isinstance(content, TextResourceContents) else content
    result = await client.call_tool(name, arguments)
    if result.structured_content is None:
        text = "\n".join(block.text for block in result.content if isinstance(block, TextContent))
        return f"error: {text}" if result.is_error else text
    return result.structured_content.get("result", result.structured_content)


async def session(command: list[str], folder: Path, rounds: int = 1) -> list[list[Call]]:
    """Make all calls, one after the other and ``rounds`` times over, to the server that ``command`` starts."""
    seen, records = folder / "seen", folder / "records"
    parameters = StdioServerParameters(
        command=command[0], args=command[1:], env={"DEMO_SEEN": str(seen), "PYTHONPATH": str(HERE)}
    )

    async def observe(method: str, name: str, arguments: dict[str, Any]) -> Call:
        came_back = await ask(client, method, name, arguments)
        saw = next(iter(lines(seen)), None)
        decided = [record for run in lines(records) for record in run]
        return Call(f"{method} {name}".strip(), arguments, saw, came_back, decided)

    async with Client(parameters) as client:
        return [[await observe(*call) for call in CALLS] for _ in range(rounds)]


def lines(file: Path) -> list[Any]:
    """The lines that were added since the last look."""
    text = file.read_text() if file.exists() else ""
    file.unlink(missing_ok=True)
    return [json.loads(line) for line in text.splitlines()]


def observed(config: Path, folder: Path) -> Path:
    """A copy of the config with one entry more: the observer that writes down what the others decide."""
    document = yaml.safe_load(config.read_text())
    observer = {"name": "records", "kind": "records.Records", "config": {"file": str(folder / "records")}}
    document["plugins"].append(observer)
    copy = folder / "gatehook.yaml"
    copy.write_text(yaml.safe_dump(document))
    return copy


# -- what is printed


def leaves(value: Any) -> dict[str, str]:
    """A value as people read it, line by line."""
    if value in ({}, ""):
        return {"": "no arguments" if value == {} else "empty text"}
    if isinstance(value, dict):
        return {key: f"{key}: {item}" for key, item in value.items()}
    return {str(number): line for number, line in enumerate(str(value).splitlines())}


def shown(value: Any, other: Any, style: str) -> Text:
    """``value``, with ``style`` on every line in which it differs from ``other``."""
    if value is None:
        return Text("not called", style)
    theirs = leaves(other)
    parts = [Text(line, "" if theirs.get(key) == line else style) for key, line in leaves(value).items()]
    return Text("\n").join(parts)


STYLES = {"modified": "yellow", "violation": "bold red", "error": "bold red", "timeout": "bold red"}


def decisions(records: list[dict[str, Any]]) -> Iterator[tuple[str, Text]]:
    """One row for each hook: the plugins that did something, each on a line, then those that had nothing to say."""
    for hook in dict.fromkeys(record["hook"] for record in records):
        acted, quiet = [], []
        for record in (record for record in records if record["hook"] == hook):
            took = f"{record['duration'] * 1e6:.0f} µs"
            if record["verdict"] == "skipped":
                quiet.append(f"{record['plugin']} skipped ({record['reason']})")
            elif record["verdict"] == "ok":
                quiet.append(f"{record['plugin']} ok {took}")
            else:
                what = record["code"] or ", ".join(record["changes"])
                verdict = (record["verdict"], STYLES.get(record["verdict"], ""))
                acted.append(Text.assemble(record["plugin"], " ", verdict, f" {took}: {what}"))
        yield hook, Text("\n").join([*acted, Text(", ".join(quiet), "dim")] if quiet else acted)


def table(calls: list[Call], others: list[Call], style: str) -> Table:
    """``calls``, with ``style`` on what went otherwise in ``others``."""
    made = Table(box=ROUNDED, show_header=False, expand=True)
    made.add_column(no_wrap=True, min_width=len("resource_post_fetch"))
    made.add_column(ratio=1, overflow="fold")
    for call, other in zip(calls, others, strict=True):
        made.add_row("", Text(call.what, "bold cyan"))
        made.add_row("client sent", shown(call.sent, call.sent, ""))
        made.add_row("server saw", shown(call.saw, other.saw, style))
        made.add_row("came back", shown(call.came_back, other.came_back, style))
        for hook, decided in decisions(call.records):
            made.add_row(Text(hook, "dim"), decided)
        made.add_section()
    return made


def settings(command: list[str]) -> str:
    """What to paste into an MCP client's settings."""
    return json.dumps({"mcpServers": {"crm": {"command": command[0], "args": command[1:]}}}, indent=2)


def spent(calls: list[Call]) -> str:
    """The time in plugins."""
    return f"{1e3 * sum(record['duration'] for call in calls for record in call.records):.1f} ms"


async def main() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        guard = [GATEHOOK, "guard", "--config"]
        first, *_, guarded = await session([*guard, str(observed(CONFIG, folder)), "--", *SERVER], folder, ROUNDS)
        (direct,) = await session(SERVER, folder)
    console = Console(highlight=False)
    console.width = min(console.width, 120) if sys.stdout.isatty() else 100
    console.print(Text("With the guard between client and server", "bold"))
    console.print(table(guarded, direct, "green"))
    console.print(
        f"{spent(guarded)} in plugins for these {len(CALLS)} calls; {spent(first)} the first time, in a cold process.\n"
    )
    console.print(Text("The same calls without it", "bold"))
    console.print(table(direct, guarded, "red"))
    console.print(f"\nThe plugins are configured in {CONFIG}: change it and look again.", soft_wrap=True)
    console.print("To put them in front of this server in an MCP client, paste into its settings:\n")
    console.print(settings([*guard, str(CONFIG), "--", *SERVER]), soft_wrap=True, markup=False)


if __name__ == "__main__":
    asyncio.run(main())
