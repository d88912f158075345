"""Plugins of a few lines. The guard of the tests finds this module on its path."""

import asyncio

from gatehook import (
    Plugin,
    PluginResult,
    PluginViolation,
    ResourceContent,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)
from gatehook.text import rewrite

SECRET = "Bob"


def masked(payload):
    changed = rewrite(payload, lambda text, path: text.replace(SECRET, "***") if SECRET in text else text)
    return None if changed is None else PluginResult(modified_payload=changed)


class Mask(Plugin):
    """Masks Bob wherever text passes."""

    async def tool_pre_invoke(self, payload):
        return masked(payload)

    async def tool_post_invoke(self, payload):
        return masked(payload)

    async def prompt_pre_fetch(self, payload):
        return masked(payload)

    async def prompt_post_fetch(self, payload):
        return masked(payload)

    async def resource_pre_fetch(self, payload):
        return masked(payload)

    async def resource_post_fetch(self, payload):
        return masked(payload)


def refused(payload, text):
    if "forbidden" in str(text):
        return PluginResult(
            False, violation=PluginViolation("that word is not allowed", code="WORD", details={"count": 1})
        )
    return None


class Deny(Plugin):
    """Refuses what says forbidden, before and after."""

    def tool_pre_invoke(self, payload):
        return refused(payload, (payload.name, payload.args))

    def tool_post_invoke(self, payload):
        return refused(payload, payload.result)

    def prompt_pre_fetch(self, payload):
        return refused(payload, payload.args)

    def prompt_post_fetch(self, payload):
        return refused(payload, payload.result)

    def resource_pre_fetch(self, payload):
        return refused(payload, payload.uri)

    def resource_post_fetch(self, payload):
        return refused(payload, payload.content)


class DenyResults(Plugin):
    """Has nothing to say before the call."""

    def tool_post_invoke(self, payload):
        return refused(payload, payload.result)


class Gate(Plugin):
    """Calls of ``held`` wait inside the hook until ``open`` is called; ``count`` answers with what happened."""

    def __init__(self, config):
        super().__init__(config)
        self._open = asyncio.Event()
        self._inside = self._most = self._cancelled = 0

    async def tool_pre_invoke(self, payload):
        if payload.name == "open":
            self._open.set()
        if payload.name == "count":
            text = f"inside {self._inside}, most {self._most}, cancelled {self._cancelled}"
            return PluginResult(response={"content": [{"type": "text", "text": text}]})
        if payload.name == "held":
            await self._wait()
        return None

    async def tool_post_invoke(self, payload):
        if payload.name == "held after":
            await self._wait()

    async def _wait(self):
        self._inside += 1
        self._most = max(self._most, self._inside)
        try:
            await self._open.wait()
        except asyncio.CancelledError:
            self._cancelled += 1
            raise
        finally:
            self._inside -= 1


class Stubborn(Plugin):
    """Swallows its cancellation."""

    async def tool_pre_invoke(self, payload):
        if payload.name == "stubborn":
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return
        return


class Crash(Plugin):
    def tool_pre_invoke(self, payload):
        raise RuntimeError("it was Bob")

    def resource_post_fetch(self, payload):
        raise RuntimeError("it was Bob")


class Hang(Plugin):
    async def tool_post_invoke(self, payload):
        await asyncio.Event().wait()


class Rename(Plugin):
    """What was asked for as ``old`` is called ``new``."""

    def tool_pre_invoke(self, payload):
        return (
            PluginResult(modified_payload=ToolPreInvokePayload("new", payload.args)) if payload.name == "old" else None
        )

    def tool_post_invoke(self, payload):
        return PluginResult(
            modified_payload=ToolPostInvokePayload(payload.name, {**payload.result, "of": payload.name})
        )


class Answer(Plugin):
    """Answers in the server's place."""

    def tool_pre_invoke(self, payload):
        return PluginResult(response={"content": [{"type": "text", "text": "cached for Bob"}]})

    def resource_pre_fetch(self, payload):
        return PluginResult(response=ResourceContent(uri=payload.uri, text="cached"))


class BadJSON(Plugin):
    """Puts into arguments and results what JSON does not have."""

    def tool_pre_invoke(self, payload):
        if payload.name == "nan":
            return PluginResult(modified_payload=ToolPreInvokePayload("nan", {"x": float("nan")}))
        return None

    def tool_post_invoke(self, payload):
        return PluginResult(modified_payload=ToolPostInvokePayload(payload.name, {"content": {1, 2}}))


class Printing(Plugin):
    """Prints, as people do while they look for a mistake."""

    def tool_pre_invoke(self, payload):
        print("printed by a plugin")  # noqa: T201


class SeeType(Plugin):
    """Puts the media type that conditions see into the text."""

    def resource_post_fetch(self, payload, context):
        content = payload.content
        content.text = f"{context.request.content_type} of {payload.uri}"
        return PluginResult(modified_payload=payload)


class BreakStructured(Plugin):
    """Makes every structured number a text."""

    def tool_post_invoke(self, payload):
        result = payload.result
        result["structuredContent"] = {"n": "three"}
        return PluginResult(modified_payload=payload)


class RememberBetween(Plugin):
    """Tells the post hook what the pre hook saw."""

    def tool_pre_invoke(self, payload, context):
        context.state["seen"] = payload.args.get("q")

    def tool_post_invoke(self, payload, context):
        result = {**payload.result, "asked": context.state.get("seen")}
        return PluginResult(modified_payload=ToolPostInvokePayload(payload.name, result))


class WhoAsks(Plugin):
    def tool_post_invoke(self, payload, context):
        who = context.request
        result = {"content": [], "who": [who.user, who.tenant_id, who.server_id]}
        return PluginResult(modified_payload=ToolPostInvokePayload(payload.name, result))


class Shapeless(Plugin):
    """Puts what has not even the right type into the place that the call names."""

    def tool_pre_invoke(self, payload):
        made = {"text": "oops", "nothing": None, "list": [1], "number": {1: 2}, "name": {}}[payload.name]
        name = 5 if payload.name == "name" else payload.name
        return PluginResult(modified_payload=ToolPreInvokePayload(name, made))

    def resource_pre_fetch(self, payload):
        if payload.uri == "x:uri":
            payload.uri = 5
        else:
            payload.metadata = {"inputResponses": "oops"} if payload.uri == "x:input" else None
        return PluginResult(modified_payload=payload)

    def resource_post_fetch(self, payload):
        payload.uri = None
        return PluginResult(modified_payload=payload)
