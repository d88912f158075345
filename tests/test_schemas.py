"""The JSON Schemas that editors use say what run time says."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from gatehook.cli import commands
from gatehook.config import load_config
from gatehook.discovery import installed
from gatehook.dry_run import HOOKS
from gatehook.entries import inspect_entries
from gatehook.errors import ManifestError
from gatehook.manifest import parse_manifests
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted(ROOT.glob("examples/**/gatehook.yaml"))


def printed(*args):
    return CliRunner().invoke(commands, ["schema", *args]).stdout


FULL = Draft202012Validator(json.loads(printed("config")))
BARE = Draft202012Validator(json.loads(printed("config", "--bare")))
MANIFEST = Draft202012Validator(json.loads(printed("manifest")))


def is_right(config, available):
    """What run time says, without importing any plugin."""
    read = load_config(config, {"SET": "1"})
    entries = inspect_entries(read, available, HOOKS, None)
    return not read.document.problems and not any(entry.lie for entry in entries)


@pytest.mark.parametrize("name", ["config", "manifest"])
def test_the_committed_schemas_are_fresh(name):
    committed = (ROOT / f"schemas/{name}.schema.json").read_text()
    assert json.loads(committed) == json.loads(printed(name, "--bare")), "`nox -s schemas` makes them anew"


@pytest.mark.parametrize("validator", [FULL, BARE, MANIFEST], ids=["full", "bare", "manifest"])
def test_the_schemas_are_schemas(validator):
    Draft202012Validator.check_schema(validator.schema)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_examples_validate(path):
    config = yaml.safe_load(path.read_text())
    for validator in (FULL, BARE):
        assert [error.message for error in validator.iter_errors(config)] == []


def test_the_example_names_its_schema():
    first = (ROOT / "examples/gatehook.yaml").read_text().splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (ROOT / "examples" / first.partition("=")[2]).resolve() == ROOT / "schemas/config.schema.json"


@pytest.mark.parametrize("path", sorted(ROOT.glob("contrib/*/plugin-manifest.yaml")), ids=lambda path: path.parent.name)
def test_our_manifests_validate(path):
    assert [error.message for error in MANIFEST.iter_errors(yaml.safe_load(path.read_text()))] == []


# -- in step with run time

# Per key, values that run time takes and values that it refuses.
VALUES = {
    "name": (["a"], ["", 5, None]),
    "kind": ([None, "gone", "${SET}"], [5, []]),
    "distribution": ([None, "acme"], [5]),
    "description": (["text"], [5, None]),
    "version": (["1", 1, 1.5], [True, []]),
    "tags": ([[], ["a"]], ["a", [5]]),
    "hooks": ([None, ["tool_pre_invoke"], ["hook_finished", "prompt_pre_fetch"]], ["tool_pre_invoke", ["tool_pre"]]),
    "mode": (["enforce", "audit", "disabled", "${MODE:-audit}"], ["enforced", False, None]),
    "priority": ([0, -5, 10, "${SET}"], [1.5, True, "high", None]),
    "conditions": ([[], [{}], [{"tools": ["a"], "tenant_ids": []}]], [{}, [{"tool": ["a"]}], [{"tools": "a"}], ["a"]]),
    "when_unknown": ([None, "skip"], ["never"]),
    "config": ([{}, {"any": 1}], [None, [], "a"]),
    "on_error": ([None, "allow", "${SET_ERROR:-block}"], ["opne", False]),
    "disable_after": ([1, 5], [0, "a", True]),
    "cool_down": ([1, 0.5, "500ms", "2 s"], [0, -1, "soon", "0s", True, None]),
    "timeout": ([None, "1.5m"], ["5 minutes"]),
    "recheck": ([True, "${FLAG:-true}"], ["often", [], None]),
    "access": ([None, "write"], ["read"]),
    "mandatory": ([False], ["never"]),
}
SETTINGS = {
    "parallel_execution_within_band": ([True], ["never"]),
    "plugin_timeout": ([5, "5s"], [0, None]),
    "fail_on_plugin_error": ([None, False], ["never"]),
    "max_payload_bytes": ([None, 1000], [0, 1.5, True]),
    "plugin_settingz": ([], [1]),
}


def drawn(table):
    """A mapping with some of the table's keys, mostly with values that run time takes."""

    def pick(choices):
        good, bad = choices
        return st.sampled_from([*good * 3, *bad])

    return st.fixed_dictionaries({}, optional={key: pick(choices) for key, choices in table.items()})


entries = drawn(VALUES).map(lambda entry: {"name": "a", **entry})
configs = st.fixed_dictionaries(
    {"plugins": st.lists(entries, max_size=1)},
    optional={"plugin_settings": st.one_of(st.none(), drawn(SETTINGS), st.just([])), "pluginz": st.just([])},
)


@given(configs)
def test_the_bare_schema_takes_what_run_time_takes(config):
    assert BARE.is_valid(config) == is_right(config, [])


