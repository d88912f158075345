"""When a plugin runs: conditions, what is unknown, and the selections that are remembered."""

import time

import pytest
from gatehook import (
    ConfigError,
    Plugin,
    PluginResult,
    PluginViolation,
    PromptPrehookPayload,
    ResourcePreFetchPayload,
    Runner,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
    Verdict,
)

CALL = ToolPreInvokePayload("lookup", {})
FIELDS = {
    "server_ids": "server_id",
    "tenant_ids": "tenant_id",
    "user_patterns": "user",
    "content_types": "content_type",
}


class Runs(Plugin):
    async def tool_pre_invoke(self, payload, context):
        pass

    async def tool_post_invoke(self, payload, context):
        pass

    async def prompt_pre_fetch(self, payload, context):
        pass

    async def resource_pre_fetch(self, payload, context):
        pass


async def ran(toys, conditions, payload=CALL, **asked):
    """Whether the plugin ran, and the reason in its record."""
    when_unknown = asked.pop("when_unknown", None)
    entry = {"conditions": conditions, **({"when_unknown": when_unknown} if when_unknown else {})}
    outcome = await toys.run(payload, (Runs, entry), asked=asked)
    (record,) = outcome.records
    assert record.verdict in (Verdict.OK, Verdict.SKIPPED, Verdict.VIOLATION)
    return record.verdict is Verdict.OK, record.reason


@pytest.mark.parametrize(
    ("conditions", "runs"),
    [
        ([], True),
        ([{}], True),
        ([{"tools": []}], True),
        ([{"tools": ["lookup"]}], True),
        ([{"tools": ["other"]}], False),
        ([{"tools": ["other", "lookup"]}], True),
        ([{"tools": ["lookup"], "tenant_ids": ["acme"]}], True),
        ([{"tools": ["lookup"], "tenant_ids": ["other"]}], False),
        ([{"tools": ["other"], "tenant_ids": ["acme"]}], False),
        ([{"tools": ["lookup"], "tenant_ids": ["other"]}, {"tenant_ids": ["acme"]}], True),
        ([{"tools": ["other"]}, {"tenant_ids": ["other"]}], False),
        ([{"tools": ["lookup"], "tenant_ids": [], "server_ids": []}], True),
        ([{"tools": ["lookup"], "tenant_ids": ["acme"], "user_patterns": ["b*"], "server_ids": ["s?"]}], False),
        ([{"tools": ["lookup"], "tenant_ids": ["acme"], "user_patterns": ["a*"], "server_ids": ["s?"]}], True),
    ],
)
async def test_fields_are_anded_values_ored_entries_ored_and_an_empty_list_means_any(toys, conditions, runs):
    assert (await ran(toys, conditions, tenant_id="acme", user="alice", server_id="s1"))[0] is runs


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("admin-*", "admin-joe", True),
        ("admin-*", "xadmin-*y", False),
        ("admin-*", "admin-", True),
        ("admin-*", "Admin-joe", False),
        ("admin.joe", "adminxjoe", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("[ab]x", "bx", True),
        ("[!ab]x", "bx", False),
        ("[ab]x", "[ab]x", True),  # the exact value counts too
        ("a*", "a\nb", True),
        ("(", "(", True),
        ("^a$", "a", False),
        ("*", "", True),
        ("", "", True),
        ("joe", "joe ", False),
    ],
)
@pytest.mark.parametrize("field", ["user_patterns", "server_ids", "tenant_ids"])
async def test_every_field_takes_exact_values_or_globs(toys, field, pattern, value, matches):
    assert (await ran(toys, [{field: [pattern]}], **{FIELDS[field]: value}))[0] is matches


@pytest.mark.parametrize(
    ("field", "payload"),
    [
        ("tools", ToolPreInvokePayload("file_delete", {})),
        ("tools", ToolPostInvokePayload("file_delete", {})),
        ("prompts", PromptPrehookPayload("file_delete", {})),
        ("resources", ResourcePreFetchPayload("file_delete")),
    ],
)
async def test_subjects_take_globs_too(toys, field, payload):
    assert (await ran(toys, [{field: ["file_*"]}], payload))[0]
    assert not (await ran(toys, [{field: ["File_*"]}], payload))[0]
    assert not (await ran(toys, [{field: ["file"]}], payload))[0]


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("application/json", "Application/JSON; charset=utf-8", True),
        ("Application/JSON", "application/json", True),
        ("application/json; charset=utf-8", "application/json", True),
        ("application/*", "APPLICATION/xml", True),
        ("application/json", "application/jsonp", False),
        ("text/*", "application/json", False),
    ],
)
async def test_content_types_match_case_insensitively_and_without_parameters(toys, pattern, value, matches):
    assert (await ran(toys, [{"content_types": [pattern]}], content_type=value))[0] is matches


async def test_globs_take_linear_time(toys):
    start = time.perf_counter()
    assert not (await ran(toys, [{"user_patterns": ["*a" * 30 + "b"]}], user="a" * 5000))[0]
    assert time.perf_counter() - start < 5


