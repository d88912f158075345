"""MCP in and out, without a transport between."""

import json

import pytest
from gatehook_plugin_server import tools
from gatehook_plugin_server.endpoint import Endpoint
from gatehook_plugin_server.lines import Lines, Oversize
from gatehook_plugin_server.plugins import Plugins
from gatehook_plugin_server.wire import Message, RpcError, read
from hypothesis import example, given
from hypothesis import strategies as st
from serve_frames import answer, call, request

MODERN = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


# -- what is read


def line(**members):
    return json.dumps(members).encode()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"\xff{}", -32700),
        (b"\xef\xbb\xbf{}", -32700),
        (b'{"jsonrpc":"2.0","id":1,"id":1,"method":"ping"}', -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":{"b":1,"\\u0062":2}}}', -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":NaN}}', -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":1e999}}', -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":' + b"1" * 5000 + b"}}", -32700),
        (b"[" * 100_000, -32700),
        (b"[]", -32600),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600),
        (b'"ping"', -32600),
        (line(id=1, method="ping"), -32600),
        (line(jsonrpc="1.0", id=1, method="ping"), -32600),
        (line(jsonrpc="2.0", id=None, method="ping"), -32600),
        (line(jsonrpc="2.0", id=True, method="ping"), -32600),
        (line(jsonrpc="2.0", id=1.0, method="ping"), -32600),
        (line(jsonrpc="2.0", id="\ud800", method="ping"), -32600),
        (line(jsonrpc="2.0", id=1, method=1), -32600),
        (line(jsonrpc="2.0", id=1), -32600),
        (line(jsonrpc="2.0", id=1, method="ping", params=[]), -32600),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(data, code):
    with pytest.raises(RpcError) as refused:
        read(data)
    assert refused.value.code == code


@example('{"password": hunter2}')
@example('{"hunter2":1,"hunter2":2}')
@given(st.text())
def test_a_refusal_says_nothing_of_the_content(text):
    with pytest.raises(RpcError) as refused:
        read(f"[{text}".encode(errors="surrogatepass"))
    assert "hunter2" not in refused.value.message


def test_answers_of_the_client_are_to_no_request_of_ours():
    assert read(line(jsonrpc="2.0", id=1, result={})) == Message(None, "", {})


@given(st.lists(st.binary(max_size=6).map(lambda part: part.replace(b"\n", b"")), max_size=6), st.data())
def test_lines_are_the_same_however_they_arrive(parts, data):
    stream = b"".join(part + b"\n" for part in parts)
    cut = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=4)))
    pieces = [stream[begin:end] for begin, end in zip([0, *cut], [*cut, len(stream)], strict=True)]
    lines = Lines(4)
    found = [item for piece in pieces for item in lines.feed(piece)]
    expected = [part for part in parts if len(part) > 4 or part.strip()]
    assert [None if isinstance(item, Oversize) else item for item in found] == [
        None if len(part) > 4 else part for part in expected
    ]


@pytest.mark.parametrize(
    ("data", "request_id"),
    [
        (b'{"jsonrpc":"2.0","id":7,"method":"x","params":{"a":"%s"}}', 7),
        (b'{"jsonrpc": "2.0", "id": "a-1", "method":"x","params":{"a":"%s"}}', "a-1"),
        (b'{"method":"x","params":{"a":"%s"},"jsonrpc":"2.0","id":7}', 7),
        (b'{"method":"x","params":{"a":"%s","id":7}}', None),
        (b'{"params":{"jsonrpc":"2.0","id":7,"a":"%s"}}', None),
    ],
)
def test_an_oversize_request_is_answered_where_its_id_is_certain(data, request_id):
    (found,) = Lines(1000).feed(data.replace(b"%s", b"x" * 50_000) + b"\n")
    assert isinstance(found, Oversize)
    assert found.request_id() == request_id
    assert len(found.head) + len(found.tail) < 5000


# -- what is answered


@pytest.fixture
async def ask(config):
    """``await ask(frame)``, or with ``legacy=True`` of a server of that protocol."""
    plugins = await Plugins.open(config("Add", "Mask"))

    async def answered(frame, legacy=False):
        return json.loads(await Endpoint(plugins, legacy=legacy).answer(read(json.dumps(frame).encode())))

    yield answered
    await plugins.close()


@pytest.mark.parametrize(
    ("asked", "told"), [("2024-11-05", "2024-11-05"), ("2025-11-25", "2025-11-25"), ("1999-01-01", "2025-11-25")]
)
async def test_a_handshake_settles_on_a_version_that_the_server_speaks(ask, asked, told):
    result = (await ask(request(1, "initialize", protocolVersion=asked)))["result"]
    assert result["protocolVersion"] == told
    assert result["serverInfo"]["name"] == "gatehook plugin server"


