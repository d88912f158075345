"""What an operator may write, and what is said of what he may not."""

import subprocess
import sys
from pathlib import Path

import gatehook_external_mcp
import pytest
import yaml
from gatehook import ConfigError, Runner
from gatehook_external import CallSettings
from gatehook_external_mcp import Connection

MANIFEST = yaml.safe_load(Path(__file__).parents[1].joinpath("plugin-manifest.yaml").read_text())


def bare(schema):
    """A schema without what pydantic calls its parts."""
    if isinstance(schema, dict):
        return {key: bare(item) for key, item in schema.items() if key != "title" or not isinstance(item, str)}
    return [bare(item) for item in schema] if isinstance(schema, list) else schema


def test_the_manifest_says_what_the_models_do():
    config, section = (bare(model.model_json_schema()) for model in (CallSettings, Connection))
    del config["additionalProperties"], config["description"], section["description"]
    for definition in section["$defs"].values():
        definition.pop("description", None)
    assert MANIFEST["config_schema"] == config
    assert MANIFEST["sections"] == {"mcp": section}


def test_the_names_are_public():
    assert gatehook_external_mcp.__all__ == ["Connection", "ExternalPlugin"]


HTTP = {"proto": "STREAMABLEHTTP", "url": "https://a"}
BEARER = {"type": "bearer", "token": "s3cret"}
REFUSED = [
    ({}, "mcp: the key 'proto' is missing"),
    ({**HTTP, "proto": "HTTP"}, "mcp.proto: "),
    ({"proto": "STREAMABLEHTTP"}, "mcp: STREAMABLEHTTP needs a `url`"),
    ({"proto": "STDIO"}, "mcp: STDIO needs `script` or `command`, and not both"),
    ({"proto": "STDIO", "script": "a", "command": "b"}, "mcp: STDIO needs `script` or `command`, and not both"),
    ({"proto": "STDIO", "script": "a", "url": "https://a"}, "mcp.url: has no effect with STDIO"),
    ({**HTTP, "args": ["x"]}, "mcp.args: has no effect with STREAMABLEHTTP"),
    ({**HTTP, "url": "ftp://a"}, "mcp.url: must be a URL that begins with http:// or https://"),
    ({**HTTP, "url": "https://"}, "mcp.url: must be a URL that begins with http:// or https://"),
    ({**HTTP, "url": "https://me:s3cret@a"}, "mcp.url: `url` holds credentials"),
    ({**HTTP, "url": "http://a", "tls_verify": False}, "mcp.tls_verify: has no effect without https"),
    ({**HTTP, "url": "http://a", "auth": BEARER}, "mcp.auth: `auth` would send its secrets unencrypted"),
    ({**HTTP, "auth": {"type": "bearer"}}, "mcp.auth: needs `token` or `token_file`, and not both"),
    ({**HTTP, "auth": {**BEARER, "token_file": "t"}}, "mcp.auth: needs `token` or `token_file`, and not both"),
    (
        {**HTTP, "auth": {"type": "baerer", "token": "s3cret"}},
        "mcp.auth.type: must be one of 'api_key', 'basic', 'bearer'",
    ),
    ({**HTTP, "auth": {"token": "s3cret"}}, "mcp.auth: the key 'type' is missing"),
    ({**HTTP, "health_check_endpoint": "https://b/x"}, "mcp.health_check_endpoint: must be of the same origin"),
    ({**HTTP, "health_check_endpoint": "//b/x"}, "mcp.health_check_endpoint: must be of the same origin"),
    ({**HTTP, "health_check_endpoint": "health"}, "mcp.health_check_endpoint: "),
    ({**HTTP, "tls_client_key": "k"}, "mcp: `tls_client_key` needs `tls_client_cert`"),
    ({"proto": "SSE", "uds": "s"}, "mcp.uds: needs STREAMABLEHTTP"),
]


