"""gatehook's plugin that promises to change nothing: its manifest says `access: read`, so the payload is not copied."""

from gatehook import Plugin, PluginContext, ToolPreInvokePayload, ToolPreInvokeResult


class ReaderPlugin(Plugin):
    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        assert "revision" in payload.args
        return ToolPreInvokeResult()
