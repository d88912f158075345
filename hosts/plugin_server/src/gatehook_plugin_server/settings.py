"""The ``serve:`` section of the config."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Self

from gatehook import Seconds
from gatehook_external.protocol import HOOKS
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

Token = Annotated[SecretStr, Field(min_length=16, json_schema_extra={"writeOnly": True})]


class ServeSettings(BaseModel):
    """How plugins are served. Everything has a default; a section that is left out means all of them.

    Paths begin at the config's folder.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    called_hooks: ClassVar[Sequence[str]] = HOOKS

    listen: str | None = None
    """Where to listen for HTTP: `HOST:PORT`, or `unix:PATH`. Left out, and without `--listen`: standard input and
    output."""
    token: Token | None = None
    """What callers must send as `Authorization: Bearer …`, from a variable: `${NAME}`."""
    token_file: str | None = None
    """A file that holds the token instead."""
    tls_cert: str | None = None
    """The server's certificate, with its chain, as PEM."""
    tls_key: str | None = None
    """The key of the certificate, as PEM."""
    tls_client_ca: str | None = None
    """Callers must show a certificate that one of these signed (mutual TLS), as PEM."""
    allowed_hosts: list[str] = []
    """Names that requests may be addressed to (`Host`), without ports. Left out: on the loopback interface its own
    names, elsewhere any."""
    allowed_origins: list[str] = []
    """Web pages that may call, such as `https://tools.example`. Programs other than browsers send no `Origin`."""
    accept_config: bool | list[str] = False
    """The keys of plugins' `config` that callers over the network may set; `true`: all. Then they can name files of
    this machine to read, and send a plugin's own credentials to an address of theirs."""
    max_configs: Annotated[int, Field(ge=1)] = 16
    """So many configs that callers sent are kept up; of more, those that were not used for longest are shut down."""
    max_request_bytes: Annotated[int, Field(ge=1024)] = 10 * 1024 * 1024
    """The longest message that is read, in bytes."""
    max_concurrency: Annotated[int, Field(ge=1)] = 64
    """So many calls run at a time; further ones are refused at once."""
    max_connections: Annotated[int, Field(ge=1)] = 512
    """So many connections are open at a time; further ones are closed at once."""
    request_timeout: Seconds = 10.0
    """So long the head of a request may take to arrive over HTTP, and as long again its body; over gRPC the
    handshake."""
    drain_timeout: Seconds = 10.0
    """When the server stops: so long the calls that are running may still take."""

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if self.token is not None and self.token_file is not None:
            raise ValueError("token and token_file are two places for one secret; keep one")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key belong together; one of them is missing")
        if self.tls_client_ca is not None and self.tls_cert is None:
            raise ValueError("tls_client_ca needs tls_cert and tls_key")
        return self
