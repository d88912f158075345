"""What callers can make `gatehook serve --grpc` hold: nothing without the token, and with it so many calls."""

import asyncio
import json
import re
from pathlib import Path

import grpc.aio
import pytest
from gatehook_external_grpc.plugin_service_pb2 import HealthCheckRequest, HealthCheckResponse

TOKEN = "t" * 20
KNOWN = (("authorization", f"Bearer {TOKEN}"),)
INVOKE = "/gatehook.Plugins/Invoke"
CONVERSE = "/gatehook.Plugins/Converse"
CHECK = "/cpex.Health/Check"
LONG = b"x" * 9 * 2**20


@pytest.fixture
def guarded(serve):
    """``guarded(max_connections=3)``: a server that wants a token."""
    return lambda **keys: serve(token="${TOKEN}", environ={"TOKEN": TOKEN}, **keys)


def channel(server):
    return grpc.aio.insecure_channel(server.address, [("grpc.use_local_subchannel_pool", 1)])


def call(tool, **args):
    context = {"state": {}, "global_context": {"request_id": "r"}}
    said = {"hook_type": "tool_pre_invoke", "plugin_name": "Toy", "payload": {"name": tool, "args": args}}
    return json.dumps({**said, "context": context}).encode()


async def status(asked):
    try:
        await asked
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def most_memory(server):
    """The most bytes that the process ever held."""
    kibibytes = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text())[1]
    return int(kibibytes) * 1024


@pytest.mark.parametrize(("path", "expected"), [(INVOKE, grpc.StatusCode.UNAUTHENTICATED), (CHECK, grpc.StatusCode.OK)])
async def test_of_callers_without_the_token_nothing_is_read(guarded, path, expected):
    server = guarded()
    before = most_memory(server)
    async with channel(server) as first, channel(server) as second:
        calls = [each.unary_unary(path)(LONG, timeout=20) for each in (first, second) for _ in range(12)]
        assert {*await asyncio.gather(*map(status, calls))} == {expected}
    assert most_memory(server) - before < 64 * 2**20


async def test_of_callers_without_the_token_none_hears_of_single_plugins(guarded):
    server = guarded()
    async with channel(server) as opened:
        for name in ("Toy", "Tory"):
            raw = HealthCheckRequest(service=name).SerializeToString()
            told = [
                HealthCheckResponse.FromString(await opened.unary_unary(CHECK)(raw, metadata=metadata)).status
                for metadata in ((), KNOWN)
            ]
            known = HealthCheckResponse.SERVING if name == "Toy" else HealthCheckResponse.SERVICE_UNKNOWN
            assert told == [HealthCheckResponse.SERVING, known]


async def test_more_calls_than_may_be_open_are_refused(guarded, until):
    server = guarded(max_connections=3)
    async with channel(server) as opened:
        conversation = opened.stream_stream(CONVERSE)(metadata=KNOWN)
        await conversation.write(b'{"id":1,"timeout":null,"call":%s}' % call("fine"))
        await conversation.read()
        waiting = [opened.unary_unary(INVOKE)(call("wait"), metadata=KNOWN) for _ in range(2)]

        async def said():
            return await status(opened.unary_unary(INVOKE)(call("fine"), metadata=KNOWN))

        async def is_full():
            return await said() is grpc.StatusCode.RESOURCE_EXHAUSTED

        async def is_free():
            return await said() is grpc.StatusCode.OK

        await until(is_full)
        waiting[0].cancel()
        await until(is_free)


async def test_more_connections_than_allowed_are_closed_and_so_are_those_that_say_nothing(guarded):
    server = guarded(max_connections=2, request_timeout="1s")
    host, port = server.address.split(":")
    opened = [await asyncio.open_connection(host, port) for _ in range(4)]
    try:
        async with asyncio.timeout(20):
            said = [await reader.read(9) for reader, _ in opened]
            assert [bool(greeting) for greeting in said] == [True, True, False, False]
            for reader, _ in opened:
                await reader.read()  # to its end
    finally:
        for _, writer in opened:
            writer.close()
