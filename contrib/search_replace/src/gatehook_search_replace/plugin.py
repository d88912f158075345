"""The plugin: six hooks, one way through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
from gatehook.text import Texts, compile_fields

from gatehook_search_replace.limits import Limits
from gatehook_search_replace.rules import Replace, compile_rule
from gatehook_search_replace.settings import SearchReplaceSettings

P = TypeVar("P", bound=Payload)
Applies = Callable[[tuple[str | int, ...]], bool] | None

_FEW = 8
"""So many texts are faster searched one by one than joined to see whether there is anything at all."""


class SearchReplacePlugin(Plugin):
    """Replaces text, rule by rule in the operator's order.

    It has nothing to object to, but fails on what it cannot finish within its limits, which blocks in enforce mode.
    """

    settings_model = SearchReplaceSettings
    settings: SearchReplaceSettings

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        self._rules: list[tuple[Replace, Applies]] = [
            (
                compile_rule(rule.search, rule.replace, rule.regex),
                compile_fields(rule.fields, rule.except_fields) if rule.fields or rule.except_fields else None,
            )
            for rule in self.settings.words
        ]

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
        texts = Texts(payload)
        now = list(texts.values)
        limits = Limits(now)
        joined = None
        for rule, applies in self._rules:
            limits.begin_rule()
            if len(now) > _FEW:
                joined = "\n".join(now) if joined is None else joined
                if not rule.may_be_in(joined):
                    continue
            for index in _places(texts, applies):
                replaced = rule(now[index], limits)
                if replaced != now[index]:
                    now[index] = replaced
                    joined = None
        changed = texts.replaced(dict(enumerate(now)))
        return None if changed is None else PluginResult(modified_payload=changed)


def _places(texts: Texts[P], applies: Applies) -> Iterator[int]:
    for index in range(len(texts)):
        if applies is None or applies(texts.path(index)):
            yield index
