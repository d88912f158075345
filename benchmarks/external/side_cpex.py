"""cpex's client: its manager, and one plugin that is a service. A route is that plugin's entry.

`python -m benchmarks.external.side_cpex ROUTES`
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from cpex.framework import TenantPluginManager, ToolHookType, ToolPreInvokePayload
from cpex.framework.models import Config

from benchmarks.cases import TOOL
from benchmarks.external.side import ARGUMENTS, Call, main
from benchmarks.sides.cpex import open_context


@asynccontextmanager
async def connect(entry: dict[str, Any]) -> AsyncIterator[Call]:
    manager = TenantPluginManager(Config(plugins=[entry]))
    await manager.initialize()

    async def call() -> None:
        payload = ToolPreInvokePayload(name=TOOL, args=ARGUMENTS)
        result, _contexts = await manager.invoke_hook(ToolHookType.TOOL_PRE_INVOKE, payload, open_context())
        assert result.modified_payload.args["revision"] == 1

    yield call
    await manager.shutdown()


if __name__ == "__main__":
    os.environ["PLUGINS_SSRF_PROTECTION_ENABLED"] = "false"  # or it refuses services of this machine
    main(connect)
