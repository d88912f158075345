"""A plugin server that is none of gatehook's: ``python peer.py PLUGIN ADDRESS [CERT KEY [CLIENT_CA]]``.

It prints its port (1 for a Unix socket). What it does is told by the name of the tool that a call is about; what it was
sent, by the answer.
"""

import asyncio
import os
import sys
from pathlib import Path

import grpc.aio
from gatehook_external_grpc.plugin_service_pb2 import (
    GetPluginConfigRequest,
    GetPluginConfigResponse,
    GetPluginConfigsResponse,
    HealthCheckResponse,
    InvokeHookRequest,
    InvokeHookResponse,
)
from google.protobuf.json_format import MessageToDict

PLUGIN, ADDRESS = sys.argv[1:3]
HOOKS = ["tool_pre_invoke", "tool_post_invoke"]
sick = False
cancelled = 0


async def get_plugin_config(raw, context):
    answer = GetPluginConfigResponse()
    if GetPluginConfigRequest.FromString(raw).name.lower() == PLUGIN.lower():
        answer.found = True
        answer.config.update(
            {"name": PLUGIN, "kind": "grpc_toys.Toy", "hooks": HOOKS, "mode": "sequential", "priority": 50}
        )
    return answer.SerializeToString()


async def get_plugin_configs(raw, context):
    answer = GetPluginConfigsResponse()
    answer.configs.add().update({"name": PLUGIN})
    return answer.SerializeToString()


async def check(raw, context):
    status = HealthCheckResponse.NOT_SERVING if sick else HealthCheckResponse.SERVING
    return HealthCheckResponse(status=status).SerializeToString()


async def invoke_hook(raw, context):
    global cancelled
    request = InvokeHookRequest.FromString(raw)
    wish = request.payload["name"]
    answer = InvokeHookResponse(plugin_name=request.plugin_name, context=request.context)
    answer.result.update({"continue_processing": True})
    if wish == "hang":
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled += 1
            raise
    elif wish == "crash":
        os._exit(1)
    elif wish == "garbage":
        return b"\xff\xff no message"
    elif wish == "nothing":
        return b""
    elif wish == "other":
        answer.plugin_name = "somebody else"
    elif wish == "long":
        answer.result["metadata"] = {"text": "x" * 3 * 2**20}
    elif wish == "packed":
        context.set_compression(grpc.Compression.Gzip)
        answer.result["metadata"] = {"text": "x" * 3 * 2**20}
    elif wish == "nan":
        answer.result["metadata"] = {"number": float("nan")}
    elif wish == "raise":
        raise RuntimeError("a secret")
    elif wish == "error":
        answer.ClearField("result")
        answer.error.message, answer.error.plugin_name = "RuntimeError('a secret')", PLUGIN
    elif wish in grpc.StatusCode.__members__:
        await context.abort(grpc.StatusCode[wish], "a secret")
    elif wish == "sick":
        globals()["sick"] = True
    elif wish == "deny":
        violation = {"reason": "no", "code": "NO", "details": {"n": 7}}
        answer.result.update({"continue_processing": False, "violation": violation})
    elif wish == "add":
        answer.result["modified_payload"] = MessageToDict(request.payload)
        answer.result["modified_payload"]["args"].update({"integer": 7, "half": 0.5})
        answer.context.state["kept"] = 1
        answer.context.global_context.state["shared"] = 2
    elif wish == "tell":
        seen = {key: value for key, value in context.invocation_metadata() if key != "user-agent"}
        answer.result["metadata"] = {
            "remaining": context.time_remaining() or 0,
            "metadata": seen,
            "request": MessageToDict(request),
            "cancelled": cancelled,
        }
    return answer.SerializeToString()


async def main(tls):
    methods = {
        "cpex.PluginService": {
            "GetPluginConfig": get_plugin_config,
            "GetPluginConfigs": get_plugin_configs,
            "InvokeHook": invoke_hook,
        },
        "cpex.Health": {"Check": check},
    }
    server = grpc.aio.server()
    for service, functions in methods.items():
        handlers = {name: grpc.unary_unary_rpc_method_handler(function) for name, function in functions.items()}
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, handlers)])
    if not tls:
        port = server.add_insecure_port(ADDRESS)
    else:
        cert, key, *authority = tls
        credentials = grpc.ssl_server_credentials([(key, cert)], authority[0] if authority else None, bool(authority))
        port = server.add_secure_port(ADDRESS, credentials)
    await server.start()
    print(port, flush=True)  # noqa: T201
    await server.wait_for_termination()


asyncio.run(main([Path(name).read_bytes() for name in sys.argv[3:]]))
