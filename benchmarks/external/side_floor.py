"""Bytes to a bare server and back. A route is ``{"stdio": COMMAND}``, ``{"http": URL}`` or ``{"grpc": TARGET}``.

`python -m benchmarks.external.side_floor ROUTES`
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import grpc
import httpx2

from benchmarks.external.bare import ANSWER_LINE, METHOD, QUESTION_LINE
from benchmarks.external.side import Call, main


@asynccontextmanager
async def connect(where: dict[str, Any]) -> AsyncIterator[Call]:
    ((transport, address),) = where.items()
    over: dict[str, Callable[[Any], AbstractAsyncContextManager[Call]]] = {"stdio": stdio, "http": http, "grpc": rpc}
    async with over[transport](address) as call:
        yield call


@asynccontextmanager
async def stdio(command: list[str]) -> AsyncIterator[Call]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout
    waiting: deque[asyncio.Future[bytes]] = deque()

    async def read() -> None:
        while line := await stdout.readline():
            waiting.popleft().set_result(line)

    async def call() -> None:
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        waiting.append(answer)
        stdin.write(QUESTION_LINE)
        assert await answer == ANSWER_LINE

    reader = asyncio.create_task(read())
    yield call
    stdin.close()
    await process.wait()
    await reader


@asynccontextmanager
async def http(url: str) -> AsyncIterator[Call]:
    async with httpx2.AsyncClient() as client:

        async def call() -> None:
            response = await client.post(url, content=QUESTION_LINE, headers={"Content-Type": "application/json"})
            assert response.content == ANSWER_LINE

        yield call


@asynccontextmanager
async def rpc(target: str) -> AsyncIterator[Call]:
    async with grpc.aio.insecure_channel(target) as channel:
        ask: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(METHOD)

        async def call() -> None:
            assert await ask(QUESTION_LINE) == ANSWER_LINE

        yield call


if __name__ == "__main__":
    main(connect)