async def test_a_request_of_the_newest_protocol_needs_no_handshake(ask):
    listed = (await ask(request(1, "tools/list", _meta=MODERN)))["result"]
    assert listed["resultType"] == "complete"
    assert listed["cacheScope"] == "private"
    frame = call(2)
    frame["params"]["_meta"] = MODERN
    assert (await ask(frame))["result"]["resultType"] == "complete"
    assert (await ask(request(3, "server/discover", _meta=MODERN)))["result"]["supportedVersions"] == ["2026-07-28"]


async def test_an_answer_in_an_older_protocol_says_nothing_of_the_newest(ask):
    assert "resultType" not in (await ask(call(1)))["result"]
    assert "ttlMs" not in (await ask(request(1, "tools/list")))["result"]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (request(1, "resources/list"), -32601),
        (request(1, "__init__"), -32601),
        (request(1, "tools/call"), -32602),
        (request(1, "tools/call", name="tool_pre_invoke", arguments={}), -32602),
        (request(1, "tools/call", name=["invoke_hook"], arguments={}), -32602),
        (request(1, "tools/call", name="get_plugin_config"), -32602),
        (request(1, "tools/call", name="get_plugin_config", arguments={"name": 1}), -32602),
        (request(1, "tools/call", name="get_plugin_config", arguments=[]), -32602),
        (request(1, "tools/call", name="invoke_hook", arguments={"hook_type": "tool_pre_invoke"}), -32602),
        (request(1, "ping", _meta=1), -32602),
        (request(1, "ping", _meta={"io.modelcontextprotocol/protocolVersion": "2030-01-01"}), -32022),
    ],
)
async def test_what_is_asked_wrongly_is_an_error_of_the_protocol(ask, frame, code):
    told = await ask(frame)
    assert told["id"] == 1
    assert told["error"]["code"] == code


@pytest.mark.parametrize(
    "meta",
    [{"gatehook/config": 1}, *({"gatehook/timeout_ms": item} for item in ("1", True, 0, -1, 10**400))],
)
async def test_what_gatehook_adds_is_checked(ask, meta):
    frame = call(1)
    frame["params"]["_meta"] = meta
    assert (await ask(frame))["error"]["code"] == -32602


async def test_ids_come_back_with_their_type(ask):
    assert [(await ask(request(item, "ping")))["id"] for item in (0, -1, 10**30, "7", "", "é")] == [
        0, -1, 10**30, "7", "", "é",
    ]  # fmt: skip


async def test_the_tools_are_those_that_are_answered(ask):
    listed = (await ask(request(1, "tools/list")))["result"]["tools"]
    assert [tool["name"] for tool in listed] == ["get_plugin_configs", "get_plugin_config", "invoke_hook"]
    assert [tool["name"] for tool in tools.hook_tools(["a"])] == ["a"]


async def test_configs_are_one_block_of_text(ask):
    told = answer(await ask(request(1, "tools/call", name="get_plugin_configs")))
    assert [described["name"] for described in told] == ["Add", "Mask"]
    one = answer(await ask(request(1, "tools/call", name="get_plugin_config", arguments={"name": "MASK"})))
    assert one == told[1]
    assert answer(await ask(request(1, "tools/call", name="get_plugin_config", arguments={"name": "x"}))) == {}


async def test_half_a_character_is_an_error_and_no_broken_line(ask):
    told = answer(await ask(call(1, half="\ud800")))
    assert told["error"]["code"] == "INVALID_PAYLOAD"


# -- as ContextForge 0.6 to 0.8 speak


async def test_the_older_protocol_has_a_tool_for_each_hook(ask):
    listed = (await ask(request(1, "tools/list"), legacy=True))["result"]["tools"]
    assert [tool["name"] for tool in listed] == [
        "get_plugin_configs", "get_plugin_config", "tool_post_invoke", "tool_pre_invoke",
    ]  # fmt: skip
    arguments = {"plugin_name": "Add", "payload": {"name": "lookup", "args": {}}, "context": {}}
    told = answer(await ask(request(1, "tools/call", name="tool_pre_invoke", arguments=arguments), legacy=True))
    assert told["result"]["modified_payload"]["args"] == {"added": 1}


async def test_each_protocol_has_its_own_tools_only(ask):
    assert (await ask(call(1), legacy=True))["error"]["code"] == -32602
    arguments = {"plugin_name": "Add", "payload": {"name": "lookup"}, "context": {}}
    frame = request(1, "tools/call", name="tool_pre_invoke", arguments=arguments)
    assert (await ask(frame))["error"]["code"] == -32602
