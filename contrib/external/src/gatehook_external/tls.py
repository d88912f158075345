"""How a service proves who it is, and the plugin who it is."""

from __future__ import annotations

import logging
import ssl
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from gatehook_external.files import File, fault, read

logger = logging.getLogger("gatehook.external")


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
            ConfigError: it cannot be read.
        """
        path = getattr(self, key)
        return None if path is None else read(path, key)

    def context(self) -> ssl.SSLContext:
        """For a client; the files are read now.

        Raises:
            ConfigError: a file cannot be read, is no PEM, or key and certificate are not a pair. Paths begin at these
                settings; see :func:`gatehook_external.within`.
        """
        context = ssl.create_default_context()
        if self.tls_ca is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._trust(context)
        if not self.tls_verify:
            logger.warning("tls_verify is false: whoever sits between may read and change what is sent")
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.tls_client_cert is not None:
            self._present(context)
        return context

    def _trust(self, context: ssl.SSLContext) -> None:
        content = self.pem("tls_ca") or b""
        try:
            context.load_verify_locations(cadata=content.decode("ascii", "replace"))
        except ssl.SSLError:
            raise fault(f"{self.tls_ca} holds no certificates in PEM", "tls_ca") from None

    def _present(self, context: ssl.SSLContext) -> None:
        self.pem("tls_client_cert")
        self.pem("tls_client_key")
        try:
            context.load_cert_chain(self.tls_client_cert, self.tls_client_key, password=_no_passphrase)  # type: ignore[arg-type]  # not None: see context()
        except _Encrypted:
            raise fault("the key has a passphrase, which cannot be given", self._key_at) from None
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                raise fault("the key is not that of tls_client_cert", self._key_at) from None
            raise fault("certificate or key is no PEM", self._key_at) from None

    @property
    def _key_at(self) -> str:
        return "tls_client_key" if self.tls_client_key else "tls_client_cert"


class _Encrypted(Exception):
    pass


def _no_passphrase() -> str:
    raise _Encrypted  # or OpenSSL would ask at the terminal
