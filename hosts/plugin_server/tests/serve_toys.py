"""Plugins of a few lines. The servers of the tests find this module on their path."""

import asyncio
from pathlib import Path

from gatehook import Plugin, PluginResult, PluginViolation, ToolPostInvokePayload, ToolPreInvokePayload
from pydantic import BaseModel


class Add(Plugin):
    """Adds its setting to the arguments."""

    def tool_pre_invoke(self, payload):
        args = {**payload.args, "added": self.config.config.get("value", 1)}
        return PluginResult(modified_payload=ToolPreInvokePayload(payload.name, args))


class Deny(Plugin):
    def tool_pre_invoke(self, payload):
        return PluginResult(False, violation=PluginViolation("no", code="NO", details={"count": 1}))


class Count(Plugin):
    """Counts the calls of a request, for itself and for all."""

    def tool_pre_invoke(self, payload, context):
        context.state["calls"] = context.state.get("calls", 0) + 1
        context.request.state["seen"] = context.request.user
        return PluginResult(metadata={"user": context.request.user})


class Boom(Plugin):
    def tool_pre_invoke(self, payload):
        raise RuntimeError("the secret is hunter2")

    def tool_post_invoke(self, payload):
        return PluginResult(metadata={"not JSON": object()})


class Answer(Plugin):
    def tool_pre_invoke(self, payload):
        return PluginResult(response={"content": []})


class Wait(Plugin):
    """Waits for as long as the arguments say, and says on stderr what becomes of it."""

    async def tool_pre_invoke(self, payload):
        print("the wait begins")  # noqa: T201  # for the test to see
        try:
            await asyncio.sleep(payload.args.get("seconds", 60))
        except asyncio.CancelledError:
            print("the wait was cancelled")  # noqa: T201  # for the test to see
            raise

    async def shutdown(self):
        print(f"{self.name} is shut down")  # noqa: T201


class Ill(Plugin):
    async def health(self):
        return "the database is away"

    def tool_post_invoke(self, payload):
        return None


class Never(Plugin):
    async def initialize(self):
        raise RuntimeError("no such thing")

    def tool_pre_invoke(self, payload):
        return None


class Slow(Plugin):
    async def initialize(self):
        await asyncio.sleep(0.5)

    def tool_pre_invoke(self, payload):
        return None


class Mask(Plugin):
    def tool_post_invoke(self, payload):
        return PluginResult(modified_payload=ToolPostInvokePayload(payload.name, {"content": []}))


class Watch(Plugin):
    def hook_finished(self, outcome):
        pass


class Words(BaseModel):
    words: list[str] = []
    file: str = ""


class Strict(Plugin):
    """Knows what its settings are; a file among them must be there."""

    settings_model = Words

    async def initialize(self):
        if self.settings.file:
            self.settings.words.append(Path(self.settings.file).read_text())  # noqa: ASYNC240

    def tool_pre_invoke(self, payload):
        return PluginResult(metadata={"words": self.settings.words})
