"""The server over HTTP: with the SDK's client, and with bytes that no client would send."""

import json
import signal
import socket
import ssl
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import httpx2
import pytest
import trustme
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from serve_frames import answer, call, request

TOKEN = "a-token-of-the-tests"
LOOPBACK = ("--listen", "127.0.0.1:0")
ARGUMENTS = {
    "hook_type": "tool_pre_invoke", "plugin_name": "Add", "payload": {"name": "lookup", "args": {}}, "context": {},
}  # fmt: skip


@pytest.fixture
def files(tmp_path):
    """A certificate of the server for localhost, one of a client, and who signed both; the paths by setting."""
    authority, stranger = trustme.CA(), trustme.CA()
    server, client = authority.issue_cert("localhost"), authority.issue_cert("client.example")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    for name, issued in [("server", server), ("client", client), ("stranger", stranger.issue_cert("client.example"))]:
        issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / f"{name}.pem"))
    return tmp_path


def trusting(files, certificate=None):
    context = ssl.create_default_context(cafile=files / "ca.pem")
    if certificate:
        context.load_cert_chain(files / certificate)
    return context


def post(server, frame, **options):
    options.setdefault("headers", {})
    return httpx.post(server.url, json=frame, timeout=20, **options)


async def invoked(transport):
    async with Client(transport, mode="legacy") as client:
        (block,) = (await client.call_tool("invoke_hook", ARGUMENTS)).content
        return json.loads(block.text)["result"]["modified_payload"]["args"]


# -- with the SDK's client


@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
async def test_the_sdk_s_client_can_call_it(config, serve, mode):
    with serve(config("Add"), *LOOPBACK) as server:
        async with Client(server.url, mode=mode) as client:
            assert len((await client.list_tools()).tools) == 3
            (block,) = (await client.call_tool("invoke_hook", ARGUMENTS)).content
            assert json.loads(block.text)["result"]["modified_payload"]["args"] == {"added": 1}


async def test_over_tls_with_a_token(config, serve, files):
    path = config("Add", token="${TOKEN}", tls_cert="server.pem", tls_key="server.pem")
    with serve(path, "--listen", "0.0.0.0:0", env={"TOKEN": TOKEN}) as server:
        url = server.url.replace("0.0.0.0", "localhost")
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx2.AsyncClient(verify=trusting(files), headers=headers) as client:
            assert await invoked(streamable_http_client(url, http_client=client)) == {"added": 1}


@pytest.mark.parametrize("certificate", ["client.pem", "stranger.pem", None])
async def test_over_mutual_tls_only_with_a_certificate_of_the_authority(config, serve, files, certificate):
    path = config("Add", tls_cert="server.pem", tls_key="server.pem", tls_client_ca="ca.pem")
    with serve(path, "--listen", "0.0.0.0:0") as server:
        url = server.url.replace("0.0.0.0", "localhost")
        async with httpx2.AsyncClient(verify=trusting(files, certificate)) as client:
            if certificate == "client.pem":
                assert await invoked(streamable_http_client(url, http_client=client)) == {"added": 1}
            else:
                with pytest.raises(httpx2.TransportError):
                    await client.get(url)


async def test_over_a_unix_socket_of_this_user_alone(config, serve, tmp_path):
    path = tmp_path / "plugins.sock"
    with serve(config("Add"), "--listen", "unix:plugins.sock"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        async with httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(uds=str(path))) as client:
            assert await invoked(streamable_http_client("http://any.name/mcp", http_client=client)) == {"added": 1}
    assert not path.exists()


# -- who is let in


def test_without_the_token_nothing_is_told_but_the_health(config, serve):
    with serve(config("Add", token="${TOKEN}"), *LOOPBACK, env={"TOKEN": TOKEN}) as server:
        metrics = server.url.replace("/mcp", "/metrics")
        for said in ["", "Bearer", "Bearer x", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN]:
            headers = {"Authorization": said} if said else {}
            refused = post(server, call(1), headers=headers)
            assert refused.status_code == 401
            assert refused.headers["WWW-Authenticate"] == "Bearer"
            assert httpx.get(metrics, headers=headers).status_code == 401
        assert answer(post(server, call(1), headers={"Authorization": f"bearer {TOKEN}"}).json())["result"]
        assert httpx.get(server.url.replace("/mcp", "/health")).json() == {"status": "healthy"}
        twice = httpx.Headers([("Authorization", "Bearer x"), ("Authorization", f"Bearer {TOKEN}")])
        assert post(server, call(1), headers=twice).status_code == 400


