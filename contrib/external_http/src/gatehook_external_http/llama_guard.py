"""Llama Guard behind an OpenAI-compatible chat endpoint, such as vLLM's, Ollama's or llama.cpp's.

What the model is asked, and how it answers: https://www.llama.com/docs/model-cards-and-prompt-formats/llama-guard-3/
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, TypeVar

from gatehook import Payload, PluginConfig, PluginContext, PluginResult, PluginViolation
from gatehook_external import ServiceError
from pydantic import BaseModel, Field, ValidationError

from gatehook_external_http.plugin import SUBJECTS, Question, ServicePlugin
from gatehook_external_http.settings import URL, TextSettings
from gatehook_external_http.texts import Asked

P = TypeVar("P", bound=Payload)

Category = Literal["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12", "S13", "S14"]

CATEGORIES: Final[dict[Category, str]] = {
    "S1": "Violent Crimes",
    "S2": "Non-Violent Crimes",
    "S3": "Sex-Related Crimes",
    "S4": "Child Sexual Exploitation",
    "S5": "Defamation",
    "S6": "Specialized Advice",
    "S7": "Privacy",
    "S8": "Intellectual Property",
    "S9": "Indiscriminate Weapons",
    "S10": "Hate",
    "S11": "Suicide & Self-Harm",
    "S12": "Sexual Content",
    "S13": "Elections",
    "S14": "Code Interpreter Abuse",
}
"""The hazards of Llama Guard 3 and 4."""

_ANSWERED: Final = frozenset({"tool_post_invoke", "resource_post_fetch"})
"""Hooks at which the assistant's side speaks. A prompt is what its user will say, as are all arguments."""
_UNSAFE: Final = re.compile(r"unsafe\n(S\d+(?:, ?S\d+)*)")
_LONGEST_ANSWER: Final = 100


class LlamaGuardSettings(TextSettings):
    url: URL
    """The endpoint, such as `http://localhost:8000/v1/chat/completions`."""
    model: Annotated[str, Field(min_length=1)] = "meta-llama/Llama-Guard-3-8B"
    """The model, as the server calls it."""
    categories: Annotated[tuple[Category, ...], Field(min_length=1)] = tuple(CATEGORIES)
    """Categories that block, of S1 to S14. Others that are found are told in the outcome's metadata."""
    send: Literal["together", "one_by_one"] = "together"
    """together: one request for all texts, in lines. one_by_one: a request for each."""


class _Message(BaseModel):
    content: str


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    choices: Annotated[list[_Choice], Field(min_length=1, max_length=1)]


class LlamaGuardPlugin(ServicePlugin):
    """Blocks texts that the model says are unsafe: as a user's at input, as an assistant's in results."""

    settings_model = LlamaGuardSettings
    settings: LlamaGuardSettings

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        self._applies = self.settings.applies
        self._blocking = frozenset(self.settings.categories)

    async def _check(self, payload: P, context: PluginContext) -> PluginResult[P] | None:
        asked = Asked(payload, self._applies)
        if not asked.texts:
            return None
        parts = [[text] for text in asked.texts] if self.settings.send == "one_by_one" else [asked.texts]
        questions = [Question(self._request(payload.hook, texts), hazards_in) for texts in parts]
        answers = await self.ask(context, payload.hook, questions)
        found = set().union(*answers)
        if not found:
            return None
        if not found & self._blocking:
            return PluginResult(metadata={"categories": _named(found)})
        texts = [
            text for part, hazards in zip(parts, answers, strict=True) if hazards & self._blocking for text in part
        ]
        named = _named(found & self._blocking)
        reason = f"{SUBJECTS[payload.hook]} may be unsafe: {', '.join(named.values())}"
        details = {"categories": named, **asked.report(texts)}
        return PluginResult(False, violation=PluginViolation(reason, code="UNSAFE_CONTENT", details=details))

    def _request(self, hook: str, texts: list[str]) -> dict[str, Any]:
        text = {"role": "user", "content": "\n".join(texts)}
        if hook in _ANSWERED:
            # The model's template tells by their number whose message is judged, and refuses an assistant's alone.
            question = {"role": "user", "content": "What did you find?"}
            messages = [question, {**text, "role": "assistant"}]
        else:
            messages = [text]
        return {
            "model": self.settings.model,
            "messages": messages,
            "temperature": 0,
            "max_tokens": _LONGEST_ANSWER,
            "stream": False,
        }


def hazards_in(answer: Any) -> frozenset[str]:
    """The categories in a chat completion; none if it says ``safe``.

    Raises:
        ServiceError: it says anything else than ``safe``, or ``unsafe`` and categories in a second line.
    """
    try:
        (choice,) = _Completion.model_validate(answer, strict=True).choices
    except ValidationError:
        raise ServiceError("the answer is no chat completion with one choice") from None
    said = choice.message.content.strip()
    if choice.finish_reason not in (None, "stop"):
        raise ServiceError("the model did not come to an end")
    if said == "safe":
        return frozenset()
    if not (unsafe := _UNSAFE.fullmatch(said)):
        raise ServiceError("the model said neither `safe` nor `unsafe` and categories; is it Llama Guard?")
    found = frozenset(re.split(", ?", unsafe[1]))
    if unknown := found - CATEGORIES.keys():
        raise ServiceError(f"the model found {', '.join(sorted(unknown))[:50]}, which are none of S1 to S14")
    return found


def _named(found: frozenset[str] | set[str]) -> dict[str, str]:
    return {category: name for category, name in CATEGORIES.items() if category in found}
