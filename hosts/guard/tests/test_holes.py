"""The holes of a relay: two parties that read one line differently, or match an answer differently."""

import json

import pytest
from guard_frames import dump, notification, request, response, text

CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{}}}'

PING_WITH = '{"jsonrpc":"2.0","id":1,"method":"ping","params":'
CALL_WITH = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":'

REFUSED = {
    "a repeated key in the envelope": CALL.replace('"method"', '"method":"ping","method"'),
    "a repeated id": '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}',
    "a repeated key written with an escape": '{"jsonrpc":"2.0","id":1,"method":"ping","m\\u0065thod":"tools/call"}',
    "a case variant in the envelope": '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}',
    "only a case variant in the envelope": '{"jsonrpc":"2.0","id":1,"METHOD":"tools/call","params":{"name":"t"}}',
    "a variant by Unicode folding": '{"jsonrpc":"2.0","id":1,"method":"ping","paramſ":{"name":"t"}}',
    "a repeated key in params": CALL_WITH + '{"name":"ok","name":"forbidden"}}',
    "a repeated key in params of an unguarded method": PING_WITH + '{"a":1,"a":2}}',
    "two spellings in params": CALL_WITH + '{"name":"ok","Name":"forbidden"}}',
    "only a variant in params": CALL_WITH + '{"Name":"forbidden"}}',
    "a repeated key deep in arguments": CALL.replace("{}", '{"a":{"b":1,"b":2}}'),
    "a variant of a guarded method": CALL.replace("tools/call", "Tools/Call"),
    "NaN": CALL.replace("{}", '{"a":NaN}'),
    "NaN in an unguarded message": PING_WITH + '{"a":-Infinity}}',
    "half a surrogate pair": CALL.replace("{}", '{"a":"\\ud800"}'),
    "half a surrogate pair in a key": CALL.replace("{}", '{"\\uDC00":1}'),
    "a carriage return between tokens": PING_WITH + '{"a":\r{"jsonrpc":"2.0","id":9,"method":"tools/call"}\r}}',
    "a leading carriage return": "\r" + CALL,
    "a request that is also a response": CALL_WITH + '{"name":"t"},"result":{}}',
    "an id that is a float": '{"jsonrpc":"2.0","id":1.0,"method":"tools/call","params":{"name":"t"}}',
    "an id that is null": '{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"t"}}',
    "an id that is a boolean": '{"jsonrpc":"2.0","id":true,"method":"ping"}',
    "a method that is no text": '{"jsonrpc":"2.0","id":1,"method":["tools/call"]}',
    "params that are an array": CALL_WITH + '["forbidden"]}',
    "a name that is no text": CALL_WITH + '{"name":["forbidden"]}}',
    "arguments that are no object": CALL.replace("{}", '["forbidden"]'),
    "a byte order mark": "\ufeff" + CALL,
    "two messages in one line": CALL + CALL,
    "a bare value": '"tools/call"',
    "an object that is nothing": '{"jsonrpc":"2.0","id":1}',
    "an empty batch": "[]",
    "a batch in a batch": f"[[{CALL}]]",
    "a batch with something that is no message": f"[{CALL},7]",
    "too deep": PING_WITH + "" + "[" * 100_000 + "]" * 100_000 + "}",
}


@pytest.mark.parametrize("line", [pytest.param(line, id=name) for name, line in REFUSED.items()])
async def test_a_line_that_can_be_read_in_two_ways_is_refused(guard, line):
    async with guard("Deny") as it:
        it.client.send(line.encode() + b"\n")
        answer = await it.client.receive()
        assert "error" in answer or answer["result"]["isError"]
        await it.nothing_for_server()


async def test_invalid_utf8_is_refused(guard):
    async with guard("Deny") as it:
        it.client.send(CALL.encode().replace(b'"t"', b'"\xff"') + b"\n")
        answer = await it.client.receive()
        assert (answer["id"], answer["error"]["code"]) == (1, -32700)
        await it.nothing_for_server()


async def test_a_refused_request_is_answered_with_its_id_only_where_that_is_certain(guard):
    async with guard("Deny") as it:
        it.client.send(REFUSED["a case variant in the envelope"].encode() + b"\n")
        assert (await it.client.receive())["id"] == 1
        it.client.send(REFUSED["a repeated id"].encode() + b"\n")
        assert (await it.client.receive())["id"] is None
        it.client.send(b'{"jsonrpc":"2.0","id":1,"ID":2,"method":"ping"}\n')
        assert (await it.client.receive())["id"] == 1


