"""The plugins of `peer_plugins.py`, written for gatehook."""

import re
from collections.abc import Iterable
from typing import Any

from gatehook import (
    Plugin,
    PluginConfig,
    PluginContext,
    PluginResult,
    PluginViolation,
    PromptPosthookPayload,
    PromptPrehookPayload,
    ResourcePostFetchPayload,
    ResourcePreFetchPayload,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)

CARD = re.compile(r"\b(?:\d{4}[ -]?){3}\d{4}\b")
HIDDEN = "[card]"


def denial(code: str, reason: str, **details: Any) -> PluginResult[Any]:
    return PluginResult(False, violation=PluginViolation(reason, f"{reason}, by policy", code, details))


class ToolBlockerPlugin(Plugin):
    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        self.blocked = frozenset(config.config["blocked_tools"])

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> PluginResult[Any] | None:
        if payload.name in self.blocked:
            return denial("TOOL_BLOCKED", f"tool {payload.name} is not allowed")
        return None


class ArgumentValidatorPlugin(Plugin):
    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> PluginResult[Any] | None:
        longest = self.config.config["max_arg_length"]
        for key, value in payload.args.items():
            if isinstance(value, str) and len(value) > longest:
                return denial("ARG_TOO_LONG", f"argument {key} is too long", length=len(value), limit=longest, by=None)
        return None


class CardGuardPlugin(Plugin):
    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> PluginResult[Any]:
        args = {key: CARD.sub(HIDDEN, each) if isinstance(each, str) else each for key, each in payload.args.items()}
        return PluginResult(modified_payload=ToolPreInvokePayload(payload.name, args))

    async def tool_post_invoke(
        self, payload: ToolPostInvokePayload, context: PluginContext
    ) -> PluginResult[Any] | None:
        if not isinstance(payload.result, str):
            return None
        return PluginResult(modified_payload=ToolPostInvokePayload(payload.name, CARD.sub(HIDDEN, payload.result)))


class CallTrackerPlugin(Plugin):
    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> PluginResult[Any]:
        context.set_state("arguments", sorted(payload.args))
        context.request.state["tracked"] = {"tool": payload.name, "nothing": None}
        return PluginResult(metadata={"tracked": len(payload.args)})

    async def tool_post_invoke(
        self, payload: ToolPostInvokePayload, context: PluginContext
    ) -> PluginResult[Any] | None:
        if not isinstance(payload.result, dict):
            return None
        remembered = {
            "own": context.get_state("arguments"),
            "shared": context.request.state.get("tracked"),
            "asked by": [context.request.user, context.request.tenant_id],
        }
        result = {**payload.result, "remembered": remembered}
        return PluginResult(modified_payload=ToolPostInvokePayload(payload.name, result))


class AllHooksPlugin(Plugin):
    async def prompt_pre_fetch(self, payload: PromptPrehookPayload, context: PluginContext) -> PluginResult[Any]:
        fail_at(payload.args.values())
        if payload.name == "secret":
            return denial("SECRET", "prompt is secret")
        payload.args = {key: value.upper() for key, value in payload.args.items()}
        context.state["asked"] = len(payload.args)
        return PluginResult(modified_payload=payload, metadata={"asked": len(payload.args)})

    async def prompt_post_fetch(self, payload: PromptPosthookPayload, context: PluginContext) -> PluginResult[Any]:
        for message in payload.result.messages:
            message.content.text = f"{context.state.get('asked', 'not asked')}: {message.content.text}"
        return PluginResult(modified_payload=payload)

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> None:
        fail_at(payload.args.values())

    async def tool_post_invoke(self, payload: ToolPostInvokePayload, context: PluginContext) -> PluginResult[Any]:
        fail_at([payload.result])
        return PluginResult(metadata={"kind": type(payload.result).__name__, "nested": [None, {"ok": True}]})

    async def resource_pre_fetch(self, payload: ResourcePreFetchPayload, context: PluginContext) -> PluginResult[Any]:
        if payload.uri.startswith("ftp:"):
            return denial("BAD_SCHEME", "scheme is not allowed", schemes=["file", "https"])
        payload.metadata["seen"] = True
        context.state["seen"] = payload.uri
        return PluginResult(modified_payload=payload)

    async def resource_post_fetch(self, payload: ResourcePostFetchPayload, context: PluginContext) -> PluginResult[Any]:
        fail_at([payload.content.text])
        payload.content.text = f"{payload.content.text} ({context.state.get('seen')})"
        return PluginResult(modified_payload=payload)


def fail_at(values: Iterable[Any]) -> None:
    if "boom" in values:
        raise RuntimeError("boom")
