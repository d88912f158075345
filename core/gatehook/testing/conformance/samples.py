"""Payloads for every hook of gatehook, as rich as those that servers and clients send."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from gatehook.payloads import (
    AuthPostCheckPayload,
    AuthPreCheckPayload,
    FederationPostSyncPayload,
    FederationPreSyncPayload,
    Payload,
    ServerPostRegisterPayload,
    ServerPreRegisterPayload,
)
from gatehook.testing.payloads import prompt_call, prompt_result, resource, resource_read, tool_call, tool_result

MARK: Final = "xq7wvk31zj"
"""Stands in the text of samples, and nowhere else: where it turns up, the text does."""
OTHER_MARK: Final = "hf4pwy92bd"
"""The same, in another request."""
LONG: Final = 64 * 1024


class Sample(NamedTuple):
    """``label`` says what is in it, without quoting it."""

    label: str
    payload: Payload


def samples(hooks: Iterable[str], label: str, text: str, value: Any = None) -> Iterator[Sample]:
    """A payload for each of the hooks: ``text`` wherever people write, ``value`` where any JSON may stand."""
    for hook in hooks:
        if make := _SHAPES.get(hook):
            yield Sample(f"{hook} with {label}", make(text, value))


def _json(text: str, value: Any) -> dict[str, Any]:
    return {"q": text, "list": [text, 1, None, True, 0.5], "deep": {"note": text, "big": 2**53, "": {}}, "any": value}


def _result(text: str, value: Any) -> Payload:
    embedded = {"uri": "docs://handbook/2", "mimeType": "text/plain", "text": text, "size": 7}
    content: list[dict[str, Any]] = [
        {"type": "text", "text": text, "annotations": {"audience": ["user"], "priority": 0.5}},
        {"type": "resource", "resource": embedded, "_meta": {"a/b": 1}},
        {"type": "resource_link", "uri": "docs://handbook/3", "name": "three", "title": text},
        {"type": "image", "data": "aGVsbG8=", "mimeType": "image/png"},
        {"type": "of_the_future", "field": [1, None]},
        {"type": "text", "text": json.dumps({"note": text, "n": 1})},
    ]
    meta = {"progress": 1, "io.example/id": "7"}
    return tool_result(structured=_json(text, value), content=content, _meta=meta, ofTheFuture={"n": 1})


def _prompt(text: str, value: Any) -> Payload:
    payload = prompt_result(text, ("assistant", text), description=text, _meta={"n": 1}, ofTheFuture=[value])
    payload.result.messages[0].content.annotations = {"priority": 1}  # type: ignore[union-attr]  # unknown fields are kept
    return payload


def _catalogue(text: str, value: Any) -> Payload:
    schema = {"type": "object", "properties": {"q": {"type": "string", "description": text}}}
    tool = {"name": "lookup", "description": text, "inputSchema": schema, "_meta": {"any": value}}
    return FederationPostSyncPayload("berlin", [tool], [{"name": "summary"}], [{"uri": "docs://1", "name": "one"}])


_SHAPES: Final[dict[str, Callable[[str, Any], Payload]]] = {
    "prompt_pre_fetch": lambda text, value: prompt_call(q=text, other=text),
    "prompt_post_fetch": _prompt,
    "tool_pre_invoke": lambda text, value: tool_call(**_json(text, value)),
    "tool_post_invoke": _result,
    "resource_pre_fetch": lambda text, value: resource_read(**_json(text, value)),
    "resource_post_fetch": lambda text, value: resource(text, _meta={"any": value}, size=7, ofTheFuture=None),
    "server_pre_register": lambda text, value: ServerPreRegisterPayload(
        "crm", "https://crm.example/mcp", "http", {"note": text, "any": value}, {"initialize": {"instructions": text}}
    ),
    "server_post_register": lambda text, value: ServerPostRegisterPayload(
        "crm", "https://crm.example/mcp", "http", _json(text, value), "registered"
    ),
    "auth_pre_check": lambda text, value: AuthPreCheckPayload(
        "POST", "/mcp", {"authorization": f"Bearer {text}", "accept": "application/json"}, ["127.0.0.1", 4711]
    ),
    "auth_post_check": lambda text, value: AuthPostCheckPayload("alice", "acme", ["admin"], _json(text, value), "jwt"),
    "federation_pre_sync": lambda text, value: FederationPreSyncPayload(
        "berlin", "https://b.example", _json(text, value)
    ),
    "federation_post_sync": _catalogue,
}
"""A payload for each hook, from a text and a JSON value."""


def _nested(depth: int) -> Any:
    value: Any = MARK
    for _ in range(depth // 2):
        value = {"in": [value]}
    return value


HOSTILE_TEXTS: Final[dict[str, str]] = {
    "an empty text": "",
    "white space": " \t\r\n\u2028\u00a0",
    "a lone surrogate": f"\ud800{MARK}\udfff",
    "control characters": f"\x00{MARK}\x1b[31m\x07\x7f",
    "zero-width characters": "\u200b".join(MARK) + "\u200d\ufeff\u2060",
    "right-to-left text": f"\u202e{MARK}\u202c \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "emoji": f"👩‍👩‍👧‍👦🏳️‍🌈{MARK}\U0001f1e9\U0001f1ea",
    "full-width digits": "１２３－４５－６７８９ ＠ ．",
    "stacked accents": "e" + "\u0301" * 500,
    "letters that change their length in case": "ßﬁİŉ" * 20,
    "markup": f"</script>{{{{{MARK}}}}}${{x}}%s%(x)s{{0}}\\1\\g<0>",
    "JSON": json.dumps({"note": MARK, "deep": [{"n": 1, "b": True, "none": None}]}),
    "broken JSON": '{"note": [1, {"n": ',
    "JSON that nests deeply": "[" * 5000 + "]" * 5000,
    "a long number": "1" * 5000,
    "a long word": "a" * LONG,
}
HOSTILE_VALUES: Final[dict[str, Any]] = {
    "keys that look like paths": {"a.b[0]": MARK, "args.q": MARK, "[0]": MARK, "*": MARK, "..": {"": MARK}},
    "keys that look like Python's": {"__proto__": MARK, "__class__": MARK, "__dict__": {"text": MARK}, "self": 1},
    "keys of all kinds": {"\ud800": MARK, "\x00": MARK, "ключ": MARK, "k" * 5000: MARK},
    "deep nesting": _nested(150),
    "numbers at their limits": [2**63, -(2**64), 10**400, 1e308, -0.0, 5e-324],
    "empty things": [{}, [], "", None, False, 0],
    "ten thousand items": [{"n": n, "text": "x"} for n in range(10_000)],
}
LONG_TEXTS: Final[dict[str, str]] = {
    name: (piece * LONG)[:LONG]
    for name, piece in {
        "prose": f"Meet {MARK} at noon, bring 12 copies of the report. ",
        "one letter": "a",
        "digits": "1234567890",
        "digits with dashes": "1-",
        "almost addresses": "a@a.",
        "open brackets": "[{(",
        "white space": " \n",
        "zero-width characters": "a\u200b",
        "look-alike letters": "раssωоrd ",
        "backslashes": '\\"',
    }.items()
}
"""Of 64 kB each."""


def long_samples(hooks: Iterable[str]) -> Iterator[Sample]:
    """For each of the hooks, payloads that have a long text once, as far as the hook has a place for text alone."""
    for hook in hooks:
        for label, text in LONG_TEXTS.items():
            payload = _PLAIN[hook](text) if hook in _PLAIN else _SHAPES[hook](text, None)
            yield Sample(f"{hook} with 64 kB of {label}", payload)


_PLAIN: Final[dict[str, Callable[[str], Payload]]] = {
    "prompt_pre_fetch": lambda text: prompt_call(q=text),
    "prompt_post_fetch": prompt_result,
    "tool_pre_invoke": lambda text: tool_call(q=text),
    "tool_post_invoke": tool_result,
    "resource_pre_fetch": lambda text: resource_read(note=text),
    "resource_post_fetch": resource,
}
