"""Blocks requests and results that hold a denied word."""

from gatehook_deny_list.plugin import DenyListPlugin
from gatehook_deny_list.settings import DenyListSettings

__all__ = ["DenyListPlugin", "DenyListSettings"]
