"""A process full of servers that play faults. It is told what to do by lines of JSON, and answers each with one."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tests.failures.servers.scene import Scene


def scenes(kind: str) -> type[Scene]:
    if kind in ("grpc", "peer"):
        from tests.failures.servers import rpc

        return {"grpc": rpc.RPCScene, "peer": rpc.PeerScene}[kind]
    from tests.failures.servers import web

    return {
        "guard": web.GuardScene,
        "json": web.MCPScene,
        "stream": web.MCPStreamScene,
        "old": web.MCPOldScene,
    }[kind]


class Stage:
    def __init__(self, kind: str, certificates: Path, late: float) -> None:
        self._make, self._certificates, self._late = scenes(kind), certificates, late
        self._scenes: dict[str, Scene] = {}

    async def open(self, scene: str, tls: bool, path: str | None) -> Any:
        made = self._make(scene, self._late, self._certificates, tls, Path(path) if path else None)
        self._scenes[scene] = made
        return made.listener.address

    async def play(self, scene: str, fault: str) -> None:
        await self._scenes[scene].play(fault)

    async def events(self, scene: str) -> list[tuple[str, str]]:
        return self._scenes[scene].events

    async def close(self, scene: str) -> None:
        await self._scenes.pop(scene).close()

    async def end(self) -> None:
        await self._make.end()


async def main(kind: str, certificates: str, late: str) -> None:
    stage = Stage(kind, Path(certificates), float(late))
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    asked: set[asyncio.Task[None]] = set()

    async def answer(line: bytes) -> None:
        order = json.loads(line)
        number, do = order.pop("id"), order.pop("do")
        try:
            said = {"id": number, "said": await getattr(stage, do)(**order)}
        except Exception as error:  # noqa: BLE001  # the test that asked is to see it
            said = {"id": number, "failed": repr(error)}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()

    while line := await reader.readline():
        task = asyncio.create_task(answer(line))
        asked.add(task)
        task.add_done_callback(asked.discard)
    await stage.end()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
