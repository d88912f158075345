"""Plugins for cpex, made after those of its documentation (https://contextforge-org.github.io/cpex, 0.1.x: "Quick
start", "External plugins", "Patterns"), and one that has all six hooks."""

import re
from typing import Any

from cpex.framework import (
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
    ToolPostInvokeResult,
    ToolPreInvokePayload,
    ToolPreInvokeResult,
)

CARD = re.compile(r"\b(?:\d{4}[ -]?){3}\d{4}\b")
HIDDEN = "[card]"


def denial(code: str, reason: str, **details: Any) -> PluginResult[Any]:
    violation = PluginViolation(reason=reason, description=f"{reason}, by policy", code=code, details=details)
    return PluginResult(continue_processing=False, violation=violation)


class ToolBlockerPlugin(Plugin):
    """Refuses the tools in its config."""

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        self.blocked = frozenset(config.config["blocked_tools"])

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        if payload.name in self.blocked:
            return denial("TOOL_BLOCKED", f"tool {payload.name} is not allowed")
        return ToolPreInvokeResult()


class ArgumentValidatorPlugin(Plugin):
    """Refuses texts that are longer than its config says."""

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        longest = self.config.config["max_arg_length"]
        for key, value in payload.args.items():
            if isinstance(value, str) and len(value) > longest:
                return denial("ARG_TOO_LONG", f"argument {key} is too long", length=len(value), limit=longest, by=None)
        return ToolPreInvokeResult()


class CardGuardPlugin(Plugin):
    """Masks card numbers on the way in and out."""

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        args = {key: CARD.sub(HIDDEN, each) if isinstance(each, str) else each for key, each in payload.args.items()}
        return ToolPreInvokeResult(modified_payload=payload.model_copy(update={"args": args}))

    async def tool_post_invoke(self, payload: ToolPostInvokePayload, context: PluginContext) -> ToolPostInvokeResult:
        if not isinstance(payload.result, str):
            return ToolPostInvokeResult()
        result = CARD.sub(HIDDEN, payload.result)
        return ToolPostInvokeResult(modified_payload=payload.model_copy(update={"result": result}))


class CallTrackerPlugin(Plugin):
    """Remembers the call until its result comes, in its own state and in that of the request."""

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        context.set_state("arguments", sorted(payload.args))
        context.global_context.state["tracked"] = {"tool": payload.name, "nothing": None}
        return ToolPreInvokeResult(metadata={"tracked": len(payload.args)})

    async def tool_post_invoke(self, payload: ToolPostInvokePayload, context: PluginContext) -> ToolPostInvokeResult:
        if not isinstance(payload.result, dict):
            return ToolPostInvokeResult()
        remembered = {
            "own": context.get_state("arguments"),
            "shared": context.global_context.state.get("tracked"),
            "asked by": [context.global_context.user, context.global_context.tenant_id],
        }
        result = {**payload.result, "remembered": remembered}
        return ToolPostInvokeResult(modified_payload=payload.model_copy(update={"result": result}))


class AllHooksPlugin(Plugin):
    """Has a word for every hook, and fails where it reads "boom"."""

    async def prompt_pre_fetch(self, payload: PromptPrehookPayload, context: PluginContext) -> PluginResult[Any]:
        fail_at(payload.args.values())
        if payload.prompt_id == "secret":
            return denial("SECRET", "prompt is secret")
        args = {key: value.upper() for key, value in payload.args.items()}
        context.state["asked"] = len(args)
        return PluginResult(modified_payload=payload.model_copy(update={"args": args}), metadata={"asked": len(args)})

    async def prompt_post_fetch(self, payload: PromptPosthookPayload, context: PluginContext) -> PluginResult[Any]:
        changed = payload.model_copy(deep=True)
        for message in changed.result.messages:
            message.content.text = f"{context.state.get('asked', 'not asked')}: {message.content.text}"
        return PluginResult(modified_payload=changed)

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> PluginResult[Any]:
        fail_at(payload.args.values())
        return PluginResult()

    async def tool_post_invoke(self, payload: ToolPostInvokePayload, context: PluginContext) -> PluginResult[Any]:
        fail_at([payload.result])
        return PluginResult(metadata={"kind": type(payload.result).__name__, "nested": [None, {"ok": True}]})

    async def resource_pre_fetch(self, payload: ResourcePreFetchPayload, context: PluginContext) -> PluginResult[Any]:
        if payload.uri.startswith("ftp:"):
            return denial("BAD_SCHEME", "scheme is not allowed", schemes=["file", "https"])
        metadata = {**payload.metadata, "seen": True}
        context.state["seen"] = payload.uri
        return PluginResult(modified_payload=payload.model_copy(update={"metadata": metadata}))

    async def resource_post_fetch(self, payload: ResourcePostFetchPayload, context: PluginContext) -> PluginResult[Any]:
        fail_at([payload.content["text"]])
        content = {**payload.content, "text": f"{payload.content['text']} ({context.state.get('seen')})"}
        return PluginResult(modified_payload=payload.model_copy(update={"content": content}))


def fail_at(values: Any) -> None:
    if "boom" in values:
        raise RuntimeError("boom")
