"""Servers that send all answers over one stream of events."""

import asyncio

import pytest
from gatehook import GatehookError


def at(port, path="/sse"):
    return {"proto": "SSE", "url": f"http://127.0.0.1:{port}{path}"}


async def test_what_the_plugin_there_says_is_what_happens_here(opened, start, free_port):
    start("web.py", free_port, "old")
    async with opened(at(free_port)) as asked:
        assert (await asked.call(q="a")).payload.args == {"q": "A"}
        outcomes = await asyncio.gather(*(asked.call(q=f"a{n}") for n in range(10)))
        assert [outcome.payload.args["q"] for outcome in outcomes] == [f"A{n}" for n in range(10)]


FAULTS = {
    "500": ("backend", "status 500"),
    "307": ("backend", "redirects elsewhere"),
    "hang": ("timeout", "500 ms"),
    "end": ("backend", "ended the stream"),
    "oversize": ("backend", "over the limit"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_is_told_and_the_next_call_works(opened, start, free_port, name):
    error_type, reason = FAULTS[name]
    start("web.py", free_port, "old")
    async with opened(at(free_port), config={"timeout_ms": 500, "max_response_size_mb": 1}) as asked:
        record = await asked.record(name)
        assert (record.error_type, reason in record.reason) == (error_type, True), record
        assert (await asked.call(q="a")).payload.args == {"q": "A"}


async def test_messages_go_to_no_other_origin(opened, start, free_port):
    start("web.py", free_port, "old")
    with pytest.raises(GatehookError, match="another origin"):
        async with opened(at(free_port, "/elsewhere")):
            pass


async def test_what_is_no_stream_of_events_is_told(opened, start, free_port):
    start("web.py", free_port)
    with pytest.raises(GatehookError, match="status 405"):
        async with opened(at(free_port)):
            pass
