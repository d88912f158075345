"""The plugin: stands in a chain here, and asks one that runs elsewhere, over MCP."""

from __future__ import annotations

from typing import Final

from gatehook_external.remote import Remote, RemotePlugin

from gatehook_external_mcp.address import Address
from gatehook_external_mcp.dispatcher import Dispatcher
from gatehook_external_mcp.http import Posts
from gatehook_external_mcp.links import Links
from gatehook_external_mcp.remote import MCPRemote
from gatehook_external_mcp.settings import Connection
from gatehook_external_mcp.sse import Events
from gatehook_external_mcp.stdio import Child

CONNECT_SECONDS: Final = 30.0
"""For a connection to come up, where the entry has no `timeout` of its own."""


class ExternalPlugin(RemotePlugin):
    """A plugin of an MCP plugin server."""

    section = "mcp"

    def connect(self) -> Remote:
        self._where = where = self.in_section(Connection)
        self.health_interval = where.health_check_interval
        links = Links(self.name, self._open, self.config.timeout or CONNECT_SECONDS)
        health = (Address(where, self.settings), where.health_url) if where.health_check_endpoint else None
        return MCPRemote(links, health)

    async def _open(self) -> Dispatcher:
        where, limit = self._where, self.settings.max_response_bytes
        if where.proto == "STDIO":
            return await Child.start(self.name, where.argv, where.env, where.cwd or self.config.folder, limit)
        address = Address(where, self.settings)
        return await Events.open(address) if where.proto == "SSE" else Posts(address)
