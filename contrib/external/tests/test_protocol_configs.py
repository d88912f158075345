"""What a server says of its plugins, and what is believed of it."""

import pytest
from gatehook import Plugin
from gatehook.testing import open_runner
from gatehook_external import ServiceError
from gatehook_external.protocol import PROTOCOL, Described, described

SECRET = "sk-4111"

# What cpex 0.1.4 dumps.
DUMP = {
    "name": "Ext",
    "description": None,
    "author": None,
    "kind": "package.module.Plugin",
    "namespace": None,
    "version": None,
    "hooks": ["agent_pre_invoke", "tool_post_invoke", "prompt_pre_fetch"],
    "tags": [],
    "mode": "sequential",
    "on_error": "fail",
    "priority": 100,
    "max_content_size": 10000000,
    "conditions": [],
    "applied_to": None,
    "capabilities": [],
    "config": {"api_key": SECRET},
    "mcp": None,
    "grpc": None,
    "unix_socket": None,
}


class Quiet(Plugin):
    def tool_pre_invoke(self):
        return None


async def test_a_plugin_is_described_without_its_settings():
    keys = {"config": {"api_key": SECRET}, "mode": "audit", "tags": ["a"]}
    async with open_runner({"name": "Q", "kind": Quiet, **keys}) as runner:
        raw = described(runner.plugins()[0], accepts_config=True)
    assert SECRET not in str(raw)
    assert raw["config"] == {}
    found = Described.read(raw, "q")
    assert (found.name, found.hooks, found.mode, found.tags) == ("Q", ["tool_pre_invoke"], "audit", ["a"])
    assert found.is_gatehook
    assert found.manifest.accepts_config
    assert found.manifest.protocol == PROTOCOL


def test_a_peers_description_is_understood_and_its_settings_are_not_kept():
    found = Described.read(DUMP, "ext")
    assert found.hooks == DUMP["hooks"]
    assert not found.is_gatehook
    assert SECRET not in repr(found)


def test_an_empty_description_means_that_there_is_no_such_plugin():
    assert Described.read({}, "Ext") is None


def test_numbers_that_became_floats_on_the_way_are_understood():
    found = Described.read(DUMP | {"priority": 100.0, "manifest": {"protocol": 1.0}}, "Ext")
    assert found.is_gatehook


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (None, "it must be an object, got null"),
        ([DUMP], "it must be an object, got a list"),
        ({"kind": SECRET}, "at name"),
        (DUMP | {"hooks": SECRET}, "at hooks"),
        (DUMP | {"hooks": [SECRET, 7]}, "at hooks"),
        (DUMP | {"manifest": {"protocol": SECRET}}, "at manifest"),
        (DUMP | {"manifest": {"protocol": 1, "accepts_config": "yes"}}, "at manifest"),
        (DUMP | {"manifest": {"protocol": 1, "config_schema": [SECRET]}}, "at manifest"),
        (DUMP | {"name": "Other"}, "another plugin"),
        (DUMP | {"manifest": {"protocol": 2}}, "speaks version 2 of gatehook's protocol; here that is 1"),
        (DUMP | {"config": {"n": float("nan")}}, "not finite"),
    ],
)
def test_what_is_no_description_of_the_plugin_is_a_failure_of_the_service(raw, told):
    with pytest.raises(ServiceError, match=told) as error:
        Described.read(raw, "Ext")
    assert SECRET not in error.value.reason
