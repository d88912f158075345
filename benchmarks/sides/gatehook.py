"""gatehook: one runner, a request opened from it, one `run` for each hook."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gatehook import Outcome, Runner, ToolPostInvokePayload, ToolPreInvokePayload

from benchmarks.cases import CONCURRENT, RESULT, TOOL, Case
from benchmarks.timing import Loop

KINDS = {
    "noop": "benchmarks.plugins.NoopPlugin",
    "looker": "benchmarks.plugins.LookerPlugin",
    "reader": "benchmarks.reader.ReaderPlugin",
    "writer": "benchmarks.plugins.WriterPlugin",
}


def config(case: Case) -> dict[str, Any]:
    return {
        "plugins": [
            {
                "name": f"p{number}",
                "kind": KINDS[case.behaviour],
                "hooks": ["tool_pre_invoke", *(["tool_post_invoke"] if case.shape == "pre_and_post" else [])],
                "mode": "enforce",
                "priority": number,
                "conditions": [{"tools": [tool]}] if tool else [],
            }
            for number, tool in enumerate(case.tools)
        ],
        "plugin_settings": {"plugin_timeout": 30},
    }


@asynccontextmanager
async def prepare(case: Case) -> AsyncIterator[Loop]:
    args = case.arguments
    async with Runner.from_config(config(case)) as runner:

        async def one() -> Outcome[ToolPreInvokePayload]:
            async with runner.request(user="alice", tenant_id="acme", server_id="crm") as request:
                return await request.run(ToolPreInvokePayload(TOOL, args))

        async def requests(count: int) -> None:
            for _ in range(count):
                async with runner.request(user="alice", tenant_id="acme", server_id="crm") as request:
                    await request.run(ToolPreInvokePayload(TOOL, args))

        async def run_alone(count: int) -> None:
            payload = ToolPreInvokePayload(TOOL, args)
            async with runner.request(user="alice", tenant_id="acme", server_id="crm") as request:
                for _ in range(count):
                    await request.run(payload)

        async def records_read(count: int) -> None:
            for _ in range(count):
                async with runner.request(user="alice", tenant_id="acme", server_id="crm") as request:
                    outcome = await request.run(ToolPreInvokePayload(TOOL, args))
                assert all(record.verdict == "ok" for record in outcome.records)

        async def pre_and_post(count: int) -> None:
            for _ in range(count):
                async with runner.request(user="alice", tenant_id="acme", server_id="crm") as request:
                    await request.run(ToolPreInvokePayload(TOOL, args))
                    await request.run(ToolPostInvokePayload(TOOL, RESULT))

        async def concurrent(count: int) -> None:
            for _ in range(count):
                await asyncio.gather(*(one() for _ in range(CONCURRENT)))

        outcome = await one()
        ran = [record for record in outcome.records if record.verdict in ("ok", "modified")]
        assert len(ran) == case.plugins, outcome.records
        if case.behaviour == "writer":
            assert outcome.payload.args["revision"] == case.plugins
        yield {
            "request": requests,
            "run_alone": run_alone,
            "records_read": records_read,
            "pre_and_post": pre_and_post,
            "concurrent": concurrent,
        }[case.shape]
