"""Plays cases in gatehook's runner, and says what came out in the same words as `in_cpex.py`."""

from typing import Any

from gatehook import Outcome, Payload, Runner, Verdict
from gatehook_external.protocol.payloads import from_wire, to_wire

FAILED = {Verdict.ERROR, Verdict.TIMEOUT}


async def outcomes(config: dict[str, Any], requests: list[list[tuple[str, dict[str, Any]]]]) -> list[list[Any]]:
    async with Runner.from_config(config) as runner:
        return [await play(runner, steps) for steps in requests]


async def play(runner: Runner, steps: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    async with runner.request(user="alice", tenant_id="acme", server_id="crm") as request:
        return [told(raw, await request.run(from_wire(hook, raw))) for hook, raw in steps]


def told(raw: dict[str, Any], outcome: Outcome[Payload]) -> dict[str, Any]:
    if any(record.verdict in FAILED for record in outcome.records):
        return {"said": "failed"}
    if outcome.violation:
        return {"said": "blocked", "violation": outcome.violation.to_dict()}
    after = to_wire(outcome.payload, prompt_key="name")
    metadata = {key: value for plugin in outcome.metadata.values() for key, value in plugin.items()}
    return {"said": "allowed" if raw == after else "changed", "payload": after, "metadata": metadata}
