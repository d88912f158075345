"""The text inside payloads: visit every string that people wrote, and get back a payload in which some are replaced.

Only values are visited, never keys, numbers or the protocol's own words (``type``, ``mimeType``, ids, base64 data).
What is not replaced is shared with the original, so a text without anything to find is never copied.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any, Final, TypeVar

from gatehook.errors import PayloadError
from gatehook.payloads import (
    Payload,
    PromptPosthookPayload,
    PromptPrehookPayload,
    ResourcePostFetchPayload,
    ResourcePreFetchPayload,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)
from gatehook.values import MAX_DEPTH, Model, Path, describe

__all__ = ["PROTOCOL_WORDS", "Visit", "rewrite", "walk_strings"]

P = TypeVar("P", bound=Payload)
Visit = Callable[[str, Path], str]
"""Takes a text and its path in the payload; returns the text to put there, or the very same object to leave it."""


def rewrite(payload: P, visit: Visit) -> P | None:
    """The payload with every text as ``visit`` returned it, or ``None`` if nothing was replaced.

    Visited are: the arguments of tools and prompts; results, prompts and resource contents but for the protocol's own
    words in them (:data:`PROTOCOL_WORDS`); all of ``structuredContent``, and of a result that is not MCP's; the
    metadata, but not the URI, of a resource about to be read.
    """
    field, walk = _TEXT_OF.get(type(payload), (None, walk_strings))
    if field is None:
        raise TypeError(f"{type(payload).__name__} has no text that gatehook knows of; use walk_strings on its fields")
    value = getattr(payload, field)
    replaced = walk(value, visit, (field,))
    if replaced is value:
        return None
    changed = copy(payload)
    setattr(changed, field, replaced)
    return changed


def walk_strings(value: Any, visit: Visit, path: Path = ()) -> Any:
    """``value`` with every string in it, at any depth, as ``visit`` returned it; the same object if nothing was
    replaced.

    Raises:
        PayloadError: the value nests deeper than ``MAX_DEPTH``, or holds what is not JSON data, such as a client's own
            result object: there may be text in it that nobody would see.
    """
    if len(path) > MAX_DEPTH:
        raise PayloadError(f"the payload nests deeper than {MAX_DEPTH} levels, or is cyclic")
    if isinstance(value, str):
        return visit(value, path)
    if isinstance(value, dict):
        return _replaced(value, {key: walk_strings(item, visit, (*path, key)) for key, item in value.items()})
    if isinstance(value, list | tuple):
        items = [walk_strings(item, visit, (*path, index)) for index, item in enumerate(value)]
        if all(old is new for old, new in zip(value, items, strict=True)):
            return value
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, Model):
        return _with(value, walk_strings(value.__dict__, visit, path))
    if value is None or isinstance(value, bool | int | float):
        return value
    raise PayloadError(
        f"{describe(path)} is a {type(value).__name__}; text is only found in JSON data, so hand over that"
    )


def _replaced(old: dict[Any, Any], new: dict[Any, Any]) -> dict[Any, Any]:
    return old if all(old[key] is item for key, item in new.items()) else new


def _with(model: Model, content: dict[str, Any]) -> Model:
    if content is model.__dict__:
        return model
    changed = copy(model)
    changed.__dict__.update(content)
    return changed


def _object(**walks: Callable[[Any, Visit, Path], Any]) -> Callable[[Any, Visit, Path], Any]:
    """A walk into every key of an object but the protocol's own words; some keys have a walk of their own."""

    def walk(value: Any, visit: Visit, path: Path) -> Any:
        if isinstance(value, Model):
            return _with(value, walk(value.__dict__, visit, path))
        if not isinstance(value, dict):
            return walk_strings(value, visit, path)
        return _replaced(
            value,
            {
                key: item if key in PROTOCOL_WORDS else walks.get(key, walk_strings)(item, visit, (*path, key))
                for key, item in value.items()
            },
        )

    return walk


def _each(inner: Callable[[Any, Visit, Path], Any]) -> Callable[[Any, Visit, Path], Any]:
    def walk(value: Any, visit: Visit, path: Path) -> Any:
        if not isinstance(value, list):
            return inner(value, visit, path)
        items = [inner(item, visit, (*path, index)) for index, item in enumerate(value)]
        return value if all(old is new for old, new in zip(value, items, strict=True)) else items

    return walk


PROTOCOL_WORDS: Final = frozenset(
    {"_meta", "annotations", "blob", "data", "icons", "id", "mimeType", "role", "toolUseId", "type", "uri"}
)
"""Keys of MCP's own objects whose values are no text: to change them would break the message. Base64 is not read.

See "Tools" (Tool Result), "Prompts" (PromptMessage) and "Resources" in https://modelcontextprotocol.io/specification.
"""

_resource = _object()
_block = _object(resource=_resource, structuredContent=walk_strings)
_tool_result = _object(content=_each(_block), structuredContent=walk_strings)
_prompt_result = _object(messages=_each(_object(content=_each(_block))))


def _result(value: Any, visit: Visit, path: Path) -> Any:
    is_mcp = isinstance(value, dict) and ("content" in value or "structuredContent" in value)
    return (_tool_result if is_mcp else walk_strings)(value, visit, path)


_TEXT_OF: dict[type[Payload], tuple[str, Callable[[Any, Visit, Path], Any]]] = {
    ToolPreInvokePayload: ("args", walk_strings),
    ToolPostInvokePayload: ("result", _result),
    PromptPrehookPayload: ("args", walk_strings),
    PromptPosthookPayload: ("result", _prompt_result),
    ResourcePreFetchPayload: ("metadata", walk_strings),
    ResourcePostFetchPayload: ("content", _resource),
}
