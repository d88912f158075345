"""Plugins behind an address."""

import asyncio
import gc
import json
import logging
import signal
import urllib.request

import pytest
import trustme
from gatehook import GatehookError
from gatehook.testing import assert_blocked


def at(port, path="/mcp", **keys):
    return {"proto": "STREAMABLEHTTP", "url": f"http://127.0.0.1:{port}{path}", **keys}


def tell(port, path):
    urllib.request.urlopen(f"http://127.0.0.1:{port}{path}").close()


@pytest.mark.parametrize("words", [[], ["sse"], ["sessions"]])
async def test_what_the_plugin_there_says_is_what_happens_here(opened, start, free_port, words):
    start("web.py", free_port, *words)
    async with opened(at(free_port), config={"allowed_response_codes": [200, 201]}) as asked:
        outcome = await asked.call(q="word", n=1, none=None)
        assert outcome.payload.args == {"q": "WORD", "n": 1, "none": None}
        assert_blocked(await asked.call("deny"), "DENIED")


async def test_a_socket_will_do(opened, start, tmp_path):
    start("web.py", tmp_path / "s")
    async with opened({"proto": "STREAMABLEHTTP", "uds": str(tmp_path / "s")}) as asked:
        assert (await asked.call(q="a")).payload.args == {"q": "A"}


