"""How a service proves who it is, and the plugin who it is."""

from __future__ import annotations

import logging
import ssl
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from gatehook_external.files import File, fault, read

logger = logging.getLogger("gatehook.external")

_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"
_KEY: Final = b"PRIVATE KEY-----"


class TLS(BaseModel):
    """Keys to be among those of a plugin's section, or in one of their own."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    tls_verify: bool = True
    """Whether the service's certificate and name are checked. Never leave it off."""
    tls_ca: File | None = None
    """A PEM file of the authorities that may vouch for the service, in place of the system's."""
    tls_client_cert: File | None = None
    """A PEM file of the plugin's own certificate, with its chain, for mutual TLS."""
    tls_client_key: File | None = None
    """A PEM file of that certificate's key, without a passphrase; left out, it is in the same file."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.tls_ca and not self.tls_verify:
            raise ValueError("`tls_ca` has no effect with `tls_verify: false`")
        if self.tls_client_key and not self.tls_client_cert:
            raise ValueError("`tls_client_key` needs `tls_client_cert`")
        return self

    def pem(self, key: Literal["tls_ca", "tls_client_cert", "tls_client_key"]) -> bytes | None:
        """What the file at that key holds, for clients that take no :class:`ssl.SSLContext`.

        Raises:
            ConfigError: it cannot be read, or is no PEM.
        """
        path = getattr(self, key)
        if path is None:
            return None
        content = read(path, key)
        what, mark = ("key", _KEY) if key == "tls_client_key" else ("certificate", _CERTIFICATE)
        if mark not in content:
            raise fault(f"{path} holds no {what} in PEM", key)
        return content

    def context(self) -> ssl.SSLContext:
        """For a client; the files are read now.

        Raises:
            ConfigError: a file cannot be read or is no PEM, or key and certificate are not a pair. Paths begin at these
                settings; see :func:`gatehook_external.within`.
        """
        context = self._trusting()
        if not self.tls_verify:
            logger.warning("tls_verify is false: whoever sits in between may read and change what is sent")
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if (certificate := self.pem("tls_client_cert")) is not None:
            self._present(context, certificate)
        return context

    def _trusting(self) -> ssl.SSLContext:
        authorities = self.pem("tls_ca")
        if authorities is None:
            return ssl.create_default_context()
        try:
            return ssl.create_default_context(cadata=authorities.decode("ascii", "replace"))
        except ssl.SSLError as error:
            raise fault(f"{self.tls_ca} cannot be used: {error.reason}", "tls_ca") from None

    def _present(self, context: ssl.SSLContext, certificate: bytes) -> None:
        if self.pem("tls_client_key") is None and _KEY not in certificate:
            raise fault(f"{self.tls_client_cert} holds no key, and there is no tls_client_key", "tls_client_cert")
        at = "tls_client_key" if self.tls_client_key else "tls_client_cert"
        key = getattr(self, at)
        try:
            context.load_cert_chain(self.tls_client_cert, self.tls_client_key, password=_no_passphrase)  # type: ignore[arg-type]  # there is a certificate
        except _Encrypted:
            raise fault(f"the key in {key} has a passphrase, which cannot be given", at) from None
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                raise fault(f"{key} is not the key of {self.tls_client_cert}", at) from None
            raise fault(f"{key} cannot be used: {error.reason}", at) from None


class _Encrypted(Exception):
    pass


def _no_passphrase() -> str:
    raise _Encrypted  # or OpenSSL would ask at the terminal
