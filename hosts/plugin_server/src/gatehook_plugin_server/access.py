"""Who may call over HTTP: the certificate, the token, and the names under which the server is called."""

from __future__ import annotations

import hmac
import ssl
from pathlib import Path
from typing import Any, Final

from gatehook import ConfigError, Problem

from gatehook_plugin_server.addresses import Address
from gatehook_plugin_server.settings import ServeSettings

LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
SHORTEST_TOKEN: Final = 16


def token_of(settings: ServeSettings, folder: Path) -> str | None:
    """The token that callers must send, if there is one.

    Raises:
        ConfigError: its file cannot be read, or holds none.
    """
    if settings.token_file is None:
        return settings.token.get_secret_value() if settings.token else None
    token = _read(folder / settings.token_file, "token_file").decode(errors="replace").strip()
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable():
        letters = f"{SHORTEST_TOKEN} or more printable ASCII letters"
        raise _wrong("token_file", f"{folder / settings.token_file} holds no token of {letters}")
    return token


def tls_of(settings: ServeSettings, folder: Path) -> ssl.SSLContext | None:
    """TLS as the settings say, mutual if they name authorities of callers.

    Raises:
        ConfigError: a file cannot be read, or is not what it should be.
    """
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    cert, key = folder / settings.tls_cert, folder / settings.tls_key
    _read(cert, "tls_cert")
    _read(key, "tls_key")
    try:
        context.load_cert_chain(cert, key, password="")  # or OpenSSL would ask at the terminal
    except (ssl.SSLError, OSError) as error:
        what = f"{cert} and {key} are no certificate and its key"
        raise _wrong("tls_cert", f"{what}: {_reason(error)}") from None
    if settings.tls_client_ca is not None:
        authority = folder / settings.tls_client_ca
        _read(authority, "tls_client_ca")
        try:
            context.load_verify_locations(authority)
        except (ssl.SSLError, OSError) as error:
            raise _wrong("tls_client_ca", f"{authority} holds no certificate: {_reason(error)}") from None
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def check_exposure(address: Address, settings: ServeSettings) -> None:
    """Raises ConfigError if others than this machine could call, and listen, as they like."""
    if address.is_local:
        return
    lacking = [] if settings.tls_cert else ["tls_cert and tls_key"]
    if not (settings.token or settings.token_file or settings.tls_client_ca):
        lacking.append("a token, or tls_client_ca")
    if lacking:
        raise ConfigError(f"{address} can be reached from other machines: `serve:` needs {', and '.join(lacking)}")


class Access:
    """Tells which requests are let in. ``token``: as bytes, so that it is compared in constant time."""

    def __init__(self, address: Address, settings: ServeSettings, token: str | None) -> None:
        self._token = None if token is None else token.encode()
        named = {name.lower() for name in settings.allowed_hosts}
        if named or (address.is_local and address.path is None):
            self._hosts = named | LOOPBACK_NAMES if address.is_local else named
        else:
            self._hosts = set()
        self._origins = {origin.encode() for origin in settings.allowed_origins}

    def refusal(self, headers: list[tuple[bytes, bytes]], *, needs_token: bool) -> tuple[int, str] | None:
        """Why a request is not let in, as HTTP status and words, if it is not."""
        found: dict[bytes, bytes] = {}
        for name, value in headers:
            if name in found and name in (b"host", b"origin", b"authorization"):
                return 400, f"the header {name.decode()} stands there twice"
            found[name] = value
        # A web page can have its visitor's browser call servers of his own machine, under any name that it can make
        # resolve to it; but the browser tells the name, and the page.
        if self._hosts and _without_port(found.get(b"host", b"")) not in self._hosts:
            return 421, "this server does not go by that name; `allowed_hosts` are those that it does"
        if b"origin" in found and found[b"origin"] not in self._origins:
            return 403, "web pages of this origin may not call; `allowed_origins` are those that may"
        if self._token is None or not needs_token:
            return None
        scheme, _, token = found.get(b"authorization", b"").partition(b" ")
        if not hmac.compare_digest(token.strip(), self._token) or scheme.lower() != b"bearer":
            return 401, "the token is missing or wrong"
        return None


def _without_port(host: bytes) -> str:
    name, colon, port = host.decode("latin-1").lower().rpartition(":")
    return name if colon and port.isdecimal() else host.decode("latin-1").lower()


def _read(path: Path, key: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _wrong(key, f"cannot read {path}: {error.strerror}") from None


def _wrong(key: str, message: str) -> ConfigError:
    return ConfigError([Problem(message, ("serve", key))])


def _reason(error: Any) -> str:
    return getattr(error, "reason", None) or error.strerror or type(error).__name__
