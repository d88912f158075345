"""Servers over HTTP/1.1 that play faults: MCP answered in JSON, in event streams, over the old SSE, and a guard."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.failures.servers import speech
from tests.failures.servers.scene import Scene

Json = dict[str, Any]
Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
STATUSES = {"HTTP 301": 301, "HTTP 401": 401, "HTTP 429": 429, "HTTP 500": 500, "HTTP 503": 503}
TICK = 0.03
"""Seconds between two bytes of a slow answer."""


class WebScene(Scene):
    """One server. Subclasses say what is answered; here is how, or how not."""

    content_type = "application/json"

    async def serve(self, reader: Reader, writer: Writer) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, path, _ = head.split(" ", 2)
            length = next(
                (line.partition(":")[2] for line in head.lower().split("\r\n") if line.startswith("content-length:")), 0
            )
            body = await reader.readexactly(int(length))
            if path.startswith("/elsewhere"):
                self.tell("redirected", "")
            await self.answer(method, path, body, reader, writer)
            await writer.drain()

    async def answer(self, method: str, path: str, body: bytes, reader: Reader, writer: Writer) -> None:
        raise NotImplementedError

    def say(self, writer: Writer, body: bytes, status: int = 200, content_type: str = "") -> None:
        kind = content_type or self.content_type
        location = "Location: /elsewhere\r\n" if status == 301 else ""
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{location}\r\n"
        writer.write(head.encode() + body)

    async def play_on(self, canary: str, body: bytes, reader: Reader, writer: Writer) -> None:
        """The body of the good answer, or what the fault makes of it."""
        head = f"HTTP/1.1 200 X\r\nContent-Type: {self.content_type}\r\n".encode()
        if status := STATUSES.get(self.fault):
            self.say(writer, json.dumps({"error": speech.LEAK}).encode(), status, "application/json")
        elif self.fault in ("hang", "cancel"):
            await self.until_gone(canary, reader)
        elif self.fault == "slow drip":
            writer.write(head + f"Content-Length: {len(body)}\r\n\r\n".encode())
            await self.drip(writer, body)
        elif self.fault == "crash in mid-reply":
            writer.write(head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body[: len(body) // 2])
            await writer.drain()
            raise EOFError
        elif self.fault == "garbage":
            writer.write(b"\x00\xff" + speech.LEAK.encode() + b"\r\n\r\n" * 3)
            await writer.drain()
            raise EOFError
        elif self.fault == "oversize":
            writer.write(head + b"Transfer-Encoding: chunked\r\n\r\n")
            await self.flood(writer, chunked=True)
        elif self.fault == "late reply":
            await asyncio.sleep(self.late)
            self.say(writer, body)
        else:
            self.say(writer, body)

    async def until_gone(self, canary: str, reader: Reader) -> None:
        await reader.read(1)
        self.tell("cancelled", canary)
        raise EOFError

    async def drip(self, writer: Writer, data: bytes) -> None:
        """A byte now and then; once the fault is over, the rest."""
        for at in range(len(data)):
            if not self.fault:
                writer.write(data[at:])
                return
            writer.write(data[at : at + 1])
            await writer.drain()
            await asyncio.sleep(TICK)

    async def flood(self, writer: Writer, *, chunked: bool) -> None:
        """An answer without end."""
        piece = b"x" * 16384
        sent = 0
        try:
            while self.fault:
                writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                sent += len(piece)
                await writer.drain()
                await asyncio.sleep(0)
        finally:
            self.tell("flooded", str(sent))


class GuardScene(WebScene):
    """A service of the operator's choice, as `http_guard` asks it."""

    async def answer(self, method: str, path: str, body: bytes, reader: Reader, writer: Writer) -> None:
        canary = json.loads(body)["text"]
        self.tell("called", canary)
        said = json.dumps({"blocked": False, "text": f"answered {canary}"})
        if self.fault == "not JSON":
            said = speech.LEAK + " {"
        if self.fault == "version mismatch":
            said = json.dumps({"v2": {"verdict": speech.LEAK}})
        await self.play_on(canary, said.encode(), reader, writer)


class MCPScene(WebScene):
    """Streamable HTTP, answering in JSON."""

    async def answer(self, method: str, path: str, body: bytes, reader: Reader, writer: Writer) -> None:
        if method != "POST":
            return self.say(writer, b"", 405)
        message = json.loads(body)
        if "id" not in message:
            return self.note(message, writer)
        if not speech.is_call(message):
            return self.say(writer, self.framed(self.begin(message)))
        canary = self.call(message)
        answer = self.framed(speech.answer_to(message, self.fault))
        return await self.play_on(canary, self.held_back(answer), reader, writer)

    def call(self, message: Json) -> str:
        canary = self.calls[message["id"]] = speech.canary_of(message)
        self.tell("called", canary)
        return canary

    def begin(self, message: Json) -> Json:
        """What comes before the first call."""
        result = speech.result_of(message)
        if self.fault == "version mismatch" and message["method"] == "initialize":
            result["protocolVersion"] = "1999-01-01"
        return speech.reply(message, result)

    def note(self, message: Json, writer: Writer) -> None:
        if message["method"] == "notifications/cancelled":
            self.tell("cancelled", self.calls.get(message["params"]["requestId"], ""))
        self.say(writer, b"", 202)

    def framed(self, message: Json) -> bytes:
        return json.dumps(message).encode()

    def held_back(self, answer: bytes) -> bytes:
        return answer


class MCPStreamScene(MCPScene):
    """Streamable HTTP, answering in event streams. Late replies come in the stream of the next call, before its own."""

    content_type = "text/event-stream"

    def framed(self, message: Json) -> bytes:
        return b"event: message\ndata: " + json.dumps(message).encode() + b"\n\n"

    def held_back(self, answer: bytes) -> bytes:
        if self.fault == "late reply":
            self.kept.append(answer)
            return answer
        late, self.kept = b"".join(self.kept), []
        return late + answer


class MCPOldScene(MCPStreamScene):
    """The transport of 2024: one event stream for all answers, and posts that are only acknowledged."""

    stream: Writer

    async def answer(self, method: str, path: str, body: bytes, reader: Reader, writer: Writer) -> None:
        if method == "GET":
            self.stream = writer
            writer.write(b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\n\r\n")
            writer.write(b"event: endpoint\ndata: /messages\n\n")
            await reader.read()
            raise EOFError
        message = json.loads(body)
        if "id" not in message:
            return self.note(message, writer)
        if not speech.is_call(message):
            self.say(writer, b"", 202)
            self.stream.write(self.framed(self.begin(message)))
            return None
        canary = self.call(message)
        if self.fault in STATUSES or self.fault == "garbage":
            return await self.play_on(canary, b"", reader, writer)
        self.say(writer, b"", 202)
        await writer.drain()
        return await self.emit(self.framed(speech.answer_to(message, self.fault)))

    async def emit(self, event: bytes) -> None:
        if self.fault in ("hang", "cancel"):
            return
        if self.fault == "late reply":
            self.kept.append(event)
            return
        self.stream.write(b"".join(self.kept))
        self.kept.clear()
        if self.fault == "slow drip":
            self.spawn(self.drip(self.stream, event))
        elif self.fault == "crash in mid-reply":
            self.stream.write(event[: len(event) // 2])
            await self.stream.drain()
            self.stream.close()
        elif self.fault == "oversize":
            self.stream.write(event[:-4])
            self.spawn(self.flood(self.stream, chunked=False))
        else:
            self.stream.write(event)
