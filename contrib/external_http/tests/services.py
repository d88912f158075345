"""The services that the plugins speak to, by their published formats, in a process of their own; and their faults.

`python services.py FOLDER` listens at three ports, which it prints: HTTP, TLS (FOLDER/server.pem), and TLS that wants a
certificate of the caller's (by FOLDER/ca.pem).

- OpenAI moderation: https://platform.openai.com/docs/api-reference/moderations/create
- chat completions: https://platform.openai.com/docs/api-reference/chat/object, with what Llama Guard says, and as its
  template has it: messages alternate, and their number tells whose is judged
- OPA: https://www.openpolicyagent.org/docs/rest-api; what is behind it is regopy, since OPA itself comes in no package
"""

import asyncio
import json
import socket
import ssl
import sys
from pathlib import Path

import uvicorn
from gatehook_external import ServiceError
from gatehook_external_http.rego import Compiled
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

CATEGORIES = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip
KEY = "the-key"

seen = []
policies = {}
state = {"health": 200, "status": 200}


async def heard(request: Request):
    """The request's JSON, noted down."""
    data = await request.json()
    seen.append({"path": request.url.path, "headers": dict(request.headers), "json": data})
    if state["status"] != 200:
        raise HTTPException(state["status"])
    return data


async def look(request):
    found = [*seen]
    if request.method == "DELETE":
        seen.clear()
        policies.clear()
        state.update(health=200, status=200)
    return JSONResponse(found)


async def status(request):
    state["status"] = int(await request.body())
    return Response()


async def health(request):
    if request.method == "PUT":
        state["health"] = int(await request.body())
    return PlainTextResponse("as told", state["health"])


# -- a guard as the specification's example has it, and one with more to say


async def analyze(request):
    if request.headers.get("authorization") != f"Bearer {KEY}":
        return JSONResponse({"detail": "Unauthorized"}, 401)
    asked = await heard(request)
    if "attack" in asked["text"]:
        return JSONResponse({"blocked": True, "reason": "prompt injection"})
    return JSONResponse({"blocked": False})


async def session(request):
    """Answers as `judge` does, and gives a cookie."""
    answer = await judge(request)
    answer.set_cookie("session", "1")
    return answer


async def judge(request):
    """Judges each of `texts`, but for `but_for`, or `text`, in every form that a path can find."""
    asked = await heard(request)
    texts = asked["texts"] if "texts" in asked else [asked["text"]]
    texts = [text for text in texts if text not in asked.get("but_for", ())]
    bad = ["attack" in text for text in texts]
    return JSONResponse(
        {
            "results": [
                {"flagged": flag, "clean": text.replace("secret", "***")} for flag, text in zip(bad, texts, strict=True)
            ],
            "any": any(bad),
            "score": 0.9 if any(bad) else 0.2,
            "verdict": "BLOCK" if any(bad) else "PASS",
            "code": "PROMPT_INJECTION",
            "reason": f"found in: {texts[0]}",
            "clean": texts[0].replace("secret", "***"),
            "entities": {"secret": "***"} if any("secret" in text for text in texts) else {},
            "nothing": None,
        }
    )


# -- OpenAI


async def moderations(request):
    asked = await heard(request)
    if not isinstance(asked["input"], list) or not all(asked["input"]):
        return JSONResponse({"error": {"message": "'input' is invalid", "type": "invalid_request_error"}}, 400)
    return JSONResponse({"id": "modr-1", "model": asked["model"], "results": [*map(moderation, asked["input"])]})


def moderation(text):
    scores = dict.fromkeys(CATEGORIES, 0.0001)
    scores["hate"] = 0.91 if "attack" in text else 0.0001
    scores["violence"] = 0.4 if "fight" in text else 0.0001
    flags = {category: score > 0.5 for category, score in scores.items()}
    types = {category: ["text"] for category in CATEGORIES}
    return {
        "flagged": any(flags.values()),
        "categories": flags,
        "category_scores": scores,
        "category_applied_input_types": types,
    }


