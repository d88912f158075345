"""The small server over HTTP, with the faults that a network can have: `web.py PORT|PATH [tls CERT KEY CA] [words…]`.

Words: sse (streamable answers are events), sessions, old (HTTP with SSE of 2024), mute.
"""

import asyncio
import json
import os
import ssl
import sys
from pathlib import Path

from answers import answer, text

LOG = os.environ.get("LOG")
WORDS = set(sys.argv[2:])
SESSION = "s-1"
sessions = {SESSION}
streams = []
health = [200]


def log(word):
    if LOG:
        with Path(LOG).open("a") as file:
            file.write(f"{word}\n")


def response(status, body=b"", kind="application/json", **headers):
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", f"Content-Type: {kind}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def event(message, name="message"):
    return f"event: {name}\r\ndata: {message if type(message) is str else json.dumps(message)}\r\n\r\n".encode()


async def read(reader):
    first = await reader.readexactly(1)
    if first == b"\x16":
        raise ConnectionError("that is TLS")
    head = (first + await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return (*first.split()[:2], headers, body)


async def serve(reader, writer):
    try:
        while "mute" in WORDS:
            await reader.readexactly(1)
        while True:
            method, path, headers, body = await read(reader)
            await handle(method, path, headers, body, writer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError) as error:
        log("gone")
        if "TLS" in str(error):
            writer.write(response(400))
    finally:
        writer.close()


async def handle(method, path, headers, body, writer):
    told = {name: headers[name] for name in headers if name.startswith(("auth", "x-", "mcp"))}
    log(f"{method} {path} {json.dumps(told)}")
    if path.startswith("/health"):
        writer.write(response(health[0]))
    elif path.startswith("/set-health/"):
        health[0] = int(path.rpartition("/")[2])
        writer.write(response(200))
    elif path.startswith("/forget"):
        sessions.clear()
        writer.write(response(200))
    elif method == "GET" and "old" in WORDS:
        writer.write(b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        writer.write(event("http://127.0.0.1:1/post" if path == "/elsewhere" else "/post?session_id=1", "endpoint"))
        streams.append(writer)
    elif method == "POST" and path.startswith("/secret-path"):
        writer.write(response(301, Location="/mcp"))
    elif method == "POST":
        await post(json.loads(body), headers, writer)
    else:
        writer.write(response(200 if method == "DELETE" else 405))


async def post(message, headers, writer):
    if "id" not in message:
        log(f"{message['method']} {json.dumps(message.get('params'))}")
        writer.write(response(202))
        return
    params = message.get("params", {})
    if "sessions" in WORDS and message["method"] == "initialize":
        sessions.add(SESSION)
    elif "sessions" in WORDS and headers.get("mcp-session-id") not in sessions:
        writer.write(response(404))
        return
    name = params.get("arguments", {}).get("payload", {}).get("name", "")
    good = {"jsonrpc": "2.0", "id": message["id"], "result": answer(message["method"], params)}
    if name:
        log(f"call {name} {json.dumps(params.get('_meta'))}")
    if "old" in WORDS:
        writer.write(response(int(name) if name.isdecimal() else 202))
        await writer.drain()
        if name == "end":
            streams[-1].close()
        elif name != "hang":
            streams[-1].write(event("z" * 3_000_000 if name == "oversize" else good))
        return
    if name in FAULTS:
        await FAULTS[name](good, writer)
    elif name.isdecimal():
        writer.write(response(int(name), json.dumps(good).encode(), Location="/mcp"))
    elif "sse" in WORDS:
        stream = event({"jsonrpc": "2.0", "method": "notifications/message", "params": {}}) + event(good)
        writer.write(response(200, stream, "text/event-stream"))
    else:
        session = {"Mcp_Session_Id": SESSION} if "sessions" in WORDS else {}
        writer.write(response(200, json.dumps(good).encode(), **session))


async def hang(good, writer):
    await asyncio.sleep(60)


async def drip(good, writer):
    writer.write(b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def cut(good, writer):
    writer.write(response(200, json.dumps(good).encode())[:-10])
    await writer.drain()
    writer.close()


async def silent_end(good, writer):
    writer.close()


async def no_http(good, writer):
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    await writer.drain()
    writer.close()


async def garbage(good, writer):
    writer.write(response(200, b"<html>secret words"))


async def html(good, writer):
    writer.write(response(200, b"<html>secret words", "text/html"))


async def oversize(good, writer):
    good["result"] = text("x" * 3_000_000)
    writer.write(response(200, json.dumps(good).encode()))


async def endless(good, writer):
    writer.write(b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        await writer.drain()


async def open_end(good, writer):
    writer.write(b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\n\r\n" + event(good))
    await writer.drain()
    await asyncio.sleep(60)


async def endless_event(good, writer):
    writer.write(b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\n\r\n")
    while True:
        writer.write(b"data: " + b"x" * 65536)
        await writer.drain()


async def many_events(good, writer):
    writer.write(b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\n\r\n")
    while True:
        writer.write(event({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "x" * 1000}}))
        await writer.drain()


async def compressed(good, writer):
    writer.write(response(200, b"x", Content_Encoding="gzip"))


async def wrong_id(good, writer):
    good["id"] += 1000
    writer.write(response(200, json.dumps(good).encode()))


async def wrong_id_event(good, writer):
    good["id"] += 1000
    writer.write(response(200, event(good), "text/event-stream"))


async def rpc_error(good, writer):
    error = {"jsonrpc": "2.0", "id": good["id"], "error": {"code": -32000, "message": "secret words"}}
    writer.write(response(200, json.dumps(error).encode()))


async def accepted(good, writer):
    writer.write(response(202, kind="text/plain"))


async def batch(good, writer):
    writer.write(response(200, json.dumps([good]).encode()))


FAULTS = {
    function.__name__: function
    for function in (
        accepted, batch, compressed, cut, drip, endless, endless_event, garbage, hang, html, many_events, no_http,
        open_end, oversize, rpc_error, silent_end, wrong_id, wrong_id_event,
    )
}  # fmt: skip


async def main():
    context = None
    if "tls" in WORDS:
        certificate, key, authority = sys.argv[sys.argv.index("tls") + 1 :][:3]
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        if authority != "-":
            context.load_verify_locations(authority)
            context.verify_mode = ssl.CERT_REQUIRED
    where = sys.argv[1]
    if where.isdecimal():
        server = await asyncio.start_server(serve, "127.0.0.1", int(where), ssl=context)
    else:
        server = await asyncio.start_unix_server(serve, where)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await server.serve_forever()


asyncio.run(main())
