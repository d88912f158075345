"""What all kinds have in common: one client and one service layer for each plugin, and one way through the hooks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

from gatehook import (
    Payload,
    Plugin,
    PluginConfig,
    PluginContext,
    PluginError,
    PluginResult,
    PromptPosthookPayload,
    PromptPosthookResult,
    PromptPrehookPayload,
    PromptPrehookResult,
    ResourcePostFetchPayload,
    ResourcePostFetchResult,
    ResourcePreFetchPayload,
    ResourcePreFetchResult,
    ToolPostInvokePayload,
    ToolPostInvokeResult,
    ToolPreInvokePayload,
    ToolPreInvokeResult,
)
from gatehook_external import NotDelivered, Service, ServiceError, digest

from gatehook_external_http.connection import Connection, body_of
from gatehook_external_http.settings import ServiceSettings

P = TypeVar("P", bound=Payload)
T = TypeVar("T")

SUBJECTS: Final = {
    "prompt_pre_fetch": "the prompt's arguments",
    "prompt_post_fetch": "the prompt",
    "tool_pre_invoke": "the tool's arguments",
    "tool_post_invoke": "the tool's result",
    "resource_pre_fetch": "the request for the resource",
    "resource_post_fetch": "the resource",
}
"""What a service is asked about, in words for whoever made the call."""


class Question(NamedTuple, Generic[T]):
    request: Any
    """JSON data."""
    read: Callable[[Any], T]
    """What the service's answer means, to be kept; raises ServiceError for one that it cannot make anything of."""
    texts: int = 1
    """How many it is about, if ``read`` depends on that."""


class ServicePlugin(Plugin):
    """A plugin whose answers a service gives. Subclasses say what it is asked, and what its answers mean."""

    settings: ServiceSettings

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        self._service = Service(self.name, self.settings)
        self._connection = Connection(self.settings, self.endpoint)
        if self.settings.health_check_endpoint:
            self.health_interval = self.settings.health_check_interval

    @property
    def endpoint(self) -> str:
        """Where questions are posted to."""
        return self.settings.url or ""

    async def initialize(self) -> None:
        await self._connection.open()

    async def shutdown(self) -> None:
        await self._connection.close()

    async def health(self) -> bool | str:
        if self.settings.health_check_endpoint:
            sick = "it did not answer in time"  # also if whoever asks for the health has no more patience
            try:
                async with asyncio.timeout(self.settings.health_check_interval / 2):
                    sick = await self._connection.check()
            except TimeoutError:
                pass
            finally:
                self._service.sick = sick
        return self._service.sick or True

    def details(self) -> dict[str, Any]:
        return self._service.details()

    async def ask(self, context: PluginContext, hook: str, questions: Sequence[Question[T]]) -> list[T]:
        """What the service says to all of the questions, which are asked at once and are one call to the circuit.

        Raises:
            PluginError: one of them has no answer.
        """
        try:
            bodies = [body_of(question.request) for question in questions]
        except ServiceError as error:
            raise PluginError(self.name, hook, error.error_type, error.reason) from error
        answers: dict[int, T] = {}

        async def answer(number: int) -> NotDelivered | None:
            try:
                answers[number] = questions[number].read(await self._connection.post(bodies[number]))
            except NotDelivered as error:
                return error
            return None

        async def send(seconds: float) -> list[T]:
            # A further attempt is about what was not delivered, and nothing else.
            for error in await at_once(answer(number) for number in range(len(bodies)) if number not in answers):
                if error is not None:
                    raise error
            return [answers[number] for number in range(len(bodies))]

        return await self.call(context, hook, send, [[question.request, question.texts] for question in questions])

    async def call(self, context: PluginContext, hook: str, send: Callable[[float], Awaitable[T]], asked: Any) -> T:
        """One call of the service layer; ``asked`` is all that the answer depends on."""
        return await self._service.call(hook, context, send, key=digest(asked) if self._service.caches else None)

    async def prompt_pre_fetch(
        self, payload: PromptPrehookPayload, context: PluginContext
    ) -> PromptPrehookResult | None:
        return await self._check(payload, context)

    async def prompt_post_fetch(
        self, payload: PromptPosthookPayload, context: PluginContext
    ) -> PromptPosthookResult | None:
        return await self._check(payload, context)

    async def tool_pre_invoke(
        self, payload: ToolPreInvokePayload, context: PluginContext
    ) -> ToolPreInvokeResult | None:
        return await self._check(payload, context)

    async def tool_post_invoke(
        self, payload: ToolPostInvokePayload, context: PluginContext
    ) -> ToolPostInvokeResult | None:
        return await self._check(payload, context)

    async def resource_pre_fetch(
        self, payload: ResourcePreFetchPayload, context: PluginContext
    ) -> ResourcePreFetchResult | None:
        return await self._check(payload, context)

    async def resource_post_fetch(
        self, payload: ResourcePostFetchPayload, context: PluginContext
    ) -> ResourcePostFetchResult | None:
        return await self._check(payload, context)

    async def _check(self, payload: P, context: PluginContext) -> PluginResult[P] | None:
        raise NotImplementedError


async def at_once(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What several calls return, in their order; the first one to fail ends the others."""
    # No TaskGroup: before Python 3.13, one whose task fails leaves a cancellation behind that nobody asked for.
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        if tasks:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            if task.done():
                task.result()  # raises what it raised
        return [task.result() for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
