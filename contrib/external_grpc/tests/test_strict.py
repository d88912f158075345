"""What `gatehook serve --grpc` reads: nothing that could be read in two ways."""

import json

import grpc.aio
import pytest

INVOKE = "/gatehook.Plugins/Invoke"
CONVERSE = "/gatehook.Plugins/Converse"


def call(tool):
    context = {"state": {}, "global_context": {"request_id": "r"}}
    said = {"hook_type": "tool_pre_invoke", "plugin_name": "Toy", "payload": {"name": tool, "args": {}}}
    return json.dumps({**said, "context": context}).encode()


async def status(asked):
    try:
        await asked
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


REPEATED = b'{"plugin_name":"Toy",' + call("deny")[1:]


async def test_a_call_that_could_be_read_in_two_ways_reaches_no_plugin(served):
    async with grpc.aio.insecure_channel(served) as opened:
        answer = json.loads(await opened.unary_unary(INVOKE)(REPEATED))
        assert answer["error"]["code"] == "INVALID_PAYLOAD"
        assert "an object repeats a key" in answer["error"]["message"]
        repeated = b'{"name":"Toy","name":"Toy"}'
        described = opened.unary_unary("/gatehook.Plugins/Describe")(repeated)
        assert await status(described) is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    "line",
    [
        b'{"id":1,"timeout":null,"call":%s}' % REPEATED,
        b'{"id":1,"id":2,"timeout":null,"call":%s}' % call("fine"),
        *(
            b'{"id":1,"timeout":%s,"call":%s}' % (time, call("fine"))
            for time in (b"NaN", b'"nan"', b"0", b"-1", b"true")
        ),
        b'{"id":1,"timeout":1e999,"call":%s}' % call("fine"),
        b'{"id":true,"timeout":null,"call":%s}' % call("fine"),
    ],
)
async def test_what_is_no_call_ends_its_conversation(served, line):
    async with grpc.aio.insecure_channel(served) as opened:
        conversation = opened.stream_stream(CONVERSE)()
        await conversation.write(line)
        assert await status(conversation.read()) is grpc.StatusCode.INVALID_ARGUMENT
