"""The plugins as gateways call them, without a transport between."""

import asyncio
import json

import pytest
from gatehook import ConfigError, GatehookError, PluginLoadError
from gatehook_plugin_server.plugins import Plugins

PAYLOAD = {"name": "lookup", "args": {"q": "Bob"}}
POST = {"name": "lookup", "result": {}}


@pytest.fixture
async def opened(config):
    """``await opened("Add", max_configs=1)``: the plugins of such a config, up until the test ends."""
    found = []

    async def start(*plugins, **serve):
        found.append(await Plugins.open(config(*plugins, **serve)))
        return found[-1]

    yield start
    for plugins in found:
        await plugins.close()


async def invoked(plugins, name, hook="tool_pre_invoke", payload=PAYLOAD, context=None, **options):
    return await plugins.invoke(hook, name, payload, context or {}, **options)


def code(answer):
    assert "result" not in answer
    return answer["error"]["code"]


async def test_a_plugin_says_what_it_changed(opened):
    answer = await invoked(await opened("Add"), "Add")
    assert answer["plugin_name"] == "Add"
    assert answer["result"]["continue_processing"] is True
    assert answer["result"]["modified_payload"] == {"name": "lookup", "args": {"q": "Bob", "added": 1}}


async def test_a_violation_carries_what_the_plugin_says(opened):
    result = (await invoked(await opened("Deny"), "Deny"))["result"]
    assert result["continue_processing"] is False
    assert result["violation"]["code"] == "NO"
    assert result["violation"]["details"] == {"count": 1}


@pytest.mark.parametrize(
    "entry", [{"mode": "permissive"}, {"mode": "audit"}, {"conditions": [{"tools": ["other"]}]}, {"on_error": "allow"}]
)
async def test_mode_conditions_and_error_policy_are_the_gateway_s_to_decide(opened, entry):
    plugins = await opened(
        {"name": "deny", "kind": "serve_toys.Deny", **entry}, {"name": "boom", "kind": "serve_toys.Boom", **entry}
    )
    assert (await invoked(plugins, "deny"))["result"]["continue_processing"] is False
    assert code(await invoked(plugins, "boom")) == "PLUGIN_ERROR"


async def test_names_have_no_case_and_come_back_as_they_were_asked(opened):
    plugins = await opened("Add")
    assert (await invoked(plugins, "aDD"))["plugin_name"] == "aDD"
    assert plugins.config("add")["name"] == "Add"


async def test_two_names_that_differ_in_case_alone_are_refused(opened):
    with pytest.raises(GatehookError, match="callers cannot tell 'Add' and 'ADD' apart"):
        await opened("Add", {"name": "ADD", "kind": "serve_toys.Add"})


async def test_state_of_the_caller_goes_in_and_comes_back(opened):
    plugins = await opened("Count")
    context = {"state": {"calls": 4}, "global_context": {"request_id": "r", "user": "alice"}}
    answer = await invoked(plugins, "count", context=context)
    assert answer["result"]["metadata"] == {"user": "alice"}
    assert answer["context"]["state"] == {"calls": 5}
    assert answer["context"]["global_context"]["state"] == {"seen": "alice"}


async def test_a_disabled_plugin_is_not_served(opened):
    plugins = await opened("Add", {"name": "off", "kind": "serve_toys.Never", "mode": "disabled"})
    assert [described["name"] for described in plugins.configs()] == ["Add"]
    assert code(await invoked(plugins, "off")) == "UNKNOWN_PLUGIN"


async def test_nothing_enabled_is_nothing_to_serve(opened):
    with pytest.raises(GatehookError, match="no plugin is enabled"):
        await opened({"name": "off", "kind": "serve_toys.Add", "mode": "disabled"})


@pytest.mark.parametrize("on_error", ["block", "allow"])
async def test_a_plugin_that_does_not_come_up_keeps_the_server_from_starting(opened, on_error):
    with pytest.raises(PluginLoadError, match="'Never' cannot be initialized"):
        await opened("Add", {"name": "Never", "kind": "serve_toys.Never", "on_error": on_error})


async def test_a_plugin_that_only_observes_is_no_use_here(opened):
    with pytest.raises(GatehookError, match="'Watch' cannot be served: it has no hook that gateways call"):
        await opened("Add", "Watch")


async def test_with_plugins_off_nothing_is_served(opened, monkeypatch):
    monkeypatch.setenv("PLUGINS_ENABLED", "false")
    with pytest.raises(GatehookError, match="'Add' cannot be served: PLUGINS_ENABLED is false"):
        await opened("Add")


# -- calls that come to nothing


