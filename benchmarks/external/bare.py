"""The transports alone, with messages as long as a hook's: what no plugin service can beat.

`python -m benchmarks.external.bare http|grpc PORT` and `… stdio` are servers that answer without looking.
"""

import asyncio
import json
import sys
from typing import Any

from benchmarks.cases import TOOL
from benchmarks.external.side import ARGUMENTS, PLUGIN

METHOD = "/bare.Bare/Call"
GLOBAL = {"request_id": "1", "user": "alice", "tenant_id": "acme", "server_id": "crm", "state": {}, "metadata": {}}
CALL = {
    "hook_type": "tool_pre_invoke",
    "plugin_name": PLUGIN,
    "payload": {"name": TOOL, "args": ARGUMENTS},
    "context": {"state": {}, "global_context": GLOBAL, "metadata": {}},
}
RESULT = {
    "plugin_name": PLUGIN,
    "result": {"continue_processing": True, "modified_payload": CALL["payload"], "violation": None, "metadata": {}},
}
REQUEST = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "invoke_hook", "arguments": CALL}}
ANSWER = {
    "jsonrpc": "2.0",
    "id": 1,
    "result": {"content": [{"type": "text", "text": json.dumps(RESULT)}], "isError": False},
}
QUESTION_LINE, ANSWER_LINE = (json.dumps(message).encode() + b"\n" for message in (REQUEST, ANSWER))


def stdio() -> None:
    for _line in sys.stdin.buffer:
        sys.stdout.buffer.write(ANSWER_LINE)
        sys.stdout.buffer.flush()


def http(port: int) -> None:
    import uvicorn  # noqa: PLC0415  # so that the other servers start without it
    from starlette.applications import Starlette  # noqa: PLC0415
    from starlette.requests import Request  # noqa: PLC0415
    from starlette.responses import Response  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    async def answer(request: Request) -> Response:
        await request.body()
        return Response(ANSWER_LINE, media_type="application/json")

    uvicorn.run(Starlette(routes=[Route("/", answer, methods=["POST"])]), port=port, log_level="error")


async def grpc(port: int) -> None:
    import grpc  # noqa: PLC0415  # as above

    async def answer(_request: bytes, _context: Any) -> bytes:
        return ANSWER_LINE

    service, method = METHOD.strip("/").split("/")
    handler = grpc.method_handlers_generic_handler(service, {method: grpc.unary_unary_rpc_method_handler(answer)})
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((handler,))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["stdio"]:
            stdio()
        case ["http", port]:
            http(int(port))
        case ["grpc", port]:
            asyncio.run(grpc(int(port)))
