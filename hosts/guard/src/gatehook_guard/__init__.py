"""Puts gatehook's plugins in front of any MCP server, without touching it."""
