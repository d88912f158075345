"""Servers over gRPC that play faults: one that answers, and before it, for each plugin, a relay that spoils answers.

To gatehook's own clients it speaks in one stream for all calls, to peers in a call for each.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import grpc.aio
from gatehook_external_grpc import messages
from gatehook_external_grpc.plugin_service_pb2 import GetPluginConfigRequest, GetPluginConfigResponse, InvokeHookRequest
from gatehook_external_grpc.structs import fill

from tests.failures.servers import speech
from tests.failures.servers.scene import Scene
from tests.failures.servers.web import STATUSES, TICK

Json = dict[str, Any]
DATA, HEADERS = 0, 1
"""Types of frames, RFC 9113, section 6."""
END_STREAM_AND_HEADERS = 0x5


class Answers(grpc.GenericRpcHandler):
    """Answers for all scenes; ``peer`` offers what cpex's servers have, and not what gatehook's have beside it."""

    def __init__(self, scenes: dict[str, RPCScene], *, peer: bool) -> None:
        self._scenes = scenes
        unary, stream = grpc.unary_unary_rpc_method_handler, grpc.stream_stream_rpc_method_handler
        self._methods = (
            {
                "/cpex.PluginService/GetPluginConfig": unary(self._describe_to_peer),
                "/cpex.PluginService/InvokeHook": unary(self._invoke_by_peer),
            }
            if peer
            else {
                "/gatehook.Plugins/Describe": unary(self._describe),
                "/gatehook.Plugins/Converse": stream(self._converse),
            }
        )

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        return self._methods.get(details.method)

    async def _describe(self, request: bytes, context: Any) -> bytes:
        name = json.loads(request)["name"]
        protocol = 2 if self._scenes[name].fault == "version mismatch" else 1
        return json.dumps(speech.description(name, protocol)).encode()

    async def _describe_to_peer(self, request: bytes, context: Any) -> bytes:
        answer = GetPluginConfigResponse(found=True)
        described = speech.description(GetPluginConfigRequest.FromString(request).name)
        del described["manifest"]
        fill(answer.config, described)
        return answer.SerializeToString()

    async def _converse(self, requests: AsyncIterator[bytes], context: Any) -> None:
        calls: dict[int, tuple[RPCScene, str]] = {}
        async for lines in requests:
            for line in lines.splitlines():
                await self._hear(json.loads(line), calls, context)

    async def _hear(self, message: Json, calls: dict[int, tuple[RPCScene, str]], context: Any) -> None:
        if message.get("cancel"):
            scene, canary = calls[message["id"]]
            scene.tell("cancelled", canary)
            return
        plugin, payload = message["call"]["plugin_name"], message["call"]["payload"]
        scene, canary = calls[message["id"]] = self._scenes[plugin], payload["args"]["canary"]
        scene.tell("called", canary)
        if scene.fault in ("hang", "cancel"):
            return
        said = await self._said(scene, plugin, payload, context)
        number = message["id"] + (1000 if scene.fault == "wrong id" else 0)
        scene.kept.append(said if isinstance(said, bytes) else json.dumps({"id": number, "answer": said}).encode())
        while scene.kept and scene.fault != "late reply":
            await context.write(scene.kept.pop(0))

    async def _invoke_by_peer(self, request: bytes, context: Any) -> bytes:
        call = InvokeHookRequest.FromString(request)
        payload, _ = messages.asked(call)
        scene, canary = self._scenes[call.plugin_name], payload["args"]["canary"]
        scene.tell("called", canary)
        if scene.fault in ("hang", "cancel"):
            try:
                await asyncio.Event().wait()
            finally:
                scene.tell("cancelled", canary)
        if scene.fault == "late reply":
            await asyncio.sleep(scene.late)
        said = await self._said(scene, call.plugin_name, payload, context)
        return said if isinstance(said, bytes) else messages.response(said).SerializeToString()

    async def _said(self, scene: RPCScene, plugin: str, payload: Json, context: Any) -> Json | bytes:
        """The answer, or what a fault makes of its very bytes."""
        if scene.fault == "version mismatch":
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, speech.LEAK)
        if scene.fault == "not JSON":
            return b"\xff" + speech.LEAK.encode()
        if scene.fault == "oversize":
            return speech.LEAK.encode() * 20_000
        said = speech.envelope(plugin, payload)
        if scene.fault == "wrong plugin name":
            said["plugin_name"] = "Somebody Else"
        return said


class RPCScene(Scene):
    """A relay of HTTP/2, frame by frame."""

    alpn: ClassVar[list[str]] = ["h2"]
    peer: ClassVar[bool] = False
    spoiled: ClassVar[set[str]] = {*STATUSES, "slow drip", "crash in mid-reply", "garbage"}
    """What the relay plays."""
    scenes: ClassVar[dict[str, RPCScene]] = {}
    _behind: ClassVar[tuple[grpc.aio.Server, str] | None] = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.scenes[self.name] = self
        behind_reader, behind_writer = await asyncio.open_unix_connection(await self._address())
        there = asyncio.create_task(_pass_on(reader, behind_writer))
        try:
            await self._pass_back(behind_reader, writer)
        finally:
            there.cancel()
            behind_writer.close()

    @classmethod
    async def _address(cls) -> str:
        if cls._behind is None:
            path = str(Path(tempfile.mkdtemp()) / "grpc.sock")
            server = grpc.aio.server()
            server.add_generic_rpc_handlers([Answers(cls.scenes, peer=cls.peer)])
            server.add_insecure_port(f"unix:{path}")
            cls._behind = server, path
            await server.start()
        return cls._behind[1]

    @classmethod
    async def end(cls) -> None:
        if cls._behind is not None:
            await cls._behind[0].stop(None)

    async def _pass_back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone: set[int] = set()
        while True:
            head = await reader.readexactly(9)
            body = await reader.readexactly(int.from_bytes(head[:3], "big"))
            stream = int.from_bytes(head[5:], "big")
            if stream in gone:
                continue
            if head[3] in (DATA, HEADERS) and stream and self.fault in self.spoiled:
                gone.add(stream)
                await self._spoil(writer, stream, head + body)
            else:
                writer.write(head + body)
            await writer.drain()

    async def _spoil(self, writer: asyncio.StreamWriter, stream: int, frame: bytes) -> None:
        if self.fault in STATUSES:
            writer.write(_status(stream, STATUSES[self.fault]))
        elif self.fault == "wrong id":
            writer.write(frame[:5] + (stream + 1000).to_bytes(4, "big") + frame[9:])
        elif self.fault == "slow drip":
            for byte in frame:
                writer.write(bytes([byte]))
                await asyncio.sleep(TICK)
        else:
            writer.write(frame[:10] if self.fault == "crash in mid-reply" else speech.LEAK.encode())
            await writer.drain()
            raise EOFError

    async def play(self, fault: str) -> None:
        begins_anew = self.fault in self.spoiled or fault in STATUSES
        await super().play(fault)
        if begins_anew:
            # A status comes at the beginning of a stream. And where answers were spoiled, what the two sides know of
            # each other's headers differs.
            await self.listener.drop()

    async def close(self) -> None:
        self.scenes.pop(self.name, None)
        await super().close()


class PeerScene(RPCScene):
    peer = True
    spoiled: ClassVar[set[str]] = {*RPCScene.spoiled, "wrong id"}
    scenes: ClassVar[dict[str, RPCScene]] = {}


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


def _status(stream: int, status: int) -> bytes:
    """A whole answer that is a status alone. ``:status`` is name 8 of HPACK's static table, RFC 7541."""
    block = b"\x08\x03" + str(status).encode()
    return len(block).to_bytes(3, "big") + bytes([HEADERS, END_STREAM_AND_HEADERS]) + stream.to_bytes(4, "big") + block
