"""Masks or blocks personal data in prompts, tool calls and resources."""

from gatehook_pii_filter.plugin import PIIFilterPlugin
from gatehook_pii_filter.settings import CustomPattern, PIIFilterSettings

__all__ = ["CustomPattern", "PIIFilterPlugin", "PIIFilterSettings"]
