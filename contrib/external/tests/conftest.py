"""A plugin that asks a service, in a real runner; the service is a function."""

import asyncio

import pytest
from gatehook import Plugin, PluginResult
from gatehook.testing import open_runner, tool_call
from gatehook_external import CallSettings, Service, digest


class Backend:
    """Answers with the number of the call; or raises ``fault``; both once ``gate`` is open."""

    def __init__(self):
        self.calls = self.cancelled = 0
        self.seconds = []
        self.fault = None
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, seconds):
        self.calls += 1
        number = self.calls
        self.seconds.append(seconds)
        self.asked.set()
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)  # as a client that tells its server
            self.cancelled += 1
            raise
        if self.fault is not None:
            raise self.fault
        return number


class Desk:
    """A runner with one plugin, which asks ``send(seconds)``, and a way to ask through it."""

    def __init__(self, send, keys, config):
        class Asks(Plugin):
            def __init__(self, config):
                super().__init__(config)
                self.service = desk.service = Service(self.name, CallSettings.split(config.config)[0])

            async def tool_pre_invoke(self, payload, context):
                key = digest(payload.args) if self.service.caches else None
                said = await self.service.call(payload.hook, context, send, key=key)
                return PluginResult(metadata={"said": said})

            prompt_pre_fetch = tool_pre_invoke

        desk = self
        self.runner = open_runner(Asks, config=config, **keys)

    @property
    def details(self):
        return self.service.details()

    async def ask(self, user="alice", **args):
        """What the service said, or the runner's record of the failure."""
        return await self.ask_as({"user": user}, **args)

    async def ask_as(self, asker, payload=tool_call, **args):
        async with self.runner.request(**asker) as request:
            outcome = await request.run(payload("lookup", **args))
        return outcome.metadata["Asks"]["said"] if outcome.metadata else outcome.records[0]

    async def __aenter__(self):
        await self.runner.__aenter__()
        return self

    async def __aexit__(self, *error):
        await self.runner.__aexit__(*error)
        assert [task for task in asyncio.all_tasks() if task.get_name() == "gatehook shared call"] == []


@pytest.fixture
async def backend():
    return Backend()


@pytest.fixture
def desk(backend):
    """``desk(timeout=…, **config)``, to be entered; ``timeout`` is the entry's."""
    return lambda timeout=5, **config: Desk(backend, {"timeout": timeout}, config)
