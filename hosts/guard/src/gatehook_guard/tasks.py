"""Tool calls that go on as tasks: their results come by other methods, and are guarded there."""

from __future__ import annotations

from typing import Any, Final

from gatehook import Request

from gatehook_guard.answers import UNKNOWN_TASK, UNREADABLE, BlockedError, failure
from gatehook_guard.operation import Admitted, Operation, object_of

REMEMBERED: Final = 10_000
"""So many tasks are known at a time; the oldest are forgotten first, and then refused."""


class Tasks:
    """Which tool each task runs."""

    def __init__(self) -> None:
        self._tools: dict[str, str] = {}

    def remember(self, task: str, tool: str) -> None:
        if len(self._tools) >= REMEMBERED:
            del self._tools[next(iter(self._tools))]
        self._tools[task] = tool

    def tool(self, task: Any) -> str | None:
        return self._tools.get(task) if isinstance(task, str) else None


def task_of(result: dict[str, Any]) -> str | None:
    """The id of the task that a result of tools/call announces instead of a result, if it does.

    The protocol of 2025-11-25 has it in ``task``, the tasks extension of 2026-07-28 beside ``resultType``.
    """
    task = result if result.get("resultType") == "task" else result.get("task")
    found = task.get("taskId") if isinstance(task, dict) else None
    return found if isinstance(found, str) else None


class TaskOutput:
    """tasks/result, which answers with the tool's result, and tasks/get, which may hold one."""

    reads = frozenset({"taskId"})

    def __init__(self, tasks: Tasks, calls: Operation, nested: bool) -> None:
        self._tasks, self._calls, self._nested = tasks, calls, nested

    async def admit(self, request: Request, params: dict[str, Any], run: bool, size: int) -> Admitted:
        tool = self._tasks.tool(params.get("taskId"))
        if tool is None and not self._nested:
            raise _unknown("tool_post_invoke", after=False)
        return Admitted(params, tool or "")

    async def check(self, request: Request, subject: str, result: Any, run: bool, size: int) -> Any:
        if not self._nested:
            return await self._calls.check(request, subject, result, run, size)
        if "result" not in object_of(result, "tool_post_invoke"):
            return result
        if not subject:
            raise _unknown("tool_post_invoke", after=True)
        inner = await self._calls.check(request, subject, result["result"], run, size)
        return result if inner is result["result"] else {**result, "result": inner}


class TaskInput:
    """tasks/update: what a task asked for, checked as the call's input."""

    reads = frozenset({"taskId", "inputResponses"})

    def __init__(self, tasks: Tasks, calls: Operation) -> None:
        self._tasks, self._calls = tasks, calls

    async def admit(self, request: Request, params: dict[str, Any], run: bool, size: int) -> Admitted:
        tool = self._tasks.tool(params.get("taskId"))
        if tool is None:
            raise _unknown("tool_pre_invoke", after=False)
        asked = {"name": tool, "arguments": params.get("inputResponses")}
        admitted = await self._calls.admit(request, asked, run, size)
        if admitted.subject != tool or admitted.response is not None:
            reason = "a plugin wants another tool for a task that runs"
            raise failure(UNREADABLE, reason, "tool_pre_invoke", after=False)
        if admitted.params is asked:
            return Admitted(params, tool)
        return Admitted({**params, "inputResponses": admitted.params["arguments"]}, tool)

    async def check(self, request: Request, subject: str, result: Any, run: bool, size: int) -> Any:
        return result


def _unknown(hook: str, after: bool) -> BlockedError:
    reason = "the guard did not see this task begin, so it cannot tell which policies apply"
    return failure(UNKNOWN_TASK, reason, hook, after)