async def test_a_field_that_does_not_concern_the_hook_is_ignored(toys):
    conditions = [{"tools": ["other"], "tenant_ids": ["acme"]}]
    prompt = PromptPrehookPayload("p")
    assert (await ran(toys, conditions, prompt, tenant_id="acme"))[0]
    assert not (await ran(toys, conditions, prompt, tenant_id="elsewhere"))[0]
    assert (await ran(toys, [{"tools": ["other"]}], prompt))[0]


async def test_an_entry_that_names_only_other_subjects_is_passed_over_when_another_names_this_hook_s(toys):
    conditions = [{"tools": ["t"]}, {"prompts": ["p"]}]
    assert (await ran(toys, conditions, PromptPrehookPayload("p")))[0]
    assert not (await ran(toys, conditions, PromptPrehookPayload("other")))[0]
    assert (await ran(toys, conditions, ToolPreInvokePayload("t", {})))[0]
    assert not (await ran(toys, conditions, ToolPreInvokePayload("other", {})))[0]
    assert (await ran(toys, conditions, ResourcePreFetchPayload("x://y")))[0]


# -- unknown


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("pattern", ["*", "admin-*", "exact"])
async def test_a_field_that_the_request_has_no_value_for_matches_and_the_record_says_so(toys, field, pattern):
    runs, reason = await ran(toys, [{field: [pattern]}])
    assert runs
    assert field in reason
    assert "unknown" in reason


@pytest.mark.parametrize("field", FIELDS)
async def test_an_empty_value_is_a_value(toys, field):
    assert not (await ran(toys, [{field: ["a"]}], **{FIELDS[field]: ""}))[0]


async def test_a_mismatch_decides_over_an_unknown(toys):
    assert not (await ran(toys, [{"user_patterns": ["a"], "tenant_ids": ["t"]}], tenant_id="other"))[0]


async def test_a_match_in_another_entry_decides_over_an_unknown(toys):
    runs, reason = await ran(toys, [{"user_patterns": ["a"]}, {"tools": ["lookup"]}], when_unknown="skip")
    assert (runs, reason) == (True, "")


@pytest.mark.parametrize("mode", ["enforce", "permissive", "audit"])
@pytest.mark.parametrize("when_unknown", ["match", "skip", "block"])
@pytest.mark.parametrize("grants", [False, True])
async def test_when_unknown_changes_it(toys, mode, when_unknown, grants):
    class Called(Runs):
        calls = 0

        async def tool_pre_invoke(self, payload, context):
            type(self).calls += 1

    entry = {"mode": mode, "conditions": [{"user_patterns": ["a"]}], "when_unknown": when_unknown}
    outcome = await toys.run(CALL, (Called, {**entry, "manifest": {"grants": grants}}))
    (record,) = outcome.records
    assert Called.calls == (when_unknown == "match")
    assert outcome.blocked is (when_unknown == "block" and mode == "enforce")
    assert record.verdict is {"match": Verdict.OK, "skip": Verdict.SKIPPED, "block": Verdict.VIOLATION}[when_unknown]
    assert "user_patterns" in (record.reason or record.code + "user_patterns")


async def test_when_unknown_block_names_the_field(toys):
    outcome = await toys.run(CALL, (Runs, {"conditions": [{"user_patterns": ["a"]}], "when_unknown": "block"}))
    assert (outcome.violation.code, outcome.violation.plugin_name) == ("CONDITION_UNKNOWN", "Runs")
    assert "user" in outcome.violation.reason


@pytest.mark.parametrize(("grants", "runs"), [(True, False), (False, True)])
async def test_a_plugin_that_grants_something_defaults_to_skip(toys, grants, runs):
    entry = {"conditions": [{"user_patterns": ["a"]}], "manifest": {"grants": grants}}
    outcome = await toys.run(CALL, (Runs, entry))
    assert (outcome.records[0].verdict is Verdict.OK) is runs
    assert "unknown" in outcome.records[0].reason


async def test_without_conditions_nothing_is_unknown(toys):
    outcome = await toys.run(CALL, (Runs, {"when_unknown": "block", "manifest": {"grants": True}}))
    assert outcome.records[0].verdict is Verdict.OK


# -- records, mistakes


async def test_a_skipped_plugin_has_a_record_that_names_the_field(toys):
    assert await ran(toys, [{"tenant_ids": ["acme"]}], tenant_id="other") == (False, "condition on tenant_ids")


@pytest.mark.parametrize(
    ("conditions", "says"),
    [
        ([{"tenant_id": ["x"]}], "did you mean 'tenant_ids'"),
        ([{"tools": "lookup"}], "list"),
        ({"tools": ["lookup"]}, "list"),
        ([{"tools": [1]}], r"conditions\[0\].tools\[0\]"),
        (["lookup"], "mapping"),
    ],
)
async def test_a_misspelt_condition_is_a_load_error(toys, conditions, says):
    with pytest.raises(ConfigError, match=says):
        toys.runner((Runs, {"conditions": conditions}))


# -- what is remembered


