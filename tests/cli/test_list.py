"""`gatehook list`: what is installed, what is enabled, what is broken and why."""

import json

import pytest

PLUGIN = """
from gatehook import Plugin

class Toy(Plugin):
    def tool_pre_invoke(self, payload): ...
"""
MANIFEST = 'description: A toy.\nversion: "{version}"\navailable_hooks: [tool_pre_invoke]\n'


@pytest.fixture
def listed(gatehook):
    """The plugins in `gatehook list --json`, by name."""

    def run(*args, **options):
        report = json.loads(gatehook("list", "--json", *args, **options).output)
        return {plugin["name"]: plugin for plugin in report["plugins"]}

    return run


def test_plugins_are_listed_with_their_distribution_without_being_imported(install, gatehook):
    install("acme", {"toy": "acme_toy:Toy"}, modules={"acme_toy": "raise ValueError"})
    result = gatehook("list")
    (line,) = (line for line in result.output.splitlines() if "acme" in line)
    assert line.split() == ["toy", "acme", "1.0", "A", "toy."]
    assert result.exit_code == 0


def test_hosts_are_listed_with_their_commands_and_sections(gatehook):
    hosts = json.loads(gatehook("list", "--json").output)["hosts"]
    guard = {"distribution": "gatehook-guard", "commands": ["gatehook guard"], "sections": ["guard"], "problem": ""}
    assert guard in hosts


def test_json_has_what_the_manifest_says(listed):
    deny_list = listed()["deny_list"]
    assert deny_list["distribution"] == "gatehook-deny-list"
    assert deny_list["target"] == "gatehook_deny_list:DenyListPlugin"
    assert deny_list["access"] == "read"
    assert "tool_pre_invoke" in deny_list["hooks"]


def test_a_config_tells_what_is_enabled_and_as_what(toy, write, listed):
    text = """
    plugins:
      - {name: strict, kind: toy}
      - {name: toy}
      - {name: deny_list, mode: disabled}
      - {name: local, kind: json.JSONDecoder, mode: audit}
      - {name: nix, mode: audit}
    """
    found = listed("--config", write(text))
    assert found["toy"]["enabled"] == ["strict", "toy"]
    assert (found["deny_list"]["enabled"], found["deny_list"]["disabled"]) == ([], ["deny_list"])
    assert (found["pii_filter"]["enabled"], found["pii_filter"]["disabled"]) == ([], [])
    assert (found["json.JSONDecoder"]["enabled"], found["json.JSONDecoder"]["distribution"]) == (["local"], "")
    assert found["nix"]["problem"] == "no installed distribution provides 'nix'"


def test_the_table_tells_what_is_enabled(toy, write, gatehook):
    write("plugins:\n  - {name: a, kind: toy}\n  - {name: deny_list, mode: disabled}\n")
    output = gatehook("list", env={"PLUGIN_CONFIG_FILE": "gatehook.yaml"}).output
    rows = {line.split()[0]: line.split()[3:5] for line in output.splitlines() if line.startswith("  ")}
    assert rows["toy"] == ["as", "a"]
    assert rows["deny_list"][0] == "disabled"
    assert rows["pii_filter"][0] == "no"


def test_a_broken_manifest_is_listed_with_the_reason(install, listed):
    install("acme", {"toy": "acme_toy:Toy"}, manifest="description: [")
    assert listed()["toy"]["problem"].startswith("acme 1.0: plugin-manifest.yaml:2: not YAML: ")


def test_import_tries_what_cannot_be_told_from_metadata(install, listed):
    install("acme", {"toy": "acme_toy:Toy"}, modules={"acme_toy": "raise SystemExit(1)"})
    assert listed()["toy"]["problem"] == ""
    found = listed("--import")
    assert found["toy"]["problem"] == "importing acme_toy raised SystemExit: 1"
    assert found["deny_list"]["problem"] == ""


def test_something_enabled_that_cannot_run_is_the_answer_no(install, write, gatehook):
    install("acme", {"toy": "acme_toy:Toy"}, modules={"acme_toy": "raise ValueError"})
    write("plugins:\n  - {name: toy}\n")
    result = gatehook("list", "--config", "gatehook.yaml")
    assert "cannot import it: importing acme_toy raised ValueError" in result.output
    assert result.exit_code == 1
    assert gatehook("list").exit_code == gatehook("list", "--import").exit_code == 0
    write("plugins:\n  - {name: toy, mode: disabled}\n")
    assert gatehook("list", "--config", "gatehook.yaml").exit_code == 0


NEWER = MANIFEST + 'requires: ">=99"\n'
MISSPELT = PLUGIN.replace("tool_pre_invoke", "tool_pre_invok")


WRONG = {
    "requires": (NEWER, PLUGIN, "it requires gatehook >=99; this is 0.1.0"),
    "misspelt hook": (MANIFEST, MISSPELT, "cannot register it: Toy.tool_pre_invok looks like a hook"),
    "hidden hook": (
        MANIFEST,
        PLUGIN + "    tool_post_invoke = tool_pre_invoke\n",
        "implements tool_post_invoke, which",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_check_finds_wrong_with_a_plugin_is_listed_with_the_reason(name, install, write, gatehook):
    manifest, body, why = WRONG[name]
    install("acme", {"toy": "acme_toy:Toy"}, modules={"acme_toy": body}, manifest=manifest)
    write("plugins:\n  - {name: toy}\n")
    result = gatehook("list", "--config", "gatehook.yaml")
    assert why in result.output
    assert result.exit_code == gatehook("check", "gatehook.yaml").exit_code == 1


def test_settings_that_check_refuses_are_the_answer_no(write, gatehook):
    result = gatehook("list", "--config", write("plugins:\n  - {name: deny_list}\n"))
    assert "gatehook.yaml has problems; `gatehook check` tells them\n" in result.output
    assert result.exit_code == 1


def test_rivals_and_copies_are_listed(folder, toy, install, gatehook):
    install("rival", {"toy": "acme_toy:Toy"})
    install("acme", {"toy": "acme_toy:Toy"}, version="2.0", site="elsewhere")
    plugins = [plugin for plugin in json.loads(gatehook("list", "--json").output)["plugins"] if plugin["name"] == "toy"]
    problems = {(plugin["distribution"], plugin["version"]): plugin["problem"] for plugin in plugins}
    assert f"installed a second time in {folder}/site" in problems["acme", "2.0"]
    assert f"also claimed by rival 1.0 ({folder}/site)" in problems["acme", "1.0"]
    assert f"also claimed by acme 1.0 ({folder}/site)" in problems["rival", "1.0"]


def test_a_config_with_faults_is_listed_as_far_as_it_goes(toy, write, gatehook):
    result = gatehook("list", "--config", write("plugins:\n  - {name: toy}\n  - {name: a, priority: x}\n"))
    assert "as toy" in result.output
    assert "gatehook.yaml has problems; `gatehook check` tells them\n" in result.output
    assert result.exit_code == 1


def test_a_config_that_is_no_yaml_leaves_no_answer(write, gatehook):
    result = gatehook("list", "--config", write("plugins: [\n"))
    assert result.exit_code == 2
    assert result.output.startswith("Error: gatehook.yaml:2: not YAML: ")
