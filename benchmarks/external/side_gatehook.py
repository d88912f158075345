"""gatehook's client: a runner, and one plugin that is a service. A route is that plugin's entry.

`python -m benchmarks.external.side_gatehook ROUTES`
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gatehook import Runner, ToolPreInvokePayload

from benchmarks.cases import TOOL
from benchmarks.external.side import ARGUMENTS, Call, main


@asynccontextmanager
async def connect(entry: dict[str, Any]) -> AsyncIterator[Call]:
    async with Runner.from_config({"plugins": [entry]}) as runner:

        async def call() -> None:
            async with runner.request(user="alice", tenant_id="acme", server_id="crm") as request:
                outcome = await request.run(ToolPreInvokePayload(TOOL, ARGUMENTS))
            assert outcome.payload.args["revision"] == 1

        yield call


if __name__ == "__main__":
    main(connect)