async def completions(request):
    asked = await heard(request)
    roles = [message["role"] for message in asked["messages"]]
    if roles != ["user", "assistant"][: len(roles)]:
        return JSONResponse({"message": "Conversation roles must alternate user/assistant/user/assistant/..."}, 400)
    judged = asked["messages"][-1]["content"]
    said = "safe"
    if "attack" in judged:
        said = "unsafe\nS1,S10"
    elif "lawsuit" in judged:
        said = "unsafe\nS5"
    elif judged.startswith("say "):
        said = judged.removeprefix("say ")
    choice = {"index": 0, "message": {"role": "assistant", "content": f"\n\n{said}"}, "finish_reason": "stop"}
    if said == "cut":
        choice |= {"finish_reason": "length"}
    usage = {"prompt_tokens": 200, "completion_tokens": 4, "total_tokens": 204}
    answer = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": asked["model"]}
    return JSONResponse({**answer, "choices": [choice], "usage": usage})


# -- Open Policy Agent


async def policy(request):
    policies[request.path_params["id"]] = (await request.body()).decode()
    return JSONResponse({})


async def data(request):
    asked = await heard(request)
    document = f"data.{request.path_params['path'].replace('/', '.')}"
    try:
        answer = Compiled([*policies.items()], [], document).evaluate(asked["input"])
    except ServiceError:
        return JSONResponse({"code": "internal_error", "message": "error(s) occurred while evaluating query"}, 500)
    return JSONResponse({"decision_id": "1", **answer})


# -- faults


async def fault(request):
    await request.body()
    match request.path_params["name"]:
        case status if status.isdecimal():
            return JSONResponse({"error": "quota of the account of bob@example.com"}, int(status))
        case "redirect":
            return RedirectResponse("/judge", 301)
        case "garbage":
            return PlainTextResponse("<html>It works!</html>")
        case "list":
            return JSONResponse([])
        case "empty":
            return Response(b"")
        case "deep":
            return Response(b"[" * 100_000 + b"]" * 100_000)
        case "twice":
            return Response(b'{"any": true, "any": false}')
        case "nan":
            return Response(b'{"any": NaN}')
        case "packed":
            return Response(b"{}", headers={"Content-Encoding": "gzip"})
        case "declared":
            return Response(b" " * (2 * 2**20) + b"{}")
        case "endless":
            return StreamingResponse(spaces(0))
        case "slow":
            return StreamingResponse(spaces(0.01))
    await asyncio.sleep(3600)
    return Response()


async def spaces(seconds):
    while True:
        yield b" " * 1024
        await asyncio.sleep(seconds)


app = Starlette(
    routes=[
        Route("/seen", look, methods=["GET", "DELETE"]),
        Route("/status", status, methods=["PUT"]),
        Route("/health", health, methods=["GET", "PUT"]),
        Route("/analyze", analyze, methods=["POST"]),
        Route("/session", session, methods=["POST"]),
        Route("/judge", judge, methods=["POST"]),
        Route("/v1/moderations", moderations, methods=["POST"]),
        Route("/v1/chat/completions", completions, methods=["POST"]),
        Route("/v1/policies/{id}", policy, methods=["PUT"]),
        Route("/v1/data/{path:path}", data, methods=["POST"]),
        Route("/fault/{name}", fault, methods=["POST"]),
        Route("/fault/{name}/{rest:path}", fault, methods=["POST"]),
    ]
)


async def serve(folder: Path):
    own = {"ssl_certfile": folder / "server.pem"}
    mutual = {**own, "ssl_ca_certs": str(folder / "ca.pem"), "ssl_cert_reqs": ssl.CERT_REQUIRED}
    servers, sockets = [], []
    for options in ({}, own, mutual):
        servers.append(uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", **options)))
        sockets.append(socket.create_server(("127.0.0.1", 0)))
    sys.stdout.write(json.dumps([listening.getsockname()[1] for listening in sockets]) + "\n")
    sys.stdout.flush()
    await asyncio.gather(*(server.serve([at]) for server, at in zip(servers, sockets, strict=True)))


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
