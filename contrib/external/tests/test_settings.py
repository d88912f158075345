"""The keys of a plugin's ``config`` that are its caller's."""

import jsonschema
import pytest
from gatehook_external import CallSettings
from pydantic import ValidationError


def test_the_caller_s_keys_are_split_from_the_plugin_s():
    settings, rest = CallSettings.split({"timeout_ms": 2000, "words": ["secret"], "cache_ttl_seconds": 300})
    assert (settings.timeout_ms, settings.cache_ttl_seconds) == (2000, 300)
    assert rest == {"words": ["secret"]}


def test_without_keys_the_defaults_hold_and_nothing_is_kept():
    settings, rest = CallSettings.split({})
    assert settings.cache_ttl_seconds == 0
    assert settings.circuit_breaker_timeout == 60
    assert settings.max_response_bytes == 10 * 1024 * 1024
    assert rest == {}


@pytest.mark.parametrize(
    ("written", "seconds"), [(300, 300.0), ("5m", 300.0), ("500ms", 0.5), (0, 0), (0.0, 0)], ids=str
)
def test_durations_may_have_units(written, seconds):
    settings, _ = CallSettings.split({"cache_ttl_seconds": written})
    assert settings.cache_ttl_seconds == seconds


@pytest.mark.parametrize(
    "config",
    [
        {"cache_ttl_seconds": -1},
        {"cache_ttl_seconds": False},
        {"cache_ttl_seconds": "often"},
        {"cache_max_entries": 0},
        {"cache_scope": "everyone"},
        {"timeout_ms": 0},
        {"timeout_ms": True},
        {"timeout_ms": float("inf")},
        {"retry_attempts": -1},
        {"retry_attempts": True},
        {"circuit_breaker_failure_threshold": 0},
        {"circuit_breaker_timeout": 0},
        {"allowed_response_codes": []},
        {"allowed_response_codes": [20]},
        {"allowed_response_codes": [True]},
        {"max_response_size_mb": 0},
        {"connection_pool_size": 0},
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_at_its_key(config):
    with pytest.raises(ValidationError) as refused:
        CallSettings.split(config)
    assert {error["loc"][0] for error in refused.value.errors()} == set(config)


@pytest.mark.parametrize(
    "config",
    [
        {"cache_ttl_seconds": 0},
        {"cache_ttl_seconds": "5m"},
        {"circuit_breaker_timeout": "1m", "circuit_breaker_failure_threshold": 3},
        {"allowed_response_codes": [200, 201], "max_response_size_mb": 0.5, "connection_pool_size": 20},
        {"timeout_ms": 1500.5, "retry_attempts": 0},
    ],
    ids=str,
)
def test_the_schema_for_manifests_takes_what_the_settings_take(config):
    jsonschema.validate(config, CallSettings.model_json_schema())
    CallSettings.split(config)


def test_every_key_is_explained_to_editors():
    properties = CallSettings.model_json_schema()["properties"]
    assert [key for key, schema in properties.items() if not schema.get("description")] == []
