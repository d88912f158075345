"""What every kind does when its service fails, and how it is reached."""

import asyncio
import socket

import pytest
from gatehook import ConfigError
from gatehook.testing import assert_blocked, assert_unchanged, open_runner, run_hook, run_hooks, tool_call

KINDS = {
    "http_guard": {"url": "{url}", "request": {"texts": "{{ texts }}"}, "blocked": "$.any"},
    "openai_moderation": {"url": "{url}"},
    "llama_guard": {"url": "{url}"},
    "opa": {"url": "{url}", "decision": "mcp/decision"},
}
FAULTS = {
    "redirect": "it redirects elsewhere (status 301), which is not followed",
    "401": "it does not accept the credentials (status 401)",
    "404": "it has nothing at this address (status 404)",
    "429": "it has too much to do (status 429)",
    "500": "it answered with status 500",
    "503": "it answered with status 503",
    "garbage": "the answer is not JSON: Expecting value at character 0",
    "empty": "the answer is not JSON: Expecting value at character 0",
    "deep": "the answer is not JSON: it nests too deep",
    "twice": "the answer is not JSON: an object repeats a key",
    "nan": "the answer is not JSON: NaN is no number",
    "packed": "it compressed its answer, though it was told not to",
    "declared": "the answer is over 1,048,576 bytes (max_response_size_mb)",
    "endless": "the answer is over 1,048,576 bytes (max_response_size_mb)",
}

every_kind = pytest.mark.parametrize("kind", KINDS)


def config_of(kind, url, **more):
    return {key: url if value == "{url}" else value for key, value in KINDS[kind].items()} | more


def is_failure(outcome, reason, error_type="backend"):
    assert_blocked(outcome, "PLUGIN_TIMEOUT" if error_type == "timeout" else "PLUGIN_ERROR")
    assert (outcome.records[0].error_type, outcome.records[0].reason.removeprefix("failed: ")) == (error_type, reason)


@every_kind
@pytest.mark.parametrize("fault", FAULTS)
def test_no_usable_answer_is_a_failure_that_quotes_nothing(services, kind, fault):
    config = config_of(kind, f"{services.url}/fault/{fault}", max_response_size_mb=1)
    outcome = run_hook(kind, tool_call(q="hello"), config=config)
    is_failure(outcome, FAULTS[fault])
    assert "bob@example.com" not in repr(outcome.violation.to_dict())


@every_kind
@pytest.mark.parametrize("fault", ["hang", "slow"])
def test_no_answer_in_time_is_a_timeout(services, kind, fault):
    config = config_of(kind, f"{services.url}/fault/{fault}", timeout_ms=200)
    outcome = run_hook(kind, tool_call(q="hello"), config=config)
    assert outcome.records[0].error_type == "timeout"
    assert outcome.blocked


@every_kind
@pytest.mark.parametrize(("mode", "on_error", "blocked"), [("enforce", "allow", False), ("permissive", "block", True)])
def test_on_error_says_what_a_failure_does(services, kind, mode, on_error, blocked):
    config = config_of(kind, f"{services.url}/fault/500")
    outcome = run_hook(kind, tool_call(q="hello"), config=config, mode=mode, on_error=on_error)
    assert outcome.blocked == blocked
    assert outcome.records[0].verdict == "error"


@every_kind
def test_nobody_there_is_a_failure(kind):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    config = config_of(kind, url, retry_attempts=1)
    is_failure(run_hook(kind, tool_call(q="hello"), config=config), "it refuses connections")


def guard(services, url, **more):
    config = config_of("http_guard", f"{url}/judge", **more)
    return run_hook("http_guard", tool_call(q="hello"), config=config)


def test_a_certificate_of_one_s_own_authority_is_accepted(services):
    assert_unchanged(guard(services, services.tls, tls_ca=str(services.folder / "ca.pem")))


def test_a_certificate_of_nobody_known_is_not(services):
    assert_blocked(outcome := guard(services, services.tls), "PLUGIN_ERROR")
    assert "its certificate is not trusted" in outcome.records[0].reason


def test_nor_is_one_of_another_authority(services):
    outcome = guard(services, services.tls, tls_ca=str(services.folder / "other_ca.pem"))
    assert "its certificate is not trusted" in outcome.records[0].reason


def test_nor_is_one_of_another_name(services):
    url = services.tls.replace("localhost", "127.0.0.1")
    outcome = guard(services, url, tls_ca=str(services.folder / "ca.pem"))
    assert "its certificate is for another name" in outcome.records[0].reason


