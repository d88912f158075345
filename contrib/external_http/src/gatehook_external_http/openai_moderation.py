"""OpenAI's moderation endpoint, and those that speak like it.

Requests and answers: https://platform.openai.com/docs/api-reference/moderations/create
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeVar

from gatehook import Payload, PluginConfig, PluginContext, PluginResult, PluginViolation
from gatehook_external import ServiceError
from pydantic import BaseModel, Field, ValidationError, model_validator

from gatehook_external_http.plugin import SUBJECTS, Question, ServicePlugin
from gatehook_external_http.settings import URL, TextSettings
from gatehook_external_http.texts import Asked

P = TypeVar("P", bound=Payload)

Category = Literal[
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic",
]  # fmt: skip
Score = Annotated[float, Field(ge=0, le=1)]


class OpenAIModerationSettings(TextSettings):
    url: URL = "https://api.openai.com/v1/moderations"
    """The endpoint."""
    model: Annotated[str, Field(min_length=1)] = "omni-moderation-latest"
    """The model that is asked."""
    categories: tuple[Category, ...] = ()
    """Categories that block; all if empty."""
    thresholds: dict[Category, Score] = Field({})
    """By category: the score, from 0 to 1, from which it blocks, whatever the service itself thinks of the score."""
    batch_size: Annotated[int, Field(gt=0)] = 32
    """So many texts go into one request; longer lists into several."""

    @model_validator(mode="after")
    def _thresholds_are_used(self) -> Self:
        for category in self.thresholds:
            if self.categories and category not in self.categories:
                raise ValueError(f"the threshold of {category!r} has no effect, since `categories` leaves it out")
        return self


class Result(BaseModel):
    """What the service says of one text. Models may know no score of some categories: ``null``."""

    flagged: bool
    categories: dict[str, bool | None]
    category_scores: dict[str, float | None]


class _Answer(BaseModel):
    results: list[Result]


class Found(NamedTuple):
    text: str
    categories: Mapping[str, float | None]
    """Those that block, with their scores."""


class OpenAIModerationPlugin(ServicePlugin):
    """Blocks texts in which the service finds what is harmful."""

    settings_model = OpenAIModerationSettings
    settings: OpenAIModerationSettings

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        self._applies = self.settings.applies

    async def _check(self, payload: P, context: PluginContext) -> PluginResult[P] | None:
        asked = Asked(payload, self._applies)
        if not asked.texts:
            return None
        size = self.settings.batch_size
        batches = [asked.texts[start : start + size] for start in range(0, len(asked.texts), size)]
        questions = [self._question(batch) for batch in batches]
        answers = await self.ask(context, payload.hook, questions)
        found = [
            Found(text, categories)
            for batch, results in zip(batches, answers, strict=True)
            for text, categories in zip(batch, results, strict=True)
            if categories
        ]
        return PluginResult(False, violation=self._violation(payload, asked, found)) if found else None

    def _question(self, texts: list[str]) -> Question[list[Mapping[str, float | None]]]:
        def read(answer: Any) -> list[Mapping[str, float | None]]:
            results = _parsed(answer)
            if len(results) != len(texts):
                raise ServiceError(f"it answered about {len(results)} texts, and was asked about {len(texts)}")
            return [dict(self._blocking(result)) for result in results]

        return Question({"model": self.settings.model, "input": texts}, read)

    def _blocking(self, result: Result) -> Iterable[tuple[str, float | None]]:
        wanted: Sequence[str] = self.settings.categories
        thresholds: Mapping[Any, float] = self.settings.thresholds
        for category in wanted or dict.fromkeys([*result.categories, *thresholds]):
            score = result.category_scores.get(category)
            said = result.categories.get(category) if category not in thresholds else score
            if said is None:
                if category in wanted or category in thresholds:
                    raise ServiceError(f"its model does not know the category {category!r}")
            elif said >= thresholds.get(category, 1):
                yield category, score
        if result.flagged and not (wanted or thresholds or any(result.categories.values())):
            yield "other", None

    def _violation(self, payload: Payload, asked: Asked[Any], found: list[Found]) -> PluginViolation:
        scores: dict[str, float] = {}
        for _, categories in found:
            for category, score in categories.items():
                scores[category] = max(scores.get(category, 0), round(score or 0, 4))
        reason = f"{SUBJECTS[payload.hook]} may be harmful: {', '.join(sorted(scores))}"
        details = {"categories": dict(sorted(scores.items())), **asked.report(text for text, _ in found)}
        return PluginViolation(reason, code="HARMFUL_CONTENT", details=details)


def _parsed(answer: Any) -> list[Result]:
    try:
        return _Answer.model_validate(answer, strict=True).results
    except ValidationError as error:
        place = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
        raise ServiceError(f"the answer is not that of a moderation endpoint: see {place or 'all of it'}") from None
