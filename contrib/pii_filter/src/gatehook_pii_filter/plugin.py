"""The plugin: six hooks, one way through them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
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
from gatehook.text import rewrite

from gatehook_pii_filter.detectors import DETECTORS, Detector, Find, Finding, find_all
from gatehook_pii_filter.json_text import is_json, rewrite_json
from gatehook_pii_filter.patterns import compile_pattern, encodable
from gatehook_pii_filter.settings import PIIFilterSettings, is_regex

P = TypeVar("P", bound=Payload)
Path = tuple[str | int, ...]
Seen = Counter[tuple[str, Path]]
"""How often each kind was found at each path."""

logger = logging.getLogger(__name__)

_MOST_PATHS = 50
"""How many places a report names; it counts all."""
_MOST_ROUNDS = 4
"""A text in which masking lays bare more than that was made for it, and is masked as a whole."""
_WHOLE_TEXT = "text"
"""What ``{kind}`` becomes in that case."""


class PIIFilterPlugin(Plugin):
    """Masks or blocks personal data. A violation has the code ``PII_DETECTED``."""

    settings_model = PIIFilterSettings
    settings: PIIFilterSettings

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        settings = self.settings
        self._detectors = [detector for switch, detector in DETECTORS.items() if getattr(settings, switch)]
        self._detectors += [Detector(custom.name, _find_custom(custom.pattern)) for custom in settings.custom_patterns]
        self._allows = _compile_whitelist(settings.whitelist_patterns)
        for kind in (*(detector.kind for detector in self._detectors), _WHOLE_TEXT):
            if found := self._find(self._redacted(kind), ""):
                raise ValueError(f"redaction_text is itself found as {found[0].kind}, so it would be masked in turn")

    def prompt_pre_fetch(self, payload: PromptPrehookPayload) -> PromptPrehookResult | None:
        return self._filter(payload, "the prompt's arguments contain {}; ask without it")

    def prompt_post_fetch(self, payload: PromptPosthookPayload) -> PromptPosthookResult | None:
        return self._filter(payload, "the prompt contains {}, so it is withheld")

    def tool_pre_invoke(self, payload: ToolPreInvokePayload) -> ToolPreInvokeResult | None:
        return self._filter(payload, "the tool's arguments contain {}; call it without")

    def tool_post_invoke(self, payload: ToolPostInvokePayload) -> ToolPostInvokeResult | None:
        return self._filter(payload, "the tool's result contains {}, so it is withheld; the tool has run")

    def resource_pre_fetch(self, payload: ResourcePreFetchPayload) -> ResourcePreFetchResult | None:
        return self._filter(
            payload, "the resource's URI or metadata contain {}; read another", uri=unquote(payload.uri)
        )

    def resource_post_fetch(self, payload: ResourcePostFetchPayload) -> ResourcePostFetchResult | None:
        return self._filter(payload, "the resource contains {}, so it is withheld")

    def _filter(self, payload: P, reason: str, uri: str = "") -> PluginResult[P] | None:
        seen: Seen = Counter()
        # A masked URI would name another resource, so there is only blocking, or letting through with advice.
        in_uri = self._find(uri, "")
        seen.update((finding.kind, ("uri",)) for finding in in_uri)
        masked = rewrite(payload, lambda text, path: self._masked(text, _label(path), path, seen))
        if not seen:
            return None
        report = self._report(seen)
        if self.settings.log_detections:
            logger.warning("personal data found", extra={"plugin": self.name, "hook": payload.hook, **report})
        block = self.settings.block_on_detection
        violation = None
        if block or in_uri:
            reason = reason.format(f"personal data ({', '.join(report['detections'])})")
            violation = PluginViolation(reason, code="PII_DETECTED", details=report)
        return PluginResult(not block, masked, violation, report if self.settings.audit_detections else None)

    def _find(self, text: str, label: str) -> list[Finding]:
        return find_all(text, label, self._detectors, self._allows)

    def _masked(self, text: str, label: str, path: Path, seen: Seen) -> str:
        if is_json(text):
            return rewrite_json(text, label, lambda value, key: self._masked(value, key, path, seen))
        strategy: str = self.settings.mask_strategy
        # What remains may hold a finding in turn, as when a cut joins its two sides.
        for _ in range(_MOST_ROUNDS):
            found = self._find(text, label)
            if not found:
                return text
            seen.update((finding.kind, path) for finding in found)
            text = _replace(text, found, partial(self._mask, strategy))
            strategy = "redact"
        return self._redacted(_WHOLE_TEXT)

    def _mask(self, strategy: str, text: str, finding: Finding) -> str:
        match strategy:
            case "remove":
                return ""
            case "partial" if finding.partial:
                return finding.partial(text)
            case _:
                return self._redacted(finding.kind)

    def _redacted(self, kind: str) -> str:
        return self.settings.redaction_text.replace("{kind}", kind)

    def _report(self, seen: Seen) -> dict[str, Any]:
        kinds: Counter[str] = Counter()
        for (kind, _), count in seen.items():
            kinds[kind] += count
        report: dict[str, Any] = {"detections": dict(sorted(kinds.items()))}
        if self.settings.include_detection_details:
            report["places"] = [
                {"kind": kind, "path": self._written(path), "count": count}
                for (kind, path), count in list(seen.items())[:_MOST_PATHS]
            ]
        return report

    def _written(self, path: Path) -> str:
        """``args.people[0].note``. A key may be personal data itself (``{"bob@example.com": …}``), then ``*``."""
        return "".join(
            f"[{part}]" if isinstance(part, int) else ".*" if self._find(part, "") else f".{part}" for part in path
        ).removeprefix(".")


def _label(path: Path) -> str:
    """The key under which a text, or the list that it is in, stands."""
    return next((key for key in reversed(path[1:]) if isinstance(key, str)), "")


def _replace(text: str, found: list[Finding], mask: Callable[[str, Finding], str]) -> str:
    def pieces() -> Iterator[str]:
        end = 0
        for finding in found:
            yield text[end : finding.start]
            yield mask(text[finding.start : finding.end], finding)
            end = finding.end
        yield text[end:]

    return "".join(pieces())


def _find_custom(pattern: str) -> Find:
    compiled = compile_pattern(pattern)
    return lambda text, label: (match.span() for match in compiled.finditer(encodable(text)) if match[0])


def _compile_whitelist(patterns: list[str]) -> Callable[[str], bool]:
    exact = frozenset(pattern.casefold() for pattern in patterns if not is_regex(pattern))
    regexes = [compile_pattern(pattern[1:-1]) for pattern in patterns if is_regex(pattern)]
    return lambda text: text.casefold() in exact or any(regex.fullmatch(encodable(text)) for regex in regexes)
