"""A plugin that is no distribution: a class and a manifest beside it, named in the config by its dotted path."""

from gatehook import Plugin, PluginViolation, ToolPreInvokePayload, ToolPreInvokeResult
from pydantic import BaseModel, ConfigDict


class RowLimitSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    at_most: int = 100
    argument: str = "limit"


class RowLimit(Plugin):
    """Caps the argument by which a caller says how many rows to return; refuses what is no number."""

    settings_model = RowLimitSettings
    settings: RowLimitSettings

    def tool_pre_invoke(self, payload: ToolPreInvokePayload) -> ToolPreInvokeResult | None:
        argument, at_most = self.settings.argument, self.settings.at_most
        wanted = payload.args.get(argument, at_most + 1)
        if type(wanted) is not int:
            violation = PluginViolation(f"{argument} must be a whole number", code="NOT_A_NUMBER")
            return ToolPreInvokeResult(continue_processing=False, violation=violation)
        if wanted <= at_most:
            return None
        payload.args[argument] = at_most
        return ToolPreInvokeResult(modified_payload=payload)