async def test_what_is_not_there_has_a_code_of_its_own(opened):
    plugins = await opened("Add")
    assert code(await invoked(plugins, "Bdd")) == "UNKNOWN_PLUGIN"
    assert code(await invoked(plugins, "Add", hook="tool_post_invoke", payload=POST)) == "UNKNOWN_HOOK"
    assert code(await invoked(plugins, "Add", hook="__class__")) == "UNKNOWN_HOOK"
    assert code(await invoked(plugins, "Add", config_id="none")) == "UNKNOWN_CONFIG"
    assert plugins.refused == {"UNKNOWN_PLUGIN": 1, "UNKNOWN_HOOK": 2, "UNKNOWN_CONFIG": 1}


@pytest.mark.parametrize("payload", [{}, {"name": 1}, {"name": "x", "args": []}, [], None, "x"])
async def test_what_is_no_payload_reaches_no_plugin(opened, payload):
    plugins = await opened("Add")
    assert code(await invoked(plugins, "Add", payload=payload)) == "INVALID_PAYLOAD"
    assert plugins.stats()["Add", "tool_pre_invoke"]["runs"] == 0


@pytest.mark.parametrize("context", [{"state": 1}, {"global_context": []}, {"global_context": {"user": 1}}])
async def test_what_is_no_context_reaches_no_plugin(opened, context):
    assert code(await invoked(await opened("Add"), "Add", context=context)) == "INVALID_PAYLOAD"


async def test_a_failing_plugin_is_told_apart_without_its_words(opened):
    plugins = await opened("Boom")
    failed = await invoked(plugins, "Boom")
    assert code(failed) == "PLUGIN_ERROR"
    assert failed["error"]["details"]["error_type"] == "exception"
    assert "hunter2" not in json.dumps(failed)
    assert code(await invoked(plugins, "Boom", hook="tool_post_invoke", payload=POST)) == "PLUGIN_ERROR"


async def test_a_call_ends_with_the_caller_s_time(opened):
    plugins = await opened("Wait")
    assert code(await invoked(plugins, "Wait", timeout=0.01)) == "PLUGIN_TIMEOUT"
    assert plugins.running == 0


async def test_a_call_ends_with_the_plugin_s_own_time(opened):
    plugins = await opened({"name": "wait", "kind": "serve_toys.Wait", "timeout": "10ms"})
    assert code(await invoked(plugins, "wait")) == "PLUGIN_TIMEOUT"


async def test_a_response_is_for_those_who_know_what_it_is(opened):
    plugins = await opened("Answer")
    assert (await invoked(plugins, "Answer", gatehook=True))["result"]["response"] == {"content": []}
    assert code(await invoked(plugins, "Answer")) == "PLUGIN_ERROR"


async def test_more_calls_than_allowed_are_refused_at_once(opened):
    plugins = await opened("Wait", "Add", max_concurrency=2)
    running = [asyncio.create_task(invoked(plugins, "Wait")) for _ in range(2)]
    await asyncio.sleep(0)
    assert code(await invoked(plugins, "Add")) == "OVERLOADED"
    for task in running:
        task.cancel()
    await asyncio.wait(running)
    assert "result" in await invoked(plugins, "Add")


# -- what is told of the plugins


async def test_settings_are_told_to_nobody(opened):
    plugins = await opened({"name": "add", "kind": "serve_toys.Add", "config": {"value": "hunter2"}})
    assert plugins.config("add")["config"] == {}
    assert "hunter2" not in json.dumps(plugins.configs())
    assert plugins.config("other") == {}


async def test_the_mode_that_the_config_gives_is_told(opened):
    plugins = await opened({"name": "add", "kind": "serve_toys.Add", "mode": "audit", "priority": 7})
    assert plugins.config("add") | {"mode": "audit", "priority": 7} == plugins.config("add")


# -- configs of callers


async def configured(plugins, name="Add", **config):
    return (await plugins.configure(name, config))["config_id"]


async def test_a_config_is_laid_over_the_server_s_for_those_who_name_it(opened):
    plugins = await opened("Add", accept_config=True)
    mine = await configured(plugins, value="mine")
    other = await configured(plugins, value="other")
    for config_id, value in [(mine, "mine"), (other, "other"), (None, 1)]:
        answer = await invoked(plugins, "Add", config_id=config_id)
        assert answer["result"]["modified_payload"]["args"]["added"] == value


async def test_one_config_has_one_id_and_is_brought_up_once(opened):
    plugins = await opened("Add", accept_config=True)
    ids = await asyncio.gather(*(configured(plugins, value=value) for value in (1, 1, 1.0, 1)))
    assert ids[0] == ids[1] == ids[3] != ids[2]
    assert len(plugins._configured.up()) == 2


