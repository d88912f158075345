"""Replaces text in prompts, tool calls and resources by regular expressions."""

from gatehook_search_replace.plugin import SearchReplacePlugin
from gatehook_search_replace.settings import Rule, SearchReplaceSettings

__all__ = ["Rule", "SearchReplacePlugin", "SearchReplaceSettings"]
