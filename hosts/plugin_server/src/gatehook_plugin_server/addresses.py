"""Where to listen: ``HOST:PORT`` or ``unix:PATH``."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from gatehook import ConfigError


@dataclass(frozen=True)
class Address:
    """``path`` is that of a Unix socket; ``host`` and ``port`` are of no account then."""

    host: str = ""
    port: int = 0
    path: Path | None = None

    @classmethod
    def parse(cls, text: str, folder: Path = Path()) -> Self:
        """The address that ``text`` names; a relative path begins at ``folder``.

        Raises:
            ConfigError: it names none.
        """
        if text.startswith("unix:"):
            return cls(path=folder / text.removeprefix("unix:"))
        host, colon, port = text.rpartition(":")
        if not colon or not port.isdecimal() or int(port) > 65535:
            raise ConfigError(f"an address is HOST:PORT or unix:PATH, got {text!r}")
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        if self.path is not None or self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def listen(self) -> socket.socket:
        """A socket that listens here. A Unix socket is open to this user alone; one that nobody listens at any more is
        replaced.

        Raises:
            ConfigError: somebody listens here already, or it is no address of this machine.
        """
        try:
            return self._listen_unix(self.path) if self.path is not None else self._listen()
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ConfigError(f"cannot listen at {self}: {reason}") from None

    def _listen(self) -> socket.socket:
        family, kind, protocol, _, address = socket.getaddrinfo(
            self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen()
        except BaseException:
            listening.close()
            raise
        return listening

    def _listen_unix(self, path: Path) -> socket.socket:
        if path.is_socket():
            with socket.socket(socket.AF_UNIX) as probe, suppress(ConnectionRefusedError):
                probe.connect(str(path))
                raise ConfigError(f"cannot listen at {self}: another server does")
            path.unlink()
        listening = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        try:
            listening.bind(str(path))
            listening.listen()
        except BaseException:
            listening.close()
            raise
        finally:
            os.umask(before)
        return listening

    def url(self, listening: socket.socket, *, secure: bool) -> str:
        """How callers reach a socket that listens here; a port that was left to the system is told."""
        if self.path is not None:
            return f"{self} (HTTP, path /mcp)"
        bound = Address(self.host, listening.getsockname()[1])
        return f"{'https' if secure else 'http'}://{bound}/mcp"

    def forget(self) -> None:
        """Remove the Unix socket, if it is one."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