@pytest.mark.parametrize("key", VALUES)
def test_each_key_of_an_entry_is_in_step(key):
    for values, right in zip(VALUES[key], (True, False), strict=True):
        for value in values:
            config = {"plugins": [{"name": "a", key: value}]}
            assert (BARE.is_valid(config), is_right(config, [])) == (right, right), value


PII = {"name": "pii_filter"}
WORDS = {"config": {"words": ["x"]}}
ALIAS = "plugins.pii_filter.pii_filter.PIIFilterPlugin"
CASES = {
    "a plugin by its name": (PII, True),
    "a plugin by its kind": ({"name": "a", "kind": "deny_list", **WORDS}, True),
    "a plugin by an alias": ({"name": "a", "kind": ALIAS, "config": {"detect_ssn": True}}, True),
    "a wrong value under a name": ({**PII, "config": {"mask_strategy": "hide"}}, False),
    "a wrong value under a kind": ({"name": "a", "kind": "pii_filter", "config": {"detect_ssn": "often"}}, False),
    "a wrong value under an alias": ({"name": "a", "kind": ALIAS, "config": {"detect_sn": True}}, False),
    "a wrong value deep inside": ({**PII, "config": {"custom_patterns": [{"name": "x"}]}}, False),
    "a name that another kind overrules": ({"name": "deny_list", "kind": "pii_filter"}, True),
    "what must be there is not": ({"name": "deny_list"}, False),
    "what must be there is not, where nothing is checked": ({"name": "deny_list", "mode": "disabled"}, True),
    "a section that the kind does not have": ({**PII, "mcp": {"proto": "STDIO"}}, False),
    "a section of a kind that is not installed": ({"name": "a", "kind": "nix", "mcp": {"proto": "STDIO"}}, True),
    "a misspelt key of a kind that is not installed": ({"name": "a", "kind": "nix", "prioritty": 5}, False),
    "two keys that contradict each other": ({**PII, "mode": "enforce_ignore_error", "on_error": "block"}, False),
    "two keys that agree": ({**PII, "mode": "enforce_ignore_error", "on_error": "allow"}, True),
}


@pytest.mark.parametrize("name", CASES)
def test_the_full_schema_knows_what_is_installed(name):
    entry, right = CASES[name]
    config = {"plugins": [entry]}
    assert (FULL.is_valid(config), is_right(config, installed())) == (right, right)


RIGHT_SECTIONS = [{}, None, {"violation_as": "error"}]
WRONG_SECTIONS = [{"violation_az": "error"}, {"violation_as": "eror"}, [], False]
SECTIONS = [*((section, True) for section in RIGHT_SECTIONS), *((section, False) for section in WRONG_SECTIONS)]


@pytest.mark.parametrize(("section", "right"), SECTIONS)
def test_the_full_schema_knows_the_sections_of_hosts(section, right):
    config = {"plugins": [], "guard": section}
    assert (FULL.is_valid(config), is_right(config, [])) == (right, right)


def test_a_section_of_nobody_is_refused():
    config = {"plugins": [], "gaurd": {}}
    assert [FULL.is_valid(config), BARE.is_valid(config), is_right(config, [])] == [False] * 3


def test_names_and_kinds_are_suggested_and_local_classes_allowed():
    properties = FULL.schema["$defs"]["PluginConfig"]["properties"]
    assert {"deny_list", ALIAS} <= set(properties["kind"]["anyOf"][0]["enum"])
    assert "deny_list" in properties["name"]["anyOf"][0]["enum"]
    assert FULL.is_valid({"plugins": [{"name": "a", "kind": "my_package.guards.Guard"}]})


def test_every_key_has_a_description():
    for schema in (BARE.schema, MANIFEST.schema):
        for definition in schema["$defs"].values():
            for key, described in definition.get("properties", {}).items():
                assert described.get("description"), key


ONE = {"description": "A toy.", "version": "1.0", "available_hooks": ["tool_pre_invoke"]}
MANIFESTS = [
    (ONE, ["toy"], True),
    ({"toy": ONE, "other": ONE}, ["toy", "other"], True),
    ({**ONE, "acces": "read"}, ["toy"], False),
    ({**ONE, "access": "reed"}, ["toy"], False),
    ({"description": "A toy.", "version": "1.0"}, ["toy"], False),
    ({"toy": ONE, "other": {**ONE, "acces": "read"}}, ["toy", "other"], False),
    ([ONE], ["toy"], False),
]


@pytest.mark.parametrize(("manifest", "names", "right"), MANIFESTS)
def test_the_manifests_schema_takes_what_run_time_takes(manifest, names, right):
    try:
        parse_manifests(yaml.safe_dump(manifest), names, "acme")
    except ManifestError:
        taken = False
    else:
        taken = True
    assert (MANIFEST.is_valid(manifest), taken) == (right, right)
