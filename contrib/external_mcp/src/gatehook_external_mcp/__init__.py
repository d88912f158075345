"""Plugins that live in other processes and on other machines, asked over MCP."""

from gatehook_external_mcp.plugin import ExternalPlugin
from gatehook_external_mcp.settings import Connection

__all__ = ["Connection", "ExternalPlugin"]
