"""Lines read without a process between: whatever another parser could see in a line that passes, the guard has seen."""

import asyncio
import json
import re

import pytest
from gatehook import Runner
from gatehook_guard.guarding import Caller
from gatehook_guard.lines import Lines, Oversize
from gatehook_guard.methods import HOOKS
from gatehook_guard.relay import Relay
from gatehook_guard.settings import GuardSettings
from gatehook_guard.wire import Kind, Message, Reader, RefusedError, Sender
from hypothesis import example, given, settings
from hypothesis import strategies as st

# -- JSON as people who look for holes would write it: any key any number of times, in any spelling, with odd blanks

KEYS = ["jsonrpc", "id", "method", "params", "result", "name", "arguments", "uri"]
SPELLINGS = [
    *KEYS, *(key.upper() for key in KEYS), "paramſ", "argumentſ", "\\u006dethod", "n\\u0061me", "x",
]  # fmt: skip
WORDS = [
    '"tools/call"',
    '"ping"',
    '"forbidden"',
    '"fine"',
    '"Tools/call"',
    '"\\ud800"',
    "1",
    "1.0",
    "null",
    "NaN",
    '"2.0"',
]
BLANKS = st.sampled_from(["", "", "", " ", "\t", "\r", "\ufeff"])


def members(values):
    pair = st.tuples(BLANKS, st.sampled_from(SPELLINGS), values)
    return st.lists(pair, max_size=5).map(
        lambda pairs: "{" + ",".join(f'{blank}"{key}":{value}' for blank, key, value in pairs) + "}"
    )


NESTED = st.recursive(
    st.sampled_from(WORDS),
    lambda inner: members(inner) | st.lists(inner, max_size=3).map(lambda items: "[" + ",".join(items) + "]"),
    max_leaves=12,
)
CALL = st.builds(
    '{{"jsonrpc":"2.0",{0}"id":1,"method":{1},{2}"params":{3}}}'.format,
    st.sampled_from(["", '"method":"ping",', '"Method":"ping",', '"result":{},', "\r"]),
    st.sampled_from(['"tools/call"', '"ping"', '"TOOLS/call"']),
    st.sampled_from(["", '"params":{"name":"fine"},', '"paramſ":{"name":"forbidden"},', "\r"]),
    members(NESTED) | st.sampled_from(['{"name":"forbidden"}', '{"name":"fine","NAME":"forbidden"}']),
)
LINE = (
    NESTED
    | CALL
    | CALL.map(lambda call: f"[{call}]")
    | CALL.map(lambda call: f'{{"method":"x","params":{{"a":\r{call}\r}}}}')
)


# -- the ways in which servers are known to read


def first_wins(pairs):
    return dict(reversed(pairs))


def any_case(pairs):
    """As Go's encoding/json reads into a struct."""
    return {key.casefold(): value for key, value in pairs}


def any_case_first(pairs):
    return any_case(list(reversed(pairs)))


def seen_by_others(line):
    """Every object that some server would take for a message in a line."""
    parts = [line.decode(errors=errors) for errors in ("replace", "ignore")]
    parts += [part for text in parts for part in re.split("[\r\n]", text)]  # universal newlines
    for part in parts:
        for hook in (dict, first_wins, any_case, any_case_first):
            try:
                value = json.loads(part.lstrip("\ufeff"), object_pairs_hook=hook)
            except (ValueError, RecursionError):
                continue
            yield from value if isinstance(value, list) else [value]


def forbidden(message):
    if not isinstance(message, dict) or str(message.get("method")).casefold() != "tools/call":
        return False
    params = message.get("params")
    return isinstance(params, dict) and params.get("name") == "forbidden"


@pytest.fixture(scope="module")
def relays():
    """``relays(*toys)``: a relay, what it sent to the client and what to the server, and the loop it runs on."""
    with asyncio.Runner() as loop:
        running = {}

        def make(*toys):
            if toys not in running:
                config = {"plugins": [{"name": toy, "kind": f"toys.{toy}"} for toy in toys]}
                running[toys] = Runner.from_config(config, hooks=HOOKS)
                loop.run(running[toys].__aenter__())
            client, server = [], []
            relay = loop.run(_relay(running[toys], client, server))
            return relay, client, server, loop

        yield make
        for runner in running.values():
            loop.run(runner.__aexit__(None, None, None))


async def _relay(runner, client, server):
    return Relay(runner, GuardSettings(), Caller(), client.append, server.append, lambda text: None)


async def relayed(take, line):
    if take(line):
        await asyncio.sleep(0.001)


@settings(max_examples=1500, deadline=None)
@given(LINE)
@example(
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":\r{"method":"tools/call","id":1,"params":{"name":"forbidden"}}\r}}'
)
def test_no_line_passes_in_which_anybody_could_see_a_forbidden_call(relays, line):
    relay, _, server, loop = relays("Deny")
    loop.run(relayed(relay.from_client, line.encode("utf-8", "surrogatepass") + b"\n"))
    for passed in server:
        assert not any(map(forbidden, seen_by_others(passed)))


