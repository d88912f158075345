"""`gatehook check`: all problems, or the plan."""

import json

CONFIG = """
plugins:
  - name: guard
    kind: deny_list
    hooks: [tool_pre_invoke, prompt_pre_fetch]
    priority: 10
    when_unknown: block
    conditions:
      - tools: ["db_*", lookup]
        tenant_ids: [acme]
      - prompts: [chat]
    config:
      words: [x]
  - name: pii_filter
    hooks: [tool_pre_invoke]
    mode: permissive
    timeout: 500ms
  - name: gone
    mode: audit
  - name: search_replace
    mode: disabled
"""
PLAN = """\
prompt_pre_fetch
  #  plugin  kind       priority  mode     access  timeout  conditions
  1  guard   deny_list  10        enforce  read    30s      prompts: chat (unknown: block)

tool_pre_invoke
  #  plugin      kind       priority  mode        access  timeout  conditions
  1  guard       deny_list  10        enforce     read    30s      tenant_ids: acme and tools: db_*, lookup \
(unknown: block)
  2  pii_filter             100       permissive  write   0.5s

not running
  plugin                    why
  gone            failed    no installed distribution provides 'gone'
  search_replace  disabled

gatehook.yaml:4: note: plugins[0].hooks: leaves out prompt_post_fetch, tool_post_invoke, resource_pre_fetch, \
resource_post_fetch
gatehook.yaml:13: warning: plugins[1]: pii_filter may change what guard has let pass; let guard run after it, or give \
it `recheck: true`
gatehook.yaml:14: note: plugins[1].hooks: leaves out prompt_pre_fetch, prompt_post_fetch, tool_post_invoke, \
resource_pre_fetch, resource_post_fetch
gatehook.yaml:17: warning: plugins[2]: no installed distribution provides 'gone'; every call is let through
gatehook.yaml: 2 plugins at 2 hooks, 2 warnings
"""
PII = "plugins:\n  - {name: pii_filter, hooks: [tool_pre_invoke]}\n"
SECTION = """
from collections.abc import Mapping, Sequence
from typing import ClassVar
from pydantic import BaseModel

class Relay(BaseModel, extra="forbid"):
    called_hooks: ClassVar[Sequence[str]] = ("tool_pre_invoke",)
    coverage: ClassVar[Sequence[Mapping[str, str]]] = ({"method": "tools/call", "before": "tool_pre_invoke"},)
    port: int = 0
"""


def test_a_sound_config_gets_its_plan_and_its_warnings(write, gatehook):
    result = gatehook("check", write(CONFIG))
    assert result.output == PLAN
    assert result.exit_code == 0


def test_with_strict_a_warning_is_a_problem(write, gatehook):
    assert gatehook("check", "--strict", write(CONFIG)).exit_code == 1
    assert gatehook("check", "--strict", write(PII)).exit_code == 0


def test_json_has_the_same_for_machines(write, gatehook):
    report = json.loads(gatehook("check", write(CONFIG), "--json").output)
    assert report["ok"] is True
    assert [step["plugin"] for step in report["hooks"]["tool_pre_invoke"]] == ["guard", "pii_filter"]
    assert report["hooks"]["tool_pre_invoke"][1] == {
        "plugin": "pii_filter",
        "kind": "pii_filter",
        "distribution": "gatehook-pii-filter",
        "mode": "permissive",
        "priority": 100,
        "band": None,
        "access": "write",
        "on_error": "allow",
        "timeout": 0.5,
        "recheck": False,
        "when_unknown": "match",
        "conditions": [],
    }
    assert [item["plugin"] for item in report["idle"]] == ["gone", "search_replace"]
    assert report["advice"][1] == {
        "level": "warning",
        "file": "gatehook.yaml",
        "line": 13,
        "path": "plugins[1]",
        "message": "pii_filter may change what guard has let pass; let guard run after it, or give it `recheck: true`",
    }


def test_json_tells_problems_too(write, gatehook):
    result = gatehook("check", write("plugins:\n  - {name: deny_list}\n"), "--json")
    report = json.loads(result.output)
    message = "the key 'words' is missing"
    assert report["problems"] == [{"file": "gatehook.yaml", "line": 2, "path": "plugins[0].config", "message": message}]
    assert (report["ok"], report["hooks"], result.exit_code) == (False, {}, 1)


def test_json_tells_of_what_is_no_yaml(write, gatehook):
    result = gatehook("check", write("plugins: [\n"), "--json")
    assert json.loads(result.output)["problems"][0]["line"] == 2
    assert result.exit_code == 1


def test_problems_of_all_entries_stand_in_one_report_in_the_order_of_the_file(write, gatehook):
    text = """
    plugins:
      - name: gone
      - name: search_replace
        config: {words: [{search: "(", replace: ""}]}
      - name: deny_list
        prioritty: 3
    plugin_settings:
      plugin_timeout: soon
    """
    lines = gatehook("check", write(text)).output.splitlines()
    assert [line.split(":")[1] for line in lines[:-1]] == ["2", "4", "5", "6", "8"]
    assert lines[-1] == "gatehook.yaml: 5 problems"


