"""One record per step, written by the runner; the log; the counts; and explain."""

import asyncio
import logging

import pytest
from gatehook import (
    GatehookError,
    Plugin,
    PluginMode,
    PluginResult,
    PluginViolation,
    Record,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
    Verdict,
)

SECRET = "4111-1111"
CALL = ToolPreInvokePayload("lookup", {"q": SECRET, "deep": {"list": [1, 2]}})


class Quiet(Plugin):
    async def tool_pre_invoke(self, payload, context):
        pass


class Masks(Plugin):
    async def tool_pre_invoke(self, payload, context):
        payload.args["q"] = "****"
        payload.args["deep"]["list"][1] = 3
        payload.args["new"] = 1
        return PluginResult(modified_payload=payload)


class Objects(Plugin):
    async def tool_pre_invoke(self, payload, context):
        return PluginResult(False, violation=PluginViolation("no", code="NO"))


class Fails(Plugin):
    async def tool_pre_invoke(self, payload, context):
        raise ValueError(payload.args["q"])


async def test_there_is_one_record_per_step_in_order(toys):
    outcome = await toys.run(
        CALL,
        (Objects, {"priority": 3, "mode": "permissive"}),
        (Quiet, {"priority": 1}),
        (Masks, {"priority": 2}),
        (Fails, {"priority": 4, "mode": "audit"}),
        (Quiet, {"name": "elsewhere", "priority": 0, "conditions": [{"tools": ["x"]}]}),
    )
    told = [(record.plugin, record.hook, record.mode, record.verdict, record.effective) for record in outcome.records]
    assert told == [
        ("elsewhere", "tool_pre_invoke", PluginMode.ENFORCE, Verdict.SKIPPED, False),
        ("Quiet", "tool_pre_invoke", PluginMode.ENFORCE, Verdict.OK, False),
        ("Masks", "tool_pre_invoke", PluginMode.ENFORCE, Verdict.MODIFIED, True),
        ("Objects", "tool_pre_invoke", PluginMode.PERMISSIVE, Verdict.VIOLATION, False),
        ("Fails", "tool_pre_invoke", PluginMode.AUDIT, Verdict.ERROR, False),
    ]


async def test_steps_after_a_block_are_recorded_as_skipped_and_why(toys):
    outcome = await toys.run(CALL, Objects, Quiet)
    assert [record.verdict for record in outcome.records] == [Verdict.VIOLATION, Verdict.SKIPPED]
    assert outcome.records[1].reason == "the run ended before its turn"


async def test_a_record_tells_the_paths_that_changed_and_not_what_stood_there(toys):
    outcome = await toys.run(CALL, Masks)
    assert set(outcome.records[0].changes) == {"args.q", "args.deep.list[1]", "args.new"}
    assert SECRET not in repr(outcome.records)


async def test_an_error_s_record_tells_its_type(toys):
    record = (await toys.run(CALL, Fails)).records[0]
    assert (record.error_type, record.code) == ("exception", "PLUGIN_ERROR")


async def test_an_error_s_record_tells_where_it_was_raised_and_not_its_text(toys):
    record = (await toys.run(CALL, Fails)).records[0]
    line = Fails.tool_pre_invoke.__code__.co_firstlineno + 1
    assert record.reason == f"raised ValueError at test_records.py:{line}"


async def test_a_duration_is_in_seconds(toys):
    class Waits(Plugin):
        async def tool_pre_invoke(self, payload, context):
            await asyncio.sleep(0.02)

    outcome = await toys.run(CALL, Waits, Quiet)
    assert 0.015 < outcome.records[0].duration < 20
    assert 0 < outcome.records[1].duration < 0.015


async def test_records_are_built_only_when_somebody_reads_them(toys, monkeypatch):
    made = []
    original = Record.__new__
    monkeypatch.setattr(Record, "__new__", lambda *args, **kwargs: made.append(1) or original(*args, **kwargs))
    outcome = await toys.run(CALL, Masks, Quiet)
    assert made == []
    assert outcome.records is outcome.records
    assert made == [1, 1]


