"""What a plugin may learn, and tell, only once it is initialized; and a plugin run alone."""

import asyncio
import math
import sys

import pytest
import yaml
from gatehook import (
    ConfigError,
    ConfigFile,
    Plugin,
    PluginContext,
    PluginError,
    PluginResult,
    PluginViolation,
    Problem,
    PromptPrehookPayload,
    Runner,
    ToolPreInvokePayload,
)

CALL = ToolPreInvokePayload("lookup", {})
PROMPT = PromptPrehookPayload("greet", {})


class Two(Plugin):
    """Learns in initialize() at which of its two hooks it has to run."""

    async def initialize(self):
        self.hooks = self.config.config["runs_at"]

    def tool_pre_invoke(self, payload):
        return PluginResult(False, violation=PluginViolation("no"))

    def prompt_pre_fetch(self, payload):
        return PluginResult(False, violation=PluginViolation("no"))


async def test_a_plugin_runs_only_at_the_hooks_that_it_names_when_it_is_up(toys):
    async with toys.runner((Two, {"config": {"runs_at": ["tool_pre_invoke", "elsewhere"]}})) as runner:
        assert runner.plugins()[0].hooks == ("tool_pre_invoke",)
        assert runner.plugins()[0].warnings == ("it is also made for elsewhere, where it does not run here",)
        assert not runner.has_hooks("prompt_pre_fetch")
        async with runner.request() as request:
            assert (await request.run(CALL)).blocked
            assert not (await request.run(PROMPT)).blocked


async def test_naming_a_hook_that_turns_out_to_be_missing_is_a_config_error(toys):
    entry = {"hooks": ["prompt_pre_fetch", "tool_pre_invoke"], "config": {"runs_at": ["tool_pre_invoke"]}}
    with pytest.raises(ConfigError, match=r"plugins\[0\]\.hooks\[0\]: .* has no prompt_pre_fetch; it has tool_pre_inv"):
        await toys.runner((Two, entry)).__aenter__()


async def test_a_plugin_that_turns_out_to_run_nowhere_is_a_config_error(toys):
    with pytest.raises(ConfigError, match="has no hook that is run here"):
        await toys.runner((Two, {"config": {"runs_at": []}})).__aenter__()


