"""What no hook concerns passes byte for byte, in order, in both directions."""

import asyncio
import json

import pytest
from guard_frames import notification, request, response, text

ODD_BUT_FINE = [
    b'{ "method" : "ping",\t"id":"a b" , "jsonrpc":"2.0" }\n',
    b'{"jsonrpc":"2.0","id":9007199254740993,"method":"x/unknown","params":{"\\u0061":1.50,"b":[1e3,{"k":1,"k":2}]}}\n',
    '{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"ä":"\u2028\x85 snow☃"}}\n'.encode(),
    b'{"jsonrpc":"2.0","id":"x","method":"ping","extra":{"a":null}}\r\n',
    b'{"jsonrpc":"2.0","id":-4,"method":"ping","params":[1,2]}\n',
    b'{"jsonrpc":"2.0","method":"notifications/unheard-of","params":{"x":"\\ud83d\\ude00"}}\n',
    b'[{"jsonrpc":"2.0","id":100,"method":"ping"}, {"jsonrpc":"2.0","method":"notifications/roots/list_changed"}]\n',
    b"\n",
    b"  \r\n",
    b'{"id":5,"method":"subscriptions/listen"}\n',
]


@pytest.mark.parametrize("plugins", [(), ("Mask",)], ids=["no plugin", "a plugin"])
async def test_unguarded_lines_reach_the_server_byte_for_byte_and_in_order(guard, plugins):
    async with guard(*plugins) as it:
        it.client.send(*ODD_BUT_FINE)
        for line in ODD_BUT_FINE:
            assert await it.server.line() == line


async def test_lines_of_the_server_reach_the_client_byte_for_byte_and_in_order(guard):
    lines = [
        b'{"result":{"tools":[]},"jsonrpc":"2.0","id":3} \n',
        b'{"method":"roots/list","jsonrpc":"2.0","id":3}\n',
        b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":3,"progress":1.0}}\n',
        b'[{"jsonrpc":"2.0","id":"x","result":{}},{"jsonrpc":"2.0","method":"notifications/message"}]\n',
        b'{"id":-4,"error":{"code":-32601,"message":"no"},"jsonrpc":"2.0","more":1}\n',
    ]
    async with guard("Mask") as it:
        it.client.send(request(3, "tools/list"), request("x", "ping"), request(-4, "ping"))
        for _ in range(3):
            await it.server.line()
        it.server.send(*lines)
        for line in lines:
            assert await it.client.line() == line


async def test_answers_of_the_client_to_the_server_pass_even_foreign_ones(guard):
    answers = [
        response(0, {"roots": []}),
        response("never asked", {}),
        {"jsonrpc": "2.0", "id": 0, "error": {"code": 1}},
    ]
    async with guard("Mask") as it:
        it.client.send(*answers)
        for answer in answers:
            assert await it.server.receive() == answer


async def test_guarded_methods_pass_byte_for_byte_when_no_plugin_is_on_their_hooks(guard):
    call = b'{"jsonrpc":"2.0","params":{"name":"t","name":"t"},"method":"tools/call","id":1}\n'.replace(
        b',"name":"t"', b"", 1
    )
    batch = b'[ {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"t"}} ]\n'
    async with guard() as it:
        it.client.send(call, batch)
        assert await it.server.line() == call
        assert await it.server.line() == batch
        answer = b'{"id":1,"result":{"content":[{"text":"a","text":"b"}]},"jsonrpc":"2.0"}\n'
        it.server.send(answer)
        assert await it.client.line() == answer


async def test_a_guarded_call_that_no_plugin_changes_passes_byte_for_byte(guard):
    call = b'{"params":{"arguments":{"q":1.0},"name":"t","x":0},"jsonrpc":"2.0" ,"method":"tools/call","id":1}\n'
    answer = b'{"id":1,"result":{"content":[], "n": 1e2},"jsonrpc":"2.0"}\n'
    async with guard("Mask", "Deny") as it:
        it.client.send(call)
        assert await it.server.line() == call
        it.server.send(answer)
        assert await it.client.line() == answer


async def test_errors_of_the_server_to_guarded_calls_pass(guard):
    async with guard("Mask") as it:
        it.client.send(request(1, "tools/call", name="t"))
        await it.server.line()
        error = {"jsonrpc": "2.0", "id": 1, "error": {"code": -5, "message": "no", "data": [1]}}
        it.server.send(error)
        assert await it.client.receive() == error


