"""The plugin: six hooks, one way through them."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import unquote

from gatehook import (
    Payload,
    Plugin,
    PluginConfig,
    PluginResult,
    PluginViolation,
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

from gatehook_deny_list.settings import DenyListSettings
from gatehook_deny_list.words import compile_words, plain

P = TypeVar("P", bound=Payload)
Path = tuple[str | int, ...]

_MOST_PATHS = 50
"""How many places a violation names; it counts all."""


class DenyListPlugin(Plugin):
    """Blocks what holds a denied word. The violation has the code ``DENIED_WORD``, and never the word."""

    settings_model = DenyListSettings
    settings: DenyListSettings

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        settings = self.settings
        self._is_denied = compile_words(map(self._view, settings.words), whole=settings.match == "word")
        self._holds(settings.words[0])  # RE2 builds its automata at the first search, which takes a millisecond or two

    def prompt_pre_fetch(self, payload: PromptPrehookPayload) -> PromptPrehookResult | None:
        return self._check(payload, "the prompt's arguments contain {}; ask without it")

    def prompt_post_fetch(self, payload: PromptPosthookPayload) -> PromptPosthookResult | None:
        return self._check(payload, "the prompt contains {}, so it is withheld")

    def tool_pre_invoke(self, payload: ToolPreInvokePayload) -> ToolPreInvokeResult | None:
        return self._check(payload, "the tool's arguments contain {}; call it without")

    def tool_post_invoke(self, payload: ToolPostInvokePayload) -> ToolPostInvokeResult | None:
        return self._check(payload, "the tool's result contains {}, so it is withheld; the tool has run")

    def resource_pre_fetch(self, payload: ResourcePreFetchPayload) -> ResourcePreFetchResult | None:
        return self._check(payload, "the resource's URI or metadata contain {}; read another", uri=unquote(payload.uri))

    def resource_post_fetch(self, payload: ResourcePostFetchPayload) -> ResourcePostFetchResult | None:
        return self._check(payload, "the resource contains {}, so it is withheld")

    def _check(self, payload: P, reason: str, uri: str = "") -> PluginResult[P] | None:
        found: list[Path] = []

        def visit(text: str, path: Path) -> str:
            if self._holds(text):
                found.append(path)
            return text

        visit(uri, ("uri",))
        rewrite(payload, visit)
        if not found:
            return None
        violation = PluginViolation(
            reason.format("a word that is not allowed here"),
            code="DENIED_WORD",
            details={"paths": [self._written(path) for path in found[:_MOST_PATHS]], "count": len(found)},
        )
        return PluginResult(continue_processing=False, violation=violation)

    def _view(self, text: str) -> str:
        text = plain(text)
        return text if self.settings.case_sensitive else text.casefold()

    def _holds(self, text: str) -> bool:
        return self._is_denied(self._view(text))

    def _written(self, path: Path) -> str:
        """``args.q.where[0]``. A key may be a denied word itself, and is then ``*``."""
        return "".join(
            f"[{part}]" if isinstance(part, int) else ".*" if self._holds(part) else f".{part}" for part in path
        ).removeprefix(".")
