"""What a plugin says (:class:`PluginResult`, :class:`PluginViolation`) and what the chain says (:class:`Outcome`,
:class:`Record`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from gatehook import payloads
from gatehook.errors import ViolationError

P = TypeVar("P", bound=payloads.Payload)


class PluginMode(StrEnum):
    """What the runner lets a plugin do."""

    ENFORCE = "enforce"
    """May block, may modify."""
    PERMISSIVE = "permissive"
    """May modify; a violation is logged and recorded, and does not block."""
    AUDIT = "audit"
    """Nothing it says takes effect; what it would have done is recorded."""
    DISABLED = "disabled"
    """Not imported, absent from every chain, still listed."""


class PluginViolation:
    """Why a plugin objects. Never put matched or masked text into it: a path, a kind, a count.

    Args:
        reason: one short sentence for whoever made the call. ``description`` is used if it is left out, and the other
            way round.
        description: more for the operator.
        code: a stable upper-case word for machines, such as ``DENIED_WORD``. ``violation_code`` is another name of it.
        details: JSON data.
        plugin_name: accepted for compatibility; the runner sets the configured name.
    """

    __slots__ = ("code", "description", "details", "plugin_name", "reason")

    def __init__(  # noqa: PLR0913  # both spellings of the specification and of its published implementation
        self,
        reason: str = "",
        description: str = "",
        code: str = "",
        details: dict[str, Any] | None = None,
        *,
        plugin_name: str = "",
        violation_code: str = "",
    ) -> None:
        if code and violation_code and code != violation_code:
            raise TypeError(f"code {code!r} and violation_code {violation_code!r} are two names of one field")
        self.reason = reason or description
        self.description = description or reason
        self.code = code or violation_code or "UNSPECIFIED"
        self.details = {} if details is None else details
        self.plugin_name = plugin_name

    @property
    def violation_code(self) -> str:
        return self.code

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("plugin_name", "code", "reason", "description", "details")}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PluginViolation) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        return f"PluginViolation({self.reason!r}, code={self.code!r}, plugin_name={self.plugin_name!r})"


class PluginResult(Generic[P]):
    """What one plugin says. ``PluginResult()`` and ``None`` both mean: nothing to say, go on.

    Args:
        continue_processing: ``False`` blocks the call, in mode enforce.
        modified_payload: replaces the payload for everybody after this plugin.
        violation: the reason for a block; with ``continue_processing=True`` it is advice and only recorded.
        metadata: JSON data for the host, found in ``outcome.metadata`` under the plugin's name.
        response: from a pre hook only: answers the call in the server's place.
    """

    __slots__ = ("continue_processing", "metadata", "modified_payload", "response", "violation")

    def __init__(
        self,
        continue_processing: bool = True,
        modified_payload: P | None = None,
        violation: PluginViolation | None = None,
        metadata: dict[str, Any] | None = None,
        response: Any = None,
    ) -> None:
        self.continue_processing = continue_processing
        self.modified_payload = modified_payload
        self.violation = violation
        self.metadata = {} if metadata is None else metadata
        self.response = response

    def __repr__(self) -> str:
        return f"PluginResult({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__slots__)})"


class Verdict(StrEnum):
    """What became of one plugin in one run of a hook."""

    OK = "ok"
    MODIFIED = "modified"
    VIOLATION = "violation"
    RESPONSE = "response"
    ERROR = "error"
    TIMEOUT = "timeout"
    SKIPPED = "skipped"


class Record(NamedTuple):
    """What one plugin did in one run of a hook, written by the runner, without content.

    ``effective`` tells whether what the plugin said, or its failure, had an effect on the outcome. ``duration`` is in
    seconds. ``reason`` says why a plugin was skipped, failed, or ran in spite of an unknown field; ``changes`` are the
    paths that it changed; ``recheck`` marks the second look of a guard.
    """

    plugin: str
    hook: str
    mode: PluginMode
    verdict: Verdict
    effective: bool
    duration: float
    reason: str = ""
    code: str = ""
    error_type: str = ""
    recheck: bool = False
    changes: tuple[str, ...] = ()


class Outcome(Generic[P]):
    """What the whole chain says.

    ``payload`` is what to go on with, ``blocked`` whether to go on at all, ``violation`` the one that blocked,
    ``violations`` all that enforcing and permissive plugins raised, ``response`` an answer to give in the server's
    place, ``metadata`` what plugins tell the host, by plugin.
    """

    # Most outcomes have nothing but a payload, so everything else has its default on the class.
    modified: bool = False
    violation: PluginViolation | None = None
    violations: Sequence[PluginViolation] = ()
    response: Any = None
    withheld: P | None = None
    """What the plugin that blocked would have made of the payload, if anything: for a host that asked on behalf of
    another one, where the plugin may be permissive."""
    metadata: Mapping[str, dict[str, Any]] = MappingProxyType({})
    records: tuple[Record, ...] = ()
    """One record per configured step, in order; put together when they are first read."""

    def __init__(self, payload: P) -> None:
        self.payload = payload

    def __repr__(self) -> str:
        said = f"blocked by {self.violation!r}" if self.violation else "modified" if self.modified else "allowed"
        return f"<Outcome of {self.payload.hook}: {said}>"

    @property
    def blocked(self) -> bool:
        return self.violation is not None

    def raise_for_violation(self) -> None:
        """Raises :class:`ViolationError` if a plugin blocked."""
        if self.violation is not None:
            raise ViolationError(self.violation)


# The specification's name of each hook's result. At run time all are PluginResult itself, since calling a
# subscripted generic costs half a microsecond more.
if TYPE_CHECKING:
    PromptPrehookResult = PluginResult[payloads.PromptPrehookPayload]
    PromptPosthookResult = PluginResult[payloads.PromptPosthookPayload]
    ToolPreInvokeResult = PluginResult[payloads.ToolPreInvokePayload]
    ToolPostInvokeResult = PluginResult[payloads.ToolPostInvokePayload]
    ResourcePreFetchResult = PluginResult[payloads.ResourcePreFetchPayload]
    ResourcePostFetchResult = PluginResult[payloads.ResourcePostFetchPayload]
    ServerPreRegisterResult = PluginResult[payloads.ServerPreRegisterPayload]
    ServerPostRegisterResult = PluginResult[payloads.ServerPostRegisterPayload]
    AuthPreCheckResult = PluginResult[payloads.AuthPreCheckPayload]
    AuthPostCheckResult = PluginResult[payloads.AuthPostCheckPayload]
    FederationPreSyncResult = PluginResult[payloads.FederationPreSyncPayload]
    FederationPostSyncResult = PluginResult[payloads.FederationPostSyncPayload]
else:
    PromptPrehookResult = PromptPosthookResult = PluginResult
    ToolPreInvokeResult = ToolPostInvokeResult = PluginResult
    ResourcePreFetchResult = ResourcePostFetchResult = PluginResult
    ServerPreRegisterResult = ServerPostRegisterResult = PluginResult
    AuthPreCheckResult = AuthPostCheckResult = PluginResult
    FederationPreSyncResult = FederationPostSyncResult = PluginResult