async def test_what_initialize_finds_wrong_with_the_entry_is_told_with_file_and_line(tmp_path, monkeypatch):
    (tmp_path / "finicky.py").write_text(
        "from gatehook import ConfigError, Plugin, Problem\n"
        "class Finicky(Plugin):\n"
        "    async def initialize(self):\n"
        "        raise ConfigError([Problem('no such word', ('config', 'words', 1))])\n"
        "    def tool_pre_invoke(self, payload): ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    config = tmp_path / "gatehook.yaml"
    config.write_text("plugins:\n- name: f\n  kind: finicky.Finicky\n  config:\n    words:\n    - a\n    - b\n")
    with pytest.raises(ConfigError) as caught:
        await Runner.from_config(config).__aenter__()
    assert str(caught.value) == f"{config}:7: plugins[0].config.words[1]: no such word"


def test_what_the_constructor_finds_wrong_with_the_entry_is_told_as_well(toys):
    class Finicky(Two):
        def __init__(self, config):
            raise ConfigError([Problem("no such word", ("config", "words")), Problem("no such key", ("config", "k"))])

    with pytest.raises(ConfigError) as caught:
        asyncio.run(toys.runner(Finicky).__aenter__())
    assert str(caught.value) == "plugins[0].config.words: no such word\nplugins[0].config.k: no such key"


def test_the_nearest_name_is_found_whatever_its_case(toys):
    with pytest.raises(ConfigError, match="did you mean 'tool_pre_invoke'"):
        toys.runner((Two, {"hooks": ["TOOL_PRE_INVOKE"]}))


async def test_settings_whose_schema_only_the_plugin_knows_are_checked_as_all_others(tmp_path, monkeypatch):
    monkeypatch.setenv("KEY", "from-a-variable")
    (tmp_path / "learns.py").write_text(
        "from gatehook import ConfigError, Plugin, check_settings\n"
        "SCHEMA = {'properties': {'key': {'writeOnly': True}, 'n': {'type': 'integer'}}}\n"
        "class Learns(Plugin):\n"
        "    async def initialize(self):\n"
        "        if problems := check_settings(self.config, self.config.config, SCHEMA):\n"
        "            raise ConfigError(problems)\n"
        "    def tool_pre_invoke(self, payload): ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    config = tmp_path / "gatehook.yaml"
    config.write_text("plugins:\n- name: x\n  kind: learns.Learns\n  config:\n    n: x\n    key: hunter22\n")
    with pytest.raises(ConfigError) as caught:
        await Runner.from_config(config).__aenter__()
    assert str(caught.value).splitlines() == [
        f"{config}:5: plugins[0].config.n: must be a whole number, got 'x'",
        f"{config}:6: plugins[0].config.key: a secret does not stand in the file; take it from a variable: ${{NAME}}",
    ]
    config.write_text("plugins:\n- name: x\n  kind: learns.Learns\n  config:\n    n: 1\n    key: ${KEY}\n")
    async with Runner.from_config(config):
        pass


async def test_a_plugin_may_be_looked_at_more_often_than_others(toys):
    class Often(Two):
        health_interval = 0.005
        looks = 0

        async def health(self):
            type(self).looks += 1
            return f"look {self.looks}"

    async with toys.runner((Often, {"config": {"runs_at": ["tool_pre_invoke"]}})) as runner, asyncio.timeout(20):
        while Often.looks < 3:  # noqa: ASYNC110  # a status has no event
            await asyncio.sleep(0.001)
        assert str(runner.plugins()[0].health).startswith("look")


async def test_the_status_holds_what_a_plugin_tells_of_itself(toys):
    class Tells(Two):
        def details(self):
            return {"connection": "open"}

    class Stumbles(Two):
        def details(self):
            raise ValueError("secret")

    config = {"config": {"runs_at": ["tool_pre_invoke"]}}
    async with toys.runner((Tells, config), (Stumbles, config)) as runner:
        told = [plugin.details for plugin in runner.plugins()]
    assert told == [{"connection": "open"}, {"details": "raised ValueError"}]


@pytest.mark.parametrize("parallel", [False, True])
async def test_a_plugin_knows_how_much_time_is_left_for_its_call(toys, parallel):
    left = {}

    class Looks(Plugin):
        def tool_pre_invoke(self, payload, context):
            left[self.name] = context.remaining()

    entries = [(Looks, {"name": "own", "timeout": "5s"}), (Looks, {"name": "hook", "timeout": "500s"})]
    await toys.run(CALL, *entries, hook_timeout="50s", parallel_execution_within_band=parallel)
    assert 0 < left["own"] <= 5 < left["hook"] <= 50


def test_outside_a_run_the_time_that_is_left_has_no_end():
    assert PluginContext().remaining() == math.inf


CONFIG = """
plugins:
- {name: first, kind: watched.Watched}
- name: second
  kind: watched.Watched
  mode: permissive
  on_error: disable
  disable_after: 1
  conditions: [{tools: [other]}]
  config: {word: b, more: kept}
"""


@pytest.fixture
def watched(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "watched", raising=False)
    (tmp_path / "watched.py").write_text(
        "from gatehook import Plugin, PluginResult, PluginViolation\n"
        "class Watched(Plugin):\n"
        "    def tool_pre_invoke(self, payload):\n"
        "        if payload.args: raise ValueError\n"
        "        told = f'{self.name} {sorted(self.config.config.items())}'\n"
        "        return PluginResult(False, violation=PluginViolation(told))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "gatehook.yaml").write_text(CONFIG)
    return tmp_path / "gatehook.yaml"


async def test_a_plugin_alone_enforces_without_conditions_and_with_the_config_that_is_laid_over_its_own(watched):
    runner = Runner.from_config(watched, only="second", config={"word": "c"})
    assert [(plugin.name, plugin.state) for plugin in runner.plugins()] == [("second", "waiting")]
    async with runner, runner.request() as request:
        outcome = await request.run(CALL)
    assert outcome.blocked
    assert outcome.violation.reason == "second [('more', 'kept'), ('word', 'c')]"


async def test_what_is_laid_over_stands_in_no_file(watched):
    (watched.parent / "plugin-manifest.yaml").write_text(MANIFEST)
    with pytest.raises(ConfigError) as caught:
        Runner.from_config(watched, only="first", config={"keys": ["handed over"], "auth": 7})
    assert str(caught.value).startswith("plugins[0].config.auth: ")
    Runner.from_config(watched, only="first", config={"keys": ["handed over"]})


async def test_what_a_blocking_plugin_would_have_changed_is_there_for_a_host_that_asks_for_another(toys):
    class Masks(Plugin):
        def tool_pre_invoke(self, payload):
            payload.args["q"] = "*"
            return PluginResult(False, payload, PluginViolation("no"))

    outcome = await toys.run(ToolPreInvokePayload("t", {"q": "secret"}), Masks)
    assert (outcome.blocked, outcome.modified, outcome.payload.args) == (True, False, {"q": "secret"})
    assert outcome.withheld.args == {"q": "*"}


async def test_a_plugin_alone_raises_its_failures_and_never_lets_one_through(watched):
    async with Runner.from_config(watched, only="second") as runner, runner.request() as request:
        for _ in range(3):
            with pytest.raises(PluginError, match="ValueError"):
                await request.run(ToolPreInvokePayload("lookup", {"q": 1}))


def test_a_plugin_alone_is_one_of_the_config_s(watched):
    with pytest.raises(ConfigError, match="no plugin 'secnd', did you mean 'second'"):
        Runner.from_config(watched, only="secnd")


def test_a_runner_begins_from_the_file_as_it_was_read(watched):
    read = ConfigFile.read(watched)
    watched.write_text("plugins: [")
    assert [plugin.name for plugin in Runner.from_config(read).plugins()] == ["first", "second"]
    watched.unlink()
    with pytest.raises(ConfigError, match=r"gatehook.yaml:2: plugins\[0\].priority"):
        Runner.from_config(
            ConfigFile(str(watched), "plugins:\n- {name: first, kind: watched.Watched, priority: high}\n")
        )
    with pytest.raises(ConfigError, match="cannot read the file"):
        ConfigFile.read(watched)


def test_a_problem_reads_as_where_and_what():
    assert str(Problem("wrong", ("config", "words", 2))) == "config.words[2]: wrong"


MANIFEST = """
description: A toy.
version: "1"
available_hooks: [tool_pre_invoke]
config_schema:
  type: object
  properties:
    auth: { anyOf: [{ type: "null" }, { $ref: "#/$defs/Auth" }] }
    keys: { type: array, items: { type: string, writeOnly: true } }
  $defs:
    Auth: { type: object, properties: { token: { type: string, writeOnly: true }, kind: { type: string } } }
"""


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"auth": {"token": "hunter22", "kind": "bearer"}}, "config.auth.token"),
        ({"keys": ["${KEY}", "hunter22"]}, "config.keys[1]"),
        ({"auth": {"token": "${KEY}", "kind": "bearer"}, "keys": ["${KEY}"]}, ""),
    ],
)
def test_a_secret_in_a_file_comes_from_a_variable(watched, monkeypatch, settings, place):
    monkeypatch.setenv("KEY", "from-a-variable")
    (watched.parent / "plugin-manifest.yaml").write_text(MANIFEST)
    watched.write_text(yaml.safe_dump({"plugins": [{"name": "x", "kind": "watched.Watched", "config": settings}]}))
    if not place:
        Runner.from_config(watched)
        return
    with pytest.raises(ConfigError) as caught:
        Runner.from_config(watched)
    assert f"plugins[0].{place}: a secret does not stand in the file" in str(caught.value)
    assert "hunter22" not in str(caught.value)


