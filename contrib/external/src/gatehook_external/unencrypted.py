"""Secrets go unencrypted to nobody but this machine."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any


def local(host: str) -> bool:
    """Whether what is sent to a host stays on this machine: an address of the loopback, or ``localhost``.

    Other names are not looked up, since they may mean another machine tomorrow.
    """
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def keep_secret(auth: Any, host: str, instead: str) -> None:
    """For the validation of settings whose connection is not encrypted.

    Args:
        auth: the credentials, if there are any.
        instead: what to write, such as ``"use https"``.

    Raises:
        ValueError: the credentials would be read by whoever sits in between.
    """
    if auth is not None and not local(host):
        raise ValueError(f"`auth` would send its secrets unencrypted to another machine; {instead}")
