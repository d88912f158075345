"""What an operator may set: the ``config`` of a pii_filter entry."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal, Self

from gatehook.text import check_field, check_fields
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from gatehook_pii_filter.detectors import DETECTORS
from gatehook_pii_filter.masks import Strategy
from gatehook_pii_filter.patterns import compile_pattern

STRICT: Final = dict.fromkeys([*DETECTORS, "include_keys", "include_numbers", "block_on_detection"], True) | {
    "include_detection_details": False
}
"""What ``compliance_mode: strict`` sets."""

KINDS: Final = frozenset(detectors[0].kind for detectors in DETECTORS.values())


def is_regex(pattern: str) -> bool:
    """Whether an entry of ``whitelist_patterns`` is a regular expression: ``/…/``."""
    return len(pattern) > 2 and pattern.startswith("/") and pattern.endswith("/")


def _compilable(pattern: str) -> str:
    if is_regex(pattern) and compile_pattern(pattern[1:-1]).fullmatch("anything at all, 1"):
        raise ValueError("matches anything, so nothing would be found")
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
    detect_bsn: bool = True
    """Dutch citizen service numbers, where a word or key names them."""
    detect_credit_card: bool = True
    """Payment card numbers."""
    detect_email: bool = True
    """E-mail addresses."""
    detect_phone: bool = True
    """Phone numbers: North American ones, others that begin with +, and any that a word or key names."""
    detect_ip_address: bool = False
    """IPv4 and IPv6 addresses; off by default, as most are those of machines."""
    detect_iban: bool = True
    """International bank account numbers."""
    detect_bank_account: bool = True
    """Bank accounts and routing numbers, where a word or key names them."""
    detect_date_of_birth: bool = True
    """Dates that a word or key says somebody was born on."""
    detect_passport: bool = True
    """Passport numbers, where a word or key names them."""
    detect_driver_license: bool = True
    """Driving licences, where a word or key names them."""
    detect_medical_record: bool = True
    """Medical record numbers, where a word or key names them."""
    detect_aws_keys: bool = True
    """AWS access keys."""
    detect_api_keys: bool = True
    """API keys, tokens and passwords that are known by their form, or named as such."""
    detect_private_keys: bool = True
    """Private keys in PEM and similar blocks."""
    detect_crypto_wallets: bool = True
    """Addresses of Bitcoin, Ethereum and other wallets."""
    custom_patterns: list[CustomPattern] = []
    """Further kinds, found by regular expressions."""
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.5
    """How sure a finding must be, from 0 to 1. Above 0.7 what has only the form of its kind must be named, too; above
    0.85 only what has a checksum or a prefix of its own counts; above 0.95, custom patterns alone."""
    whitelist_patterns: list[Annotated[str, Field(min_length=1), AfterValidator(_compilable)]] = []
    """What is no finding: the whole of it as written here, in any case; or, between slashes, a regular expression of
    RE2 for the whole of it."""
    fields: list[Annotated[str, AfterValidator(check_field)]] = []
    """Search only these and what is in them: paths such as `args.query` and `result.content[*].text`, where `*` stands
    for any key or index and `**` for any number of them. Everywhere if empty."""
    except_fields: list[Annotated[str, AfterValidator(check_field)]] = []
    """Search none of these, nor what is in them."""
    include_keys: bool = False
    """Search the keys of data, too."""
    include_numbers: bool = False
    """Search numbers of data, too; one that is found becomes 0, so that it remains a number."""
    mask_strategy: Strategy = "redact"
    """redact puts redaction_text in its place, partial keeps what its owner knows it by (the last four digits, the
    domain), hash puts a keyed digest, tokenize a token that stands for it in this request, remove cuts it out."""
    strategies: dict[str, Strategy] = {}
    """Strategies of single kinds: {email: partial}."""
    redaction_text: str = "[REDACTED]"
    """What redact puts in; {kind} in it becomes the kind, such as credit_card."""
    hash_key: Annotated[SecretStr, Field(min_length=16)] = SecretStr("")
    """The secret key of hash, 16 characters at least. Equal data have equal digests wherever the key is the same."""
    restore_tokens: bool = False
    """Put the caller's own data back in the place of their tokens in the answer to the same request."""
    block_on_detection: bool = False
    """Block instead of masking (in mode permissive: mask, and record the violation)."""
    log_detections: bool = False
    """Write a warning to the log for each payload with findings."""
    audit_detections: bool = False
    """Give kinds and counts to the host with the outcome's metadata, where observers find them."""
    include_detection_details: bool = True
    """Say in violations, log and metadata where the findings were, too: the path, never the text."""
    compliance_mode: Literal["standard", "strict"] = "standard"
    """strict: every detector on, include_keys, include_numbers and block_on_detection on, include_detection_details
    off, no strategy partial."""

    @model_validator(mode="before")
    @classmethod
    def _strict(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("compliance_mode") != "strict":
            return data
        broken = [f"{key}: {str(value).lower()}" for key, value in STRICT.items() if data.get(key, value) is not value]
        strategies = data.get("strategies")
        partial = isinstance(strategies, dict) and "partial" in strategies.values()
        if data.get("mask_strategy") == "partial" or partial:
            broken.append("no strategy partial")
        if broken:
            raise ValueError(
                f"compliance_mode strict means {', '.join(broken)}; leave these keys out or change the mode"
            )
        return STRICT | data

    @field_validator("custom_patterns")
    @classmethod
    def _named_once(cls, patterns: list[CustomPattern]) -> list[CustomPattern]:
        taken = {*KINDS, "text"}  # what a text is called that is masked as a whole
        for index, custom in enumerate(patterns):
            if custom.name in taken:
                raise ValueError(f"[{index}].name: the name {custom.name!r} is taken")
            taken.add(custom.name)
        return patterns

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.custom_patterns and not any(getattr(self, switch) for switch in DETECTORS):
            raise ValueError("every detector is off and there are no custom_patterns, so this plugin would do nothing")
        kinds = KINDS | {custom.name for custom in self.custom_patterns}
        for kind in self.strategies.keys() - kinds:
            near = get_close_matches(kind.removeprefix("detect_"), kinds, 1) or [f"one of {', '.join(sorted(kinds))}"]
            raise ValueError(f"strategies.{kind}: there is no such kind; did you mean {near[0]}?")
        used = {self.mask_strategy, *self.strategies.values()}
        if "hash" in used and not self.hash_key.get_secret_value():
            raise ValueError("the strategy hash needs a hash_key, such as ${PII_HASH_KEY}")
        if self.restore_tokens and "tokenize" not in used:
            raise ValueError("restore_tokens has nothing to restore without the strategy tokenize")
        confidence = max(detector.confidence for group in DETECTORS.values() for detector in group)
        if not self.custom_patterns and self.min_confidence > confidence:
            raise ValueError(f"min_confidence: only custom_patterns are surer than {confidence}, and there are none")
        check_fields(self.fields, self.except_fields)
        return self
