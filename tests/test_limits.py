"""max_payload_bytes: payloads that are too large are not shown to plugins."""

import pytest
from gatehook import ConfigError, Plugin, PluginError, PluginResult, ToolPreInvokePayload, Verdict

CALL = ToolPreInvokePayload("lookup", {"q": "x"})


class Runs(Plugin):
    calls = 0

    async def tool_pre_invoke(self, payload, context):
        type(self).calls += 1
        return PluginResult(response="answer")


@pytest.fixture(autouse=True)
def _fresh():
    Runs.calls = 0


async def over(toys, size, *plugins, **settings):
    async with toys.runner(*plugins, max_payload_bytes=100, **settings) as runner, runner.request() as request:
        return await request.run(CALL, size=size)


@pytest.mark.parametrize(
    ("keys", "blocked"),
    [
        ({}, True),
        ({"on_error": "allow"}, False),
        ({"mode": "permissive"}, False),
        ({"mode": "permissive", "on_error": "block"}, True),
        ({"mode": "audit"}, False),
    ],
)
async def test_a_payload_over_the_limit_fails_each_plugin_by_its_own_policy_and_is_shown_to_none(toys, keys, blocked):
    outcome = await over(toys, 101, (Runs, keys))
    assert Runs.calls == 0
    assert outcome.blocked is blocked
    record = outcome.records[0]
    assert (record.verdict, record.error_type) == (Verdict.ERROR, "payload")
    assert "101 bytes" in record.reason


async def test_a_payload_of_just_the_limit_passes(toys):
    assert (await over(toys, 100, Runs)).response == "answer"


async def test_a_size_that_the_host_does_not_know_is_not_measured(toys):
    class Unmeasurable(dict):
        def __len__(self):
            raise AssertionError("measured")

    async with toys.runner(Runs, max_payload_bytes=1) as runner, runner.request() as request:
        assert (await request.run(ToolPreInvokePayload("t", Unmeasurable()))).response == "answer"


async def test_a_plugin_that_does_not_apply_does_not_fail(toys):
    outcome = await over(toys, 101, (Runs, {"conditions": [{"tools": ["other"]}]}))
    assert not outcome.blocked
    assert outcome.records[0].verdict is Verdict.SKIPPED


async def test_after_the_first_that_blocks_no_other_fails(toys):
    outcome = await over(
        toys, 101, (Runs, {"name": "a", "mode": "permissive"}), (Runs, {"name": "b"}), (Runs, {"name": "c"})
    )
    assert outcome.violation.plugin_name == "b"
    assert [record.verdict for record in outcome.records] == [Verdict.ERROR, Verdict.ERROR, Verdict.SKIPPED]


async def test_the_limit_holds_for_bands(toys):
    outcome = await over(toys, 101, (Runs, {"name": "a"}), (Runs, {"name": "b"}), parallel_execution_within_band=True)
    assert outcome.violation.plugin_name == "a"
    assert Runs.calls == 0


async def test_fail_on_plugin_error_raises_at_the_limit_too(toys):
    with pytest.raises(PluginError) as caught:
        await over(toys, 101, Runs, fail_on_plugin_error=True)
    assert caught.value.error_type == "payload"


async def test_without_a_limit_every_size_passes(toys):
    async with toys.runner(Runs) as runner, runner.request() as request:
        assert (await request.run(CALL, size=1 << 40)).response == "answer"


@pytest.mark.parametrize("limit", [0, -1, "much", 1.5])
async def test_the_limit_is_a_whole_number_above_zero(toys, limit):
    with pytest.raises(ConfigError, match="max_payload_bytes"):
        toys.runner(Runs, max_payload_bytes=limit)