async def test_a_refused_notification_is_not_answered(guard):
    async with guard("Deny") as it:
        it.client.send(b'{"jsonrpc":"2.0","method":"x","params":{"a":1,"A":2}}\n')
        await it.nothing_for_server()


async def test_a_guarded_method_without_an_id_does_not_pass(guard):
    async with guard("Deny") as it:
        it.client.send(notification("tools/call", name="forbidden"))
        await it.nothing_for_server()


# -- batches


async def test_a_tool_call_inside_a_batch_is_checked(guard):
    async with guard("Deny") as it:
        batch = [request(1, "ping"), request(2, "tools/call", name="forbidden"), request(3, "tools/call", name="t")]
        it.client.send(batch)
        answer = await it.client.receive()
        assert (answer["id"], answer["result"]["isError"]) == (2, True)
        assert await it.server.receive() == batch[0]
        assert await it.server.receive() == batch[2]
        await it.nothing_for_server()


async def test_an_answer_inside_a_batch_is_checked(guard):
    async with guard("Deny", "Mask") as it:
        it.client.send(request(1, "tools/call", name="t"), request(2, "ping"))
        await it.server.line()
        await it.server.line()
        it.server.send([response(1, text("it is Bob")), response(2, {}), response(3, text("forbidden"))])
        received = [await it.client.receive(), await it.client.receive()]
        assert response(1, text("it is ***")) in received
        assert response(2, {}) in received
        await it.nothing_for_client()


async def test_an_id_twice_in_a_batch_is_refused(guard):
    async with guard() as it:
        it.client.send([request(1, "ping"), request(1, "tools/call", name="t")])
        assert (await it.server.receive())["method"] == "ping"
        answer = await it.client.receive()
        assert (answer["id"], answer["error"]["code"]) == (1, -32600)


async def test_a_cancellation_inside_a_batch_counts(guard):
    async with guard("Mask") as it:
        batch = [request(1, "ping"), notification("notifications/cancelled", requestId=1)]
        it.client.send(batch)
        assert await it.server.receive() == batch
        it.server.send(response(1, text("late")))
        await it.nothing_for_client()


# -- ids


async def test_an_id_in_flight_cannot_be_used_again(guard):
    async with guard("Mask") as it:
        it.client.send(request(1, "ping"), request(1, "tools/call", name="t"))
        await it.server.line()
        answer = await it.client.receive()
        assert (answer["id"], answer["error"]["code"]) == (1, -32600)
        await it.nothing_for_server()


async def test_the_id_of_a_call_that_waits_in_a_hook_cannot_be_used_again(guard):
    async with guard("Gate") as it:
        it.client.send(request(1, "tools/call", name="held"), request(1, "ping"))
        assert "error" in await it.client.receive()
        await it.nothing_for_server()


async def test_the_integer_1_and_the_string_1_are_two_ids(guard):
    async with guard("Mask") as it:
        it.client.send(request(1, "tools/call", name="t"), request("1", "ping"))
        assert [(await it.server.receive())["id"], (await it.server.receive())["id"]] == [1, "1"]
        it.server.send(response("1", {}), response(1, text("Bob")))
        assert await it.client.receive() == response("1", {})
        assert await it.client.receive() == response(1, text("***"))


@pytest.mark.parametrize("foreign", ["1", 1.0, 2, None, True, [1]], ids=repr)
async def test_an_answer_with_another_id_is_no_answer(guard, foreign):
    async with guard("Mask") as it:
        it.client.send(request(1, "tools/call", name="t"))
        await it.server.line()
        it.server.send(response(foreign, text("Bob")))
        await it.nothing_for_client()
        it.server.send(response(1, text("Bob")))
        assert await it.client.receive() == response(1, text("***"))


async def test_an_answer_before_the_question_is_no_answer(guard):
    async with guard("Gate") as it:
        it.client.send(request(1, "tools/call", name="held"))
        await it.nothing_for_server()
        it.server.send(response(1, text("early")))
        await it.nothing_for_client()


async def test_a_second_answer_is_dropped_and_counted(guard):
    async with guard("Mask") as it:
        it.client.send(request(1, "tools/call", name="t"))
        await it.server.line()
        it.server.send(response(1, text("a")), response(1, text("Bob")), response(1, text("Bob")))
        assert await it.client.receive() == response(1, text("a"))
        await it.nothing_for_client()
    assert "responses to no request in flight: 2 in all" in it.said()


async def test_a_second_answer_is_dropped_while_the_first_is_in_its_hook(guard):
    async with guard("Gate") as it:
        it.client.send(request(1, "tools/call", name="held after"))
        await it.server.line()
        it.server.send(response(1, text("a")), response(1, text("b")))
        await it.nothing_for_client()
        it.client.send(request(2, "tools/call", name="open"))
        assert await it.client.receive() == response(1, text("a"))