async def test_hooks_that_do_not_wait_keep_the_order_of_all_messages(guard):
    sent = []
    for number in range(20):
        sent += [request(number, "tools/call", name="t"), notification("notifications/x", n=number)]
    async with guard("Mask") as it:
        it.client.send(b"".join(json.dumps(frame).encode() + b"\n" for frame in sent))
        assert [await it.server.receive() for _ in sent] == sent
        said = []
        for number in range(20):
            said += [response(number, text("x")), notification("notifications/y", n=number)]
        it.server.send(b"".join(json.dumps(frame).encode() + b"\n" for frame in said))
        assert [await it.client.receive() for _ in said] == said


async def test_a_call_that_waits_in_a_hook_holds_back_nobody(guard):
    async with guard("Gate") as it:
        held = [request(number, "tools/call", name="held") for number in range(10)]
        it.client.send(*held, request("p", "ping"), request("other", "tools/call", name="other"))
        assert (await it.server.receive())["id"] == "p"
        assert (await it.server.receive())["id"] == "other"
        it.client.send(request("n", "tools/call", name="count"))
        assert (await it.client.receive())["result"] == text("inside 10, most 10, cancelled 0")
        it.client.send(request("o", "tools/call", name="open"))
        assert (await it.server.receive())["id"] == "o"
        assert [await it.server.receive() for _ in held] == held


async def test_an_answer_that_waits_in_a_hook_holds_back_nobody(guard):
    async with guard("Gate") as it:
        it.client.send(request(1, "tools/call", name="held after"), request(2, "tools/call", name="t"))
        await it.server.line()
        await it.server.line()
        it.server.send(
            response(1, text("slow")), notification("notifications/progress", progress=1), response(2, text("fast"))
        )
        assert (await it.client.receive())["method"] == "notifications/progress"
        assert (await it.client.receive())["id"] == 2
        it.client.send(request("o", "tools/call", name="open"))
        assert await it.client.receive() == response(1, text("slow"))


async def test_lines_stay_whole_when_the_client_reads_slowly(guard):
    big = text("x" * 4_000_000)
    async with guard("Mask") as it:
        it.client.send(request(1, "tools/call", name="t"), request(2, "ping"))
        await it.server.line()
        await it.server.line()
        sent = [response(2, big), notification("notifications/message", data="in the middle"), response(1, big)]
        it.server.send(*sent)
        it.client.send(b"not JSON\n")  # the guard's own answer goes between lines, too
        received = [await it.client.receive() for _ in range(4)]
        (own,) = [frame for frame in received if frame not in sent]
        assert own["error"]["code"] == -32700
        assert [frame for frame in received if frame in sent] == sent


async def test_lines_stay_whole_when_the_server_reads_slowly(guard):
    big = [request(number, "tools/call", name="t", arguments={"q": "x" * 3_000_000}) for number in range(3)]
    async with guard("Mask") as it:
        it.client.send(*big)
        assert [await it.server.receive() for _ in big] == big


@pytest.mark.parametrize("towards", ["client", "server"])
async def test_who_does_not_read_makes_the_other_side_wait(guard, towards):
    async with guard("Mask") as it:
        reads, writes = (it.client, it.server) if towards == "client" else (it.server, it.client)
        transport = it.process._transport.get_pipe_transport(1) if towards == "client" else reads.writer.transport
        transport.pause_reading()
        frame, sent = notification("notifications/message", data="x" * 100_000), []

        async def flood():
            while len(sent) < 500:
                writes.send(frame)
                sent.append(frame)
                await writes.writer.drain()

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(flood(), 2)
        transport.resume_reading()
        assert [await reads.receive() for _ in sent] == sent
    assert 0 < len(sent) < 100


async def test_stderr_of_the_server_is_not_touched(guard, tmp_path):
    async with guard() as it:
        await it.nothing_for_server()
    assert it.said() == ""


async def test_what_a_plugin_prints_does_not_get_into_the_protocol(guard):
    async with guard("Printing") as it:
        await it.call("t", {}, text("x"))
        await it.says("printed by a plugin")
