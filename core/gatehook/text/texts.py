"""Every text of a payload, laid out flat, so that a plugin can look at all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Generic, TypeVar

from gatehook.payloads import (
    Payload,
    PromptPosthookPayload,
    PromptPrehookPayload,
    ResourcePostFetchPayload,
    ResourcePreFetchPayload,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)
from gatehook.text.tree import Shape, Tree
from gatehook.values import Path

P = TypeVar("P", bound=Payload)

_RESOURCE: Shape = {}
_BLOCK: Shape = {"resource": _RESOURCE, "structuredContent": None}
_TOOL_RESULT: dict[str, Shape] = {"content": _BLOCK, "structuredContent": None}
_PROMPT_RESULT: Shape = {"messages": {"content": _BLOCK}}

_SHAPES: dict[type[Payload], tuple[str, Shape]] = {
    ToolPreInvokePayload: ("args", None),
    ToolPostInvokePayload: ("result", _TOOL_RESULT),
    PromptPrehookPayload: ("args", None),
    PromptPosthookPayload: ("result", _PROMPT_RESULT),
    ResourcePreFetchPayload: ("metadata", None),
    ResourcePostFetchPayload: ("content", _RESOURCE),
}


class Texts(Generic[P]):
    """Every text of a payload: ``values`` are the texts in their order, ``path(i)`` says where the i-th stands,
    ``numbers`` which of them are numbers.

    Visited are: the arguments of tools and prompts; results, prompts and resource contents but for the protocol's own
    words in them (:data:`PROTOCOL_WORDS`); all of ``structuredContent``, and of a result that is not MCP's; the
    metadata, but not the URI, of a resource about to be read. A text that is JSON gives the strings in it.

    Args:
        keys: whether the keys of data (not of MCP's objects) are texts, too.
        numbers: whether numbers of data are, written as in JSON; one replaced by a number remains a number.
        opens: whether to look into a text that may be JSON, so that whoever knows that nothing can be found saves it.
            It is asked about the text as it stands, with its escapes: ``\\u0040`` may be the ``@`` that is sought.

    Raises:
        PayloadError: the payload nests deeper than ``MAX_DEPTH``, or holds what is not JSON data, such as a client's
            own result object: there may be text in it that nobody would see.
    """

    def __init__(
        self,
        payload: P,
        *,
        keys: bool = False,
        numbers: bool = False,
        opens: Callable[[str], bool] = bool,
    ) -> None:
        if type(payload) not in _SHAPES:
            raise TypeError(
                f"{type(payload).__name__} has no text that gatehook knows of; use walk_strings on its fields"
            )
        field, shape = _SHAPES[type(payload)]
        value = getattr(payload, field)
        if shape is _TOOL_RESULT and not (isinstance(value, dict) and value.keys() & _TOOL_RESULT.keys()):
            shape = None
        self._payload = payload
        self._field = field
        self._tree = Tree({field: value}, {field: shape}, keys, numbers, opens)
        self.values = self._tree.values
        self.numbers = self._tree.numbers

    def __len__(self) -> int:
        return len(self.values)

    def path(self, index: int) -> Path:
        return self._tree.path(index)

    def label(self, index: int) -> str:
        """The key under which a text, or the list that it is in, stands: what its author calls it."""
        return self._tree.label(index)

    def replaced(self, texts: Mapping[int, str]) -> P | None:
        """The payload with other texts at the given places, or ``None`` if each is as it was."""
        changed = {index: text for index, text in texts.items() if text != self.values[index]}
        if not changed:
            return None
        payload = copy(self._payload)
        setattr(payload, self._field, self._tree.replaced(changed)[self._field])
        return payload