@pytest.mark.parametrize(
    "line",
    [
        '{"jsonrpc":"2.0","id":1,"result":{"content":[]},"result":{"content":[{"type":"text","text":"Bob"}]}}',
        '{"jsonrpc":"2.0","id":1,"result":{"content":[],"content":[{"type":"text","text":"Bob"}]}}',
        '{"jsonrpc":"2.0","id":1,"result":{"content":[]},"Result":{"content":[{"type":"text","text":"Bob"}]}}',
        '{"jsonrpc":"2.0","id":1,"result":{"content":[]},"error":{"code":1,"message":"Bob"}}',
        '{"jsonrpc":"2.0","id":1,"result":{"content":[],"x":NaN}}',
        '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"\\ud800"}]}}',
        '{"jsonrpc":"2.0","id":1,"result":["Bob"]}',
        '{"jsonrpc":"2.0","id":1,"result":null}',
        '{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","content":[{"type":"text","text":"Bob"}]}}',
    ],
)
async def test_an_answer_that_can_be_read_in_two_ways_becomes_an_error(guard, line):
    async with guard("Mask", violation_as="error") as it:
        it.client.send(request(1, "tools/call", name="t"))
        await it.server.line()
        it.server.send(line.encode() + b"\n")
        answer = await it.client.receive()
        assert (answer["id"], answer["error"]["code"]) == (1, -32011)
        assert "Bob" not in json.dumps(answer)


async def test_junk_of_the_server_is_dropped_and_said(guard):
    async with guard("Mask") as it:
        it.server.send(b"Server started on port 3000\n", b'{"jsonrpc":"2.0","method":\xff}\n')
        await it.nothing_for_client()
        await it.says("a message of the server was refused: it is not JSON")


async def test_a_refused_request_of_the_server_is_answered_to_it(guard):
    async with guard() as it:
        it.server.send(b'{"jsonrpc":"2.0","id":0,"method":"sampling/createMessage","params":{"a":1,"A":2}}\n')
        answer = await it.server.receive()
        assert (answer["id"], answer["error"]["code"]) == (0, -32600)
        await it.nothing_for_client()


# -- cancellation


async def test_a_request_cancelled_in_its_hook_never_reaches_the_server_nor_does_the_cancellation(guard):
    async with guard("Gate") as it:
        it.client.send(request(1, "tools/call", name="held"), notification("notifications/cancelled", requestId=1))
        await it.nothing_for_server()
        it.client.send(request(2, "tools/call", name="count"))
        assert (await it.client.receive())["result"] == text("inside 0, most 1, cancelled 1")
        it.client.send(request(3, "tools/call", name="open"))
        assert (await it.server.receive())["id"] == 3


async def test_a_plugin_that_swallows_the_cancellation_does_not_bring_the_request_back(guard):
    async with guard("Stubborn") as it:
        it.client.send(request(1, "tools/call", name="stubborn"), notification("notifications/cancelled", requestId=1))
        await it.nothing_for_server()


async def test_an_answer_after_the_cancellation_is_dropped_and_counted(guard):
    async with guard("Mask") as it:
        cancelled = notification("notifications/cancelled", requestId=1, reason="tired")
        it.client.send(request(1, "tools/call", name="t"), cancelled)
        await it.server.line()
        assert await it.server.receive() == cancelled
        it.client.send(request(1, "ping"))  # whose answer the late one would be
        assert "error" in await it.client.receive()
        it.server.send(response(1, text("Bob")))
        await it.nothing_for_client()
        await it.says("late responses to cancelled requests")


async def test_an_answer_cancelled_in_its_hook_does_not_reach_the_client(guard):
    async with guard("Gate") as it:
        it.client.send(request(1, "tools/call", name="held after"))
        await it.server.line()
        it.server.send(response(1, text("a")))
        await it.nothing_for_client()
        it.client.send(notification("notifications/cancelled", requestId=1))
        assert (await it.server.receive())["method"] == "notifications/cancelled"
        it.client.send(request(2, "tools/call", name="count"))
        assert (await it.client.receive())["result"] == text("inside 0, most 1, cancelled 1")


@pytest.mark.parametrize("params", [{"requestId": [1]}, {"requestId": 1.0}, {"requestId": "1"}, {}, None], ids=repr)
async def test_a_cancellation_that_means_no_request_passes(guard, params):
    async with guard("Gate") as it:
        frame = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}
        it.client.send(request(1, "tools/call", name="held"), dump(frame))
        assert await it.server.receive() == frame