def test_a_secret_of_a_host_s_section_is_told_of_and_not_shown(watched):
    watched.write_text("plugins: [{name: x, kind: watched.Watched}]\nserve: {token: hunter22}\n")
    with pytest.raises(ConfigError) as caught:
        Runner.from_config(watched)
    assert "serve.token: a secret does not stand in the file" in str(caught.value)
    assert "hunter22" not in str(caught.value)


async def test_a_secret_that_a_host_hands_over_is_masked_in_the_status(watched):
    (watched.parent / "plugin-manifest.yaml").write_text(MANIFEST)
    entry = {"name": "x", "kind": "watched.Watched", "config": {"keys": ["hunter22"], "other": "shown"}}
    async with Runner.from_config({"plugins": [entry]}) as runner:
        assert runner.plugins()[0].config == {"keys": ["********"], "other": "shown"}


def test_a_host_may_hand_over_the_secrets_of_a_config_that_it_makes_up(watched):
    (watched.parent / "plugin-manifest.yaml").write_text(MANIFEST)
    Runner.from_config({"plugins": [{"name": "x", "kind": "watched.Watched", "config": {"keys": ["hunter22"]}}]})


CHOICES = """
description: A toy.
version: "1"
available_hooks: [tool_pre_invoke]
sections:
  service:
    required: [auth]
    properties:
      auth:
        anyOf:
          - type: "null"
          - type: object
            oneOf:
              - properties: { type: { const: bearer }, token: { type: string } }
                required: [type, token]
                additionalProperties: false
              - properties: { type: { const: basic }, username: { type: string } }
                required: [type, username]
                additionalProperties: false
"""


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({}, "gatehook.yaml:2: plugins[0]: the key 'service' is missing"),
        ({"service": {"auth": None}}, ""),
        (
            {"service": {"auth": {"type": "bearer", "tokn": "x"}}},
            "auth.tokn: unknown key 'tokn', did you mean 'token'?",
        ),
        ({"service": {"auth": 7}}, "plugins[0].service.auth: must be nothing or a mapping, got 7"),
        ({"service": {"auth": {"type": "basic"}}}, "plugins[0].service.auth: the key 'username' is missing"),
        ({"service": {"auth": {"type": "bearer", "token": "${NOT_THERE}"}}}, "has no variable NOT_THERE"),
    ],
)
def test_a_section_is_there_if_it_is_needed_and_its_choice_is_told_by_what_was_meant(watched, keys, told):
    (watched.parent / "plugin-manifest.yaml").write_text(CHOICES)
    watched.write_text(yaml.safe_dump({"plugins": [{"name": "x", "kind": "watched.Watched", **keys}]}))
    if not told:
        Runner.from_config(watched)
        return
    with pytest.raises(ConfigError) as caught:
        Runner.from_config(watched)
    assert told in str(caught.value)
    assert "anyOf" not in str(caught.value)
    assert "oneOf" not in str(caught.value)