def test_the_environment_names_the_default_config(write, gatehook):
    write("plugins:\n  - name: pii_filter\n", "elsewhere.yaml")
    result = gatehook("check", env={"PLUGIN_CONFIG_FILE": "elsewhere.yaml"})
    assert result.output.splitlines()[-1] == "elsewhere.yaml: 1 plugin at 6 hooks"


def test_without_plugins_enabled_nothing_runs_and_that_is_said(write, gatehook):
    result = gatehook("check", write("plugins:\n  - name: pii_filter\n"), env={"PLUGINS_ENABLED": "false"})
    assert result.output.splitlines() == [
        "not running",
        "  plugin           why",
        "  pii_filter  off  PLUGINS_ENABLED is false",
        "",
        "warning: PLUGINS_ENABLED is false: no plugin runs, nothing is checked",
        "gatehook.yaml: 0 plugins at 0 hooks, 1 warning",
    ]


def test_plugins_enabled_is_true_or_false(write, gatehook):
    result = gatehook("check", write("plugins: []\n"), env={"PLUGINS_ENABLED": "maybe"})
    message = "the environment variable PLUGINS_ENABLED must be true or false, got 'maybe'"
    assert (result.output, result.exit_code) == (f"error: {message}\ngatehook.yaml: 1 problem\n", 1)


def test_a_file_that_cannot_be_read_leaves_no_answer(folder, gatehook):
    (folder / "a_folder").mkdir()
    for name, why in (("nix.yaml", "File 'nix.yaml' does not exist."), ("a_folder", "File 'a_folder' is a directory.")):
        result = gatehook("check", name)
        assert result.output.endswith(f"Error: Invalid value for 'CONFIG': {why}\n")
        assert result.exit_code == 2


def test_a_file_that_is_not_utf_8_is_refused(folder, gatehook):
    (folder / "latin.yaml").write_bytes(b"plugins: [] # \xe9\n")
    result = gatehook("check", "latin.yaml")
    assert result.output == "latin.yaml: error: not UTF-8: byte 14 is 0xe9\nlatin.yaml: 1 problem\n"
    assert result.exit_code == 1


def test_variables_are_masked(write, gatehook):
    text = "plugins:\n  - {name: pii_filter, hooks: [tool_pre_invoke], conditions: [{tenant_ids: ['${TENANT}']}]}\n"
    output = gatehook("check", write(text), env={"TENANT": "hunter22"}).output
    assert "tenant_ids: ********" in output
    assert "hunter22" not in output


# -- hosts


def test_for_a_host_an_enforcing_plugin_that_it_never_calls_is_a_problem(install, write, gatehook):
    install("acme-relay", {"relay": "acme_relay:Relay"}, modules={"acme_relay": SECTION}, group="gatehook.config")
    write(PII.replace("tool_pre_invoke", "prompt_pre_fetch"))
    message = "plugins[0].hooks: 'pii_filter' enforces, but this host calls none of its hooks (prompt_pre_fetch)"
    assert gatehook("check", "--host", "relay", "gatehook.yaml").output.splitlines() == [
        f"gatehook.yaml:2: error: {message}",
        "gatehook.yaml: 1 problem",
    ]


def test_a_host_shows_what_it_covers(install, write, gatehook):
    install("acme-relay", {"relay": "acme_relay:Relay"}, modules={"acme_relay": SECTION}, group="gatehook.config")
    table = "what relay guards\n  method      before\n  tools/call  tool_pre_invoke\n\n"
    for text in (PII, PII + "relay: {port: 1}\n"):
        write(text)
        output = gatehook("check", "gatehook.yaml").output
        assert "what relay guards" not in output
        assert gatehook("check", "--host", "relay", "gatehook.yaml").output == f"{output}\n{table}"
        assert json.loads(gatehook("check", "--json", "gatehook.yaml").output)["hosts"] == {}
        report = json.loads(gatehook("check", "--json", "--host", "relay", "gatehook.yaml").output)
        assert list(report["hosts"]) == ["relay"]


def test_a_host_that_is_not_installed_is_told_with_the_nearest(write, gatehook):
    result = gatehook("check", "--host", "gaurd", write("plugins: []\n"))
    assert (result.output, result.exit_code) == ("Error: no host 'gaurd' is installed, did you mean 'guard'?\n", 2)


def test_a_host_that_cannot_be_imported_is_told_where_it_matters(install, write, gatehook):
    install(
        "acme-relay", {"relay": "acme_relay:Relay"}, modules={"acme_relay": "raise ValueError"}, group="gatehook.config"
    )
    broken = "acme-relay is broken: its entry point gatehook.config: relay = acme_relay:Relay raised ValueError: "
    write(PII)
    assert f"warning: {broken}" in gatehook("check", "gatehook.yaml").output
    assert gatehook("check", "--host", "relay", "gatehook.yaml").output == f"Error: {broken}\n"
    write("plugins:\n  - {name: deny_list}\nrelay: {}\n")
    assert gatehook("check", "gatehook.yaml").output.splitlines()[:2] == [
        "gatehook.yaml:2: error: plugins[0].config: the key 'words' is missing",
        f"gatehook.yaml:3: error: relay: {broken}",
    ]
