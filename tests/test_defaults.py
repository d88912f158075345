"""What a manifest's `default_config` gives to the entries of its kind."""

import asyncio
from typing import ClassVar

import pytest
from gatehook import Plugin, Runner


class Greedy(Plugin):
    """Changes its own config in place, and fails the first time."""

    seen: ClassVar[list[str]] = []

    def __init__(self, config):
        super().__init__(config)
        self.seen.append(repr(config.config))
        config.config["limits"]["calls"] += 1
        config.config["words"].append("more")
        if len(self.seen) == 1 and "fails" in config.config:
            raise RuntimeError("the first time")

    def tool_pre_invoke(self, payload): ...


DEFAULTS = {"limits": {"calls": 1, "size": 2}, "words": ["a"]}


@pytest.fixture
def config(toys):
    Greedy.seen = []

    def config(*configs, **keys):
        kind = toys.entry((Greedy, {"manifest": {"default_config": DEFAULTS}}))["kind"]
        entries = [{"name": f"p{index}", "kind": kind, "config": own, **keys} for index, own in enumerate(configs)]
        return {"plugins": entries, "plugin_settings": {"plugin_health_check_interval": "10ms"}}

    return config


async def test_entries_of_one_kind_share_nothing(config):
    async with Runner.from_config(config({}, {})):
        assert Greedy.seen == [repr(DEFAULTS)] * 2


async def test_mappings_are_merged_at_any_depth_and_lists_replaced(config):
    async with Runner.from_config(config({"limits": {"calls": 5}, "words": ["b"]})) as runner:
        (status,) = runner.plugins()
        assert status.config == {"limits": {"calls": 5, "size": 2}, "words": ["b"]}


async def test_a_retry_begins_from_the_config_as_it_was(config):
    async with Runner.from_config(config({"fails": True}, on_error="allow")) as runner, asyncio.timeout(20):
        while runner.plugins()[0].state == "failed":  # noqa: ASYNC110  # a status has no event
            await asyncio.sleep(0.001)
        assert len(Greedy.seen) == 2
        assert len(set(Greedy.seen)) == 1
        assert runner.plugins()[0].state == "running"
