"""What an operator may set: the ``grpc`` section of an entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Self

from gatehook import ConfigError, Problem, Seconds
from gatehook_external import TLS, Auth, File, keep_secret, local
from pydantic import Field, model_validator

_TARGET: Final = r"^(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+):[0-9]{1,5}$"


class Connection(TLS):
    """Where the plugin server is, and how it and the plugin know each other.

    Validation raises :class:`ConfigError` for all that does not fit together, and pydantic's error for wrong values.
    """

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
        if problems := [*self._problems()]:
            raise ConfigError(problems)
        return self

    def _problems(self) -> Iterator[Problem]:
        if (self.target is None) == (self.uds is None):
            yield Problem("needs `target` or `uds`, and not both")
        if not self.tls_verify:
            yield Problem("false is not possible over gRPC; name its authority in `tls_ca`", ("tls_verify",))
        if self.uds or self.tls is False:
            idle = [key for key in ("tls", "tls_ca", "tls_client_cert") if getattr(self, key)]
            why = "`uds`" if self.uds else "`tls: false`"
            yield from (Problem(f"has no effect with {why}", (key,)) for key in idle)
        if not self.encrypted:
            try:
                keep_secret(self.auth, self._host, "leave `tls: false` out")
            except ValueError as error:
                yield Problem(str(error), ("auth",))

    @property
    def idle(self) -> set[str]:
        """The keys of calls that have no effect."""
        return {"allowed_response_codes", "connection_pool_size"}

    @property
    def shown(self) -> str:
        """Where the server is, for people."""
        return f"unix:{self.uds}" if self.uds else str(self.target)

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
