"""gatehook's plugins: one that has nothing to say, one that looks at an argument, and one that changes it."""

from gatehook import (
    Plugin,
    PluginContext,
    ToolPostInvokePayload,
    ToolPostInvokeResult,
    ToolPreInvokePayload,
    ToolPreInvokeResult,
)


class NoopPlugin(Plugin):
    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        return ToolPreInvokeResult()

    async def tool_post_invoke(self, payload: ToolPostInvokePayload, context: PluginContext) -> ToolPostInvokeResult:
        return ToolPostInvokeResult()


class LookerPlugin(Plugin):
    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        assert "revision" in payload.args
        return ToolPreInvokeResult()


class WriterPlugin(Plugin):
    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        args = {**payload.args, "revision": payload.args["revision"] + 1}
        return ToolPreInvokeResult(modified_payload=ToolPreInvokePayload(payload.name, args))