async def test_a_config_is_of_one_plugin(opened):
    plugins = await opened("Add", "Deny", accept_config=True)
    assert code(await invoked(plugins, "Deny", config_id=await configured(plugins, value=1))) == "UNKNOWN_CONFIG"


async def test_the_config_that_was_not_used_for_longest_goes(opened):
    plugins = await opened("Add", accept_config=True, max_configs=2)
    first, second = await configured(plugins, value=1), await configured(plugins, value=2)
    await invoked(plugins, "Add", config_id=first)
    third = await configured(plugins, value=3)
    known = ["error" not in await invoked(plugins, "Add", config_id=config_id) for config_id in (first, second, third)]
    assert known == [True, False, True]
    assert plugins.stats()["Add", "tool_pre_invoke"]["runs"] == 3


async def test_configs_that_are_wrong_put_none_out_that_is_right(opened):
    plugins = await opened("Strict", accept_config=True, max_configs=1)
    config_id = await configured(plugins, "Strict", words=["a"])
    wrong = [{"words": item} for item in range(5)] + [{"file": "none"}]
    told = await asyncio.gather(*(plugins.configure("Strict", config) for config in wrong))
    assert all("problems" in answer for answer in told)
    assert "result" in await invoked(plugins, "Strict", config_id=config_id)


async def test_of_configs_that_come_together_the_last_ones_stay(opened):
    plugins = await opened("Add", accept_config=True, max_configs=2)
    ids = await asyncio.gather(*(configured(plugins, value=value) for value in range(5)))
    known = ["result" in await invoked(plugins, "Add", config_id=config_id) for config_id in ids]
    assert known == [False, False, False, True, True]


async def test_configs_are_taken_only_if_the_operator_says_so(opened):
    plugins = await opened("Add")
    told = await plugins.configure("Add", {"value": 2})
    assert told == {"problems": [{"message": "this server takes no configs from its callers", "path": []}]}
    assert plugins.config("Add")["manifest"]["accepts_config"] is False
    plugins.private = True
    assert "config_id" in await plugins.configure("Add", {"value": 2})


async def test_callers_set_the_keys_that_the_operator_names_and_no_others(opened):
    plugins = await opened(
        {"name": "Add", "kind": "serve_toys.Add", "config": {"token": "own"}}, accept_config=["value"]
    )
    assert plugins.config("Add")["manifest"]["accepts_config"] is True
    assert "config_id" in await plugins.configure("Add", {"value": 2})
    told = await plugins.configure("Add", {"value": 2, "url": "http://mine.example", "token": "mine"})
    message = "this server does not let its callers set it"
    assert told == {"problems": [{"message": message, "path": [key]} for key in ("url", "token")]}
    plugins.private = True
    assert "config_id" in await plugins.configure("Add", {"url": "http://mine.example"})


async def test_callers_set_nothing_where_the_operator_names_nothing(opened):
    plugins = await opened("Add", accept_config=[])
    assert plugins.config("Add")["manifest"]["accepts_config"] is False
    assert "problems" in await plugins.configure("Add", {})


@pytest.mark.parametrize("becomes", ["plugins: [", '{"plugins": []}', None])
async def test_configs_are_laid_over_the_server_s_as_it_was_read(opened, config, becomes):
    entry = {"name": "Count", "kind": "serve_toys.Add", "config": {"value": "read"}}
    plugins = await opened(entry, accept_config=True)
    path = config(entry)
    if becomes is None:
        path.unlink()
    else:
        path.write_text(becomes)
    answer = await invoked(plugins, "Count", config_id=await configured(plugins, "Count", other=1))
    assert answer["result"]["modified_payload"]["args"]["added"] == "read"


async def test_what_is_wrong_in_a_config_is_told_with_its_place(opened):
    plugins = await opened("Strict", accept_config=True)
    (problem,) = (await plugins.configure("Strict", {"words": ["a", 1]}))["problems"]
    assert problem["path"] == ["words", 1]
    assert (await plugins.configure("other", {}))["problems"][0]["message"] == "this server has no plugin 'other'"


async def test_a_config_with_which_a_plugin_does_not_come_up_can_be_tried_again(opened, tmp_path):
    plugins = await opened("Strict", accept_config=True)
    words = tmp_path / "words.txt"
    (problem,) = (await plugins.configure("Strict", {"file": str(words)}))["problems"]
    assert "No such file" in problem["message"]
    words.write_text("Bob")
    config_id = await configured(plugins, "Strict", file=str(words))
    assert (await invoked(plugins, "Strict", config_id=config_id))["result"]["metadata"] == {"words": ["Bob"]}


