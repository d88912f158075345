"""What Python itself costs: the plugins' methods, awaited one after the other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.cases import CONCURRENT, RESULT, TOOL, Case
from benchmarks.timing import Loop


@dataclass
class Payload:
    name: str
    value: dict[str, Any]


@dataclass
class Result:
    payload: Payload | None = None


class Noop:
    async def call(self, payload: Payload) -> Result:
        return Result()


class Looker:
    async def call(self, payload: Payload) -> Result:
        assert "revision" in payload.value
        return Result()


class Writer:
    async def call(self, payload: Payload) -> Result:
        return Result(Payload(payload.name, {**payload.value, "revision": payload.value["revision"] + 1}))


KINDS: dict[str, type[Noop | Looker | Writer]] = {
    "noop": Noop,
    "looker": Looker,
    "reader": Looker,
    "writer": Writer,
}


@asynccontextmanager
async def prepare(case: Case) -> AsyncIterator[Loop]:
    kind = KINDS[case.behaviour]
    calls = [kind().call for _ in range(case.plugins)]
    args = case.arguments

    async def run(payload: Payload) -> Payload:
        for call in calls:
            payload = (await call(payload)).payload or payload
        return payload

    async def requests(count: int) -> None:
        for _ in range(count):
            payload = Payload(TOOL, args)
            for call in calls:
                payload = (await call(payload)).payload or payload

    async def pre_and_post(count: int) -> None:
        for _ in range(count):
            await run(Payload(TOOL, args))
            await run(Payload(TOOL, RESULT))

    async def concurrent(count: int) -> None:
        for _ in range(count):
            await asyncio.gather(*(run(Payload(TOOL, args)) for _ in range(CONCURRENT)))

    if case.behaviour == "writer":
        assert (await run(Payload(TOOL, args))).value["revision"] == case.plugins
    yield {"pre_and_post": pre_and_post, "concurrent": concurrent}.get(case.shape, requests)