@pytest.mark.parametrize(("mcp", "words"), REFUSED)
async def test_a_section_that_makes_no_sense_is_a_config_error(opened, mcp, words):
    with pytest.raises(ConfigError) as caught:
        async with opened(mcp):
            pass
    (problem,) = caught.value.problems
    assert f"plugins[0].{words}" in str(problem)
    assert "s3cret" not in str(problem)


WRONG = """plugins:
  - name: Ext
    kind: external
    mcp:
      proto: STDIO
      auth: {type: bearer, token: "${TOKEN}"}
      url: https://plugins.internal/mcp
"""


async def test_a_start_tells_it_by_line(tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", "s3cret")
    file = tmp_path / "gatehook.yaml"
    file.write_text(WRONG)
    with pytest.raises(ConfigError) as caught:
        async with Runner.from_config(file):
            pass
    assert [problem.line for problem in caught.value.problems] == [4, 6, 7]


def test_a_check_tells_all_that_makes_no_sense_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", "s3cret")
    file = tmp_path / "gatehook.yaml"
    file.write_text(WRONG)
    check = [sys.executable, "-m", "gatehook", "check", str(file)]
    told = subprocess.run(check, check=False, capture_output=True, text=True).stdout
    assert told.splitlines()[:-1] == [
        f"{file}:4: error: plugins[0].mcp: STDIO needs `script` or `command`, and not both",
        f"{file}:6: error: plugins[0].mcp.auth: has no effect with STDIO",
        f"{file}:7: error: plugins[0].mcp.url: has no effect with STDIO",
    ]


async def test_keys_of_calls_that_have_no_effect_are_refused(opened, lines):
    with pytest.raises(ConfigError, match=r"plugins\[0\]\.config\.connection_pool_size: has no effect here$"):
        async with opened(lines(), config={"connection_pool_size": 5, "timeout_ms": 100}):
            pass


FILES = [
    ({"tls_ca": "missing"}, "tls_ca"),
    ({"tls_client_cert": "missing"}, "tls_client_cert"),
    ({"auth": {"type": "bearer", "token_file": "missing"}}, "auth.token_file"),
]


@pytest.mark.parametrize(("keys", "where"), FILES)
async def test_a_file_that_is_missing_is_a_config_error_with_its_place(opened, keys, where):
    with pytest.raises(ConfigError, match=rf"plugins\[0\]\.mcp\.{where}: .*missing cannot be read"):
        async with opened({**HTTP, **keys}):
            pass


SECURE = """
plugins:
  - name: SecureExternalService
    kind: external
    on_error: allow
    timeout: 1
    mcp:
      proto: STREAMABLEHTTP
      url: "https://secure-ai-service.invalid/api/v1"
      tls_verify: true
      auth:
        type: bearer
        token: "%s"
      health_check_endpoint: /health
      health_check_interval: 30
    config:
      circuit_breaker_enabled: true
      circuit_breaker_failure_threshold: 5
      circuit_breaker_timeout: 60
      allowed_response_codes: [200, 201]
      max_response_size_mb: 10
      connection_pool_size: 20
"""


async def test_the_specification_s_example_is_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("AI_SERVICE_TOKEN", "t0ken")
    file = tmp_path / "gatehook.yaml"
    file.write_text(SECURE % "${AI_SERVICE_TOKEN}")
    async with Runner.from_config(file) as runner:
        (status,) = runner.plugins()
        assert (status.state, len(status.hooks)) == ("failed", 6)
        assert "its name is unknown" in status.reason
        assert "t0ken" not in repr(status)


def test_a_secret_does_not_stand_in_the_file(tmp_path):
    file = tmp_path / "gatehook.yaml"
    file.write_text(SECURE % "t0ken")
    with pytest.raises(ConfigError, match=r"mcp\.auth\.token: a secret does not stand in the file") as caught:
        Runner.from_config(file)
    assert "t0ken" not in str(caught.value)