def test_tls_with_who_speaks_none_is_a_failure(services):
    outcome = guard(services, services.url.replace("http:", "https:"))
    assert "it does not speak TLS" in outcome.records[0].reason


def test_mutual_tls(services):
    tls = {"tls_ca": str(services.folder / "ca.pem")}
    assert_unchanged(guard(services, services.mutual, tls_client_cert=str(services.folder / "client.pem"), **tls))
    assert_blocked(outcome := guard(services, services.mutual, **tls), "PLUGIN_ERROR")
    assert "client certificate" in outcome.records[0].reason


async def test_a_certificate_that_cannot_be_read_is_a_mistake_in_the_config(services):
    config = config_of("http_guard", services.tls, tls_client_cert="no_such.pem")
    with pytest.raises(ConfigError, match=r"plugins\[0\]\.config\.tls_client_cert: .*no_such\.pem"):
        async with open_runner("http_guard", config=config):
            pass


def test_no_cookie_is_kept(services):
    config = config_of("http_guard", f"{services.url}/session")
    for outcome in run_hooks("http_guard", *[tool_call(q="hello")] * 2, config=config):
        assert_unchanged(outcome)
    assert ["cookie" in asked["headers"] for asked in services.seen()] == [False, False]


def test_no_url_is_logged(services, caplog):
    caplog.set_level("DEBUG")
    config = config_of("http_guard", f"{services.url}/judge?key=hunter2", health_check_endpoint="/health?key=hunter2")
    assert_unchanged(run_hook("http_guard", tool_call(q="hello"), config=config))
    assert len(services.seen()) == 1
    assert "hunter2" not in caplog.text


async def test_a_handshake_that_never_ends_leaves_no_socket_behind():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = config_of("http_guard", f"https://localhost:{silent.getsockname()[1]}", timeout_ms=100)
        async with open_runner("http_guard", config=config) as runner, runner.request(user="alice") as request:
            outcome = await request.run(tool_call(q="hello"))
            assert outcome.records[0].error_type == "timeout"
            accepted, _ = silent.accept()
            with accepted:
                accepted.settimeout(5)
                assert is_closed(accepted)


def is_closed(connection):
    """Whether the other side has closed it, whatever came before."""
    while connection.recv(4096):
        pass
    return True


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"type": "bearer", "token": "abc"}, "authorization", "Bearer abc"),
        ({"type": "api_key", "key": "abc"}, "x-api-key", "abc"),
        ({"type": "api_key", "key": "abc", "header": "api-key"}, "api-key", "abc"),
        ({"type": "basic", "username": "bob", "password": "abc"}, "authorization", "Basic Ym9iOmFiYw=="),
        ({"type": "headers", "headers": {"X-Team": "abc"}}, "x-team", "abc"),
    ],
    ids=str,
)
def test_credentials_go_in_headers(services, auth, header, value):
    assert_unchanged(guard(services, services.url, auth=auth))
    assert services.seen()[0]["headers"][header] == value


async def test_a_token_that_is_renewed_in_its_file_is_taken_up(services, tmp_path):
    (tmp_path / "token").write_text("one\n")
    auth = {"type": "bearer", "token_file": str(tmp_path / "token")}
    config = config_of("http_guard", f"{services.url}/judge", auth=auth)
    async with open_runner("http_guard", config=config) as runner, runner.request(user="alice") as request:
        assert_unchanged(await request.run(tool_call(q="hello")))
        (tmp_path / "token").write_text("two\n")
        assert_unchanged(await request.run(tool_call(q="hello")))
        (tmp_path / "token").unlink()
        assert_blocked(await request.run(tool_call(q="hello")), "PLUGIN_ERROR")
    assert [asked["headers"]["authorization"] for asked in services.seen()] == ["Bearer one", "Bearer two"]


def test_the_operator_says_which_statuses_are_answers(services):
    url = f"{services.url}/fault/202"
    config = {"url": url, "request": "{{ text }}", "blocked": "$.error", "blocked_when": {"one_of": ["x"]}}
    assert_unchanged(run_hook("http_guard", tool_call(q="hello"), config=config))
    is_failure(
        run_hook("http_guard", tool_call(q="hello"), config={**config, "allowed_response_codes": [200]}),
        "it answered with status 202",
    )


async def test_an_answer_is_used_again_for_whoever_asked(services):
    config = config_of("http_guard", f"{services.url}/judge", cache_ttl_seconds=60)
    async with open_runner("http_guard", config=config) as runner:
        for user in ("alice", "alice", "bob", "alice"):
            async with runner.request(user=user) as request:
                assert_unchanged(await request.run(tool_call(q="hello")))
                assert_blocked(await request.run(tool_call(q="attack")))
    assert len(services.seen()) == 4


