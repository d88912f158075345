"""The plugin: six hooks, one way through them."""

from __future__ import annotations

from typing import TypeVar

from gatehook import (
    Payload,
    Plugin,
    PluginConfig,
    PluginResult,
    PromptPosthookPayload,
    PromptPosthookResult,
    PromptPrehookPayload,
    PromptPrehookResult,
    ResourcePostFetchPayload,
    ResourcePostFetchResult,
    ResourcePreFetchPayload,
    ResourcePreFetchResult,
    ToolPostInvokePayload,
    ToolPostInvokeResult,
    ToolPreInvokePayload,
    ToolPreInvokeResult,
)
from gatehook.text import rewrite

from gatehook_search_replace.rules import compile_rule
from gatehook_search_replace.settings import SearchReplaceSettings

P = TypeVar("P", bound=Payload)
Path = tuple[str | int, ...]


class SearchReplacePlugin(Plugin):
    """Replaces text, rule by rule in the operator's order. It never blocks."""

    settings_model = SearchReplaceSettings
    settings: SearchReplaceSettings

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        self._rules = [compile_rule(rule.search, rule.replace, rule.regex) for rule in self.settings.words]

    def prompt_pre_fetch(self, payload: PromptPrehookPayload) -> PromptPrehookResult | None:
        return self._replace(payload)

    def prompt_post_fetch(self, payload: PromptPosthookPayload) -> PromptPosthookResult | None:
        return self._replace(payload)

    def tool_pre_invoke(self, payload: ToolPreInvokePayload) -> ToolPreInvokeResult | None:
        return self._replace(payload)

    def tool_post_invoke(self, payload: ToolPostInvokePayload) -> ToolPostInvokeResult | None:
        return self._replace(payload)

    def resource_pre_fetch(self, payload: ResourcePreFetchPayload) -> ResourcePreFetchResult | None:
        return self._replace(payload)

    def resource_post_fetch(self, payload: ResourcePostFetchPayload) -> ResourcePostFetchResult | None:
        return self._replace(payload)

    def _replace(self, payload: P) -> PluginResult[P] | None:
        changed = rewrite(payload, self._visit)
        return None if changed is None else PluginResult(modified_payload=changed)

    def _visit(self, text: str, path: Path) -> str:  # rewrite gives both
        replaced = text
        for rule in self._rules:
            replaced = rule(replaced)
        return text if replaced == text else replaced