def test_a_token_may_stand_in_a_file(config, serve, tmp_path):
    (tmp_path / "token").write_text(TOKEN + "\n")
    with serve(config("Add", token_file="token"), *LOOPBACK) as server:
        assert post(server, call(1)).status_code == 401
        assert post(server, call(1), headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost:1"}, 200),
        ({"Host": "127.0.0.1"}, 200),
        ({"Host": "[::1]:8700"}, 200),
        ({"Host": "LOCALHOST"}, 200),
        ({"Host": "rebound.example"}, 421),
        ({"Host": "rebound.example:8700"}, 421),
        ({"Host": "localhost.rebound.example"}, 421),
        ({"Host": "allowed.example:443"}, 200),
        ({"Origin": "https://page.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://tools.example"}, 200),
    ],
)
def test_web_pages_cannot_call_under_whatever_name(local, headers, status):
    assert post(local, call(1), headers=headers).status_code == status


def test_behind_other_names_only_those_that_are_allowed_are_answered(config, serve, files):
    certified = {"tls_cert": "server.pem", "tls_key": "server.pem", "tls_client_ca": "ca.pem"}
    with serve(config("Add", allowed_hosts=["localhost"], **certified), "--listen", "0.0.0.0:0") as server:
        server.url = server.url.replace("0.0.0.0", "localhost")
        options = {"verify": trusting(files, "client.pem")}
        assert post(server, call(1), **options).status_code == 200
        assert post(server, call(1), headers={"Host": "127.0.0.1"}, **options).status_code == 421


