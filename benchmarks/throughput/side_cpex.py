"""cpex-pii-filter's plugin, its hook called as cpex would.

`python -m benchmarks.throughput.side_cpex SECONDS`
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from cpex.framework import GlobalContext, PluginContext, ToolPostInvokePayload
from cpex.framework.models import PluginConfig
from cpex_pii_filter import PIIFilterPlugin  # type: ignore[import-not-found]  # it is in an environment of its own

from benchmarks.throughput.serve import serve
from benchmarks.timing import Loop

KIND = "cpex_pii_filter.pii_filter.PIIFilterPlugin"


@asynccontextmanager
async def prepare(route: str, result: Any) -> AsyncIterator[tuple[Loop, Callable[[], Awaitable[Any]]]]:
    hook = PIIFilterPlugin(PluginConfig(name="pii_filter", kind=KIND, hooks=["tool_post_invoke"])).tool_post_invoke
    payload = ToolPostInvokePayload(name="lookup", result=result)
    context = PluginContext(global_context=GlobalContext(request_id="1", user="alice"))

    async def loop(count: int) -> None:
        for _ in range(count):
            await hook(payload, context)

    async def once() -> Any:
        answer = await hook(payload, context)
        return answer.modified_payload.result if answer.modified_payload else result

    yield loop, once


if __name__ == "__main__":
    serve(prepare)
