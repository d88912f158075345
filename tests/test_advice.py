"""What is permitted in a config and probably not meant is told."""

import pytest
from gatehook import Plugin
from gatehook.advice import advise
from gatehook.dry_run import HOOKS, dry_run
from gatehook.errors import dotted
from pydantic import BaseModel, model_validator


class Quiet(Plugin):
    def tool_pre_invoke(self, payload): ...

    def tool_post_invoke(self, payload): ...

    def prompt_pre_fetch(self, payload): ...


class Watcher(Plugin):
    def hook_finished(self, outcome, request): ...


def quiet(name, **keys):
    return {"name": name, "kind": f"{__name__}.Quiet", "hooks": ["tool_pre_invoke"], **keys}


def reader(name, **keys):
    return {"name": name, "kind": "deny_list", "config": {"words": ["x"]}, "hooks": ["tool_pre_invoke"], **keys}


def advice_on(*plugins, environ=None, hosts=None, **settings):
    """Every warning and note as a line."""
    run = dry_run({"plugins": list(plugins), "plugin_settings": settings}, environ or {})
    found = advise(run.config, run.entries, HOOKS, hosts or {})
    return [f"{item.level}: {dotted(item.problem.path)}: {item.problem.message}" for item in found]


class SevereSettings(BaseModel):
    severe: bool = False
    looks_twice: bool = False
    limit: int = 10

    @model_validator(mode="before")
    @classmethod
    def _severe(cls, data):
        return {"looks_twice": True, "limit": 1} | data if data.get("severe") else data


class Severe(Quiet):
    settings_model = SevereSettings


def severe(**config):
    return {"name": "a", "kind": f"{__name__}.Severe", "hooks": ["tool_pre_invoke"], "config": config}


