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
_SHARE: Final = 0.9
"""Of that time; then there is some left to say what was wrong, before the runner stops waiting."""


class ExternalPlugin(RemotePlugin):
    """A plugin of an MCP plugin server."""

    section = "mcp"
    section_model = Connection
    connection: Connection

    def connect(self) -> Remote:
        links = Links(self.name, self._open, _SHARE * (self.config.timeout or CONNECT_SECONDS))
        return MCPRemote(links, self._look if self.connection.health_check_endpoint else None)

    async def _open(self) -> Dispatcher:
        where, limit = self.connection, self.settings.max_response_bytes
        if where.proto == "STDIO":
            return await Child.start(self.name, where.argv, where.env, where.cwd or self.config.folder, limit)
        address = Address(where, self.settings)
        return await Events.open(address) if where.proto == "SSE" else Posts(address)

    async def _look(self) -> str:
        """What is wrong with the server, asked where the operator says, with the credentials that are valid now."""
        address = Address(self.connection, self.settings)
        try:
            return await address.look()
        finally:
            await address.aclose()
