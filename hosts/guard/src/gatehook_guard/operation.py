"""What guarding one method takes: reading its request and its result, and running their hooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

from gatehook import PromptResult, Request, ResourceContent

from gatehook_guard.answers import UNREADABLE, failure

RESULT_ENVELOPE: Final = frozenset({"resultType", "ttlMs", "cacheScope"})
"""Keys of a result that are the protocol's, not the payload's."""
CONTENT: Final = frozenset({"content", "structuredContent", "toolResult", "messages", "contents"})


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a request became: ``params`` is the very object that was read if no plugin changed it."""

    params: dict[str, Any]
    subject: str
    response: dict[str, Any] | None = None


class Operation(Protocol):
    """One guarded method. Both coroutines raise :class:`BlockedError`."""

    reads: frozenset[str]
    """The params that it interprets; a request with variants of them is refused."""

    async def admit(self, request: Request, params: dict[str, Any], run: bool, size: int) -> Admitted:
        """The request as the pre hook lets it pass; without ``run`` it is only read."""

    async def check(self, request: Request, subject: str, result: Any, run: bool, size: int) -> Any:
        """The result as the post hook lets it pass; the same object if it changed nothing."""


def asks_for_input(result: dict[str, Any], hook: str) -> bool:
    """Whether a result is no result yet, but the server's question (``InputRequiredResult``)."""
    if result.get("resultType") != "input_required":
        return False
    if result.keys() & CONTENT:  # the client might take it for the result that it also is
        raise failure(UNREADABLE, "the server's answer is a question and a result at once", hook, after=True)
    return True


def unwrap(result: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A result as plugins see it, and the keys that are the protocol's."""
    if result.keys().isdisjoint(RESULT_ENVELOPE):
        return result, {}
    body = {key: value for key, value in result.items() if key not in RESULT_ENVELOPE}
    return body, {key: value for key, value in result.items() if key in RESULT_ENVELOPE}


def text_of(params: dict[str, Any], key: str, hook: str) -> str:
    value = params.get(key)
    if type(value) is not str:
        raise failure(UNREADABLE, f"`{key}` must be text", hook, after=False)
    return value


def object_of(value: Any, hook: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise failure(
            UNREADABLE, f"a result or content must be an object, not {type(value).__name__}", hook, after=True
        )
    return value


def made_text(value: Any, key: str, hook: str, after: bool) -> str:
    """What a plugin put in the place of a name or URI."""
    if type(value) is not str:
        raise failure(UNREADABLE, f"a plugin made `{key}` what is no text", hook, after)
    return value


def made_object(value: Any, key: str, hook: str) -> dict[str, Any]:
    """What a plugin put in the place of arguments."""
    if type(value) is not dict or not all(type(name) is str for name in value):
        raise failure(UNREADABLE, f"a plugin made `{key}` what is no object", hook, after=False)
    return value


def as_json(value: Any) -> Any:
    """What plugins return, as JSON data."""
    if isinstance(value, PromptResult | ResourceContent):
        return type(value).to_json(value)  # not value.to_json(): a key of that name would answer
    return [as_json(item) for item in value] if isinstance(value, list) else value
