"""`run_hook`, `run_hooks` and `open_runner`: plugins under test in a real runner, in tests of any colour."""

import asyncio

import pytest
from gatehook import (
    ConfigError,
    Outcome,
    Plugin,
    PluginLoadError,
    PluginResult,
    PluginViolation,
    ToolPreInvokePayload,
)
from gatehook.testing import assert_blocked, tool_call, tool_result
from gatehook_deny_list import DenyListPlugin


class Shout(Plugin):
    def tool_pre_invoke(self, payload):
        return PluginResult(modified_payload=ToolPreInvokePayload(payload.name, {"q": payload.args["q"].upper()}))


def test_a_sync_test_gets_the_outcome(run_hook):
    assert run_hook(Shout, tool_call(q="hi")).payload == tool_call(q="HI")


async def test_an_async_test_awaits_it(run_hook):
    assert (await run_hook(Shout, tool_call(q="hi"))).payload == tool_call(q="HI")


def test_a_sync_test_leaves_the_current_event_loop_as_it_was(run_hook):
    mine = asyncio.new_event_loop()
    asyncio.set_event_loop(mine)
    try:
        run_hook(Shout, tool_call(q="hi"))
        assert asyncio.get_event_loop_policy().get_event_loop() is mine
    finally:
        asyncio.set_event_loop(None)
        mine.close()


def test_a_class_of_the_test_is_named_by_its_own_name(run_hook):
    class Local(Plugin):
        def tool_pre_invoke(self, payload):
            return PluginResult(metadata={"name": self.name})

    assert run_hook(Local, tool_call()).metadata == {"Local": {"name": "Local"}}


@pytest.mark.parametrize("plugin", ["deny_list", DenyListPlugin, "gatehook_deny_list.DenyListPlugin"])
def test_a_plugin_is_an_entry_point_a_class_or_a_dotted_path(run_hook, plugin):
    outcome = run_hook(plugin, tool_call(q="a secret"), config={"words": ["secret"]})
    assert assert_blocked(outcome, "DENIED_WORD").plugin_name in ("deny_list", "DenyListPlugin")


def test_a_class_of_a_distribution_is_held_against_its_manifest(open_runner):
    with pytest.raises(ConfigError, match="wordz"):
        open_runner(DenyListPlugin, config={"wordz": []})


def test_a_manifest_beside_a_class_is_read(run_hook, tmp_path, monkeypatch):
    (tmp_path / "beside.py").write_text(
        "from gatehook import Plugin\nclass Toy(Plugin):\n    def tool_pre_invoke(self): ...\n"
    )
    (tmp_path / "plugin-manifest.yaml").write_text("description: x\nversion: '1'\navailable_hooks: [tool_post_invoke]")
    monkeypatch.syspath_prepend(tmp_path)
    from beside import Toy

    with pytest.raises(Exception, match="advertises tool_post_invoke"):
        run_hook(Toy, tool_call())


def test_keys_are_those_of_the_entry_and_of_the_request(run_hook):
    class Who(Plugin):
        def tool_pre_invoke(self, context):
            seen.append((context.request.user, context.request.tenant_id, context.request.roles, self.mode))

    seen = []
    run_hook(Who, tool_call())
    run_hook(Who, tool_call(), user="bob", tenant_id="acme", roles=["admin"], mode="permissive")
    assert seen == [("alice", None, (), "enforce"), ("bob", "acme", ("admin",), "permissive")]


def test_an_unknown_key_is_refused_as_in_yaml(run_hook):
    with pytest.raises(ConfigError, match="priority"):
        run_hook(Shout, tool_call(q=""), priorty=1)


def test_settings_are_the_plugin_settings(run_hook):
    class Broken(Plugin):
        def tool_pre_invoke(self, payload):
            raise RuntimeError

    with pytest.raises(Exception, match="RuntimeError"):
        run_hook(Broken, tool_call(), settings={"fail_on_plugin_error": True})


def test_a_plugin_that_does_not_come_up_is_an_error(run_hook):
    class Absent(Plugin):
        async def initialize(self):
            raise RuntimeError("no backend")

        def tool_pre_invoke(self, payload): ...

    with pytest.raises(PluginLoadError, match="no backend"):
        run_hook(Absent, tool_call())


def test_several_hooks_run_in_one_request(run_hooks):
    class Remembers(Plugin):
        def tool_pre_invoke(self, payload, context):
            context.set_state("q", payload.args["q"])

        def tool_post_invoke(self, context):
            return PluginResult(metadata={"asked": context.get_state("q")})

    before, after = run_hooks(Remembers, tool_call(q="hi"), tool_result("done"))
    assert isinstance(before, Outcome)
    assert after.metadata == {"Remembers": {"asked": "hi"}}


async def test_several_plugins_run_in_one_runner(open_runner):
    class Guard(Plugin):
        def tool_pre_invoke(self, payload):
            return PluginResult(False, violation=PluginViolation("no", code="NO"))

    async with open_runner(Shout, {"kind": Guard, "mode": "audit", "name": "watch"}, on_error="allow") as runner:
        async with runner.request() as request:
            outcome = await request.run(tool_call(q="hi"))
        assert [(status.name, status.mode) for status in runner.plugins()] == [("Shout", "enforce"), ("watch", "audit")]
    assert outcome.payload.args == {"q": "HI"}
    assert [record.code for record in outcome.records] == ["", "NO"]