@settings(max_examples=500, deadline=None)
@given(LINE)
def test_without_plugins_a_line_passes_byte_for_byte_or_not_at_all(relays, line):
    relay, _, server, loop = relays()
    sent = line.encode("utf-8", "surrogatepass") + b"\n"
    loop.run(relayed(relay.from_client, sent))
    assert server in ([sent], []) or sent.lstrip().startswith(b"[")


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_at_all_break_the_relay(relays, data):
    relay, _, _, loop = relays("Deny")
    line = data.replace(b"\n", b"") + b"\n"
    loop.run(relayed(relay.from_client, line))
    loop.run(relayed(relay.from_server, line))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=300, deadline=None)
@given(st.integers() | st.text(max_size=5), st.text(max_size=10), JSON, st.booleans())
def test_every_well_formed_unguarded_request_and_its_answer_pass_byte_for_byte(
    relays, request_id, method, value, ascii_only
):
    relay, client, server, loop = relays("Deny")
    request = {"jsonrpc": "2.0", "id": request_id, "method": "x" + method, "params": {"value": value}}
    answer = {"result": {"value": value}, "id": request_id, "jsonrpc": "2.0"}
    lines = [json.dumps(frame, ensure_ascii=ascii_only).encode() + b"\n" for frame in (request, answer)]
    loop.run(relayed(relay.from_client, lines[0]))
    loop.run(relayed(relay.from_server, lines[1]))
    assert (server, client) == (lines[:1], lines[1:])


# -- reading


def test_a_message_knows_its_kind():
    kinds = {
        b'{"id":1,"method":"m"}': Kind.REQUEST,
        b'{"method":"m"}': Kind.NOTIFICATION,
        b'{"id":"a","result":null}': Kind.RESPONSE,
        b'{"id":null,"error":{}}': Kind.RESPONSE,
    }
    for line, kind in kinds.items():
        message = Reader().read(line)
        assert isinstance(message, Message)
        assert (message.kind, message.raw) == (kind, line)


def test_a_refusal_names_who_is_to_be_told():
    with pytest.raises(RefusedError) as refused:
        Reader().read(b'[{"id":1,"method":"m","params":{"a":1,"a":1}},{"method":"n"},{"id":2,"id":3,"result":{}},[],7]')
    assert list(refused.value.senders) == [
        Sender(Kind.REQUEST, 1),
        Sender(Kind.NOTIFICATION, None),
        Sender(Kind.RESPONSE, None),
    ]


# -- cutting a stream into lines


@given(
    st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"") + b"\n")), st.lists(st.integers(1, 40))
)
def test_lines_come_out_as_they_went_in_however_the_stream_is_cut(lines, cuts):
    stream, cutter, found = b"".join(lines), Lines(1000), []
    for cut in cuts:
        found += cutter.feed(stream[:cut])
        stream = stream[cut:]
    assert [*found, *cutter.feed(stream)] == lines


@settings(deadline=None)
@given(st.integers(0, 3), st.integers(1, 50_000))
def test_a_line_that_is_too_long_is_known_by_its_ends_however_the_stream_is_cut(short, cut):
    long = b'{"jsonrpc":"2.0","method":"m","params":{"x":"' + b"y" * 100_000 + b'"},"id":5}\n'
    stream, cutter, found = b"short\n" * short + long + b"short\n", Lines(1024), []
    while stream:
        found += cutter.feed(stream[:cut])
        stream = stream[cut:]
    *before, oversize, after = found
    assert (before, after) == ([b"short\n"] * short, b"short\n")
    assert isinstance(oversize, Oversize)
    assert oversize.size == len(long)
    assert oversize.head == long[:4096]
    assert oversize.tail == long[-4096:]
    assert oversize.senders() == [Sender(Kind.REQUEST, 5)]


X = "y" * 9000


@pytest.mark.parametrize(
    ("line", "senders"),
    [
        (f'{{"jsonrpc":"2.0","id":7,"result":{{"x":"{X}"}}}}', [Sender(Kind.RESPONSE, 7)]),
        (f'{{"result":{{"x":"{X}"}},"jsonrpc":"2.0","id":"a"}}', [Sender(Kind.RESPONSE, "a")]),
        (f'{{"method":"m","params":{{"x":"{X}"}}}}', [Sender(Kind.NOTIFICATION, None)]),
        (f'{{"params":{{"x":"{X}"}},"method":"m","id":1}}', [Sender(Kind.REQUEST, 1)]),
        (f'{{"id":1,"method":"m","params":{{"x":"{X}"}},"id":2}}', [Sender(Kind.REQUEST, None)]),
        (f'{{"id":1,"id":2,"method":"m","params":{{"x":"{X}"}}}}', []),
        (f'{{"result":{{"x":"{X},\\"id\\":5}}"}}}}', [Sender(Kind.RESPONSE, None)]),
        (f'[{{"id":1,"method":"m","params":"{X}"}}]', []),
        (X, []),
    ],
)  # fmt: skip
def test_the_ends_of_a_long_line_tell_who_sent_it_only_where_they_are_sure(line, senders):
    (oversize,) = Lines(1024).feed(line.encode() + b"\n")
    assert isinstance(oversize, Oversize)
    assert oversize.senders() == senders
