"""What an operator may write, and what is said of what he may not."""

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


REFUSED = [
    ({"url": "https://a/mcp", "proto": "HTTP"}, "proto"),
    ({"proto": "STREAMABLEHTTP"}, "url"),
    ({"proto": "STDIO"}, "script"),
    ({"proto": "STDIO", "script": "a", "command": "b"}, "`script` or `command`, and not both"),
    ({"proto": "STDIO", "script": "a", "url": "https://a"}, "`url` has no effect with STDIO"),
    ({"proto": "STREAMABLEHTTP", "url": "https://a", "args": ["x"]}, "`args` has no effect with STREAMABLEHTTP"),
    ({"proto": "STREAMABLEHTTP", "url": "ftp://a"}, "http:// or https://"),
    ({"proto": "STREAMABLEHTTP", "url": "https://"}, "http:// or https://"),
    ({"proto": "STREAMABLEHTTP", "url": "https://me:pw@a"}, "must not hold credentials"),
    ({"proto": "STREAMABLEHTTP", "url": "http://a", "tls_verify": False}, "`tls_verify` has no effect without https"),
    ({"proto": "STREAMABLEHTTP", "url": "http://a", "auth": {"type": "bearer", "token": "t"}}, "unencrypted"),
    ({"proto": "STREAMABLEHTTP", "url": "https://a", "health_check_endpoint": "https://b/x"}, "same origin"),
    ({"proto": "STREAMABLEHTTP", "url": "https://a", "health_check_endpoint": "//b/x"}, "same origin"),
    ({"proto": "STREAMABLEHTTP", "url": "https://a", "health_check_endpoint": "health"}, "health_check_endpoint"),
    ({"proto": "STREAMABLEHTTP", "url": "https://a", "tls_client_key": "k"}, "`tls_client_key` needs"),
    (
        {"proto": "STREAMABLEHTTP", "url": "https://a", "tls_ca": "no-such.pem"},
        r"mcp\.tls_ca: .*no-such\.pem cannot be read",
    ),
    ({"proto": "SSE", "uds": "s"}, "`uds` needs STREAMABLEHTTP"),
]


@pytest.mark.parametrize(("mcp", "words"), REFUSED)
async def test_a_section_that_makes_no_sense_is_a_config_error(opened, mcp, words):
    with pytest.raises(ConfigError, match=words) as caught:
        async with opened(mcp):
            pass
    assert "pw" not in str(caught.value)


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
