"""The plugin: six hooks, one way through them."""

from __future__ import annotations

import logging
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import unquote

from gatehook import (
    Payload,
    Plugin,
    PluginConfig,
    PluginContext,
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
from gatehook.text import Texts, compile_fields, encodable, view, written

from gatehook_pii_filter.detectors import DETECTORS
from gatehook_pii_filter.findings import Allows, Found, Joined
from gatehook_pii_filter.labels import label
from gatehook_pii_filter.masks import Mask, Vault, mark, masking
from gatehook_pii_filter.patterns import compile_pattern, spans
from gatehook_pii_filter.scan import Detector, Scan, Scanner, Span, unescaped
from gatehook_pii_filter.settings import PIIFilterSettings, is_regex

P = TypeVar("P", bound=Payload)

Round = tuple[Joined, list[Found]]
"""What was searched, and what was found in it."""

logger = logging.getLogger(__name__)

_MOST_PATHS = 50
"""How many places a report names; it counts all."""
_MOST_ROUNDS = 4
"""A text in which masking lays bare more than that was made for it, and is masked as a whole."""
_WHOLE_TEXT = "text"
"""What ``{kind}`` becomes in that case."""
_FEWEST_DIGITS = 5
"""How many a number has that somebody is known by."""
_ANY_NUMBER = bytes(range(10))


class PIIFilterPlugin(Plugin):
    """Masks or blocks personal data. A violation has the code ``PII_DETECTED``."""

    settings_model = PIIFilterSettings
    settings: PIIFilterSettings

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        settings = self.settings
        detectors = [detector for switch, group in DETECTORS.items() if getattr(settings, switch) for detector in group]
        detectors += [
            Detector(custom.name, "text", _find_custom(custom.pattern), confidence=1.0)
            for custom in settings.custom_patterns
        ]
        self._scanner = Scanner(detectors, settings.min_confidence)
        self._allows = _compile_whitelist(settings.whitelist_patterns)
        self._may_mask = compile_fields(settings.fields, settings.except_fields)
        self._hash_key = settings.hash_key.get_secret_value().encode() or secrets.token_bytes(32)
        self._tokenizes = "tokenize" in (settings.mask_strategy, *settings.strategies.values())
        for kind in (*(detector.kind for detector in detectors), _WHOLE_TEXT):
            if found := self._find(self._redacted(kind)):
                raise ValueError(f"redaction_text is itself found as {found[0][2]}, so it would be masked in turn")
            strategy = settings.strategies.get(kind, settings.mask_strategy)
            if strategy in ("hash", "tokenize") and (found := self._find(mark(kind, _ANY_NUMBER))):
                raise ValueError(f"what {strategy} puts in is found as {found[0][2]}, so it would be masked in turn")

    def prompt_pre_fetch(self, payload: PromptPrehookPayload, context: PluginContext) -> PromptPrehookResult | None:
        return self._filter(payload, context, "the prompt's arguments contain {}; ask without it")

    def prompt_post_fetch(self, payload: PromptPosthookPayload, context: PluginContext) -> PromptPosthookResult | None:
        return self._filter(payload, context, "the prompt contains {}, so it is withheld")

    def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult | None:
        return self._filter(payload, context, "the tool's arguments contain {}; call it without")

    def tool_post_invoke(self, payload: ToolPostInvokePayload, context: PluginContext) -> ToolPostInvokeResult | None:
        return self._filter(payload, context, "the tool's result contains {}, so it is withheld; the tool has run")

    def resource_pre_fetch(
        self, payload: ResourcePreFetchPayload, context: PluginContext
    ) -> ResourcePreFetchResult | None:
        return self._filter(
            payload, context, "the resource's URI or metadata contain {}; read another", uri=unquote(payload.uri)
        )

    def resource_post_fetch(
        self, payload: ResourcePostFetchPayload, context: PluginContext
    ) -> ResourcePostFetchResult | None:
        return self._filter(payload, context, "the resource contains {}, so it is withheld")

    def _filter(self, payload: P, context: PluginContext, reason: str, uri: str = "") -> PluginResult[P] | None:
        settings = self.settings
        before = payload.hook in _BEFORE
        vault = Vault.of(context) if self._tokenizes else None
        restored = vault if settings.restore_tokens and not before else None
        clean: list[str] = []

        def opens(text: str) -> bool:
            """Whether a text that may be JSON holds something; if not, it need not be looked at again."""
            if restored is not None or self._scanner.may_find(unescaped(text)):
                return True
            clean.append(text)
            return False

        texts = Texts(payload, keys=settings.include_keys, numbers=settings.include_numbers, opens=opens)
        changed, rounds = self._masked(texts, clean, vault, keep=before)
        if restored is not None:
            changed = _restored(texts, changed, restored)
        masked = texts.replaced(changed)
        # A masked URI would name another resource, so there is only blocking, or letting through with advice.
        in_uri = self._find(uri) if uri else []
        told = settings.block_on_detection or in_uri or settings.log_detections or settings.audit_detections
        if not (rounds or in_uri) or not told:
            return None if masked is None else PluginResult(modified_payload=masked)
        report = self._report(texts, rounds, in_uri)
        if settings.log_detections:
            logger.warning("personal data found", extra={"plugin": self.name, "hook": payload.hook, **report})
        block = settings.block_on_detection
        violation = None
        if block or in_uri:
            reason = reason.format(f"personal data ({', '.join(report['detections'])})")
            violation = PluginViolation(reason, code="PII_DETECTED", details=report)
        return PluginResult(not block, masked, violation, report if settings.audit_detections else None)

    def _masked(
        self, texts: Texts[P], clean: list[str], vault: Vault | None, keep: bool
    ) -> tuple[dict[int, str], list[Round]]:
        """The texts that change, by their numbers, as they are when masked; and what was found, round by round."""
        key = partial(label, texts)
        joined = Joined(range(len(texts)), texts.values, key)
        if len(clean) == len(texts) or not joined.may_hold(self._scanner):
            return {}, []
        groups = [joined]
        if not joined.is_separable:
            groups = [Joined([number], [text], key) for number, text in enumerate(texts.values)]
        mask = self._mask(vault, keep)
        changed: dict[int, str] = {}
        rounds: list[Round] = []
        for group in groups:
            one, more = self._masked_at_once(texts, group, mask)
            changed |= one
            rounds += more
        return changed, rounds

    def _masked_at_once(self, texts: Texts[P], joined: Joined, mask: Mask) -> tuple[dict[int, str], list[Round]]:
        rounds: list[Round] = []
        while joined.lays_bare and (found := self._sought(texts, joined)):
            if len(rounds) == _MOST_ROUNDS:
                left = {joined.number(find[0]) for find in found}
                return joined.texts() | dict.fromkeys(left, self._redacted(_WHOLE_TEXT)), rounds
            rounds.append((joined, found))
            # What remains may hold a finding in turn, as when a cut joins its two sides.
            joined = joined.replaced(found, mask)
            mask = self._redact
        if not rounds:
            return {}, rounds
        changed = {index: text for index, text in joined.texts().items() if text != texts.values[index]}
        return changed | dict.fromkeys(texts.numbers & changed.keys(), "0"), rounds

    def _sought(self, texts: Texts[P], joined: Joined) -> list[Found]:
        found = joined.findings(self._scanner, self._allows)
        if self.settings.fields or self.settings.except_fields:
            return [find for find in found if self._may_mask(texts.path(joined.number(find[0])))]
        return found

    def _find(self, text: str) -> list[Found]:
        return Joined([0], [text], lambda number: "").findings(self._scanner, self._allows)

    def _mask(self, vault: Vault | None, keep: bool) -> Mask:
        settings = self.settings
        token = partial(vault.token, keep=keep) if vault is not None else None
        return masking(settings.strategies, settings.mask_strategy, settings.redaction_text, self._hash_key, token)

    def _redact(self, kind: str, text: str, shorten: Callable[[str], str] | None) -> str:  # a Mask takes all three
        return self._redacted(kind)

    def _redacted(self, kind: str) -> str:
        return self.settings.redaction_text.replace("{kind}", kind)

    def _report(self, texts: Texts[P], rounds: list[Round], in_uri: list[Found]) -> dict[str, Any]:
        kinds = Counter(find[2] for found in (in_uri, *(found for _, found in rounds)) for find in found)
        report: dict[str, Any] = {"detections": dict(sorted(kinds.items()))}
        if self.settings.include_detection_details:
            report["places"] = list(islice(self._places(texts, rounds, in_uri), _MOST_PATHS))
        return report

    def _places(self, texts: Texts[P], rounds: list[Round], in_uri: list[Found]) -> Iterator[dict[str, Any]]:
        for kind, count in Counter(find[2] for find in in_uri).items():
            yield {"kind": kind, "path": "uri", "count": count}
        counts = Counter((joined.number(find[0]), find[2]) for joined, found in rounds for find in found)
        for (number, kind), count in sorted(counts.items()):
            yield {"kind": kind, "path": written(texts.path(number), self._is_personal), "count": count}

    def _is_personal(self, key: str) -> bool:
        """Whether a key in a path may be somebody's, if only by the name of what it stands in."""
        return sum(map(str.isdigit, key)) >= _FEWEST_DIGITS or (self._scanner.may_find(key) and bool(self._find(key)))


_BEFORE = frozenset({"prompt_pre_fetch", "tool_pre_invoke", "resource_pre_fetch"})
"""The hooks at which the caller speaks."""


def _restored(texts: Texts[P], changed: dict[int, str], vault: Vault) -> dict[int, str]:
    restored = {index: vault.restored(changed.get(index, text)) for index, text in enumerate(texts.values)}
    return {index: text for index, text in restored.items() if text != texts.values[index]}


def _find_custom(pattern: str) -> Callable[[Scan, int, int], list[Span]]:
    compiled = compile_pattern(pattern)
    is_anchored = any(anchor in pattern for anchor in ("^", "$", r"\A", r"\z"))

    def find(scan: Scan, start: int, end: int) -> list[Span]:
        whole = encodable(scan.text)
        if not is_anchored and compiled.search(whole) is None:
            return []
        return spans(compiled, whole.split("\0"))

    return find


def _compile_whitelist(patterns: list[str]) -> Allows:
    if not patterns:
        return None
    exact = frozenset(view(pattern).text for pattern in patterns if not is_regex(pattern))
    regexes = [compile_pattern(pattern[1:-1]) for pattern in patterns if is_regex(pattern)]
    return lambda text: view(text).text in exact or any(regex.fullmatch(encodable(text)) for regex in regexes)
