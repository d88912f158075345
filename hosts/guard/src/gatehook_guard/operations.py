"""The guarded methods: how their messages become payloads, and what plugins changed becomes messages again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gatehook import (
    PayloadError,
    PromptPosthookPayload,
    PromptPrehookPayload,
    PromptResult,
    Request,
    ResourceContent,
    ResourcePostFetchPayload,
    ResourcePreFetchPayload,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)

from gatehook_guard.answers import SCHEMA_BREAK, UNREADABLE, BlockedError, failure
from gatehook_guard.methods import GUARDED
from gatehook_guard.operation import (
    CONTENT,
    Admitted,
    as_json,
    asks_for_input,
    made_object,
    made_text,
    object_of,
    text_of,
    unwrap,
)
from gatehook_guard.schemas import OutputSchemas
from gatehook_guard.settings import GuardSettings
from gatehook_guard.tasks import Tasks, task_of


class _Named:
    """What tools/call and prompts/get have in common: a name and arguments."""

    reads = frozenset({"name", "arguments", "inputResponses", "_meta"})

    def __init__(self, method: str, payload: Callable[..., Any]) -> None:
        self.pre, self.post = GUARDED[method].pre, GUARDED[method].post
        self._payload = payload

    async def admit(self, request: Request, params: dict[str, Any], run: bool, size: int) -> Admitted:
        name = text_of(params, "name", self.pre)
        for key in ("arguments", "inputResponses"):
            if not isinstance(params.get(key, {}), dict | None):
                raise failure(UNREADABLE, f"`{key}` must be an object", self.pre, after=False)
        admitted = Admitted(params, name)
        if run:
            admitted = await self._run(request, admitted, "arguments", size)
            if params.get("inputResponses"):
                renamed = admitted.subject
                admitted = await self._run(request, admitted, "inputResponses", size)
                if admitted.subject != renamed:
                    reason = "a plugin wants another name for the call's further input than for the call"
                    raise failure(UNREADABLE, reason, self.pre, after=False)
        return admitted

    async def _run(self, request: Request, admitted: Admitted, key: str, size: int) -> Admitted:
        before = admitted.params.get(key) or {}
        outcome = await request.run(self._payload(admitted.subject, before), size=size)
        if outcome.violation is not None:
            raise BlockedError(outcome.violation, self.pre, after=False)
        response = admitted.response
        if response is None and outcome.response is not None:
            response = self._response(as_json(outcome.response))
        if not outcome.modified:
            return Admitted(admitted.params, admitted.subject, response)
        after, params = outcome.payload, dict(admitted.params)
        params["name"] = made_text(after.name, "name", self.pre, after=False)
        if after.args is not before:
            params[key] = made_object(after.args, key, self.pre)
        return Admitted(params, after.name, response)

    def _response(self, response: Any) -> dict[str, Any]:
        if not isinstance(response, dict):
            raise failure(UNREADABLE, "a plugin answered with what is no result", self.pre, after=False)
        return response


class ToolCall(_Named):
    def __init__(self, settings: Callable[[], GuardSettings], tasks: Tasks) -> None:
        super().__init__("tools/call", ToolPreInvokePayload)
        self.schemas = OutputSchemas()
        self._settings, self._tasks = settings, tasks

    async def check(self, request: Request, subject: str, result: Any, run: bool, size: int) -> Any:
        result = object_of(result, self.post)
        if (task := task_of(result)) and not result.keys() & CONTENT:
            self._tasks.remember(task, subject)
            return result
        if not run or asks_for_input(result, self.post):
            return result
        body, envelope = unwrap(result)
        outcome = await request.run(ToolPostInvokePayload(subject, body), size=size)
        if outcome.violation is not None:
            raise BlockedError(outcome.violation, self.post, after=True)
        if not outcome.modified:
            return result
        changed = object_of(as_json(outcome.payload.result), self.post)
        return self._fitting(subject, changed) | envelope

    def _fitting(self, tool: str, result: dict[str, Any]) -> dict[str, Any]:
        if not self.schemas.broken_by(tool, result):
            return result
        if self._settings().on_schema_break == "block":
            reason = "the result, as plugins changed it, no longer fits the tool's output schema"
            raise failure(SCHEMA_BREAK, reason, self.post, after=True)
        return {key: value for key, value in result.items() if key != "structuredContent"}


class PromptGet(_Named):
    def __init__(self) -> None:
        super().__init__("prompts/get", PromptPrehookPayload)

    async def check(self, request: Request, subject: str, result: Any, run: bool, size: int) -> Any:
        result = object_of(result, self.post)
        if not run or asks_for_input(result, self.post):
            return result
        body, envelope = unwrap(result)
        try:
            payload = PromptPosthookPayload(subject, PromptResult.from_json(body))
        except PayloadError as error:
            raise failure(UNREADABLE, f"the server's answer cannot be read: {error}", self.post, after=True) from None
        outcome = await request.run(payload, size=size)
        if outcome.violation is not None:
            raise BlockedError(outcome.violation, self.post, after=True)
        return object_of(as_json(outcome.payload.result), self.post) | envelope if outcome.modified else result


class ResourceRead:
    reads = frozenset({"uri", "inputResponses", "_meta"})
    pre, post = GUARDED["resources/read"].pre, GUARDED["resources/read"].post

    async def admit(self, request: Request, params: dict[str, Any], run: bool, size: int) -> Admitted:
        uri = text_of(params, "uri", self.pre)
        if not run:
            return Admitted(params, uri)
        metadata = {"inputResponses": params["inputResponses"]} if params.get("inputResponses") else {}
        outcome = await request.run(ResourcePreFetchPayload(uri, metadata), size=size)
        if outcome.violation is not None:
            raise BlockedError(outcome.violation, self.pre, after=False)
        response = None if outcome.response is None else _contents(as_json(outcome.response), self.pre)
        if not outcome.modified:
            return Admitted(params, uri, response)
        after = outcome.payload
        params = {**params, "uri": made_text(after.uri, "uri", self.pre, after=False)}
        if metadata:
            made = made_object(after.metadata, "metadata", self.pre).get("inputResponses", {})
            params["inputResponses"] = made_object(made, "inputResponses", self.pre)
        return Admitted(params, after.uri, response)

    async def check(self, request: Request, subject: str, result: Any, run: bool, size: int) -> Any:
        result = object_of(result, self.post)
        if not run or asks_for_input(result, self.post):
            return result
        contents = result.get("contents")
        if not isinstance(contents, list):
            raise failure(UNREADABLE, "the server's answer has no list of contents", self.post, after=True)
        checked = [await self._check_one(request, subject, content, size) for content in contents]
        if all(before is after for before, after in zip(contents, checked, strict=True)):
            return result
        changed = {**result, "contents": checked}
        if "cacheScope" in changed:
            changed["cacheScope"] = "private"  # what was masked for one user is not for all
        return changed

    async def _check_one(self, request: Request, subject: str, content: Any, size: int) -> Any:
        content = object_of(content, self.post)
        uri = content.get("uri", subject)
        media_type = content.get("mimeType")
        if not isinstance(uri, str) or not isinstance(media_type, str | None):
            raise failure(UNREADABLE, "a content's `uri` and `mimeType` must be text", self.post, after=True)
        request.content_type = media_type  # the request's media type is, at this hook, that of the content
        outcome = await request.run(ResourcePostFetchPayload(uri, ResourceContent.from_json(content)), size=size)
        if outcome.violation is not None:
            raise BlockedError(outcome.violation, self.post, after=True)
        if not outcome.modified:
            return content
        changed = object_of(as_json(outcome.payload.content), self.post)
        made = made_text(outcome.payload.uri, "uri", self.post, after=True)
        return changed if made == uri else {**changed, "uri": made}


def _contents(response: Any, hook: str) -> dict[str, Any]:
    """A plugin's answer to resources/read: a whole result, its contents, or one content."""
    if isinstance(response, dict):
        return response if "contents" in response else {"contents": [response]}
    if isinstance(response, list):
        return {"contents": response}
    raise failure(UNREADABLE, "a plugin answered with what is no content", hook, after=False)
