"""Opens gRPC channels: one connection for each plugin, with nothing repeated, proxied or configured by DNS."""

from __future__ import annotations

import re
import ssl
from typing import Final

import grpc.aio
from gatehook import ConfigError, Problem
from gatehook_external import within

from gatehook_external_grpc.settings import Connection

_OPTIONS: Final = (
    ("grpc.enable_retries", 0),  # what may be sent again is the caller's to decide
    ("grpc.service_config_disable_resolution", 1),  # it may stand in DNS, and then retries and has time limits
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),  # or all channels to one address share a connection, and its credentials
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.keepalive_time_ms", 60_000),  # also bounds how long a peer that vanished goes unnoticed ...
    ("grpc.keepalive_timeout_ms", 10_000),  # ... to this, by TCP_USER_TIMEOUT
)
"""https://grpc.github.io/grpc/core/group__grpc__arg__keys.html"""
_KEY: Final = re.compile(r"(?!grpc-)[0-9a-z_.-]+(?<!-bin)")
"""Of metadata whose values are texts: https://grpc.io/docs/guides/metadata/"""


def open_channel(connection: Connection, most_bytes: int) -> grpc.aio.Channel:
    """A channel, which connects when it is first used. Answers of more than ``most_bytes`` end with an error.

    Raises:
        ConfigError: of the files for TLS, one cannot be read, is no PEM, or does not fit another. Paths begin in the
            connection's settings.
    """
    options = (*_OPTIONS, ("grpc.max_receive_message_length", most_bytes))
    if not connection.encrypted:
        return grpc.aio.insecure_channel(connection.address, options)
    context = connection.context()
    certificate = connection.pem("tls_client_cert")
    credentials = grpc.ssl_channel_credentials(
        connection.pem("tls_ca") or _roots(context), connection.pem("tls_client_key") or certificate, certificate
    )
    return grpc.aio.secure_channel(connection.address, credentials, options)


def _roots(context: ssl.SSLContext) -> bytes | None:
    """The authorities that this machine trusts. Where they are a folder, not a file, gRPC has a list of its own."""
    return "".join(map(ssl.DER_cert_to_PEM_cert, context.get_ca_certs(binary_form=True))).encode() or None


def metadata(connection: Connection) -> tuple[tuple[str, str], ...]:
    """What goes with every call.

    Raises:
        ConfigError: as :meth:`gatehook_external.Auth.headers`, or gRPC cannot carry one of the headers.
    """
    if connection.auth is None:
        return ()
    with within("auth"):
        headers = connection.auth.headers()
        for name in headers:
            if not _KEY.fullmatch(name.lower()):
                raise ConfigError([Problem(f"gRPC has no metadata {name!r}")])
    return tuple((name.lower(), value) for name, value in headers.items())
