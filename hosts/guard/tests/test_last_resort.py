"""Whatever goes wrong while a call is answered, the client hears of it, and its id is free again."""

import asyncio
import json

import pytest
from gatehook import PluginViolation
from gatehook_guard.answers import BlockedError
from gatehook_guard.guarding import Caller
from gatehook_guard.relay import Relay
from gatehook_guard.settings import GuardSettings
from guard_frames import dump, request

HOOK = "tool_pre_invoke"
WRONG = {
    "a reason that is no text": BlockedError(PluginViolation(5), HOOK, after=False),
    "a code that is no text": BlockedError(PluginViolation("no", code=["a"]), HOOK, after=False),
    "details that are no mapping": BlockedError(PluginViolation("no", code="A", details={1, 2}), HOOK, after=False),
}


class Guarded:
    """A runner whose every request fails in the same way."""

    def __init__(self, error):
        self.error = error

    def has_hooks(self, hook):
        return True

    def request(self, **who):
        raise self.error


@pytest.mark.parametrize("violation_as", ["result", "error"])
@pytest.mark.parametrize("wrong", WRONG)
async def test_a_violation_of_wrong_types_is_still_an_answer(wrong, violation_as):
    to_client, to_server, said = [], [], []
    settings = GuardSettings(violation_as=violation_as)
    relay = Relay(Guarded(WRONG[wrong]), settings, Caller(), to_client.append, to_server.append, said.append)
    for _ in range(2):  # the id is free again
        relay.from_client(dump(request(1, "tools/call", name="t")))
        async with asyncio.timeout(5):
            await relay.flight.until(lambda calls: not calls)
    answers = [json.loads(line) for line in to_client]
    assert [answer["id"] for answer in answers] == [1, 1]
    assert all("error" in answer or answer["result"]["isError"] for answer in answers)
    assert to_server == []