FAULTS = {
    "301": ("backend", "redirects elsewhere (status 301)"),
    "307": ("backend", "redirects elsewhere (status 307)"),
    "401": ("backend", "does not accept the credentials"),
    "403": ("backend", "does not permit"),
    "404": ("backend", "nothing at this address"),
    "418": ("backend", "status 418"),
    "429": ("backend", "too much to do"),
    "500": ("backend", "status 500"),
    "503": ("backend", "status 503"),
    "accepted": ("backend", "neither JSON nor"),
    "hang": ("timeout", "300 ms"),
    "drip": ("timeout", "300 ms"),
    "cut": ("backend", "broke off"),
    "silent_end": ("backend", "broke off"),
    "no_http": ("backend", "not HTTP"),
    "garbage": ("backend", "no JSON"),
    "html": ("backend", "neither JSON nor"),
    "batch": ("backend", "no answer"),
    "oversize": ("backend", "over 1,048,576 bytes"),
    "endless": ("backend", "over 1,048,576 bytes"),
    "endless_event": ("backend", "over 1,048,576 bytes"),
    "many_events": ("backend", "over 1,048,576 bytes"),
    "compressed": ("backend", "compressed"),
    "wrong_id": ("backend", "another call"),
    "wrong_id_event": ("backend", "without an answer"),
    "rpc_error": ("backend", "error -32000"),
    "not_json": ("backend", "a text that is no JSON"),
    "wrong_plugin": ("backend", "another plugin"),
    "raises": ("exception", "the remote plugin failed"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_is_told_without_content_and_the_next_call_works(opened, start, free_port, tmp_path, name):
    error_type, reason = FAULTS[name]
    start("web.py", free_port, LOG=str(tmp_path / "log"))
    async with opened(at(free_port), config={"timeout_ms": 300, "max_response_size_mb": 1}) as asked:
        outcome = await asked.call(name)
        (record,) = outcome.records
        assert outcome.blocked
        assert (record.error_type, reason in record.reason) == (error_type, True), record
        assert "secret" not in record.reason
        assert (await asked.call(q="a")).payload.args == {"q": "A"}
    calls = [line for line in (tmp_path / "log").read_text().splitlines() if line.startswith("call")]
    assert calls == [f"call {name} null", "call ok null"]  # neither repeated nor redirected


async def test_a_token_stands_in_no_file_but_its_own(opened, start, free_port, tmp_path):
    start("web.py", free_port, LOG=str(tmp_path / "log"))
    (tmp_path / "token").write_text("t0ken\n")
    async with opened(at(free_port, auth={"type": "bearer", "token_file": str(tmp_path / "token")})) as asked:
        await asked.call()
        (tmp_path / "token").write_text("t1ken\n")
        assert "credentials" in (await asked.record("401")).reason
        await asked.call()  # over a new connection, with what the file says now
    told = [json.loads(line.partition("{")[1] + line.partition("{")[2]) for line in log_of(tmp_path) if "POST" in line]
    assert told[0]["authorization"] == "Bearer t0ken"
    assert told[-1]["authorization"] == "Bearer t1ken"


def log_of(tmp_path):
    return (tmp_path / "log").read_text().splitlines()


async def test_neither_addresses_nor_credentials_are_logged(opened, start, free_port, caplog):
    caplog.set_level(logging.DEBUG)
    start("web.py", free_port)
    auth = {"type": "headers", "headers": {"X-Key": "s3cret"}}
    async with opened(at(free_port, "/mcp?token=s3cret", auth=auth), mode="permissive") as asked:
        for name in ("ok", "500", "cut", "301"):
            await asked.call(name, q="s3cret")
    assert "s3cret" not in caplog.text


async def test_what_refuses_connections_is_tried_again(opened, start, free_port):
    server = start("web.py", free_port)
    async with opened(at(free_port), config={"retry_attempts": 4}) as asked:
        await asked.call()
        server.kill()
        server.wait()
        asked_for = asyncio.create_task(asked.call(q="a"))
        await asyncio.sleep(0.1)
        start("web.py", free_port)
        assert (await asked_for).payload.args == {"q": "A"}


async def test_what_goes_on_refusing_connections_is_a_failure(opened, start, free_port):
    server = start("web.py", free_port)
    async with opened(at(free_port)) as asked:
        server.kill()
        server.wait()
        assert (await asked.record("ok")).reason == "failed: it refuses connections"


async def test_a_session_that_the_server_forgot_is_begun_anew(opened, start, free_port, tmp_path):
    start("web.py", free_port, "sessions", LOG=str(tmp_path / "log"))
    async with opened(at(free_port)) as asked:
        await asked.call()
        tell(free_port, "/forget")
        assert (await asked.call(q="a")).payload.args == {"q": "A"}
    assert len([line for line in log_of(tmp_path) if line.startswith("notifications/initialized")]) == 2
    assert any(line.startswith("DELETE /mcp") for line in log_of(tmp_path))


async def test_a_cancelled_call_ends_its_connection(opened, start, free_port, tmp_path):
    start("web.py", free_port, LOG=str(tmp_path / "log"))
    async with opened(at(free_port)) as asked:
        call = asyncio.create_task(asked.call("drip"))
        await asyncio.sleep(0.5)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.sleep(0.2)
        assert log_of(tmp_path)[-1] == "gone"


async def test_a_server_with_sessions_is_told_of_cancelled_calls(opened, start, free_port, tmp_path):
    start("web.py", free_port, "sessions", LOG=str(tmp_path / "log"))
    async with opened(at(free_port), config={"timeout_ms": 200}) as asked:
        assert (await asked.record("hang")).error_type == "timeout"
    assert [line for line in log_of(tmp_path) if line.startswith("notifications/cancelled")]


async def test_there_are_no_more_connections_than_allowed(opened, start, free_port, tmp_path):
    start("web.py", free_port, LOG=str(tmp_path / "log"))
    async with opened(at(free_port), config={"connection_pool_size": 2}) as asked:
        await asyncio.gather(*(asked.call() for _ in range(20)))
    await asyncio.sleep(0.2)
    assert 1 <= log_of(tmp_path).count("gone") <= 2


async def test_connections_are_used_again_after_a_stream(opened, start, free_port, tmp_path):
    start("web.py", free_port, "sse", LOG=str(tmp_path / "log"))
    async with opened(at(free_port)) as asked:
        for _ in range(5):
            await asked.call()
        assert "gone" not in log_of(tmp_path)


async def test_an_answer_is_one_though_its_stream_does_not_end(opened, start, free_port):
    start("web.py", free_port)
    async with opened(at(free_port)) as asked:
        for _ in range(2):
            assert (await asked.call("open_end", q="a")).payload.args == {"q": "A"}


# -- health


async def test_a_failing_health_check_shows_and_stops_calls_until_it_passes(opened, start, free_port):
    start("web.py", free_port)
    health = {"health_check_endpoint": "/health", "health_check_interval": 0.1}
    async with opened(at(free_port, **health)) as asked:
        assert not (await asked.call()).blocked
        tell(free_port, "/set-health/503")
        await asyncio.sleep(0.3)
        assert asked.status.health == "it answered with status 503"
        record = await asked.record("ok")
        assert (record.error_type, record.reason) == (
            "backend",
            "failed: its health check fails: it answered with status 503",
        )
        tell(free_port, "/set-health/200")
        await asyncio.sleep(0.3)
        assert asked.status.health is True
        assert not (await asked.call()).blocked


async def test_without_an_address_for_it_health_is_a_ping(opened, start, free_port):
    server = start("web.py", free_port)
    async with opened(at(free_port, health_check_interval=0.1)) as asked:
        await asyncio.sleep(0.3)
        assert asked.status.health is True
        server.kill()
        server.wait()
        await asyncio.sleep(0.3)
        assert asked.status.health == "it refuses connections"


async def test_a_server_that_hangs_with_calls_is_sick(opened, start, free_port):
    server = start("web.py", free_port)
    async with opened(at(free_port, health_check_interval=0.3)) as asked:
        server.send_signal(signal.SIGSTOP)
        call = asyncio.create_task(asked.call())
        await asyncio.sleep(0.9)
        assert not call.done()
        assert asked.status.health == "it did not answer in time"
        server.send_signal(signal.SIGCONT)
        assert not (await call).blocked


# -- TLS


@pytest.fixture
def authority():
    return trustme.CA()


@pytest.fixture
def secured(authority, start, free_port, tmp_path):
    """``secured(name, *words)`` starts the server with a certificate for that name, and returns the section for it."""

    def secured(name="127.0.0.1", demands=False):
        certificate = authority.issue_cert(name)
        for file, pem in {
            "cert.pem": b"".join(blob.bytes() for blob in certificate.cert_chain_pems),
            "key.pem": certificate.private_key_pem.bytes(),
            "ca.pem": authority.cert_pem.bytes(),
        }.items():
            (tmp_path / file).write_bytes(pem)
        start(
            "web.py",
            free_port,
            "tls",
            tmp_path / "cert.pem",
            tmp_path / "key.pem",
            tmp_path / "ca.pem" if demands else "-",
        )
        return {
            "proto": "STREAMABLEHTTP",
            "url": f"https://127.0.0.1:{free_port}/mcp",
            "tls_ca": str(tmp_path / "ca.pem"),
        }

    return secured


async def test_a_server_is_believed_on_its_certificate(opened, secured):
    async with opened(secured()) as asked:
        assert (await asked.call(q="a")).payload.args == {"q": "A"}


async def test_mutual_tls(opened, secured, authority, tmp_path):
    section = secured(demands=True)
    mine = authority.issue_cert("gateway@example.com")
    mine.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "mine.pem"))
    async with opened({**section, "tls_client_cert": str(tmp_path / "mine.pem")}) as asked:
        assert (await asked.call(q="a")).payload.args == {"q": "A"}
    with pytest.raises(GatehookError, match=r"demands a client certificate|want of a client certificate"):
        async with opened(section):
            pass


