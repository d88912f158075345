"""The plugin in a real runner."""

import pytest
from gatehook import Runner


@pytest.fixture(scope="session")
def configured():
    """`configured(**config)` is a runner with nothing but the plugin."""

    def configured(mode="enforce", **config):
        return Runner.from_config({"plugins": [{"name": "pii_filter", "mode": mode, "config": config}]})

    return configured


@pytest.fixture(scope="session")
def run(configured):
    """`await run(payload, **config)` is the outcome of one hook, in a request by alice."""

    async def run(payload, **config):
        async with configured(**config) as runner, runner.request(user="alice") as request:
            return await request.run(payload)

    return run
