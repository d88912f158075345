"""An answer that is used again says the same each time, whatever was done to what it said before."""

from gatehook.testing import open_runner, tool_call
from gatehook_external.remote import RemotePlugin
from pydantic import BaseModel


class Address(BaseModel):
    plugin: str | None = None
    health_check_interval: float | None = None
    shown: str = "nowhere"
    idle: set[str] = set()


class Echo:
    """A server whose plugin takes one look at every call."""

    state = "open"

    def __init__(self):
        self.calls = 0

    async def describe(self, plugin, seconds):
        return {"name": plugin, "kind": "echo", "hooks": ["tool_pre_invoke"]}

    async def invoke(self, hook, plugin, payload, *further):
        self.calls += 1
        changed = {**payload, "args": {**payload["args"], "checked": [{"by": plugin}]}}
        result = {"continue_processing": True, "modified_payload": changed, "metadata": {"seen": ["q"]}}
        return {"plugin_name": plugin, "result": result, "context": {}}

    async def close(self):
        pass


async def test_what_a_host_does_to_an_outcome_does_not_reach_the_next():
    server = Echo()

    class Asks(RemotePlugin):
        section, section_model = "echo", Address

        def connect(self):
            return server

    outcomes = []
    async with open_runner(Asks, config={"cache_ttl_seconds": 60}) as runner:
        for _ in range(3):
            async with runner.request(user="alice") as request:
                outcome = await request.run(tool_call("lookup", q="Bob"))
            outcomes.append((repr(outcome.payload.args), repr(outcome.metadata["Asks"])))
            outcome.payload.args["checked"][0]["by"] = "the host"
            outcome.metadata["Asks"]["seen"].append("more")
    assert server.calls == 1
    assert set(outcomes) == {("{'q': 'Bob', 'checked': [{'by': 'Asks'}]}", "{'seen': ['q']}")}