# -- what is no call


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"content": b"nonsense"}, 400),
        ({"content": b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]'}, 400),
        ({"content": b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}'}, 400),
        ({"content": b"\xff"}, 400),
        ({"content": b" " * 5000}, 413),
        ({"content": iter([b" " * 3000, b" " * 3000])}, 413),
        ({"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"content": b"{}", "headers": {"Content-Type": ""}}, 415),
        ({"content": b"{}", "headers": {"Content-Encoding": "gzip"}}, 415),
        ({"json": request(1, "ping"), "headers": {"MCP-Protocol-Version": "1999-01-01"}}, 400),
        ({"json": request(1, "ping"), "headers": {"MCP-Protocol-Version": "2025-06-18"}}, 200),
        ({"json": request(1, "ping"), "headers": {"Content-Type": "application/json; charset=utf-8"}}, 200),
        ({"json": {"jsonrpc": "2.0", "method": "notifications/initialized"}}, 202),
        ({"json": {"jsonrpc": "2.0", "id": 1, "result": {}}}, 202),
        ({"json": request(1, "nothing/such")}, 200),
    ],
)
def test_what_is_no_request_has_a_status_of_its_own(local, options, status):
    headers = {"Content-Type": "application/json", **options.pop("headers", {})}
    assert httpx.post(local.url, headers=headers, **options).status_code == status
    assert post(local, request(1, "ping")).json()["result"] == {}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_there_are_no_sessions_and_no_streams(local, method):
    assert httpx.request(method, local.url).status_code == 405


def test_headers_of_the_newest_protocol_must_be_true(local):
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
    frame = call(1)
    frame["params"]["_meta"] = meta
    headers = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "invoke_hook"}
    assert post(local, frame, headers=headers).status_code == 200
    for name, value in [("Mcp-Method", "ping"), ("Mcp-Name", "get_plugin_config")]:
        refused = post(local, frame, headers=headers | {name: value})
        assert refused.status_code == 400
        assert refused.json()["error"]["code"] == -32020


@pytest.mark.parametrize("begun", [b"", b"POST /mcp HTTP/1.1\r\nHos"])
def test_a_request_whose_head_does_not_come_is_dropped(local, begun):
    assert raw(local, begun) == b""


def test_a_connection_may_be_idle_between_requests_but_not_within_one(local):
    body = json.dumps(request(1, "ping")).encode()
    whole = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    with socket.create_connection(address(local), timeout=20) as connection:
        for _ in range(2):
            connection.sendall(whole)
            told = b""
            while not told.endswith(b'"result":{}}'):
                told += connection.recv(65536)
            time.sleep(0.5)
        connection.sendall(whole[:20])
        assert connection.recv(65536) == b""


def address(server):
    url = httpx.URL(server.url)
    return url.host, url.port


def raw(server, data):
    """Bytes to the server; everything it says until it closes."""
    with socket.create_connection(address(server), timeout=20) as connection:
        connection.sendall(data)
        return b"".join(iter(lambda: connection.recv(65536), b""))


HEAD = b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (HEAD + b"Content-Length: 100\r\n\r\n{", b"408"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", b"408"),
        (HEAD + b"Content-Length: 99999999\r\n\r\n{", b"413"),
        (HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", b"400"),
        (HEAD + b"Content-Length: -1\r\n\r\n{}", b"400"),
        (HEAD + b"Host: other\r\nContent-Length: 2\r\n\r\n{}", b"400"),
        (HEAD + b"X: " + b"x" * 100_000, b"400"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
)
def test_a_request_that_never_ends_or_begins_is_ended(local, data, status):
    told = raw(local, data)
    assert told.split(b" ")[1] == status
    assert post(local, request(1, "ping")).status_code == 200


# -- calls


@pytest.fixture
def begun():
    """``begun(server, seconds)`` is a call that runs already, with its response to come."""
    with ThreadPoolExecutor() as pool:

        def begin(server, seconds=60):
            running = pool.submit(post, server, call(1, "Wait", seconds=seconds))
            server.says("the wait begins")
            return running

        yield begin


def test_a_client_that_goes_away_cancels_its_call(config, serve):
    with serve(config("Wait"), *LOOPBACK) as server:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(server.url, json=call(1, "Wait"), timeout=1)
        server.says("the wait was cancelled")


def test_a_failing_plugin_is_an_answer(local):
    told = post(local, call(1, "Boom"))
    assert told.status_code == 200
    assert answer(told.json())["error"]["code"] == "PLUGIN_ERROR"
    assert "hunter2" not in local.said()


def test_more_connections_than_allowed_are_closed_at_once(config, serve):
    with serve(config("Add", max_connections=2), *LOOPBACK) as server:
        silent = socket.create_connection(address(server), timeout=20)
        assert post(server, request(1, "ping")).status_code == 200
        with silent, socket.create_connection(address(server), timeout=20) as second:
            with pytest.raises(httpx.TransportError):
                post(server, request(2, "ping"))
            second.settimeout(0.2)  # those that were there stay
            with pytest.raises(TimeoutError):
                second.recv(1)
        while True:
            with suppress(httpx.TransportError):  # until the server has seen that they went away
                assert post(server, request(3, "ping")).status_code == 200
                break


def test_sigterm_lets_running_calls_end(config, serve, begun):
    with serve(config("Wait"), *LOOPBACK) as server:
        running = begun(server, seconds=0.5)
        server.signal(signal.SIGTERM)
        assert "result" in answer(running.result().json())
        assert server.code() == 0
        assert "Wait is shut down" in server.said()


def test_a_call_that_does_not_end_is_answered_with_503_when_the_server_must(config, serve, begun):
    with serve(config("Wait", drain_timeout="100ms"), *LOOPBACK) as server:
        running = begun(server)
        server.signal(signal.SIGTERM)
        assert running.result().status_code == 503
        assert server.code() == 0
        assert "Wait is shut down" in server.said()
        assert "Traceback" not in server.said()


# -- for whoever looks after it


def test_an_ill_plugin_makes_the_server_unhealthy(config, serve):
    path = config("Ill", settings={"plugin_health_check_interval": "10ms"})
    with serve(path, *LOOPBACK) as server:
        url = server.url.replace("/mcp", "/health")
        while (told := httpx.get(url)).status_code == 200:
            time.sleep(0.01)
        assert (told.status_code, told.json()) == (503, {"status": "unhealthy"})


def test_metrics_count_calls_by_plugin_and_hook(config, serve):
    with serve(config("Add", "Boom"), *LOOPBACK) as server:
        for plugin in ("Add", "Add", "Boom", "Other"):
            post(server, call(1, plugin))
        told = httpx.get(server.url.replace("/mcp", "/metrics"))
    assert told.headers["Content-Type"].startswith("text/plain; version=")
    lines = told.text.splitlines()
    assert 'gatehook_plugin_runs_total{hook="tool_pre_invoke",plugin="Add"} 2.0' in lines
    assert 'gatehook_plugin_modified_total{hook="tool_pre_invoke",plugin="Add"} 2.0' in lines
    assert 'gatehook_plugin_errors_total{error_type="exception",hook="tool_pre_invoke",plugin="Boom"} 1.0' in lines
    assert 'gatehook_serve_refused_total{code="UNKNOWN_PLUGIN"} 1.0' in lines
    assert 'gatehook_plugin_healthy{plugin="Add"} 1.0' in lines
