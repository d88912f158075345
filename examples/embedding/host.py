"""A host in a few lines: it asks the plugins of gatehook.yaml before and after it calls a tool.

python examples/embedding/host.py
"""

import asyncio
from pathlib import Path
from typing import Any

from gatehook import Runner, ToolPostInvokePayload, ToolPreInvokePayload, ViolationError

CONFIG = Path(__file__).with_name("gatehook.yaml")
HOOKS = ("tool_pre_invoke", "tool_post_invoke")


def look_up(name: str) -> dict[str, Any]:
    """The tool."""
    return {"content": [{"type": "text", "text": f"{name}, ada.smith@example.com"}]}


async def call(runner: Runner, user: str, tool: str, args: dict[str, Any]) -> Any:
    async with runner.request(user=user) as request:
        before = await request.run(ToolPreInvokePayload(tool, args))
        before.raise_for_violation()
        result = before.response if before.response is not None else look_up(**before.payload.args)
        after = await request.run(ToolPostInvokePayload(before.payload.name, result))
        after.raise_for_violation()
        return after.payload.result


async def main() -> None:
    async with Runner.from_config(CONFIG, hooks=HOOKS) as runner:
        print(await call(runner, "alice", "look_up", {"name": "Ada Smith"}))
        try:
            print(await call(runner, "alice", "look_up", {"name": "'; drop table customers"}))
        except ViolationError as error:
            print(error)


if __name__ == "__main__":
    asyncio.run(main())
