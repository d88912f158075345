"""Any service that takes JSON and answers with JSON: what it is sent, and where its answers say what, is YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple, Self, TypeVar

from gatehook import Payload, PluginConfig, PluginContext, PluginError, PluginResult, PluginViolation
from gatehook_external import ServiceError
from pydantic import AfterValidator, JsonValue, model_validator

from gatehook_external_http.blocked_when import BlockedWhen
from gatehook_external_http.paths import JSONPath, PathText
from gatehook_external_http.plugin import SUBJECTS, Question, ServicePlugin
from gatehook_external_http.replacements import replaced
from gatehook_external_http.settings import URL, TextSettings
from gatehook_external_http.templates import Template, values_of
from gatehook_external_http.texts import Asked, Unreplaceable

P = TypeVar("P", bound=Payload)

_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_LONGEST_REASON: Final = 500
_UNREPLACEABLE: Final = PluginViolation(
    "the resource's URI holds what is to be replaced, which would make it another resource",
    code="HTTP_GUARD_BLOCKED",
    details={"paths": ["uri"], "count": 1},
)


def _check_template(value: Any) -> Any:
    Template(value)
    return value


def _check_code(code: str) -> str:
    if code.startswith("$"):
        JSONPath(code)
    elif not _CODE.fullmatch(code):
        raise ValueError(f"{code!r} is neither a code, such as PROMPT_INJECTION, nor a path, such as $.code")
    return code


class HTTPGuardSettings(TextSettings):
    url: URL
    """Where requests are posted to, such as `https://guard.example/v1/check`."""
    request: Annotated[JsonValue, AfterValidator(_check_template)]
    """What is sent: any YAML, its texts being Jinja templates that may speak of `text`, `texts`, `hook`, `name`,
    `payload`, `user`, `tenant_id`, `server_id`, `content_type` and `roles`."""
    send: Literal["together", "one_by_one"] = "together"
    """together: one request for all texts, `text` being all of them in lines. one_by_one: a request for each `text`."""
    blocked: PathText | None = None
    """JSONPath (RFC 9535) of the verdict in the answer: true blocks, false does not, anything else is an error."""
    blocked_when: BlockedWhen | None = None
    """Which values block, for a verdict that is not true or false."""
    reason: PathText | None = None
    """JSONPath of a reason to show to whoever made the call. It may quote the content; left out, it is not shown."""
    code: Annotated[str, AfterValidator(_check_code)] = "HTTP_GUARD_BLOCKED"
    """The violation's code, or the JSONPath of one."""
    replacement: PathText | None = None
    """JSONPath of what the texts are to be: a text, a list with one for each, or an object with what to replace in
    them by what."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.blocked is None and self.replacement is None:
            raise ValueError("needs `blocked` or `replacement`: where the answer says what to do")
        for key in ("blocked_when", "reason", "code"):
            if self.blocked is None and key in self.model_fields_set:
                raise ValueError(f"`{key}` has no effect without `blocked`")
        names = Template(self.request).names
        if self.send == "one_by_one" and "text" not in names:
            raise ValueError("`send: one_by_one` needs `{{ text }}` in `request`")
        if not names & {"text", "texts"}:
            for key in ("fields", "except_fields"):
                if key in self.model_fields_set:
                    raise ValueError(f"`{key}` has no effect, since `request` does not speak of texts")
        if self.replacement and not names & {"text", "texts"}:
            raise ValueError("`replacement` needs `{{ text }}` or `{{ texts }}` in `request`")
        return self


class Answer(NamedTuple):
    blocked: bool
    reason: str
    code: str
    replacement: Any
    """As the service gave it, or ``None``; a list of what was found if the path may find several values."""


class HTTPGuardPlugin(ServicePlugin):
    """Asks a service whether to let texts pass, and what to put in their place."""

    settings_model = HTTPGuardSettings
    settings: HTTPGuardSettings

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        settings = self.settings
        self._request = Template(settings.request)
        self._about_texts = bool(self._request.names & {"text", "texts"})
        self._applies = settings.applies
        self._blocked = JSONPath(settings.blocked) if settings.blocked else None
        self._reason = JSONPath(settings.reason) if settings.reason else None
        self._code = JSONPath(settings.code) if settings.code.startswith("$") else None
        self._replacement = JSONPath(settings.replacement) if settings.replacement else None

    async def _check(self, payload: P, context: PluginContext) -> PluginResult[P] | None:
        asked = Asked(payload, self._applies)
        if self._about_texts and not asked.texts:
            return None
        parts = [[text] for text in asked.texts] if self.settings.send == "one_by_one" else [asked.texts]
        values = values_of(payload, context)
        try:
            questions = [self._question({**values, **_as_names(texts)}, len(texts)) for texts in parts]
        except ServiceError as error:
            raise PluginError(self.name, payload.hook, error.error_type, error.reason) from error
        answers = await self.ask(context, payload.hook, questions)
        violation = self._violation(payload, asked, parts, answers)
        try:
            changed = asked.replaced(self._replacements(payload, parts, answers))
        except Unreplaceable:
            changed, violation = None, violation or _UNREPLACEABLE
        if violation is None and changed is None:
            return None
        return PluginResult(violation is None, changed, violation)

    def _question(self, values: Mapping[str, Any], texts: int) -> Question[Answer]:
        return Question(self._request(values), lambda answer: self._read(answer, texts), texts)

    def _read(self, answer: Any, texts: int) -> Answer:
        blocked = self._blocked is not None and self._blocks(self._blocked, answer, texts)
        reason = _text_at(self._reason, answer) if blocked else ""
        code = self._code_in(answer) if blocked else ""
        return Answer(blocked, reason, code, self._replacement_in(answer, may_miss=blocked))

    def _replacement_in(self, answer: Any, may_miss: bool) -> Any:
        if self._replacement is None:
            return None
        try:
            found = self._replacement.find(answer)
        except ServiceError:
            if may_miss:
                return None
            raise
        return found if self._replacement.several else found[0]

    def _blocks(self, path: JSONPath, answer: Any, texts: int) -> bool:
        found = path.find(answer)
        if any(map(self._is_blocking, found)):
            return True
        if path.several and "texts" in self._request.names and len(found) != texts:
            # Of which text nothing is said, nobody can tell.
            raise ServiceError(f"`blocked` finds {len(found)} verdicts for {texts} texts")
        return False

    def _is_blocking(self, value: Any) -> bool:
        if self.settings.blocked_when is not None:
            return self.settings.blocked_when(value)
        if not isinstance(value, bool):
            raise ServiceError(f"`blocked` finds a {type(value).__name__}, and not true or false; say `blocked_when`")
        return value

    def _code_in(self, answer: Any) -> str:
        if self._code is None:
            return self.settings.code
        code = _text_at(self._code, answer)
        return code if _CODE.fullmatch(code) else "HTTP_GUARD_BLOCKED"

    def _violation(
        self, payload: Payload, asked: Asked[Any], parts: Sequence[list[str]], answers: Sequence[Answer]
    ) -> PluginViolation | None:
        blocking = [(answer, texts) for answer, texts in zip(answers, parts, strict=True) if answer.blocked]
        if not blocking:
            return None
        first = blocking[0][0]
        reason = first.reason or f"{SUBJECTS[payload.hook]} did not pass the check {self.name!r}"
        details = asked.report([text for _, texts in blocking for text in texts]) if self._about_texts else {}
        return PluginViolation(reason, code=first.code, details=details)

    def _replacements(self, payload: Payload, parts: Sequence[list[str]], answers: Sequence[Answer]) -> dict[str, str]:
        now: dict[str, str] = {}
        for answer, texts in zip(answers, parts, strict=True):
            given = replaced(texts, answer.replacement)
            if given is None and not answer.blocked:
                reason = f"`replacement` does not say what each of {len(texts)} texts is to be"
                raise PluginError(self.name, payload.hook, "backend", reason)
            now |= given or {}
        return now


def _as_names(texts: list[str]) -> dict[str, Any]:
    return {"text": "\n".join(texts), "texts": texts}


def _text_at(path: JSONPath | None, answer: Any) -> str:
    """A text that the verdict can do without."""
    try:
        found = path.find(answer)[0] if path else ""
    except ServiceError:
        return ""
    return found[:_LONGEST_REASON] if isinstance(found, str) else ""
