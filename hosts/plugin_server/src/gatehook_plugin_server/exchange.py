"""``POST /mcp``: a request of streamable HTTP, which carries one message and gets one in return."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from gatehook_plugin_server import wire
from gatehook_plugin_server.endpoint import LEGACY_VERSIONS, VERSION, Endpoint

HEADER_MISMATCH: Final = -32020
_JSON: Final = (b"content-type", b"application/json")


class Refused(Exception):
    """An HTTP status, and why."""

    def __init__(self, status: int, reason: str) -> None:
        self.status, self.reason = status, reason
        super().__init__(reason)


class Exchange:
    """An ASGI application."""

    def __init__(self, endpoint: Endpoint, max_bytes: int, body_timeout: float) -> None:
        self._endpoint, self._max_bytes, self._body_timeout = endpoint, max_bytes, body_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        try:
            _check_media(headers)
            body = await self._body(headers, receive)
        except Refused as refused:
            close = {"Connection": "close"}  # what is left of the body is not read
            await JSONResponse({"error": refused.reason}, refused.status, close)(scope, receive, send)
            return
        try:
            message = wire.read(body)
            _check_version(headers, message)
        except wire.RpcError as error:
            await _respond(send, 400, wire.write_error(error))
            return
        if message.id is None:  # a notification, of which none tells us anything: there is no session to name it in
            await _respond(send, 202, b"")
            return
        try:
            answer = await self._answer(message, receive)
        except asyncio.CancelledError:  # the server must stop
            await _respond(send, 503, b"")
            return
        if answer is not None:
            await _respond(send, 200, answer)

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._max_bytes:
            raise Refused(413, f"the message is longer than {self._max_bytes} bytes")
        body = bytearray()
        try:
            async with asyncio.timeout(self._body_timeout):
                while True:
                    event = await receive()
                    if event["type"] == "http.disconnect":
                        raise Refused(400, "the body broke off")
                    body += event.get("body", b"")
                    if len(body) > self._max_bytes:
                        raise Refused(413, f"the message is longer than {self._max_bytes} bytes")
                    if not event.get("more_body"):
                        return bytes(body)
        except TimeoutError:
            raise Refused(408, f"the body took longer than {self._body_timeout:g} seconds") from None

    async def _answer(self, message: wire.Message, receive: Receive) -> bytes | None:
        """The answer, or nothing if the client closes the connection: then the call is cancelled."""
        call = asyncio.create_task(self._endpoint.answer(message))
        gone = None
        try:
            await asyncio.sleep(0)  # most calls have ended after their first step
            if not call.done():
                gone = asyncio.ensure_future(receive())  # of a body that was read nothing can come but the disconnect
                await asyncio.wait((call, gone), return_when=asyncio.FIRST_COMPLETED)
            return call.result() if call.done() else None
        finally:
            call.cancel()
            if gone is not None:
                gone.cancel()


async def _respond(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-length", b"%d" % len(body))]
    if body:
        headers.append(_JSON)
    start: Message = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body})


def _check_media(headers: dict[bytes, bytes]) -> None:
    media = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media != b"application/json":
        raise Refused(415, "the body must be application/json")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Refused(415, "the body must not be encoded")


def _check_version(headers: dict[bytes, bytes], message: wire.Message) -> None:
    """The version of the protocol, and from 2026-07-28 on whatever else headers tell of the message, must be true."""
    version = headers.get(b"mcp-protocol-version", b"").decode("latin-1")
    if version and version not in (*LEGACY_VERSIONS, VERSION):
        raise wire.RpcError(wire.INVALID_REQUEST, "this version of the protocol is not supported", None, message.id)
    if version != VERSION or message.id is None:
        return
    said = {b"mcp-method": message.method}
    if message.method == "tools/call":
        said[b"mcp-name"] = message.params.get("name", "")
    for name, value in said.items():
        if headers.get(name, b"").decode("latin-1") != value:
            raise wire.RpcError(
                HEADER_MISMATCH, f"the header {name.decode()} is not what the message says", None, message.id
            )
