"""Where the faults are played: for each transport a stage, which makes a scene of its own for each plugin."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, Self

from tests.failures.faults import GRPC, GUARD, IN_PROCESS, JSON, OLD, PEER, SECURED, STDIO, STREAM, UNIX, Cell
from tests.failures.toys import SCENES, LocalScene

ROOT = Path(__file__).parents[2]
TIME = 0.4
"""Seconds that a call may take where the fault is that it takes longer."""
LATE = TIME + 0.2
AMPLE = 20.0
"""Seconds: as good as for ever."""
MEBIBYTES = 0.125
Entry = dict[str, Any]


class Scene:
    """One plugin's service. ``entry`` is how the config calls it."""

    entry: Entry

    async def play(self, fault: str) -> None:
        """Play a fault in every call from now on; if it is empty, none."""
        raise NotImplementedError

    async def events(self) -> list[tuple[str, str]]:
        """(what happened there, the canary of the call), in order."""
        raise NotImplementedError

    async def close(self) -> None:
        """End the service, if that is not left to its client."""


class Stage:
    """For the time of a test session: what all scenes of a transport share."""

    def __init__(self, transport: str, folder: Path, certificates: Path) -> None:
        self.transport, self.folder, self.certificates = transport, folder, certificates

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        pass

    async def scene(self, cell: Cell) -> Scene:
        raise NotImplementedError


def stage(transport: str, folder: Path, certificates: Path) -> Stage:
    kinds = {IN_PROCESS: LocalStage, STDIO: PipeStage}
    return kinds.get(transport, NetworkStage)(transport, folder, certificates)


def settings(cell: Cell) -> Entry:
    """How a service is called."""
    time = TIME if cell.timed else AMPLE / 2
    # Each attempt to connect waits for longer than the one before, and three calls would make six.
    attempts = 0 if cell.on_error == "disable" and not cell.ends.arrives else 1
    return {"timeout_ms": 1000 * time, "max_response_size_mb": MEBIBYTES, "retry_attempts": attempts}


# -- in process


class LocalStage(Stage):
    async def scene(self, cell: Cell) -> Scene:
        return _Local(cell)


class _Local(Scene):
    def __init__(self, cell: Cell) -> None:
        self._scene = SCENES[str(cell)] = LocalScene()
        self.entry = {"kind": "tests.failures.toys.Faulty", "timeout": TIME if cell.timed else AMPLE}

    async def play(self, fault: str) -> None:
        self._scene.fault = fault

    async def events(self) -> list[tuple[str, str]]:
        return self._scene.seen


# -- a child process for each plugin


class PipeStage(Stage):
    async def scene(self, cell: Cell) -> Scene:
        return _Pipe(cell, Path(tempfile.mkdtemp(dir=self.folder)))


class _Pipe(Scene):
    def __init__(self, cell: Cell, folder: Path) -> None:
        self._folder = folder
        self._write("")
        (folder / "events").touch()
        module = ["-S", "-E", "-m", "tests.failures.servers.stdio"]
        mcp = {"proto": "STDIO", "command": sys.executable, "args": [*module, str(folder)], "cwd": str(ROOT)}
        self.entry = {"kind": "external", "mcp": mcp, "config": settings(cell), "timeout": AMPLE}

    def _write(self, fault: str) -> None:
        # In one step, for the child may be reading.
        (self._folder / "new").write_text(fault)
        (self._folder / "new").rename(self._folder / "fault")

    async def play(self, fault: str) -> None:
        self._write(fault)
        pids = [int(pid) for what, pid in await self.events() if what == "started"]
        if fault in ("refused", "version mismatch") and pids:
            os.kill(pids[-1], signal.SIGKILL)

    async def events(self) -> list[tuple[str, str]]:
        return [tuple(json.loads(line)) for line in (self._folder / "events").read_text().splitlines()]


# -- a process with a server for each plugin


class NetworkStage(Stage):
    def __init__(self, transport: str, folder: Path, certificates: Path) -> None:
        super().__init__(transport, folder, certificates)
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._scenes = 0

    async def __aenter__(self) -> Self:
        kind = {STREAM: "stream", OLD: "old", GRPC: "grpc", PEER: "peer", GUARD: "guard"}.get(self.transport, "json")
        command = ["-m", "tests.failures.servers", kind, str(self.certificates), str(LATE)]
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=ROOT, stdin=pipe, stdout=pipe, limit=2**24
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said = json.loads(line)
            asked = self._asked.pop(said["id"])
            if "failed" in said:
                asked.set_exception(RuntimeError(said["failed"]))
            else:
                asked.set_result(said["said"])

    async def order(self, do: str, **what: Any) -> Any:
        assert self._process.stdin is not None
        number = self._scenes = self._scenes + 1
        asked = self._asked[number] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps({"id": number, "do": do, **what}).encode() + b"\n")
        return await asked

    async def scene(self, cell: Cell) -> Scene:
        path = None
        if self.transport == UNIX:
            path = str(self.folder / f"{self._scenes}.sock")
        tls = cell.fault in SECURED
        address = await self.order("open", scene=str(cell), tls=tls, path=path)
        return _Remote(self, cell, {**ENTRIES[self.transport](address, self._tls(tls)), "timeout": AMPLE})

    def _tls(self, tls: bool) -> Entry:
        return {"tls_ca": str(self.certificates / "ca.pem")} if tls else {}


class _Remote(Scene):
    def __init__(self, stage: NetworkStage, cell: Cell, entry: Entry) -> None:
        self._stage, self._name = stage, str(cell)
        self.entry = {**entry, "config": {**settings(cell), **entry.get("config", {})}}

    async def play(self, fault: str) -> None:
        await self._stage.order("play", scene=self._name, fault=fault)

    async def events(self) -> list[tuple[str, str]]:
        return [(what, canary) for what, canary in await self._stage.order("events", scene=self._name)]

    async def close(self) -> None:
        await self._stage.order("close", scene=self._name)


def _url(port: int, tls: Entry, path: str) -> str:
    return f"{'https' if tls else 'http'}://127.0.0.1:{port}{path}"


def _streamable(port: int, tls: Entry) -> Entry:
    return {"kind": "external", "mcp": {"proto": "STREAMABLEHTTP", "url": _url(port, tls, "/mcp"), **tls}}


def _unix(path: str, tls: Entry) -> Entry:
    return {"kind": "external", "mcp": {"proto": "STREAMABLEHTTP", "url": "http://localhost/mcp", "uds": path}}


def _old(port: int, tls: Entry) -> Entry:
    return {"kind": "external", "mcp": {"proto": "SSE", "url": _url(port, tls, "/sse"), **tls}}


def _grpc(port: int, tls: Entry) -> Entry:
    return {"kind": "external_grpc", "grpc": {"target": f"127.0.0.1:{port}", **tls}}


def _guard(port: int, tls: Entry) -> Entry:
    config = {
        "url": _url(port, tls, "/check"),
        "request": {"text": "{{ text }}"},
        "fields": ["args.canary"],
        "blocked": "$.blocked",
        "replacement": "$.text",
        **tls,
    }
    return {"kind": "http_guard", "config": config}


ENTRIES = {JSON: _streamable, STREAM: _streamable, UNIX: _unix, OLD: _old, GRPC: _grpc, PEER: _grpc, GUARD: _guard}