async def test_records_do_not_change_with_later_runs(toys):
    async with toys.runner(Masks, Quiet) as runner, runner.request() as request:
        first = await request.run(CALL)
        await request.run(ToolPreInvokePayload("other", {"q": 1, "deep": {"list": [1, 3]}}))
    assert [record.verdict for record in first.records] == [Verdict.MODIFIED, Verdict.OK]


async def test_the_log_tells_skips_and_runs_at_debug_without_content(toys, caplog):
    caplog.set_level(logging.DEBUG, "gatehook")
    await toys.run(CALL, Masks, (Quiet, {"conditions": [{"tools": ["x"]}]}))
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.DEBUG]
    assert any("Masks" in text and "modified" in text for text in told)
    assert any("Quiet" in text and "skipped" in text for text in told)
    assert SECRET not in caplog.text


async def test_a_quiet_run_writes_no_log_above_debug(toys, caplog):
    async with toys.runner(Masks, Quiet) as runner, runner.request() as request:
        caplog.clear()
        await request.run(CALL)
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


async def test_one_line_at_the_start_tells_the_chain_in_order(toys, caplog):
    caplog.set_level(logging.INFO, "gatehook")
    await toys.run(CALL, (Quiet, {"priority": 2}), (Masks, {"priority": 1, "mode": "permissive"}))
    assert "tool_pre_invoke: Masks (permissive) > Quiet (enforce)" in caplog.text


async def test_the_counts_tell_what_each_plugin_did_at_each_hook(toys):
    class Both(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return PluginResult(violation=PluginViolation("r"))

        async def tool_post_invoke(self, payload, context):
            pass

    plugins = [
        Masks,
        Both,
        (Fails, {"on_error": "allow"}),
        (Quiet, {"conditions": [{"tools": ["x"]}]}),
        (Quiet, {"name": "off", "mode": "disabled"}),
    ]
    async with toys.runner(*plugins) as runner, runner.request() as request:
        for _ in range(3):
            await request.run(CALL)
        await request.run(ToolPostInvokePayload("t", {}))
        stats = runner.stats()
        again = runner.stats()
    assert stats == again
    kinds = ("runs", "skipped", "modified", "violations", "responses", "let_through")

    def counts(plugin, hook="tool_pre_invoke"):
        return tuple(stats[plugin][hook][kind] for kind in kinds)

    assert counts("Masks") == (3, 0, 3, 0, 0, 0)
    assert counts("Both") == (3, 0, 0, 3, 0, 0)
    assert counts("Both", "tool_post_invoke") == (1, 0, 0, 0, 0, 0)
    assert counts("Fails") == (3, 0, 0, 0, 0, 3)
    assert counts("Quiet") == (0, 3, 0, 0, 0, 0)
    assert stats["Fails"]["tool_pre_invoke"]["errors"] == {"exception": 3}
    assert stats["off"] == {}
    assert all(hook["seconds"] >= 0 for hooks in stats.values() for hook in hooks.values())


async def test_explain_runs_the_plugins_and_tells_the_records(toys):
    told = []

    class Watches(Plugin):
        def hook_finished(self, outcome):
            told.append(outcome)

    async with toys.runner(Masks, (Quiet, {"conditions": [{"tools": ["x"]}]}), Watches) as runner:
        outcome = await runner.explain(CALL, runner.request(user="alice"))
        async with runner.request() as request:
            again = await runner.explain(CALL, request)
            assert request.is_open
    assert [record.verdict for record in outcome.records] == [Verdict.MODIFIED, Verdict.SKIPPED]
    assert outcome.records[1].reason == "condition on tools"
    assert again.payload == outcome.payload
    assert told == []


async def test_a_run_without_plugins_has_no_records_and_is_the_payload(toys):
    outcome = await toys.run(CALL, (Quiet, {"hooks": ["tool_pre_invoke"], "mode": "disabled"}))
    assert outcome.payload is CALL
    assert outcome.records == ()
    assert not outcome.blocked


async def test_has_hooks_tells_whether_a_run_can_have_an_effect(toys):
    async with toys.runner(Quiet) as runner:
        assert runner.has_hooks("tool_pre_invoke")
        assert not runner.has_hooks("tool_post_invoke")
        with pytest.raises(GatehookError, match="no hook 'tool_pre_invok'"):
            runner.has_hooks("tool_pre_invok")
