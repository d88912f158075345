"""The plugin in process that plays the faults as far as they have a meaning there, and one that watches."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

from gatehook import Outcome, Payload, Plugin, PluginContext, PluginResult, PromptPrehookPayload, ToolPreInvokePayload

from tests.failures.servers.speech import LEAK

SCENES: dict[str, LocalScene] = {}
"""By the name of the entry that plays there."""
ENDED: dict[str, Outcome[Any]] = {}
"""By the canary with which the payload left the run."""
TICK = 0.03


class LocalScene:
    """What one plugin plays, and what it has seen."""

    def __init__(self) -> None:
        self.fault = ""
        self.seen: list[tuple[str, str]] = []


class Faulty(Plugin):
    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> Any:
        scene, canary = SCENES[self.name], payload.args["canary"]
        scene.seen.append(("called", canary))
        if scene.fault in RAISED:
            payload.args["canary"] = LEAK
            raise RAISED[scene.fault](LEAK)
        if scene.fault in RETURNED:
            return RETURNED[scene.fault]()
        try:
            await self._wait(scene)
        except asyncio.CancelledError:
            scene.seen.append(("cancelled", canary))
            if scene.fault != "late reply":
                raise
        return PluginResult(modified_payload=ToolPreInvokePayload(payload.name, {"canary": f"answered {canary}"}))

    async def _wait(self, scene: LocalScene) -> None:
        while scene.fault == "slow drip":  # noqa: ASYNC110  # it is not for this to end
            await asyncio.sleep(TICK)
        if scene.fault in ("hang", "late reply", "cancel"):
            await asyncio.Event().wait()


RAISED: dict[str, type[BaseException]] = {
    "refused": ConnectionRefusedError,
    "TLS error": ssl.SSLError,
    "wrong certificate": ssl.SSLCertVerificationError,
    "crash in mid-reply": SystemExit,
}


def _changed(value: Any) -> PluginResult[Payload]:
    return PluginResult(modified_payload=ToolPreInvokePayload(LEAK, {LEAK: value}))


def _too_deep() -> PluginResult[Payload]:
    value: list[Any] = []
    for _ in range(1000):
        value = [value]
    return _changed(value)


RETURNED: dict[str, Callable[[], Any]] = {
    "garbage": lambda: LEAK.encode(),
    "not JSON": lambda: _changed(item for item in LEAK),
    "oversize": _too_deep,
    "wrong id": lambda: PluginResult(modified_payload=PromptPrehookPayload(LEAK)),
}


class Watching(Plugin):
    """Keeps how runs ended, also those of callers who did not wait for it."""

    async def hook_finished(self, outcome: Outcome[Any]) -> None:
        ENDED[outcome.payload.args["canary"]] = outcome
