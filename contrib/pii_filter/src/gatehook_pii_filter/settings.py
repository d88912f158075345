"""What an operator may set: the ``config`` of a pii_filter entry."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from gatehook_pii_filter.detectors import DETECTORS
from gatehook_pii_filter.patterns import compile_pattern

STRICT: Final = dict.fromkeys(DETECTORS, True) | {"block_on_detection": True, "include_detection_details": False}
"""What ``compliance_mode: strict`` sets."""


def is_regex(pattern: str) -> bool:
    """Whether an entry of ``whitelist_patterns`` is a regular expression: ``/…/``."""
    return len(pattern) > 2 and pattern.startswith("/") and pattern.endswith("/")


def _compilable(pattern: str) -> str:
    if is_regex(pattern):
        compile_pattern(pattern[1:-1])
    return pattern


class CustomPattern(BaseModel):
    """A kind of data of one's own."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    """What reports call it."""
    pattern: Annotated[str, Field(min_length=1)]
    """A regular expression of RE2."""

    @field_validator("pattern")
    @classmethod
    def _usable(cls, pattern: str) -> str:
        if compile_pattern(pattern).fullmatch(""):
            raise ValueError("matches the empty text, so it would find something everywhere")
        return pattern


class PIIFilterSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    detect_ssn: bool = True
    """US social security numbers."""
    detect_credit_card: bool = True
    """Payment card numbers."""
    detect_email: bool = True
    """E-mail addresses."""
    detect_phone: bool = True
    """Phone numbers: North American ones, and others that begin with +."""
    detect_ip_address: bool = False
    """IPv4 and IPv6 addresses; off by default, as most are those of machines."""
    detect_aws_keys: bool = True
    """AWS access keys."""
    detect_api_keys: bool = True
    """API keys and tokens that are known by their prefix, or named as such."""
    custom_patterns: list[CustomPattern] = []
    """Further kinds, found by regular expressions."""
    whitelist_patterns: list[Annotated[str, Field(min_length=1), AfterValidator(_compilable)]] = []
    """What is no finding: the whole of it as written here, in any case; or, between slashes, a regular expression of
    RE2 for the whole of it."""
    mask_strategy: Literal["redact", "partial", "remove"] = "redact"
    """redact puts redaction_text in its place, partial keeps what its owner knows it by (the last four digits, the
    domain), remove cuts it out."""
    redaction_text: str = "[REDACTED]"
    """What redact puts in; {kind} in it becomes the kind, such as credit_card."""
    block_on_detection: bool = False
    """Block instead of masking (in mode permissive: mask, and record the violation)."""
    log_detections: bool = False
    """Write a warning to the log for each payload with findings."""
    audit_detections: bool = False
    """Give kinds and counts to the host with the outcome's metadata, where observers find them."""
    include_detection_details: bool = True
    """Say in violations, log and metadata where the findings were, too: the path, never the text."""
    compliance_mode: Literal["standard", "strict"] = "standard"
    """strict: every detector on, block_on_detection on, include_detection_details off, mask_strategy not partial."""

    @model_validator(mode="before")
    @classmethod
    def _strict(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("compliance_mode") != "strict":
            return data
        broken = [f"{key}: {str(value).lower()}" for key, value in STRICT.items() if data.get(key, value) is not value]
        if data.get("mask_strategy") == "partial":
            broken.append("mask_strategy: redact or remove")
        if broken:
            raise ValueError(
                f"compliance_mode strict means {', '.join(broken)}; leave these keys out or change the mode"
            )
        return STRICT | data

    @field_validator("custom_patterns")
    @classmethod
    def _named_once(cls, patterns: list[CustomPattern]) -> list[CustomPattern]:
        taken = {detector.kind for detector in DETECTORS.values()}
        for index, custom in enumerate(patterns):
            if custom.name in taken:
                raise ValueError(f"[{index}].name: the name {custom.name!r} is taken")
            taken.add(custom.name)
        return patterns

    @model_validator(mode="after")
    def _finds_something(self) -> Self:
        if not self.custom_patterns and not any(getattr(self, switch) for switch in DETECTORS):
            raise ValueError("every detector is off and there are no custom_patterns, so this plugin would do nothing")
        return self
