"""Plugins of a few lines, which the servers of the tests find beside their config."""

import asyncio

from gatehook import Plugin, PluginResult, PluginViolation
from pydantic import BaseModel


class Limits(BaseModel):
    most: int = 10


class Toy(Plugin):
    settings_model = Limits

    async def tool_pre_invoke(self, payload, context):
        match payload.name:
            case "add":
                payload.args.update(big=2**64 + 1, float=7.0, integer=7)
                return PluginResult(modified_payload=payload, metadata={"whole": 1.0})
            case "deny":
                return PluginResult(False, violation=PluginViolation("no", "not at all", "NO", {"most": 2**60 + 1}))
            case "answer":
                return PluginResult(response={"content": [], "structuredContent": {"n": 2**60 + 1}})
            case "count":
                context.state["calls"] = context.state.get("calls", 0) + 1
                context.request.state["by"] = context.request.user
                context.request.state.pop("gone", None)
            case "raise":
                raise RuntimeError("a secret")
            case "tell":
                request = context.request
                asking = [request.id, request.user, request.tenant_id, list(request.roles), request.content_type]
                return PluginResult(metadata={"asking": asking, "most": self.settings.most})
            case "swell":
                return PluginResult(metadata={"text": "x" * payload.args["times"]})
            case "wait":
                await asyncio.sleep(payload.args.get("seconds", 3600))
        return None

    def tool_post_invoke(self, payload):
        return None


class Ill(Plugin):
    async def health(self):
        return "the database is away"

    def tool_pre_invoke(self, payload):
        return None
