"""The plugin: stands in a chain here, and asks one that runs in a gRPC server."""

from __future__ import annotations

from gatehook_external import within
from gatehook_external.remote import RemotePlugin

from gatehook_external_grpc.link import Link
from gatehook_external_grpc.remote import GRPCRemote
from gatehook_external_grpc.settings import Connection


class ExternalGRPCPlugin(RemotePlugin):
    """A plugin of a gRPC plugin server. Mode, priority, conditions and error policy are those of the entry here."""

    section = "grpc"
    section_model = Connection
    connection: Connection

    def connect(self) -> GRPCRemote:
        with within(self.section):
            return GRPCRemote(Link(self.connection, self.settings.max_response_bytes))
