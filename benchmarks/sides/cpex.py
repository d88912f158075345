"""cpex: one manager, a context for each request, one `invoke_hook` for each hook."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from cpex.framework import (
    GlobalContext,
    Plugin,
    PluginContext,
    PluginResult,
    TenantPluginManager,
    ToolHookType,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)
from cpex.framework.hooks.policies import HookPayloadPolicy
from cpex.framework.models import Config, PluginConfig

from benchmarks.cases import CONCURRENT, RESULT, TOOL, Case
from benchmarks.timing import Loop

PRE, POST = ToolHookType.TOOL_PRE_INVOKE, ToolHookType.TOOL_POST_INVOKE

# Plugins get the host's own payload unless the hook has a policy.
ISOLATING = {PRE: HookPayloadPolicy(frozenset({"name", "args"})), POST: HookPayloadPolicy(frozenset({"result"}))}


class NoopPlugin(Plugin):
    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> PluginResult[Any]:
        return PluginResult()

    async def tool_post_invoke(self, payload: ToolPostInvokePayload, context: PluginContext) -> PluginResult[Any]:
        return PluginResult()


class LookerPlugin(Plugin):
    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> PluginResult[Any]:
        assert "revision" in payload.args
        return PluginResult()


class WriterPlugin(Plugin):
    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> PluginResult[Any]:
        args = {**payload.args, "revision": payload.args["revision"] + 1}
        return PluginResult(modified_payload=payload.model_copy(update={"args": args}))


KINDS = {"noop": NoopPlugin, "looker": LookerPlugin, "reader": LookerPlugin, "writer": WriterPlugin}


def config(case: Case) -> Config:
    kind = KINDS[case.behaviour]
    return Config(
        plugins=[
            PluginConfig(
                name=f"p{number}",
                kind=f"{__name__}.{kind.__name__}",
                hooks=[PRE, POST] if case.shape == "pre_and_post" else [PRE],
                priority=number,
                conditions=[{"tools": [tool]}] if tool else [],
            )
            for number, tool in enumerate(case.tools)
        ]
    )


def open_context() -> GlobalContext:
    return GlobalContext(request_id="1", user="alice", tenant_id="acme", server_id="crm")


@asynccontextmanager
async def prepare(case: Case) -> AsyncIterator[Loop]:
    manager = TenantPluginManager(config(case), hook_policies=ISOLATING if case.peer_isolates else None)
    await manager.initialize()
    invoke = manager.invoke_hook
    args = case.arguments

    async def request() -> PluginResult[Any]:
        result, _ = await invoke(PRE, ToolPreInvokePayload(name=TOOL, args=args), open_context())
        return result

    async def requests(count: int) -> None:
        for _ in range(count):
            await invoke(PRE, ToolPreInvokePayload(name=TOOL, args=args), open_context())

    async def run_alone(count: int) -> None:
        payload, context = ToolPreInvokePayload(name=TOOL, args=args), open_context()
        for _ in range(count):
            await invoke(PRE, payload, context)

    async def records_read(count: int) -> None:
        for _ in range(count):
            result, _contexts = await invoke(PRE, ToolPreInvokePayload(name=TOOL, args=args), open_context())
            assert all(record.effective_allow for record in result.executions)

    async def pre_and_post(count: int) -> None:
        for _ in range(count):
            context = open_context()
            _, contexts = await invoke(PRE, ToolPreInvokePayload(name=TOOL, args=args), context)
            await invoke(POST, ToolPostInvokePayload(name=TOOL, result=RESULT), context, contexts)

    async def concurrent(count: int) -> None:
        for _ in range(count):
            await asyncio.gather(*(request() for _ in range(CONCURRENT)))

    result = await request()
    assert len(result.executions) == case.plugins
    if case.behaviour == "writer":
        assert result.modified_payload.args["revision"] == case.plugins
    yield {
        "request": requests,
        "run_alone": run_alone,
        "records_read": records_read,
        "pre_and_post": pre_and_post,
        "concurrent": concurrent,
    }[case.shape]
    await manager.shutdown()