ADVICE = {
    "nothing to say": ([reader("a")], {}, []),
    "a timeout in milliseconds": (
        [reader("a", timeout=5000)],
        {"plugin_timeout": 5000, "hook_timeout": "20m"},
        [
            "warning: plugin_settings.plugin_timeout: 5000 seconds are 83 minutes; for milliseconds write 5000ms",
            "warning: plugin_settings.hook_timeout: 1200 seconds are 20 minutes; for milliseconds write 1200ms",
            "warning: plugins[0].timeout: 5000 seconds are 83 minutes; for milliseconds write 5000ms",
        ],
    ),
    "fail_on_plugin_error written out": (
        [reader("a")],
        {"fail_on_plugin_error": False},
        [
            (
                "warning: plugin_settings.fail_on_plugin_error: false opens no enforcing guard: "
                "its failures block unless its own `on_error` says otherwise"
            )
        ],
    ),
    "on_error in audit": (
        [reader("a", mode="audit", on_error="block")],
        {},
        ["warning: plugins[0].on_error: has no effect in mode audit, which blocks nothing"],
    ),
    "keys without their companions": (
        [
            quiet(
                "a", mode="permissive", cool_down=1, disable_after=2, recheck=True, when_unknown="skip", access="write"
            )
        ],
        {},
        [
            "warning: plugins[0].disable_after: has no effect without `on_error: disable`",
            "warning: plugins[0].cool_down: has no effect without `on_error: disable`",
            "warning: plugins[0].recheck: has no effect in mode permissive",
            "warning: plugins[0].when_unknown: has no effect without conditions",
            "warning: plugins[0].access: has no effect since the plugin may change payloads as it is",
        ],
    ),
    "an observer's mode": (
        [{"name": "w", "kind": f"{__name__}.Watcher", "mode": "audit"}],
        {},
        ["warning: plugins[0].mode: has no effect on an observer"],
    ),
    "conditions that never match": (
        [reader("a", conditions=[{"tools": ["", " x"], "content_types": ["json"], "user_patterns": ["*"]}])],
        {},
        [
            "warning: plugins[0].conditions[0].tools[0]: can never match: it is empty",
            "warning: plugins[0].conditions[0].tools[1]: can never match: it begins or ends with white space",
            (
                "warning: plugins[0].conditions[0].content_types[0]: can never match: "
                "a media type has a slash, such as application/json"
            ),
        ],
    ),
    "a resource that is no URI": (
        [reader("a", hooks=["resource_pre_fetch"], conditions=[{"resources": ["/etc/hosts", "file:*", "*.txt"]}])],
        {},
        [
            (
                "warning: plugins[0].conditions[0].resources[0]: can never match: "
                "a resource is named by its URI, such as file:///etc/hosts"
            )
        ],
    ),
    "a condition that decides everything": (
        [reader("a", conditions=[{"tools": ["t"]}, {"server_ids": []}])],
        {},
        ["warning: plugins[0].conditions[1]: names nothing, so it always matches, whatever the other conditions say"],
    ),
    "a condition that names nothing": (
        [reader("a", conditions=[{}]), reader("b", priority=200, conditions=[{"tools": [], "tenant_ids": []}])],
        {},
        [f"warning: plugins[{index}].conditions[0]: names nothing, so it always matches" for index in (0, 1)],
    ),
    "a bracket that is never closed": (
        [reader("a", conditions=[{"tools": ["db_[ab", "[]", "[a][!]", "db_[ab]", "[a[]", "[]]", "[!]]", "a]"]}])],
        {},
        [
            f"warning: plugins[0].conditions[0].tools[{index}]: the [ is never closed, so it stands for itself"
            for index in (0, 1, 2)
        ],
    ),
    "tools at a prompt hook": (
        [quiet("a", hooks=["prompt_pre_fetch", "tool_pre_invoke"], conditions=[{"tools": ["t"], "tenant_ids": ["x"]}])],
        {},
        [
            (
                "warning: plugins[0].conditions[0]: "
                "tools mean nothing at prompt_pre_fetch; it runs there whatever the subject"
            )
        ],
    ),
    "an entry for each subject": (
        [quiet("a", hooks=["prompt_pre_fetch", "tool_pre_invoke"], conditions=[{"tools": ["t"]}, {"prompts": ["p"]}])],
        {},
        [],
    ),
    "a tie": (
        [reader("a"), reader("b", priority=7), reader("c"), quiet("d", hooks=["prompt_pre_fetch"])],
        {},
        ["warning: plugins[2]: a, c share priority 100; they run in the order of the file"],
    ),
    "a tie that never meets": (
        [reader("a", conditions=[{"tools": ["s"]}]), reader("b", conditions=[{"tools": ["t"]}])],
        {},
        [],
    ),
    "a tie in a band": ([reader("a"), reader("b")], {"parallel_execution_within_band": True}, []),
    "a modifier after a guard": (
        [reader("guard", priority=1), quiet("modifier", priority=2)],
        {},
        [
            (
                "warning: plugins[1]: modifier may change what guard has let pass; "
                "let guard run after it, or give it `recheck: true`"
            )
        ],
    ),
    "a modifier beside a guard": (
        [quiet("modifier"), reader("guard")],
        {"parallel_execution_within_band": True},
        [
            (
                "warning: plugins[0]: modifier may change what guard is looking at; "
                "let guard run after it, or give it `recheck: true`"
            )
        ],
    ),
    "a modifier after a guard that looks again": (
        [reader("guard", priority=1, recheck=True), quiet("modifier", priority=2)],
        {},
        [],
    ),
    "a modifier that only pretends": (
        [reader("guard", priority=1), quiet("modifier", priority=2, mode="audit")],
        {},
        [],
    ),
    "a missing plugin that is let through": (
        [reader("a"), {"name": "m", "kind": "nix", "mode": "permissive"}],
        {},
        ["warning: plugins[1]: no installed distribution provides 'nix'; every call is let through"],
    ),
    "no plugin at all": ([], {}, ["warning: plugins: no plugin runs: every call passes"]),
}


def without_notes(lines):
    return [line for line in lines if not line.startswith("note")]


@pytest.mark.parametrize("name", ADVICE)
def test_what_is_probably_not_meant_is_told(name):
    plugins, settings, expected = ADVICE[name]
    assert without_notes(advice_on(*plugins, **settings)) == expected


def test_what_a_setting_sets_besides_itself_is_a_note():
    noted = [line for line in advice_on(severe(severe=True, limit=2)) if "also sets" in line]
    assert noted == ["note: plugins[0].config: what is written here also sets looks_twice: true"]
    assert not [line for line in advice_on(severe(limit=2)) if "also sets" in line]


def test_hooks_that_the_config_narrows_away_are_a_note():
    assert advice_on(quiet("a")) == ["note: plugins[0].hooks: leaves out prompt_pre_fetch, tool_post_invoke"]


def test_hooks_that_no_installed_host_calls_are_a_warning():
    hosts = {"relay": ["tool_pre_invoke"], "proxy": ["prompt_pre_fetch"]}
    assert advice_on({"name": "a", "kind": f"{__name__}.Quiet"}, hosts=hosts) == [
        "warning: plugins[0]: no installed host (relay, proxy) ever calls tool_post_invoke"
    ]


def test_plugins_enabled_false_is_a_warning():
    assert advice_on(quiet("a"), environ={"PLUGINS_ENABLED": "false"}) == [
        "warning: : PLUGINS_ENABLED is false: no plugin runs, nothing is checked"
    ]
