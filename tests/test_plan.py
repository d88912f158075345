"""The plan of a config is what a runner does."""

import asyncio

from gatehook import Plugin, Runner, ToolPreInvokePayload
from gatehook.dry_run import HOOKS, dry_run
from gatehook.plan import Idle, make_plan
from hypothesis import given
from hypothesis import strategies as st


class Quiet(Plugin):
    def tool_pre_invoke(self, payload): ...

    def tool_post_invoke(self, payload): ...

    def prompt_pre_fetch(self, payload): ...


class Watcher(Plugin):
    def hook_finished(self, outcome, request): ...


class Broken(Plugin):
    def __init__(self, config):
        raise RuntimeError("no licence")


def quiet(name, **keys):
    return {"name": name, "kind": f"{__name__}.Quiet", "hooks": ["tool_pre_invoke"], **keys}


def reader(name, **keys):
    return {"name": name, "kind": "deny_list", "config": {"words": ["x"]}, "hooks": ["tool_pre_invoke"], **keys}


def plan_of(*plugins, environ=None, **settings):
    run = dry_run({"plugins": list(plugins), "plugin_settings": settings}, environ or {})
    assert run.problems == []
    return make_plan(run.config, run.entries, HOOKS)


entries = st.fixed_dictionaries(
    {"priority": st.integers(0, 3), "mode": st.sampled_from(["enforce", "permissive", "audit", "disabled"])}
)


@given(st.lists(entries, min_size=1, max_size=6), st.booleans())
def test_the_plan_has_the_order_in_which_a_runner_runs(keys, parallel):
    config = {
        "plugins": [quiet(f"p{number}", **entry) for number, entry in enumerate(keys)],
        "plugin_settings": {"parallel_execution_within_band": parallel},
    }
    run = dry_run(config, {})
    plan = make_plan(run.config, run.entries, HOOKS)

    async def records():
        async with Runner.from_config(config) as runner, runner.request() as request:
            return (await request.run(ToolPreInvokePayload("lookup"))).records

    ran = [(record.plugin, record.mode) for record in asyncio.run(records())]
    assert [(step.plugin, step.mode) for step in plan.hooks.get("tool_pre_invoke", ())] == ran


def test_the_plan_has_only_hooks_at_which_something_runs_in_the_order_of_a_request():
    plan = plan_of({"name": "a", "kind": f"{__name__}.Quiet"})
    assert list(plan.hooks) == ["prompt_pre_fetch", "tool_pre_invoke", "tool_post_invoke"]


def test_a_step_of_the_plan_tells_what_holds_for_it():
    (step,) = plan_of(
        reader("a", mode="permissive", priority=7, timeout="500ms", conditions=[{"tools": ["t"], "prompts": ["p"]}])
    ).hooks["tool_pre_invoke"]
    assert (step.kind, step.distribution, step.mode, step.priority) == (
        "deny_list",
        "gatehook-deny-list",
        "permissive",
        7,
    )
    assert (step.access, step.on_error, step.timeout, step.recheck, step.band) == ("read", "allow", 0.5, False, None)
    assert step.conditions == ({"tools": ["t"]},)


def test_an_entry_s_access_write_is_in_the_plan():
    (step,) = plan_of(reader("a", access="write")).hooks["tool_pre_invoke"]
    assert step.access == "write"


def test_steps_of_one_priority_are_a_band_where_they_run_side_by_side():
    plan = plan_of(quiet("a"), quiet("b"), quiet("c", priority=1), parallel_execution_within_band=True)
    assert [(step.plugin, step.band) for step in plan.hooks["tool_pre_invoke"]] == [("c", None), ("a", 100), ("b", 100)]


def test_a_condition_from_a_variable_is_masked():
    plan = plan_of(quiet("a", conditions=[{"tenant_ids": ["${TENANT}"]}]), environ={"TENANT": "acme"})
    assert plan.hooks["tool_pre_invoke"][0].conditions == ({"tenant_ids": ["********"]},)


def test_an_observer_has_the_observers_timeout_and_all_its_conditions():
    watcher = {
        "name": "w",
        "kind": f"{__name__}.Watcher",
        "hooks": ["tool_pre_invoke"],
        "conditions": [{"tools": ["t"]}],
    }
    plan = plan_of(watcher, observer_timeout=3)
    assert [(name, steps[0].timeout) for name, steps in plan.hooks.items()] == [("hook_finished", 3.0)]
    assert plan.hooks["hook_finished"][0].conditions == ({"tools": ["t"]},)


def test_what_runs_nowhere_is_listed_with_the_reason():
    missing = {"name": "m", "kind": "nix", "mode": "permissive"}
    broken = {"name": "b", "kind": f"{__name__}.Broken", "on_error": "allow"}
    assert plan_of(quiet("d", mode="disabled"), missing, broken).idle == (
        Idle("d", "disabled"),
        Idle("m", "failed", "no installed distribution provides 'nix'"),
        Idle("b", "failed", "cannot import it: Broken implements no hook"),
    )


def test_without_plugins_enabled_everything_is_off():
    plan = plan_of(quiet("a"), environ={"PLUGINS_ENABLED": "false"})
    assert (plan.hooks, plan.idle) == ({}, (Idle("a", "off", "PLUGINS_ENABLED is false"),))


def test_an_enforcing_plugin_at_hooks_that_the_host_never_calls_is_a_problem():
    run = dry_run({"plugins": [quiet("a")]}, {}, called=["prompt_pre_fetch"])
    assert [problem.message for problem in run.problems] == [
        "'a' enforces, but this host calls none of its hooks (tool_pre_invoke)"
    ]


def test_a_dry_run_initializes_nothing(toys):
    class Eager(Plugin):
        async def initialize(self):
            raise AssertionError

        def tool_pre_invoke(self, payload): ...

    assert dry_run(toys.config(Eager), {}).problems == []
