"""Plugins that run in a gRPC server on another machine."""

from gatehook_external_grpc.plugin import ExternalGRPCPlugin
from gatehook_external_grpc.settings import Connection

__all__ = ["Connection", "ExternalGRPCPlugin"]
