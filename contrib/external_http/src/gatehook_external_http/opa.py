"""Open Policy Agent: a policy in Rego decides, at an OPA server or in this process.

The server's interface: https://www.openpolicyagent.org/docs/rest-api#data-api
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from gatehook import Payload, PluginConfig, PluginContext, PluginError, PluginResult, PluginViolation
from gatehook.text import Texts, check_field, compile_fields
from gatehook_external import ServiceError, web
from gatehook_external.files import File
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StrictBool,
    ValidationError,
    model_validator,
)

from gatehook_external_http.plugin import SUBJECTS, Question, ServicePlugin
from gatehook_external_http.rego import Policies
from gatehook_external_http.settings import URL, ServiceSettings
from gatehook_external_http.templates import NAMES, Template, values_of

P = TypeVar("P", bound=Payload)

_OF_A_SERVER: Final = (
    "auth", "health_check_endpoint", "tls_ca", "tls_client_cert", "tls_client_key", "tls_verify", "retry_attempts",
    "allowed_response_codes", "max_response_size_mb", "connection_pool_size",
)  # fmt: skip
_NO_TEXTS: Final = frozenset({"text", "texts"})
_WHOLE: Final[dict[str, JsonValue]] = {name: f"{{{{ {name} }}}}" for name in NAMES if name not in _NO_TEXTS}


def _check_input(value: Any) -> Any:
    for name in sorted(Template(value).names & _NO_TEXTS):
        raise ValueError(f"there is no {name!r} in the input of a policy; write `{{{{ payload }}}}`, or a part of it")
    return value


class OPASettings(ServiceSettings):
    url: URL | None = None
    """The OPA server, such as `http://localhost:8181`; or write `policies`."""
    policies: tuple[File, ...] = ()
    """Files of Rego to be evaluated in this process, in place of a server; needs `gatehook-external-http[rego]`."""
    data: tuple[File, ...] = ()
    """Files of JSON, each an object, that `policies` find as `data`."""
    decision: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(/[A-Za-z_]\w*)*$")]
    """The document that decides: `mcp/decision` is the rule `decision` of `package mcp`."""
    input: Annotated[JsonValue, AfterValidator(_check_input)] = _WHOLE
    """What the policy finds as `input`: any YAML, its texts being Jinja templates that may speak of `hook`, `name`,
    `payload`, `user`, `tenant_id`, `server_id`, `content_type` and `roles`. Left out, an object of all of these."""
    undefined: Literal["error", "deny"] = "error"
    """What no decision means: error, the plugin failed, and `on_error` says what then; deny, the call is blocked."""

    @model_validator(mode="after")
    def _is_in_one_place(self) -> Self:
        if (self.url is None) != bool(self.policies):
            raise ValueError("needs `url` or `policies`, and not both")
        if self.url and web.URL(self.url).path.strip("/").startswith("v1"):
            raise ValueError("`url` is that of the server, without /v1/data, which comes from `decision`")
        if self.data and not self.policies:
            raise ValueError("`data` has no effect without `policies`; an OPA server has its own")
        if self.url is None and (useless := [key for key in _OF_A_SERVER if key in self.model_fields_set]):
            raise ValueError(f"`{useless[0]}` has no effect without `url`")
        return self


_WRONG: Final = {
    "extra_forbidden": "is none of `allow`, `reason` and `redactions`, with `path` and `value`",
    "missing": "is missing",
    "model_type": "is neither true nor false nor an object",
}
"""By what pydantic calls it."""


class _Redaction(BaseModel):
    model_config = ConfigDict(extra="forbid")

    path: Annotated[str, AfterValidator(check_field)]
    value: str | int | float = "[REDACTED]"


class Decision(BaseModel):
    """What a policy decides, as a document; ``true`` and ``false`` are short for one with nothing but ``allow``."""

    model_config = ConfigDict(extra="forbid")

    allow: StrictBool
    reason: str = ""
    redactions: list[_Redaction] = []


class OPAPlugin(ServicePlugin):
    """Lets a policy allow, deny and redact."""

    settings_model = OPASettings
    settings: OPASettings

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        settings = self.settings
        self._input = Template(settings.input)
        self._policies = Policies(settings.policies, settings.data, settings.decision) if settings.policies else None

    @property
    def endpoint(self) -> str:
        return f"{super().endpoint.rstrip('/')}/v1/data/{self.settings.decision}"

    async def initialize(self) -> None:
        if self._policies is None:
            await super().initialize()
        else:
            await self._policies.open()

    async def shutdown(self) -> None:
        await super().shutdown()
        if self._policies is not None:
            self._policies.close()

    async def _check(self, payload: P, context: PluginContext) -> PluginResult[P] | None:
        decision = await self._decision(payload, context)
        if decision is None and self.settings.undefined == "error":
            raise PluginError(self.name, payload.hook, "backend", f"{self.settings.decision} is undefined")
        decision = decision or Decision(allow=False)
        changed = self._redacted(payload, decision)
        if decision.allow:
            return None if changed is None else PluginResult(modified_payload=changed)
        reason = decision.reason or f"the policy does not allow {SUBJECTS[payload.hook]}"
        return PluginResult(False, changed, PluginViolation(reason, code="POLICY_DENIED"))

    async def _decision(self, payload: Payload, context: PluginContext) -> Decision | None:
        """``None`` if it is undefined."""
        try:
            request = {"input": self._input(values_of(payload, context))}
        except ServiceError as error:
            raise PluginError(self.name, payload.hook, error.error_type, error.reason) from error
        if self._policies is None:
            (decision,) = await self.ask(context, payload.hook, [Question(request, decision_in)])
            return decision
        policies = self._policies

        async def evaluate(seconds: float) -> Decision | None:
            return decision_in(await policies.evaluate(request["input"]))

        return await self.call(context, payload.hook, evaluate, request)

    def _redacted(self, payload: P, decision: Decision) -> P | None:
        if not decision.redactions:
            return None
        texts = Texts(payload, numbers=True)
        paths = [texts.path(index) for index in range(len(texts))]
        now: dict[int, str] = {}
        for number, redaction in enumerate(decision.redactions):
            applies = compile_fields([redaction.path])
            places = [index for index, path in enumerate(paths) if applies(path)]
            if not places and "*" not in redaction.path and decision.allow:
                reason = f"redactions[{number}] of the decision is of a place where there is no text or number"
                raise PluginError(self.name, payload.hook, "backend", reason)
            value = redaction.value if isinstance(redaction.value, str) else json.dumps(redaction.value)
            now |= dict.fromkeys(places, value)
        return texts.replaced(now)


def decision_in(answer: Any) -> Decision | None:
    """The decision in an answer of OPA's data API; ``None`` if it is undefined.

    Raises:
        ServiceError: it is no decision.
    """
    if not isinstance(answer, dict):
        raise ServiceError("the answer is not that of OPA's data API")
    if "result" not in answer:
        return None
    result = answer["result"]
    try:
        return Decision.model_validate({"allow": result} if isinstance(result, bool) else result, strict=True)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "result"
        wrong = _WRONG.get(first["type"]) or first["msg"].lower()[:100]
        raise ServiceError(f"the decision's {place[:60]} {wrong}") from None