async def test_one_client_serves_all_calls_and_keeps_to_its_connections(services):
    config = config_of("http_guard", f"{services.url}/judge", connection_pool_size=2)
    async with open_runner("http_guard", config=config) as runner, runner.request(user="alice") as request:
        outcomes = await asyncio.gather(*(request.run(tool_call(q=f"call {number}")) for number in range(20)))
    assert [outcome.blocked for outcome in outcomes] == [False] * 20
    assert len(services.seen()) == 20


def test_after_many_failures_the_service_is_left_alone(services):
    config = config_of("http_guard", f"{services.url}/fault/500", circuit_breaker_failure_threshold=2)
    outcomes = run_hooks("http_guard", *[tool_call(q="hello")] * 3, config=config)
    assert "circuit is open" in outcomes[2].records[0].reason


kinds_of_several_requests = pytest.mark.parametrize(
    ("kind", "path", "config"),
    [
        ("http_guard", "/judge", {"request": {"text": "{{ text }}"}, "send": "one_by_one"}),
        ("openai_moderation", "/v1/moderations", {"batch_size": 1}),
        ("llama_guard", "/v1/chat/completions", {"send": "one_by_one"}),
    ],
)


@kinds_of_several_requests
async def test_a_payload_without_texts_tells_the_circuit_nothing(services, kind, path, config):
    config = config_of(kind, f"{services.url}{path}", circuit_breaker_failure_threshold=2, **config)
    async with open_runner(kind, config=config) as runner, runner.request(user="alice") as request:
        services.say_status(500)
        assert_blocked(await request.run(tool_call(a="one")), "PLUGIN_ERROR")
        assert_unchanged(await request.run(tool_call(a=1)))
        assert_blocked(await request.run(tool_call(a="one")), "PLUGIN_ERROR")
        assert runner.plugins()[0].details["circuit"] == "open"


@kinds_of_several_requests
async def test_a_call_of_several_requests_is_one_to_the_circuit(services, kind, path, config):
    limits = {"circuit_breaker_failure_threshold": 2, "circuit_breaker_timeout": "1ms"}
    config = config_of(kind, f"{services.url}{path}", **config, **limits)
    payload = tool_call(a="one", b="two")
    async with open_runner(kind, config=config) as runner, runner.request(user="alice") as request:
        services.say_status(500)
        for circuit in ("closed", "open"):
            assert_blocked(await request.run(payload), "PLUGIN_ERROR")
            assert runner.plugins()[0].details["circuit"] == circuit
        services.say_status(200)
        await asyncio.sleep(0.01)
        assert_unchanged(await request.run(payload))
        assert runner.plugins()[0].details["circuit"] == "closed"


async def test_the_health_endpoint_decides_whether_calls_are_made(services):
    config = config_of(
        "http_guard", f"{services.url}/judge", health_check_endpoint="/health", health_check_interval=0.05
    )
    async with open_runner("http_guard", config=config) as runner, runner.request(user="alice") as request:
        assert_unchanged(await request.run(tool_call(q="hello")))
        services.say_health(503)
        await until(lambda: isinstance(runner.plugins()[0].health, str))
        is_failure(
            await request.run(tool_call(q="hello")),
            "its health check fails: it answered with status 503",
        )
        services.say_health(200)
        await until(lambda: runner.plugins()[0].health is True)
        assert_unchanged(await request.run(tool_call(q="hello")))


async def until(so):
    async with asyncio.timeout(10):
        while not so():  # noqa: ASYNC110  # a status is there to be read
            await asyncio.sleep(0.01)


async def test_a_cancelled_call_leaves_the_connection_usable(services):
    config = config_of("http_guard", f"{services.url}/judge", connection_pool_size=1)
    async with open_runner("http_guard", config=config) as runner, runner.request(user="alice") as request:
        for ticks in range(20):
            call = asyncio.ensure_future(request.run(tool_call(q="hello")))
            for _ in range(ticks):
                await asyncio.sleep(0)
            call.cancel()
            await asyncio.wait({call})
        assert_unchanged(await request.run(tool_call(q="hello")))


async def test_nothing_is_left_behind(services):
    before = asyncio.all_tasks()
    config = config_of("http_guard", f"{services.url}/judge", request={"text": "{{ text }}"}, send="one_by_one")
    async with open_runner("http_guard", config=config) as runner, runner.request(user="alice") as request:
        await request.run(tool_call(q="hello", r="attack"))
    assert asyncio.all_tasks() == before
