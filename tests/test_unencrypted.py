"""Whatever kind asks a service, nobody on the way reads its credentials."""

import pytest
from gatehook import ConfigError, Runner
from gatehook_external import local

AUTH = {"type": "headers", "headers": {"X-Key": "hunter2"}}
KINDS = {
    "external": lambda host, **auth: {"mcp": {"proto": "STREAMABLEHTTP", "url": f"http://{host}:1/mcp", **auth}},
    "external_grpc": lambda host, **auth: {"grpc": {"target": f"{host}:1", "tls": False, **auth}},
    "http_guard": lambda host, **auth: {
        "config": {"url": f"http://{host}:1", "request": "{{ text }}", "blocked": "$.a", **auth}
    },
    "openai_moderation": lambda host, **auth: {"config": {"url": f"http://{host}:1", **auth}},
    "llama_guard": lambda host, **auth: {"config": {"url": f"http://{host}:1", **auth}},
    "opa": lambda host, **auth: {"config": {"url": f"http://{host}:1", "decision": "a", **auth}},
}

every_kind = pytest.mark.parametrize("kind", KINDS)


async def refusal(kind, host, **auth):
    """What is said of a config; empty if nothing is, but perhaps that nobody is there."""
    entry = {"name": "guard", "kind": kind, "hooks": ["tool_pre_invoke"], "on_error": "allow"}
    entry |= KINDS[kind](host, **auth)
    try:
        async with Runner.from_config({"plugins": [entry]}):
            return ""
    except ConfigError as error:
        return str(error)


@every_kind
async def test_credentials_do_not_go_unencrypted_to_another_machine(kind):
    said = await refusal(kind, "guard.invalid", auth=AUTH)
    assert "`auth` would send its secrets unencrypted to another machine" in said
    assert "hunter2" not in said


@every_kind
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
async def test_they_do_to_this_one(kind, host):
    assert await refusal(kind, host, auth=AUTH) == ""


@every_kind
async def test_without_credentials_there_is_nothing_to_keep(kind):
    assert await refusal(kind, "guard.invalid") == ""


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1", "[::1]"])
def test_these_are_this_machine(host):
    assert local(host)


@pytest.mark.parametrize(
    "host", ["", "guard", "localhost.corp", "127.0.0.1.corp", "10.0.0.1", "0.0.0.0", "::", "[fe80::1]"]
)
def test_these_may_be_another(host):
    assert not local(host)
