"""What an operator may write, and what is said of what he may not."""

from pathlib import Path

import gatehook_external_grpc
import pytest
import yaml
from gatehook import ConfigError, PluginConfig
from gatehook.testing import open_runner
from gatehook_external import CallSettings
from gatehook_external_grpc import Connection, ExternalGRPCPlugin

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
    assert MANIFEST["sections"] == {"grpc": section}


def test_the_names_are_public():
    assert gatehook_external_grpc.__all__ == ["Connection", "ExternalGRPCPlugin"]


REFUSED = [
    ({}, "plugins[0].grpc: needs `target` or `uds`"),
    ({"target": "a:1", "uds": "s"}, "plugins[0].grpc: needs `target` or `uds`"),
    ({"target": "somewhere"}, "plugins[0].grpc.target"),
    ({"target": "unix:/run/x"}, "plugins[0].grpc.target"),
    ({"target": "a:1", "tls_verify": False}, "is not possible over gRPC"),
    ({"target": "a:1", "tls": False, "tls_ca": "ca.pem"}, "no effect with `tls: false`"),
    ({"uds": "s", "tls": True}, "no effect with `uds`"),
    ({"target": "a:1", "tls": False, "auth": {"type": "bearer", "token": "x"}}, "unencrypted to another machine"),
    ({"target": "a:1", "tls_ca": "missing.pem"}, "plugins[0].grpc.tls_ca: "),
    ({"target": "a:1", "tls_client_key": "key.pem"}, "`tls_client_key` needs `tls_client_cert`"),
    ({"target": "a:1", "auth": {"type": "bearer", "token_file": "missing"}}, "plugins[0].grpc.auth.token_file: "),
    ({"target": "a:1", "auth": {"type": "api_key", "key": "x", "header": "grpc-x"}}, "gRPC has no metadata 'grpc-x'"),
    ({"target": "a:1", "auth": {"type": "api_key", "key": "x", "header": "X-bin"}}, "gRPC has no metadata 'X-bin'"),
    ({"target": "a:1", "taget": 1}, "unknown key 'taget', did you mean 'target'?"),
    ({"target": "a:1", "health_check_interval": 0}, "plugins[0].grpc.health_check_interval"),
]


@pytest.mark.parametrize(("grpc", "message"), REFUSED)
async def test_a_section_that_makes_no_sense_is_a_config_error(grpc, message):
    with pytest.raises(ConfigError) as failed:
        async with open_runner({"name": "Toy", "kind": "external_grpc", "grpc": grpc}):
            pass
    assert message in str(failed.value)


def test_keys_of_calls_that_have_no_effect_are_refused():
    with pytest.raises(ConfigError, match=r"^config\.connection_pool_size: has no effect here$"):
        ExternalGRPCPlugin(PluginConfig(name="Toy", grpc={"target": "a:1"}, config={"connection_pool_size": 5}))


def test_all_that_makes_no_sense_is_told_before_anything_is_started():
    grpc = {"tls": False, "tls_ca": "ca.pem", "tls_verify": True, "auth": {"type": "bearer"}}
    with pytest.raises(ConfigError) as failed:
        ExternalGRPCPlugin(PluginConfig(name="Toy", grpc=grpc))
    assert str(failed.value) == "grpc.auth: needs `token` or `token_file`, and not both"
    with pytest.raises(ConfigError) as failed:
        ExternalGRPCPlugin(PluginConfig(name="Toy", grpc={**grpc, "auth": None}))
    assert str(failed.value).splitlines() == [
        "grpc: needs `target` or `uds`, and not both",
        "grpc.tls_ca: has no effect with `tls: false`",
    ]


@pytest.mark.parametrize(
    ("grpc", "encrypted", "address"),
    [
        ({"target": "plugins.internal:50051"}, True, "dns:///plugins.internal:50051"),
        ({"target": "10.0.0.1:50051"}, True, "dns:///10.0.0.1:50051"),
        ({"target": "10.0.0.1:50051", "tls": False}, False, "dns:///10.0.0.1:50051"),
        ({"target": "localhost:50051"}, False, "dns:///localhost:50051"),
        ({"target": "127.1.2.3:50051"}, False, "dns:///127.1.2.3:50051"),
        ({"target": "[::1]:50051"}, False, "dns:///[::1]:50051"),
        ({"target": "[fd00::1]:50051"}, True, "dns:///[fd00::1]:50051"),
        ({"target": "localhost:50051", "tls": True}, True, "dns:///localhost:50051"),
        ({"target": "localhost:50051", "tls_ca": "ca.pem"}, True, "dns:///localhost:50051"),
        ({"uds": "/run/plugins.sock"}, False, "unix:/run/plugins.sock"),
    ],
)
def test_what_leaves_this_machine_is_encrypted(grpc, encrypted, address):
    connection = Connection.model_validate(grpc)
    assert (connection.encrypted, connection.address) == (encrypted, address)
