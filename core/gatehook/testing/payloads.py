"""Payloads as MCP servers and clients make them, in one short call each.

Shapes: https://modelcontextprotocol.io/specification, "Tools", "Prompts" and "Resources".
"""

from __future__ import annotations

import json
from typing import Any, Final

from gatehook.payloads import (
    PromptPosthookPayload,
    PromptPrehookPayload,
    PromptResult,
    ResourceContent,
    ResourcePostFetchPayload,
    ResourcePreFetchPayload,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)

_URI: Final = "docs://handbook/1"


def tool_call(name: str = "lookup", /, **args: Any) -> ToolPreInvokePayload:
    """A tool about to be called with these arguments."""
    return ToolPreInvokePayload(name, args)


def tool_result(
    text: str | None = None, *, structured: Any = None, name: str = "lookup", is_error: bool = False, **fields: Any
) -> ToolPostInvokePayload:
    """What a tool answered: one text block, structured content, or both.

    Structured content without ``text`` comes with a text block of the same JSON, as servers send it. ``fields`` are
    further fields of the result, such as ``_meta``; with ``content`` among them, that is what the blocks are.
    """
    if text is None and structured is not None:
        text = json.dumps(structured)
    content = [] if text is None else [{"type": "text", "text": text}]
    result: dict[str, Any] = {"content": content, "isError": is_error}
    if structured is not None:
        result["structuredContent"] = structured
    return ToolPostInvokePayload(name, result | fields)


def prompt_call(name: str = "summary", /, **args: Any) -> PromptPrehookPayload:
    """A prompt about to be fetched with these arguments."""
    return PromptPrehookPayload(name, args)


def prompt_result(*texts: str | tuple[str, str], name: str = "summary", **fields: Any) -> PromptPosthookPayload:
    """A prompt with these messages, of the user where no role stands before the text: ``("assistant", "Yes?")``."""
    spoken = [("user", text) if isinstance(text, str) else text for text in texts]
    messages = [{"role": role, "content": {"type": "text", "text": text}} for role, text in spoken]
    return PromptPosthookPayload(name, PromptResult.from_json({"messages": messages, **fields}))


def resource_read(uri: str = _URI, /, **metadata: Any) -> ResourcePreFetchPayload:
    """A resource about to be read."""
    return ResourcePreFetchPayload(uri, metadata)


def resource(
    text: str | None = None, *, uri: str = _URI, blob: str | None = None, **fields: Any
) -> ResourcePostFetchPayload:
    """What a resource holds: text, or a blob in base64."""
    content: dict[str, Any] = {"uri": uri, "mimeType": "text/plain" if blob is None else "application/octet-stream"}
    if blob is not None:
        content["blob"] = blob
    if text is not None or blob is None:
        content["text"] = text or ""
    return ResourcePostFetchPayload(uri, ResourceContent.from_json(content | fields))
