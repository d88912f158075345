"""One guarded call from its first hook to its last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gatehook import GatehookError, Request, Runner

from gatehook_guard import answers
from gatehook_guard.answers import BlockedError
from gatehook_guard.methods import GUARDED
from gatehook_guard.operation import Operation
from gatehook_guard.operations import PromptGet, ResourceRead, ToolCall
from gatehook_guard.settings import GuardSettings
from gatehook_guard.tasks import TaskInput, TaskOutput, Tasks
from gatehook_guard.wire import Id, Message, RefusedError, Sender, dump, variants_of

Ask = Callable[[bytes, bool], Awaitable[Message | None]]
"""Sends a request to the server; answers with its response if that is to be held, else at once with ``None``."""


class ServerGoneError(Exception):
    """The server ended before it answered."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, and which server."""

    user: str | None = None
    tenant_id: str | None = None
    server_id: str | None = None


class Guarding:
    """Runs the hooks around calls on behalf of one caller."""

    def __init__(self, runner: Runner, settings: GuardSettings, caller: Caller, say: Callable[[str], None]) -> None:
        self.settings = settings
        self._runner, self._caller, self._say = runner, caller, say
        tasks = Tasks()
        tools = ToolCall(lambda: self.settings, tasks)
        self.schemas = tools.schemas
        self._operations: dict[str, Operation] = {
            "tools/call": tools,
            "prompts/get": PromptGet(),
            "resources/read": ResourceRead(),
            "tasks/result": TaskOutput(tasks, tools, nested=False),
            "tasks/get": TaskOutput(tasks, tools, nested=True),
            "tasks/update": TaskInput(tasks, tools),
        }

    def concerns(self, method: str) -> bool:
        """Whether there is a plugin for any hook of the method."""
        row = GUARDED.get(method)
        return row is not None and (self.has(row.pre) or self.has(row.post))

    def has(self, hook: str) -> bool:
        return bool(hook) and self._runner.has_hooks(hook)

    def check_readable(self, message: Message) -> None:
        """What is required of a request that the guard interprets, beyond what is of all."""
        params = message.body.get("params")
        if type(params) is not dict:
            raise refused(message, "its params are not an object")
        if message.ambiguous:
            raise refused(message, "it repeats a key")
        reads = self._operations[message.method].reads
        if not params.keys() <= reads and (variants := variants_of(params, reads)):
            raise refused(message, f"its params hold a variant of a key: {', '.join(sorted(map(ascii, variants)))}")

    async def answer(self, message: Message, ask: Ask) -> bytes | None:
        """The line that answers a guarded request; ``None`` if the server's own answer may pass unseen."""
        asked = False

        async def ask_and_note(line: bytes, hold: bool) -> Message | None:
            nonlocal asked
            asked = True
            return await ask(line, hold)

        try:
            caller = self._caller
            async with self._runner.request(
                user=caller.user, tenant_id=caller.tenant_id, server_id=caller.server_id
            ) as request:
                return await self._guarded(request, message, ask_and_note)
        except BlockedError as blocked:
            return self._blocked(message, blocked)
        except ServerGoneError:
            return server_gone(message.id)
        except RefusedError as error:
            return answer_refused(message.id, error)
        except Exception as error:  # noqa: BLE001  # whatever went wrong, the message was not checked, so it does not pass
            self._say(f"{message.method} blocked: {_cause(error)}")
            return self._blocked(message, _unchecked(message, error, asked))

    async def _guarded(self, request: Request, message: Message, ask: Ask) -> bytes | None:
        method, row, operation = message.method, GUARDED[message.method], self._operations[message.method]
        pre, post = self.has(row.pre), self.has(row.post)
        admitted = await operation.admit(request, message.body["params"], pre, len(message.raw))
        if admitted.response is not None:
            result = answers.completed(admitted.response, method, answers.is_modern(admitted.params))
            checked = await operation.check(request, admitted.subject, result, post, len(message.raw))
            return dump({"jsonrpc": "2.0", "id": message.id, "result": checked})
        unchanged = admitted.params is message.body["params"]
        line = message.raw if unchanged else dump({**message.body, "params": admitted.params})
        # The answer to a tool call may announce a task, whose result comes by another method.
        response = await ask(line, post or method == "tools/call")
        if response is None:
            return None
        if "error" in response.body:
            return response.raw
        if response.ambiguous:
            raise answers.failure(answers.UNREADABLE, "the server's answer repeats a key", row.post, after=True)
        result = response.body["result"]
        checked = await operation.check(request, admitted.subject, result, post, len(response.raw))
        return response.raw if checked is result else dump({**response.body, "result": checked})

    def _blocked(self, message: Message, blocked: BlockedError) -> bytes:
        params = message.body["params"]
        # Who asked for a task does not expect a result.
        if message.method == "tools/call" and self.settings.violation_as == "result" and "task" not in params:
            return answers.blocked_result(message.id, message.method, blocked, answers.is_modern(params))
        return answers.blocked_error(message.id, message.method, blocked)


def refused(message: Message, reason: str) -> RefusedError:
    return RefusedError(reason, senders=[Sender(message.kind, message.id)])


def answer_refused(request_id: Id | None, error: RefusedError) -> bytes:
    return answers.error(request_id, answers.FAILED, f"gatehook refused the server's answer: {error.reason}")


def server_gone(request_id: Id | None) -> bytes:
    return answers.error(request_id, answers.SERVER_GONE, "The server behind gatehook ended before it answered.")


def unanswered(request_id: Id | None) -> bytes:
    """The last resort: made of nothing that a plugin or the server said."""
    return answers.error(request_id, answers.FAILED, "gatehook could not check this call, so it was not let through.")


def _unchecked(message: Message, error: Exception, after: bool) -> BlockedError:
    row = GUARDED[message.method]
    return answers.failure(answers.GUARD_ERROR, _cause(error), row.post if after else row.pre, after)


def _cause(error: Exception) -> str:
    # The text of a foreign exception may quote what it choked on.
    return str(error) if isinstance(error, GatehookError) else f"the guard failed with {type(error).__name__}"