async def test_a_client_certificate_of_a_foreign_authority(opened, secured, tmp_path):
    section = secured(demands=True)
    foreign = trustme.CA().issue_cert("gateway@example.com")
    foreign.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "foreign.pem"))
    with pytest.raises(GatehookError, match="does not trust our client certificate"):
        async with opened({**section, "tls_client_cert": str(tmp_path / "foreign.pem")}):
            pass


async def test_health_is_asked_with_the_credentials_of_now(opened, start, free_port, tmp_path):
    (tmp_path / "token").write_text("t0ken")
    start("web.py", free_port, LOG=str(tmp_path / "log"))
    auth = {"type": "bearer", "token_file": str(tmp_path / "token")}
    async with opened(at(free_port, auth=auth, health_check_endpoint="/health", health_check_interval=0.1)) as asked:
        await asyncio.sleep(0.25)
        (tmp_path / "token").write_text("t1ken")
        await asyncio.sleep(0.25)
        assert "t1ken" in [line for line in log_of(tmp_path) if "GET /health" in line][-1]
        (tmp_path / "token").unlink()
        await asyncio.sleep(0.25)
        assert "mcp.auth.token_file: " in asked.status.health
        assert "health check fails" in (await asked.record("ok")).reason


async def test_where_a_server_is_stands_in_the_reason_without_what_may_be_secret(opened, free_port):
    with pytest.raises(GatehookError, match=rf"http://127.0.0.1:{free_port}/mcp: it refuses connections$"):
        async with opened(at(free_port, "/mcp?key=s3cret")):
            pass


async def test_wrong_tls_is_told_apart(opened, secured, tmp_path):
    section = secured("elsewhere.example")
    with pytest.raises(GatehookError, match="its certificate is for another name"):
        async with opened(section):
            pass
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with pytest.raises(GatehookError, match=r"its certificate is not trusted: .*local issuer"):
        async with opened(section):
            pass
    async with opened({**section, "tls_ca": None, "tls_verify": False}) as asked:
        assert not (await asked.call()).blocked


async def test_a_server_without_tls_is_told_apart(opened, start, free_port):
    start("web.py", free_port)
    with pytest.raises(GatehookError, match="it does not speak TLS"):
        async with opened({"proto": "STREAMABLEHTTP", "url": f"https://127.0.0.1:{free_port}/mcp"}):
            pass


async def test_a_server_that_never_finishes_a_handshake_costs_no_socket(opened, start, free_port):
    start("web.py", free_port, "mute")
    for url in (f"https://127.0.0.1:{free_port}/mcp", f"http://127.0.0.1:{free_port}/mcp"):
        with pytest.raises(GatehookError, match=r"it did not come up within 0\.45 seconds"):
            async with opened({"proto": "STREAMABLEHTTP", "url": url}, timeout=0.5):
                pass
    gc.collect()  # what was left open says so now


async def test_an_unknown_name_is_told(opened):
    with pytest.raises(GatehookError, match="its name is unknown"):
        async with opened({"proto": "STREAMABLEHTTP", "url": "https://no-such-host.invalid/mcp"}):
            pass