async def test_a_caller_s_variables_are_text(opened, monkeypatch):
    monkeypatch.setenv("OF_THE_SERVER", "hunter2")
    plugins = await opened("Add", accept_config=True)
    answer = await invoked(plugins, "Add", config_id=await configured(plugins, value="${OF_THE_SERVER}"))
    assert answer["result"]["modified_payload"]["args"]["added"] == "${OF_THE_SERVER}"


@pytest.mark.parametrize("value", [float("nan"), object()])
async def test_a_config_that_is_no_json_is_a_problem(opened, value):
    assert "problems" in await (await opened("Add", accept_config=True)).configure("Add", {"value": value})


# -- a new config, and the end


async def test_a_reload_brings_the_new_config_and_forgets_those_of_callers(opened, config):
    plugins = await opened("Add", "Deny", accept_config=True)
    config_id = await configured(plugins, value=2)
    config({"name": "Add", "kind": "serve_toys.Add", "config": {"value": 3}}, "Mask")
    await plugins.reload()
    assert [described["name"] for described in plugins.configs()] == ["Add", "Mask"]
    assert (await invoked(plugins, "Add"))["result"]["modified_payload"]["args"]["added"] == 3
    assert code(await invoked(plugins, "Add", config_id=config_id)) == "UNKNOWN_CONFIG"
    assert plugins.hooks() == ["tool_post_invoke", "tool_pre_invoke"]


async def test_of_two_reloads_the_one_that_began_last_holds(opened, config):
    plugins = await opened("Add")
    config({"name": "Slow", "kind": "serve_toys.Slow"})
    first = asyncio.create_task(plugins.reload())
    await asyncio.sleep(0.05)
    config("Deny")
    await asyncio.gather(first, plugins.reload())
    assert [described["name"] for described in plugins.configs()] == ["Deny"]


@pytest.mark.parametrize(("plugins", "serve"), [(["Add", "Never"], {}), (["Add"], {"max_configs": 0}), ([], {})])
async def test_a_reload_that_fails_leaves_everything_as_it_was(opened, config, plugins, serve):
    mine = await opened("Deny", accept_config=True)
    config_id = await configured(mine, "Deny", x=1)
    config(*plugins, **serve)
    with pytest.raises((ConfigError, GatehookError)):
        await mine.reload()
    assert "result" in await invoked(mine, "Deny", config_id=config_id)


async def test_calls_that_run_end_on_the_plugins_that_they_began_with(opened, capsys):
    plugins = await opened("Wait")
    running = asyncio.create_task(invoked(plugins, "Wait", payload={"name": "x", "args": {"seconds": 0.05}}))
    await asyncio.sleep(0)
    await plugins.reload()
    assert "result" in await running
    await plugins.close()
    assert capsys.readouterr().out.count("Wait is shut down") == 2


async def test_closing_waits_for_calls_no_longer_than_it_may(opened, capsys):
    plugins = await opened("Wait", drain_timeout="10ms")
    running = asyncio.create_task(invoked(plugins, "Wait"))
    await asyncio.sleep(0)
    await plugins.close()
    assert "Wait is shut down" in capsys.readouterr().out
    assert not running.done()
    running.cancel()
    await asyncio.wait([running])


async def test_counts_outlive_the_plugins_that_counted(opened):
    plugins = await opened("Boom")
    await invoked(plugins, "Boom")
    await plugins.reload()
    await asyncio.gather(*plugins._stopping)
    await invoked(plugins, "Boom")
    counts = plugins.stats()["Boom", "tool_pre_invoke"]
    assert counts["runs"] == counts["errors.exception"] == 2


async def test_health_is_what_the_plugins_say(opened, config):
    path = config("Ill", "Add", settings={"plugin_health_check_interval": "10ms"})
    plugins = await Plugins.open(path)
    try:
        async with asyncio.timeout(10):
            while plugins.health()["Ill"] is True:  # noqa: ASYNC110  # a status tells nobody that it changed
                await asyncio.sleep(0.01)
        assert plugins.health() == {"Ill": "the database is away", "Add": True}
    finally:
        await plugins.close()


async def test_what_a_caller_configures_during_the_end_is_shut_down_too(opened, capsys):
    plugins = await opened("Wait", accept_config=True)
    asked = asyncio.create_task(plugins.configure("Wait", {"x": 1}))
    await asyncio.sleep(0)
    await plugins.close()
    await asked
    assert capsys.readouterr().out.count("Wait is shut down") == 2
