"""Runs in the peer's environment: reads a config and cases as JSON, plays them in cpex's manager, writes what came out.

`python in_cpex.py < {"config": …, "requests": [[[hook, payload], …], …]}`
"""

import asyncio
import json
import sys
from typing import Any

from cpex.framework import GlobalContext, PluginError, TenantPluginManager
from cpex.framework.hooks.registry import get_hook_registry
from cpex.framework.models import Config


async def play(manager: TenantPluginManager, number: int, steps: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    context = GlobalContext(request_id=f"request-{number}", user="alice", tenant_id="acme", server_id="crm")
    contexts, said = None, []
    for hook, raw in steps:
        kind = get_hook_registry().get_payload_type(hook)
        payload = kind.model_validate({"prompt_id": raw["name"], **raw} if hook.startswith("prompt") else raw)
        try:
            result, contexts = await manager.invoke_hook(hook, payload, context, contexts)
        except PluginError:
            said.append({"said": "failed"})
        else:
            said.append(told(hook, payload, result))
    return said


def told(hook: str, payload: Any, result: Any) -> dict[str, Any]:
    if not result.continue_processing:
        violation = result.violation.model_dump(include={"reason", "description", "code", "details"})
        return {"said": "blocked", "violation": {**violation, "plugin_name": result.violation.plugin_name}}
    before, after = (plain(hook, each) for each in (payload, result.modified_payload or payload))
    return {"said": "allowed" if before == after else "changed", "payload": after, "metadata": result.metadata or {}}


def plain(hook: str, payload: Any) -> dict[str, Any]:
    raw: dict[str, Any] = payload.model_dump(exclude={"headers"})
    return {"name" if key == "prompt_id" else key: value for key, value in raw.items()}


async def main() -> None:
    task = json.load(sys.stdin)
    manager = TenantPluginManager(Config(**task["config"]))
    await manager.initialize()
    outcomes = [await play(manager, number, steps) for number, steps in enumerate(task["requests"])]
    sys.stdout.write(json.dumps(outcomes))
    await manager.shutdown()


if __name__ == "__main__":
    asyncio.run(main())
