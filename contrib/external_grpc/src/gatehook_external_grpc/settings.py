"""What an operator may set: the ``grpc`` section of an entry."""

from __future__ import annotations

from typing import Annotated, Final, Self

from gatehook import Seconds
from gatehook_external import TLS, Auth, File, keep_secret, local
from pydantic import Field, model_validator

_TARGET: Final = r"^(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+):[0-9]{1,5}$"


class Connection(TLS):
    """Where the plugin server is, and how it and the plugin know each other."""

    target: Annotated[str, Field(pattern=_TARGET)] | None = None
    """`HOST:PORT` of the plugin server."""
    uds: File | None = None
    """The Unix socket of a server on this machine, in place of `target`; relative to the config's folder."""
    plugin: Annotated[str, Field(min_length=1)] | None = None
    """What the server calls the plugin; left out, the entry's name."""
    tls: bool | None = None
    """Whether the connection is encrypted; left out: always, but to this machine itself."""
    auth: Auth | None = None
    """What is sent as metadata with every call, so that the server knows who calls."""
    health_check_interval: Seconds | None = None
    """Seconds between two questions for the server's health; left out, `plugin_health_check_interval`."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.target is None) == (self.uds is None):
            raise ValueError("needs `target` or `uds`, and not both")
        if not self.tls_verify:
            raise ValueError("`tls_verify: false` is not possible over gRPC; name its authority in `tls_ca`")
        wants_tls = self.tls or self.tls_ca or self.tls_client_cert
        if wants_tls and (self.uds or self.tls is False):
            raise ValueError(f"the `tls` keys have no effect with `{'uds' if self.uds else 'tls: false'}`")
        if not self.encrypted:
            keep_secret(self.auth, self._host, "leave `tls: false` out")
        return self

    @property
    def _host(self) -> str:
        return self.target.rpartition(":")[0] if self.target else "localhost"

    @property
    def encrypted(self) -> bool:
        if self.tls is not None:
            return self.tls
        return not local(self._host) or bool(self.tls_ca or self.tls_client_cert)

    @property
    def address(self) -> str:
        """As gRPC names it: https://grpc.github.io/grpc/core/md_doc_naming.html"""
        return f"unix:{self.uds}" if self.uds else f"dns:///{self.target}"
