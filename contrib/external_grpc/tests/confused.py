"""A server that says it is gatehook's, and whose stream goes wrong: ``python confused.py``. It prints its port.

How is told by the name of the tool that a call is about.
"""

import asyncio
import json
import os

import grpc.aio

DESCRIBED = {"name": "Toy", "hooks": ["tool_pre_invoke"], "manifest": {"protocol": 1, "accepts_config": False}}


async def describe(raw, context):
    return json.dumps(DESCRIBED).encode()


async def messages(context):
    while (raw := await context.read()) is not grpc.aio.EOF:
        for line in raw.split(b"\n"):
            yield json.loads(line)


async def converse(_, context):
    kept = []
    async for message in messages(context):
        if message.get("cancel"):
            continue
        number, wish = message["id"], message["call"]["payload"]["name"]
        result = {"continue_processing": True}
        said = {"plugin_name": "Toy", "result": result, "context": {"state": {"asked": wish}}}
        answer = {"id": number, "answer": said}
        match wish:
            case "hang":
                kept.append(answer)
                continue
            case "late":  # with what others waited for in vain
                for old in kept:
                    await context.write(json.dumps(old).encode())
            case "garbage":
                await context.write(b"no JSON")
                continue
            case "text":
                answer["answer"] = "text"
            case "doubled":  # a denial to some who read it, and none to others
                said = b'{"continue_processing":false,"continue_processing":true}'
                await context.write(b'{"id":%d,"answer":{"plugin_name":"Toy","result":%s}}' % (number, said))
                continue
            case "float":
                answer["id"] = float(number)
            case "true":
                answer["id"] = True
            case "numberless":
                del answer["id"]
            case "foreign":
                await context.write(json.dumps({**answer, "id": number + 1000}).encode())
                continue
            case "twice":
                await context.write(json.dumps(answer).encode())
            case "end":
                return
            case "crash":
                os._exit(1)
            case "long":
                result["metadata"] = {"text": "x" * 3 * 2**20}
            case "UNAVAILABLE":
                await context.abort(grpc.StatusCode.UNAVAILABLE, "a secret")
        await context.write(json.dumps(answer).encode())


async def main():
    methods = {
        "Describe": grpc.unary_unary_rpc_method_handler(describe),
        "Converse": grpc.stream_stream_rpc_method_handler(converse),
    }
    server = grpc.aio.server()
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("gatehook.Plugins", methods)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)  # noqa: T201
    await server.wait_for_termination()


asyncio.run(main())
