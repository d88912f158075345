"""What MCP nests in prompts and resources, as it comes over the line: checked, and in MCP's spelling.

Peers write these objects from models of their own: every optional field that is empty as ``null``, and at times
``mime_type`` for ``mimeType``.
"""

from __future__ import annotations

from typing import Any, Final

from gatehook import PayloadError, PromptResult, ResourceContent

from gatehook_external.protocol.plain import noun

_OPTIONAL: Final = frozenset(
    {
        "_meta", "annotations", "blob", "data", "description", "icons", "meta", "mimeType", "mime_type", "name", "size",
        "text", "title", "uri",
    }
)  # fmt: skip
_TEXTS: Final = frozenset({"blob", "data", "description", "mimeType", "role", "text", "type", "uri"})


def prompt_result(raw: Any, what: str) -> PromptResult:
    """Raises :class:`PayloadError`, also where it is not what MCP's prompts/get answers."""
    result = _object(raw, what)
    messages = result.get("messages")
    if type(messages) is not list:
        raise PayloadError(f"{what}.messages must be a list, got {noun(messages)}")
    result["messages"] = [_message(item, f"{what}.messages[{place}]") for place, item in enumerate(messages)]
    return PromptResult.from_json(result)


def _message(raw: Any, what: str) -> dict[str, Any]:
    message = _object(raw, what, needs="role")
    content = message.get("content")
    if type(content) is list:
        message["content"] = [_object(block, f"{what}.content[{n}]", needs="type") for n, block in enumerate(content)]
    else:
        message["content"] = _object(content, f"{what}.content", needs="type")
    return message


def resource_content(raw: Any, what: str) -> ResourceContent:
    return ResourceContent.from_json(_object(raw, what))


def _object(raw: Any, what: str, needs: str = "") -> dict[str, Any]:
    if type(raw) is not dict:
        raise PayloadError(f"{what} must be an object, got {noun(raw)}")
    found = {key: value for key, value in raw.items() if value is not None or key not in _OPTIONAL}
    if "mime_type" in found and "mimeType" not in found:
        found["mimeType"] = found.pop("mime_type")
    for key in _TEXTS & found.keys():
        if type(found[key]) is not str:
            raise PayloadError(f"{what}.{key} must be text, got {noun(found[key])}")
    if needs and needs not in found:
        raise PayloadError(f"{what} lacks {needs!r}")
    return found


def respelled(value: Any, raw: Any) -> Any:
    """What is to be answered to ``raw``, with ``mime_type`` again where that came."""
    if type(value) is dict and type(raw) is dict:
        said = {key: respelled(item, raw.get(key)) for key, item in value.items()}
        if "mime_type" in raw.keys() - said.keys() and "mimeType" in said.keys() - raw.keys():
            said["mime_type"] = said.pop("mimeType")
        return said
    if type(value) is list and type(raw) is list:
        return [respelled(*pair) for pair in zip(value, raw, strict=False)] + value[len(raw) :]
    return value
