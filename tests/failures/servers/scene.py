"""One server for one plugin: what it plays, and what it has seen."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, ClassVar

from tests.failures.servers.listener import Listener


class Scene:
    """Faults of the connection are played here, those of answers by subclasses."""

    alpn: ClassVar[list[str]] = []

    def __init__(self, name: str, late: float, certificates: Path, tls: bool, path: Path | None) -> None:
        self.name, self.late = name, late
        self.fault = ""
        self.events: list[tuple[str, str]] = []
        """(what happened, the canary of the call)"""
        self.calls: dict[int | str, str] = {}
        """The canaries of calls, by their id."""
        self.kept: list[bytes] = []
        """Answers that are to come late."""
        self._certificates = certificates
        self._tasks: set[asyncio.Task[None]] = set()
        self._tls = self._context("right") if tls else None
        self.listener = Listener(self.serve, path=path, tls=self._tls)

    def _context(self, name: str) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self._certificates / f"{name}.pem")
        if self.alpn:
            context.set_alpn_protocols(self.alpn)
        return context

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError

    def tell(self, what: str, canary: str) -> None:
        self.events.append((what, canary))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        async def run() -> None:
            with contextlib.suppress(OSError):
                await work

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def play(self, fault: str) -> None:
        """Play a fault from now on, or, if it is empty, none."""
        before, self.fault = self.fault, fault
        if "refused" in (before, fault):
            await self.listener.refuse()
            if not fault:
                self.listener.listen()
        if {"TLS error", "wrong certificate", "version mismatch"} & {before, fault}:
            self.listener.garbles = fault == "TLS error"
            self.listener.tls = self._context("wrong") if fault == "wrong certificate" else self._tls
            await self.listener.drop()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self.listener.close()

    @classmethod
    async def end(cls) -> None:
        """After the last scene of this kind."""
