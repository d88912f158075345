"""The requests that must come out the same whichever framework asks, and whichever runs the plugins of `configs.py`.

Each is a list of steps: a hook and its payload, with a prompt's name as ``name``.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

CARD = "4111 1111 1111 1111"
SCRIPTS = "Zoë 東京 🏳️‍🌈 שלום \u2028 e\u0301 \x00 end"
NOTHING = {"none": None, "list": [None, {"deep": None}], "empty": [{}, [], ""]}
NUMBERS = {"zero": 0, "negative": -7, "float": 1.5, "tiny": 5e-324, "huge": 1.5e300, "true": True, "int": 2**53}
BEYOND_DOUBLES = {"odd": 2**53 + 1, "long": 2**63 - 1}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def prompt(*words: str, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text(each)} for each in words], **more}


def tool(*words: str, **more: Any) -> dict[str, Any]:
    return {"content": [text(each) for each in words], "isError": False, **more}


def resource(words: str) -> dict[str, Any]:
    return {"uri": "file:///notes.txt", "mimeType": "text/plain", "text": words}


@dataclass(frozen=True)
class Case:
    title: str
    steps: list[tuple[str, dict[str, Any]]]
    said: Literal["allowed", "changed", "blocked", "failed"]
    """Of the last step: a table whose plugins do nothing would prove nothing."""
    as_doubles: bool = field(default=True, kw_only=True)
    """Whether its numbers survive as doubles, which is all that gRPC's ``Struct`` has."""


def before(arguments: dict[str, Any], name: str = "lookup") -> tuple[str, dict[str, Any]]:
    return "tool_pre_invoke", {"name": name, "args": arguments}


def after(result: Any, name: str = "lookup") -> tuple[str, dict[str, Any]]:
    return "tool_post_invoke", {"name": name, "result": result}


CASES = [
    Case("a call", [before({"q": "Bob", "limit": 5})], "allowed"),
    Case("a call without arguments", [before({})], "allowed"),
    Case("a forbidden tool", [before({"target": "production"}, "drop_tables")], "blocked"),
    Case("an argument too long", [before({"q": "x" * 200})], "blocked"),
    Case("a card among the arguments", [before({"q": f"pay {CARD}", "n": 1})], "changed"),
    Case("scripts", [before({SCRIPTS: SCRIPTS, "q": f"{SCRIPTS} {CARD}"})], "changed"),
    Case("nothing, deep down", [before({**NOTHING, "q": CARD})], "changed"),
    Case("numbers", [before({**NUMBERS, "q": CARD})], "changed"),
    Case("numbers beyond doubles", [before({**BEYOND_DOUBLES, "q": CARD})], "changed", as_doubles=False),
    Case("personal data, deep down", [before({"to": [{"mail": "bob@example.org", "n": 1}], "none": None})], "changed"),
    Case("a failure", [before({"q": "boom"})], "failed"),
    Case("a result", [after(tool("Berlin"))], "changed"),
    Case("a result that is text", [after(f"card {CARD}")], "changed"),
    Case("a result that is a number", [after(7)], "allowed"),
    Case("a result that is a list", [after([1, None, "two"])], "allowed"),
    Case("a result with more in it", [after(tool(CARD, structuredContent={"a": [None]}, _meta={"k": 1}))], "changed"),
    Case("a result with personal data", [after(tool("write to bob@example.org", "SSN 536-90-4399"))], "changed"),
    Case("a call and its result", [before({"q": "Bob"}), after(tool("Berlin", "Paris"))], "changed"),
    Case("a failure after a call", [before({"q": "Bob"}), after("boom")], "failed"),
    Case("a prompt asked for", [("prompt_pre_fetch", {"name": "greet", "args": {"who": "Bob"}})], "changed"),
    Case("a prompt without arguments", [("prompt_pre_fetch", {"name": "greet", "args": {}})], "allowed"),
    Case("a forbidden prompt", [("prompt_pre_fetch", {"name": "secret", "args": {"who": "Bob"}})], "blocked"),
    Case("a prompt that fails", [("prompt_pre_fetch", {"name": "greet", "args": {"who": "boom"}})], "failed"),
    Case(
        "a prompt asked for and rendered",
        [
            ("prompt_pre_fetch", {"name": "greet", "args": {"who": SCRIPTS}}),
            ("prompt_post_fetch", {"name": "greet", "result": prompt("hello", SCRIPTS, description="Greets.")}),
        ],
        "changed",
    ),
    Case("a prompt rendered", [("prompt_post_fetch", {"name": "greet", "result": prompt("hello Bob")})], "changed"),
    Case(
        "a prompt with an address",
        [("prompt_post_fetch", {"name": "greet", "result": prompt("write to bob@example.org")})],
        "changed",
    ),
    Case("a resource asked for", [("resource_pre_fetch", {"uri": "file:///a", "metadata": {"n": None}})], "changed"),
    Case("a forbidden resource", [("resource_pre_fetch", {"uri": "ftp://a/b", "metadata": {}})], "blocked"),
    Case(
        "a resource read",
        [("resource_post_fetch", {"uri": "file:///notes.txt", "content": resource("hello")})],
        "changed",
    ),
    Case(
        "a resource asked for and read",
        [
            ("resource_pre_fetch", {"uri": "file:///notes.txt", "metadata": {"range": [0, 10]}}),
            ("resource_post_fetch", {"uri": "file:///notes.txt", "content": resource(SCRIPTS)}),
        ],
        "changed",
    ),
    Case(
        "a resource that fails",
        [("resource_post_fetch", {"uri": "file:///notes.txt", "content": resource("boom")})],
        "failed",
    ),
]
