"""The ``guard:`` section of the config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from gatehook import Seconds
from pydantic import BaseModel, ConfigDict, Field

from gatehook_guard.methods import COVERAGE, HOOKS


class GuardSettings(BaseModel):
    """How the guard relays. Everything has a default; a section that is left out means all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    called_hooks: ClassVar[Sequence[str]] = HOOKS
    coverage: ClassVar[Sequence[Mapping[str, str]]] = COVERAGE

    violation_as: Literal["result", "error"] = "result"
    """What a violation at tools/call looks like to the client: a tool result with `isError: true`, or a JSON-RPC error.
    Prompts and resources have no result that could say so: there it is always an error."""
    on_schema_break: Literal["block", "drop_structured"] = "block"
    """When a plugin changed a tool's result so that it no longer fits the tool's `outputSchema`: withhold the result,
    or take `structuredContent` out of it (strict clients refuse such a result)."""
    max_message_bytes: Annotated[int, Field(ge=1024)] = 16 * 1024 * 1024
    """The longest line, in bytes, that passes in either direction. A longer one is never held in memory."""
    drain_timeout: Seconds = 10.0
    """When the client has closed: so long the server may still answer what is in flight."""
    stop_timeout: Seconds = 1.0
    """So long the server may take to end once its input is closed, before it gets SIGTERM. Clients of the official SDKs
    give the guard itself two seconds."""
    kill_timeout: Seconds = 0.5
    """So long the server may take to end after SIGTERM, before it gets SIGKILL."""
