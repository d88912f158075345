"""One row of the matrix: a fault over a transport, met by nine plugins at once, each under a policy of its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gatehook import Outcome, Record, Request, Runner, ToolPreInvokePayload

from tests.failures.faults import GRPC, PEER, Cell
from tests.failures.stages import AMPLE, Scene, Stage
from tests.failures.toys import ENDED

COOL_DOWN = 0.3
SECRET = "what-only-the-plugin-may-see"
DISABLE_AFTER = 3
ATTEMPTS = 20
WAITING = (GRPC, PEER)
"""Whose connections come back after a while, and not at the next call."""
LOOKING = 0.2
"""Seconds between two attempts to bring up what failed to come up."""
SETTLING = 0.1
"""Seconds after which a client knows that its connection is gone."""


class Good(NamedTuple):
    """A call that meets no fault."""

    canary: str
    outcome: Outcome[Any]


@dataclass
class Seen:
    """What came of one cell."""

    before: Good | None = None
    """Of a call before the fault."""
    faulty: list[Outcome[Any]] = field(default_factory=list)
    """Of the calls that met it, one or, where the third takes the plugin out, three."""
    raised: list[BaseException | None] = field(default_factory=list)
    out: Outcome[Any] | None = None
    """Of the call after the third."""
    state: str = ""
    """Of the plugin, after the fault."""
    after: Good | None = None
    """Of a call when the fault is over."""
    errors: Counter[str] = field(default_factory=Counter)
    """Counted while the fault was played, by their type."""
    events: list[tuple[str, str]] = field(default_factory=list)
    failed: BaseException | None = None
    """Why there is no more."""

    def arrivals(self, canary: str) -> int:
        return self.events.count(("called", canary))


@dataclass
class Begun:
    """What came of a plugin whose service was not to be had at load."""

    raised: BaseException | None = None
    """By the start of the runner."""
    state: str = ""
    call: Outcome[Any] | None = None
    """Of a call while the fault lasts."""
    after: Good | None = None
    """Of a call once the plugin is up, after the fault."""


async def play_start(stage: Stage, cell: Cell) -> Begun:
    """A fault that is there when the runner is started, and is over some time later."""
    begun = Begun()
    scene = await stage.scene(cell)
    await scene.play(cell.fault)
    config = {"plugins": [_entry(cell, scene)], "plugin_settings": {"plugin_health_check_interval": LOOKING}}
    try:
        async with asyncio.timeout(AMPLE), Runner.from_config(config) as runner, runner.request() as request:
            begun.state = _state(runner, cell)
            begun.call = await request.run(_payload(cell, "early"))
            await scene.play("")
            await _until(lambda: _state(runner, cell) == "running")
            begun.after = await _call(request, cell, "after")
    except Exception as error:  # noqa: BLE001  # the start's own test is to look at it
        begun.raised = error
    finally:
        await scene.close()
    return begun


def _state(runner: Runner, cell: Cell) -> str:
    return next(status.state for status in runner.plugins() if status.name == str(cell))


async def play_row(stage: Stage, cells: list[Cell]) -> dict[Cell, Seen]:
    """Every cell of one fault."""
    seen = {cell: Seen() for cell in cells}
    try:
        async with asyncio.timeout(2 * AMPLE), AsyncExitStack() as stack:
            scenes = {cell: await stage.scene(cell) for cell in cells}
            for scene in scenes.values():
                stack.push_async_callback(scene.close)
            config = {"plugins": [_watching(), *(_entry(cell, scene) for cell, scene in scenes.items())]}
            runner = await stack.enter_async_context(Runner.from_config(config))
            await asyncio.gather(*(_play(runner, scenes[cell], cell, seen[cell]) for cell in cells))
    except Exception as error:  # noqa: BLE001  # each cell's own test is to say so
        for one in seen.values():
            one.failed = one.failed or error
    return seen


def _watching() -> dict[str, Any]:
    return {"name": "watching", "kind": "tests.failures.toys.Watching"}


def _entry(cell: Cell, scene: Scene) -> dict[str, Any]:
    policy = {"mode": cell.mode, "on_error": cell.on_error, "disable_after": DISABLE_AFTER, "cool_down": COOL_DOWN}
    return {
        "name": str(cell),
        "hooks": ["tool_pre_invoke"],
        "conditions": [{"tools": [str(cell)]}],
        **policy,
        **scene.entry,
    }


async def _play(runner: Runner, scene: Scene, cell: Cell, seen: Seen) -> None:
    """What happens to one plugin: a call, the fault, and a call when it is over."""
    try:
        async with runner.request(user="alice") as request:
            seen.before = await _call(request, cell, "before")
            await scene.play(cell.fault)
            await asyncio.sleep(SETTLING)
            errors = _errors(runner, cell)
            for number in range(DISABLE_AFTER if cell.on_error == "disable" else 1):
                await _meet(request, scene, cell, seen, f"faulty{number}")
            if cell.on_error == "disable" and cell.fault != "cancel":
                seen.out = await request.run(_payload(cell, "out"))
            seen.errors = _errors(runner, cell) - errors
            seen.state = _state(runner, cell)
            await scene.play("")
            await asyncio.sleep(SETTLING)
            if cell.on_error == "disable":
                await asyncio.sleep(COOL_DOWN + 0.05)
            seen.after = await _call(request, cell, "after")
        if cell.fault == "cancel":
            canary = _payload(cell, "faulty0").args["canary"]
            await _until(lambda: _happened(scene, "cancelled", canary))
            await _until(lambda: canary in ENDED)
            seen.faulty.append(ENDED[canary])
        seen.events = await scene.events()
    except Exception as error:  # noqa: BLE001  # the cell's own test is to say so
        seen.failed = error


async def _call(request: Request, cell: Cell, name: str) -> Good:
    """A call that meets no fault. Where the time is short, or a client waits before it connects again, it may take more
    than one."""
    for number in range(ATTEMPTS if cell.timed or cell.transport in WAITING else 1):
        if number:
            await asyncio.sleep(COOL_DOWN)
        payload = _payload(cell, f"{name}{number}")
        good = Good(payload.args["canary"], await request.run(payload))
        if not record_of(good.outcome, cell).error_type:
            break
    return good


def record_of(outcome: Outcome[Any], cell: Cell) -> Record:
    (record,) = [record for record in outcome.records if record.plugin == str(cell)]
    return record


def _errors(runner: Runner, cell: Cell) -> Counter[str]:
    return Counter(runner.stats()[str(cell)]["tool_pre_invoke"]["errors"])


async def _meet(request: Request, scene: Scene, cell: Cell, seen: Seen, canary: str) -> None:
    """One call that meets the fault."""
    payload = _payload(cell, canary)
    if cell.fault != "cancel":
        seen.faulty.append(await request.run(payload))
        return
    call = asyncio.create_task(request.run(payload))
    await _until(lambda: _arrived(scene, payload, call))
    call.cancel()
    (said,) = await asyncio.gather(call, return_exceptions=True)
    seen.raised.append(said if isinstance(said, BaseException) else None)


async def _arrived(scene: Scene, payload: ToolPreInvokePayload, call: asyncio.Task[Any]) -> bool:
    """Whether there is any use in waiting."""
    return call.done() or await _happened(scene, "called", payload.args["canary"])


async def _happened(scene: Scene, what: str, canary: str) -> bool:
    return (what, canary) in await scene.events()


async def _until(happened: Callable[[], Any]) -> None:
    """Wait for what is sure to happen."""
    while True:
        said = happened()
        if await said if isinstance(said, Awaitable) else said:
            return
        await asyncio.sleep(0.01)


def _payload(cell: Cell, canary: str) -> ToolPreInvokePayload:
    return ToolPreInvokePayload(str(cell), {"canary": f"{cell}-{canary}", "secret": SECRET})