async def test_the_selection_is_right_after_the_subject_changes(toys):
    order = []

    def toy(name, renames=None, **keys):
        async def tool_pre_invoke(self, payload, context):
            order.append((name, payload.name))
            return PluginResult(modified_payload=ToolPreInvokePayload(renames, payload.args)) if renames else None

        return type(name, (Plugin,), {"tool_pre_invoke": tool_pre_invoke}), {"mode": "permissive", **keys}

    plugins = [
        toy("A", renames="b", conditions=[{"tools": ["a"]}]),
        toy("OnA", conditions=[{"tools": ["a"]}]),
        toy("B", renames="c", conditions=[{"tools": ["b"]}]),
        toy("OnB", conditions=[{"tools": ["b"]}]),
        toy("OnC", conditions=[{"tools": ["c"]}]),
        toy("Any"),
    ]
    async with toys.runner(*plugins) as runner, runner.request() as request:
        for _ in range(3):
            order.clear()
            outcome = await request.run(ToolPreInvokePayload("a", {}))
            assert order == [("A", "a"), ("B", "b"), ("OnC", "c"), ("Any", "c")]
            assert [record.verdict.value for record in outcome.records] == [
                "modified",
                "skipped",
                "modified",
                "skipped",
                "ok",
                "ok",
            ]
            assert outcome.records[3].reason == "condition on tools"
        order.clear()
        await request.run(ToolPreInvokePayload("b", {}))
        assert [name for name, _ in order] == ["B", "OnC", "Any"]


async def test_combinations_without_end_are_all_right_and_are_counted(toys):
    entries = [
        (Runs, {"name": "even", "conditions": [{"user_patterns": ["*[02468]"]}]}),
        (Runs, {"name": "odd", "conditions": [{"user_patterns": ["*[13579]"]}]}),
    ]
    total = 5000
    async with toys.runner(*entries) as runner:
        for number in range(total):
            async with runner.request(user=f"u{number}") as request:
                outcome = await request.run(CALL)
            assert [record.verdict is Verdict.OK for record in outcome.records] == [number % 2 == 0, number % 2 == 1]
        counts = {name: hooks["tool_pre_invoke"] for name, hooks in runner.stats().items()}
    assert [(count["runs"], count["skipped"]) for count in counts.values()] == [(total / 2, total / 2)] * 2


async def test_one_tool_name_on_two_servers_and_tenants_is_two_things(toys):
    entry = {"conditions": [{"tools": ["lookup"], "server_ids": ["one"], "tenant_ids": ["acme"]}]}
    async with toys.runner((Runs, entry)) as runner:
        for _ in range(2):
            for server, tenant, runs in (("one", "acme", True), ("two", "acme", False), ("one", "other", False)):
                async with runner.request(server_id=server, tenant_id=tenant) as request:
                    assert ((await request.run(CALL)).records[0].verdict is Verdict.OK) is runs


async def test_of_a_thousand_configured_the_five_that_apply_run_in_order(toys):
    ran = []

    class Notes(Plugin):
        async def tool_pre_invoke(self, payload, context):
            ran.append(self.name)

    first = toys.entry(Notes)
    entries = [
        {**first, "name": f"p{number}", "conditions": [{"tools": [f"tool{number % 200}"]}], "priority": 1000 - number}
        for number in range(1000)
    ]
    async with Runner.from_config({"plugins": entries}) as runner, runner.request() as request:
        for _ in range(2):
            ran.clear()
            outcome = await request.run(ToolPreInvokePayload("tool7", {}))
            assert ran == ["p807", "p607", "p407", "p207", "p7"]
            assert len(outcome.records) == 1000


async def test_a_plugin_may_not_be_switched_off_by_who_is_asking_changing_in_place(toys):
    class Impersonates(Plugin):
        async def tool_pre_invoke(self, payload, context):
            context.request.user = "admin"

    class Guards(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return PluginResult(False, violation=PluginViolation("r", code="STOP"))

    guard = (Guards, {"conditions": [{"user_patterns": ["guest"]}]})
    outcome = await toys.run(CALL, Impersonates, guard, asked={"user": "guest"})
    assert outcome.violation.code == "STOP"


@pytest.mark.parametrize("name", [None, 5, ["a"], {"a": 1}])
async def test_a_subject_that_is_no_text_is_an_error_of_the_plugin_that_returned_it(toys, name):
    class Returns(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return PluginResult(modified_payload=ToolPreInvokePayload(name, {}))

    guard = (Runs, {"conditions": [{"tools": ["x"]}]})
    outcome = await toys.run(CALL, (Returns, {"on_error": "allow"}), guard)
    assert outcome.records[0].error_type == "invalid_result"
    assert outcome.payload is CALL


@pytest.mark.parametrize("name", [5, ["a"], {"a": 1}])
async def test_a_subject_that_is_no_text_from_the_host_is_a_clear_error(toys, name):
    with pytest.raises((TypeError, ValueError), match="must be text"):
        await toys.run(ToolPreInvokePayload(name, {}), (Runs, {"conditions": [{"tools": ["x"]}]}))
