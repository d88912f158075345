"""What can go wrong with a request over HTTP, in words for operators, and whether it was delivered."""

from __future__ import annotations

import ssl
from collections.abc import Container, Iterator
from contextlib import contextmanager
from socket import gaierror
from typing import Final

import httpcore2

from gatehook_external.errors import NotDelivered, ServiceError

_ALERTS: Final = {
    "CERTIFICATE_REQUIRED": "it demands a client certificate (tls_client_cert)",
    "HANDSHAKE_FAILURE": "it does not agree to TLS with us",
    "UNKNOWN_CA": "it does not trust our client certificate (tls_client_cert)",
    "BAD_CERTIFICATE": "it does not accept our client certificate (tls_client_cert)",
    "WRONG_VERSION_NUMBER": "it does not speak TLS",
    "RECORD_LAYER_FAILURE": "it does not speak TLS",
    "UNEXPECTED_EOF": "it broke the TLS connection off",
}
"""By what OpenSSL calls them."""
_STATUS: Final = {
    401: "it does not accept the credentials (status 401)",
    403: "it does not permit the call (status 403)",
    404: "it has nothing at this address (status 404)",
    429: "it has too much to do (status 429)",
}


@contextmanager
def told_apart(hint: str) -> Iterator[None]:
    """The libraries' errors as our own, and none of their texts.

    Args:
        hint: why a server may break off.
    """
    try:
        yield
    except httpcore2.ConnectError as error:
        raise NotDelivered(_unconnected(error)) from None
    except httpcore2.ProtocolError:
        raise ServiceError("it broke off, or answered what is not HTTP" + hint) from None
    except httpcore2.NetworkError as error:
        raise ServiceError(_broken(error, hint)) from None


def of_status(status: int, allowed: Container[int]) -> str:
    """What is wrong with an answer of such a status; nothing, if it is one of those allowed."""
    if 300 <= status < 400:
        return f"it redirects elsewhere (status {status}), which is not followed"
    return "" if status in allowed else _STATUS.get(status, f"it answered with status {status}")


def _unconnected(error: Exception) -> str:
    cause = _cause(error)
    if isinstance(cause, ssl.SSLError):
        return _of_tls(cause)
    if isinstance(cause, ConnectionRefusedError):
        return "it refuses connections"
    if isinstance(cause, FileNotFoundError):
        return "its socket is not there"
    if isinstance(cause, gaierror):
        return "its name is unknown"
    return f"there is no connection to it ({type(cause).__name__})"


def _broken(error: Exception, hint: str) -> str:
    cause = _cause(error)
    if isinstance(cause, ssl.SSLError):
        return _of_tls(cause)
    return "the connection broke" + hint


def _of_tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        # X509_V_ERR_HOSTNAME_MISMATCH and …_IP_ADDRESS_MISMATCH of OpenSSL
        if error.verify_code in (62, 64):
            return "its certificate is for another name"
        return f"its certificate is not trusted: {error.verify_message}"
    reason = error.reason or ""
    return next(
        (meaning for word, meaning in _ALERTS.items() if word in reason), f"TLS failed: {reason or 'broken off'}"
    )


def _cause(error: BaseException) -> BaseException:
    """The first of the errors that led to one, but for the libraries' own wrappings."""
    below = error.__cause__ or error.__context__
    while below is not None:
        if isinstance(below, OSError):
            error = below
        below = below.__cause__ or below.__context__
    return error
