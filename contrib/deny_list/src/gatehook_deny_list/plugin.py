"""The plugin: six hooks, one way through them."""

from __future__ import annotations

from functools import reduce
from itertools import islice
from operator import or_
from typing import Any, TypeVar
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
from gatehook.text import Texts, written

from gatehook_deny_list.settings import SEVERITIES, DenyListSettings
from gatehook_deny_list.words import Region, Words

P = TypeVar("P", bound=Payload)

_MOST_PATHS = 50
"""How many places a report names; it counts all."""


class DenyListPlugin(Plugin):
    """Blocks what holds a denied word, or masks it. A violation has the code ``DENIED_WORD``, and never the word."""

    settings_model = DenyListSettings
    settings: DenyListSettings

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        settings = self.settings
        self._lists = list(settings.every_list.items())
        self._masking = sum(1 << number for number, (_, words) in enumerate(self._lists) if words.action == "mask")
        self._words = Words(
            [words.every_word for _, words in self._lists],
            settings.exceptions,
            whole=settings.match == "word",
            case=settings.case_sensitive,
            accents=settings.accent_sensitive,
        )
        self._check_sense()

    def _check_sense(self) -> None:
        if self._masking and self.config.access != "write":
            raise ValueError("`action: mask` changes payloads, so this entry needs `access: write`")
        for number, (name, words) in enumerate(self._lists):
            if words.action == "mask" and self._words.hold(self._mask(number, 100)):
                raise ValueError(f"the `mask_text` of the list {name!r} is itself denied")
            for place, word in zip(words.places, words.every_word, strict=True) if self.settings.exceptions else ():
                if self._words.excepts(word):
                    raise ValueError(f"{place} of the list {name!r} is never found, as one of `exceptions` is in it")

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
        texts = Texts(payload, opens=self._words.may_be_in)
        found = self._words.find([*texts.values, uri])
        if not found:
            return None
        blocking: dict[int, int] = {}
        masking: dict[int, int] = {}
        masked: dict[int, str] = {}
        for number, regions in found.items():
            lists = reduce(or_, {held for _, _, held, _ in regions})
            if number == len(texts):  # the URI, which can only be blocked: masked, it would name another resource
                blocking[number] = lists
                continue
            if lists & ~self._masking:
                blocking[number] = lists & ~self._masking
            if lists & self._masking:
                masking[number] = lists & self._masking
                masked[number] = self._masked(texts.values[number], regions)
        metadata = {"masked": self._report(masking, texts)} if masking else None
        violation = None
        if blocking:
            reason = reason.format("a word that is not allowed here")
            violation = PluginViolation(reason, code="DENIED_WORD", details=self._report(blocking, texts))
        return PluginResult(not blocking, texts.replaced(masked), violation, metadata)

    def _masked(self, text: str, regions: list[Region]) -> str:
        pieces: list[str] = []
        behind = 0
        for start, end, lists, longest in regions:
            if (masking := lists & self._masking) and end > behind:  # one character may hold several words, as ﷺ does
                # The longest may be a blocking list's, in a mode that only records blocks.
                number = longest if masking >> longest & 1 else masking.bit_length() - 1
                pieces += text[behind:start], self._mask(number, end - max(start, behind))
                behind = end
        return "".join(pieces) + text[behind:]

    def _mask(self, number: int, length: int) -> str:
        mask = self._lists[number][1].mask_text
        return mask * length if len(mask) == 1 else mask

    def _report(self, places: dict[int, int], texts: Texts[P]) -> dict[str, Any]:
        """What is said of the lists (bits) that were found at each place (a text, or behind them the URI)."""
        paths = [("uri",) if number == len(texts) else texts.path(number) for number in islice(places, _MOST_PATHS)]
        lists = reduce(or_, places.values())
        named = [self._lists[number] for number in range(len(self._lists)) if lists >> number & 1]
        return {
            "paths": [written(path, self._words.hold) for path in paths],
            "count": len(places),
            "severity": max((words.severity for _, words in named), key=SEVERITIES.index),
            "lists": [name for name, _ in named],
        }
