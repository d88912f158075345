"""gatehook's plugins: a hook called alone, or in a whole request.

`python -m benchmarks.throughput.side_gatehook SECONDS`
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import entry_points
from inspect import signature
from typing import Any

from gatehook import Plugin, PluginConfig, PluginContext, PluginResult, Runner, ToolPostInvokePayload

from benchmarks.detection.sides.gatehook import switches
from benchmarks.throughput.serve import serve
from benchmarks.timing import Loop


def plugin(name: str, config: dict[str, Any]) -> Plugin:
    (entry,) = entry_points(group="gatehook.plugins", name=name)
    made: Plugin = entry.load()(PluginConfig(name=name, config=config))
    return made


def hook(made: Plugin) -> Callable[[ToolPostInvokePayload], Any]:
    """The hook method with one parameter: it may take a context, too."""
    method = made.tool_post_invoke  # type: ignore[attr-defined]  # each of these plugins has it
    if len(signature(method).parameters) == 1:
        return method  # type: ignore[no-any-return]  # mypy does not know it, see above
    return lambda payload: method(payload, PluginContext())


@asynccontextmanager
async def prepare(route: str, result: Any) -> AsyncIterator[tuple[Loop, Callable[[], Awaitable[Any]]]]:
    config = {} if "default" in route else dict.fromkeys(switches(), True)
    payload = ToolPostInvokePayload("lookup", result)
    if route.startswith("hook"):
        call = hook(plugin("pii_filter", config))

        async def alone(count: int) -> None:
            for _ in range(count):
                call(payload)

        async def once() -> Any:
            answer = call(payload)
            changed = answer.modified_payload if isinstance(answer, PluginResult) else None
            return changed.result if changed else result

        yield alone, once
        return
    entry = {"name": "pii_filter", "config": config}
    async with Runner.from_config({"plugins": [entry], "plugin_settings": {"plugin_timeout": 60}}) as runner:

        async def whole(count: int) -> None:
            for _ in range(count):
                async with runner.request(user="alice", tenant_id="acme", server_id="crm") as request:
                    await request.run(ToolPostInvokePayload("lookup", result))

        async def request_once() -> Any:
            async with runner.request(user="alice") as request:
                return (await request.run(payload)).payload.result

        yield whole, request_once


if __name__ == "__main__":
    serve(prepare)
