"""Which methods of MCP the guard looks into, by which hook, and which pass as they are.

``gatehook check --host guard`` prints this table and the docs include it; the relay is driven by its guarded rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Era = Literal["until 2025-11-25", "2026-07-28", "both"]
OLD: Final = "until 2025-11-25"
NEW: Final = "2026-07-28"
BOTH: Final = "both"


@dataclass(frozen=True, slots=True)
class Method:
    """One row. ``pre`` and ``post`` name the hooks; without any, messages pass byte for byte."""

    name: str
    direction: str
    era: Era
    pre: str = ""
    post: str = ""
    note: str = ""


C2S: Final = "client to server"
S2C: Final = "server to client"
EITHER: Final = "either"

METHODS: Final = (
    Method("tools/call", C2S, BOTH, "tool_pre_invoke", "tool_post_invoke",
           "an input-required result passes; what the retry brings is checked as the call's input"),
    Method("prompts/get", C2S, BOTH, "prompt_pre_fetch", "prompt_post_fetch", "as tools/call"),
    Method("resources/read", C2S, BOTH, "resource_pre_fetch", "resource_post_fetch",
           "the post hook runs once for each content"),
    Method("tasks/result", C2S, OLD, "", "tool_post_invoke", "of a task that the guard did not see begin: refused"),
    Method("tasks/get", C2S, BOTH, "", "tool_post_invoke", "where the answer carries a tool's result"),
    Method("tasks/update", C2S, NEW, "tool_pre_invoke", "", "the input that a task asked for"),
    Method("notifications/tasks", S2C, NEW, "", "tool_post_invoke",
           "one that carries a tool's result is dropped: tasks/get brings it checked"),
    Method("initialize", C2S, OLD, note="carries the server's instructions"),
    Method("notifications/initialized", C2S, OLD, note="no content"),
    Method("server/discover", C2S, NEW, note="carries the server's instructions"),
    Method("ping", EITHER, OLD, note="no content"),
    Method("tools/list", C2S, BOTH, note="descriptions; the guard remembers the output schemas"),
    Method("prompts/list", C2S, BOTH, note="descriptions"),
    Method("resources/list", C2S, BOTH, note="descriptions and URIs"),
    Method("resources/templates/list", C2S, BOTH, note="descriptions and URIs"),
    Method("resources/subscribe", C2S, OLD, note="a URI"),
    Method("resources/unsubscribe", C2S, OLD, note="a URI"),
    Method("subscriptions/listen", C2S, NEW, note="URIs; stays open"),
    Method("completion/complete", C2S, BOTH, note="what is typed so far, and the server's suggestions"),
    Method("logging/setLevel", C2S, OLD, note="no content"),
    Method("tasks/list", EITHER, OLD, note="status messages"),
    Method("tasks/cancel", EITHER, BOTH, note="status messages"),
    Method("sampling/createMessage", S2C, OLD, note="text for the client's model, and its answer"),
    Method("elicitation/create", S2C, OLD, note="a question to the user, and the answer"),
    Method("roots/list", S2C, OLD, note="the client's folders"),
    Method("notifications/cancelled", EITHER, BOTH, note="cancels hooks; passes only if its request did"),
    Method("notifications/progress", EITHER, BOTH, note="the server may put text into `message`"),
    Method("notifications/message", S2C, BOTH, note="the server's log: any data"),
    Method("notifications/resources/updated", S2C, BOTH, note="a URI"),
    Method("notifications/*/list_changed", EITHER, BOTH, note="no content"),
    Method("notifications/tasks/status", EITHER, OLD, note="status messages"),
    Method("notifications/elicitation/complete", S2C, OLD, note="an id"),
    Method("notifications/subscriptions/acknowledged", S2C, NEW, note="an id"),
    Method("any other", EITHER, BOTH, note="the guard does not know it"),
)  # fmt: skip

GUARDED: Final = {row.name: row for row in METHODS if row.pre or row.post}
HOOKS: Final = tuple(dict.fromkeys(hook for row in METHODS for hook in (row.pre, row.post) if hook))
"""The hooks that the guard calls."""
COVERAGE: Final = tuple(
    {
        "method": row.name,
        "from": row.direction,
        "protocol": row.era,
        "before": row.pre,
        "after": row.post,
        "note": row.note,
    }
    for row in METHODS
)
"""The table for ``gatehook check``."""


def markdown() -> str:
    """The table for the docs."""
    lines = ["| method | from | protocol | before | after | note |", "|---|---|---|---|---|---|"]
    for row in METHODS:
        name = f"`{row.name}`" if "/" in row.name or row.name in ("initialize", "ping") else row.name
        hooks = " | ".join(f"`{hook}`" if hook else "–" for hook in (row.pre, row.post))
        lines.append(f"| {name} | {row.direction} | {row.era} | {hooks} | {row.note} |")
    return "\n".join(lines)
