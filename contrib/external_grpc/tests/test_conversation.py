"""Many calls in one stream: what one of them comes to is no matter for the others, unless the stream ends."""

import asyncio

import pytest
from gatehook import ToolPreInvokePayload

FAULTS = {
    "hang": ("timeout", "took longer than 500 ms"),
    "foreign": ("timeout", "took longer than 500 ms"),
    "garbage": ("backend", "it answered with what is not understood"),
    "text": ("backend", "it answered with what is not understood"),
    "doubled": ("backend", "it answered with what is not understood"),
    "float": ("backend", "it answered with what is not understood"),
    "true": ("backend", "it answered with what is not understood"),
    "numberless": ("backend", "it answered with what is not understood"),
    "end": ("backend", "it ended the connection before it answered"),
    "long": ("backend", "its answer is over the limit"),
    "UNAVAILABLE": ("backend", "it became unavailable during the call"),
}


async def call(runner, tool, **args):
    async with runner.request() as request:
        return await request.run(ToolPreInvokePayload(tool, args)), request


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_a_failure_and_the_next_call_is_answered(confused, connected, fault):
    error_type, reason = FAULTS[fault]
    async with connected(confused, config={"timeout_ms": 500, "max_response_size_mb": 1}) as runner:
        (record,) = (await call(runner, fault))[0].records
        assert record.error_type == error_type
        assert reason in record.reason
        assert "secret" not in record.reason
        assert not (await call(runner, "fine"))[0].blocked


async def test_a_late_answer_is_nobody_else_s(confused, connected):
    async with connected(confused, config={"timeout_ms": 300}) as runner:
        assert (await call(runner, "hang"))[0].blocked
        for tool in ("late", "twice", "fine"):
            outcome, request = await call(runner, tool)
            assert not outcome.blocked
            assert request.states == {"Toy": {"asked": tool}}


async def test_who_waits_when_the_stream_ends_is_told(confused, connected):
    async with connected(confused, timeout=30) as runner:
        waiting = [asyncio.create_task(call(runner, "hang")) for _ in range(5)]
        await call(runner, "fine")
        await call(runner, "end")
        for outcome, _ in await asyncio.gather(*waiting):
            assert outcome.records[0].error_type == "backend"


async def test_answers_come_in_whatever_order(served, connected):
    async with connected(served) as runner:
        slow = asyncio.create_task(call(runner, "wait", seconds=0.5))
        await call(runner, "fine")
        assert not slow.done()
        assert not (await slow)[0].blocked


async def test_a_call_that_is_cancelled_is_cancelled_there(serve, connected, until):
    server = serve(max_concurrency=1)
    async with connected(server.address, config={"circuit_breaker_enabled": False}) as runner:
        waiting = asyncio.create_task(call(runner, "wait"))

        async def is_full():
            return (await call(runner, "fine"))[0].blocked

        async def is_free():
            return not await is_full()

        await until(is_full)
        waiting.cancel()
        await until(is_free)


async def test_an_answer_over_the_limit_is_no_matter_for_others(served, connected):
    async with connected(served, config={"max_response_size_mb": 1}) as runner:
        slow = asyncio.create_task(call(runner, "wait", seconds=0.5))
        outcome, _ = await call(runner, "swell", times=2**21)
        assert "its answer is over the limit" in outcome.records[0].reason
        assert not (await slow)[0].blocked


async def test_a_long_call_does_not_hold_up_others(served, connected):
    async with connected(served) as runner:
        outcome, _ = await call(runner, "add", text="x" * 200_000)
        assert outcome.payload.args["integer"] == 7
        assert len(outcome.payload.args["text"]) == 200_000


async def test_nothing_is_left_when_the_plugin_is_shut_down(confused, connected):
    before = asyncio.all_tasks()
    async with connected(confused, timeout=30) as runner:
        waiting = asyncio.create_task(call(runner, "hang"))
        await call(runner, "fine")
        waiting.cancel()
        await asyncio.wait([waiting])
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_a_token_that_was_renewed_is_read_again(serve, connected, tmp_path, until):
    token = tmp_path / "token"
    token.write_text("a" * 20)
    first = serve(token="${TOKEN}", environ={"TOKEN": "a" * 20})
    auth = {"auth": {"type": "bearer", "token_file": str(token)}}
    async with connected(first.address, auth, config={"circuit_breaker_enabled": False}) as runner:
        assert not (await call(runner, "fine"))[0].blocked
        first.terminate()
        first.wait()
        serve(token="${TOKEN}", environ={"TOKEN": "b" * 20}, address=first.address)

        async def refused():
            return "credentials" in (await call(runner, "fine"))[0].records[0].reason

        await until(refused)
        token.write_text("b" * 20)

        async def admitted():
            return not (await call(runner, "fine"))[0].blocked

        await until(admitted)
