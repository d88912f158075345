"""A gRPC plugin server: what can be asked of it.

Two services are spoken. Peers have ``cpex.PluginService``, whose messages stand in plugin_service.proto. gatehook's own
servers have ``gatehook.Plugins`` beside it: the same questions and answers as JSON in UTF-8, which loses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, TypeVar

from gatehook import PayloadError
from gatehook_external import ServiceError
from gatehook_external.strict_json import decode
from google.protobuf.message import DecodeError, Message

from gatehook_external_grpc import messages
from gatehook_external_grpc.link import CHECK, Link, Unimplemented
from gatehook_external_grpc.plugin_service_pb2 import (
    GetPluginConfigRequest,
    GetPluginConfigResponse,
    GetPluginConfigsRequest,
    GetPluginConfigsResponse,
    HealthCheckRequest,
    HealthCheckResponse,
    InvokeHookResponse,
)
from gatehook_external_grpc.structs import plain

Json = dict[str, Any]
M = TypeVar("M", bound=Message)

_GET_CONFIG: Final = "/cpex.PluginService/GetPluginConfig"
_GET_CONFIGS: Final = "/cpex.PluginService/GetPluginConfigs"
_INVOKE_HOOK: Final = "/cpex.PluginService/InvokeHook"
_DESCRIBE: Final = "/gatehook.Plugins/Describe"
_CONFIGURE: Final = "/gatehook.Plugins/Configure"
_INVOKE: Final = "/gatehook.Plugins/Invoke"

_SHORT: Final = 65_536
"""Bytes of a call that may go where others follow it; a longer one has an RPC of its own."""
_encode: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class GRPCRemote:
    """A :class:`gatehook_external.remote.Remote`.

    ``is_gatehook`` tells, once :meth:`describe` was answered, whether the server is one of gatehook's.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._plugin = ""
        self.is_gatehook = False

    async def close(self) -> None:
        await self._link.close()

    @property
    def state(self) -> str:
        return self._link.state

    async def describe(self, plugin: str, seconds: float) -> Json:
        self._plugin = plugin
        try:
            described = await self._ask(_DESCRIBE, {"name": plugin}, seconds)
            self.is_gatehook = True
        except Unimplemented:
            self.is_gatehook = False
            answer = await self._ask_peer(
                _GET_CONFIG, GetPluginConfigRequest(name=plugin), GetPluginConfigResponse, seconds
            )
            return _plain(lambda: plain(answer.config)) if answer.found else {}
        return described

    async def names(self, seconds: float) -> list[str]:
        answer = await self._ask_peer(_GET_CONFIGS, GetPluginConfigsRequest(), GetPluginConfigsResponse, seconds)
        return [config.fields["name"].string_value for config in answer.configs]

    async def configure(self, plugin: str, config: Json, seconds: float) -> Json:
        return await self._ask(_CONFIGURE, {"name": plugin, "config": config}, seconds)

    async def invoke(  # noqa: PLR0913  # the fields of the call
        self, hook: str, plugin: str, payload: Json, context: Json, seconds: float, config_id: str | None
    ) -> Json:
        if self.is_gatehook:
            call = {"hook_type": hook, "plugin_name": plugin, "payload": payload, "context": context}
            return await self._ask(_INVOKE, {**call, "config_id": config_id}, seconds)
        try:
            request = messages.request(hook, plugin, payload, context)
        except PayloadError as error:
            raise ServiceError(str(error), "payload") from None
        answer = await self._ask_peer(_INVOKE_HOOK, request, InvokeHookResponse, seconds)
        return _plain(lambda: messages.answered(answer, payload, context))

    async def check(self, seconds: float) -> str:
        """A server without ``cpex.Health`` is well if it answers at all."""
        try:
            answer = await self._ask_peer(CHECK, HealthCheckRequest(service=self._plugin), HealthCheckResponse, seconds)
        except Unimplemented:
            return ""
        return "" if answer.status == HealthCheckResponse.SERVING else "it says that it is not serving"

    async def _ask_peer(self, path: str, request: Message, answer: type[M], seconds: float) -> M:
        raw = await self._link.call(path, request.SerializeToString(), seconds)
        try:
            return answer.FromString(raw)
        except DecodeError:
            raise ServiceError(f"it answered with what is no {answer.__name__}") from None

    async def _ask(self, path: str, question: Json, seconds: float) -> Json:
        try:
            asked = _encode(question).encode()
        except (ValueError, TypeError, RecursionError):
            raise ServiceError("what is to be sent is no JSON, or nests too deep", "payload") from None
        if path is _INVOKE and len(asked) <= _SHORT:
            return await self._link.converse(asked, seconds)
        try:
            answer = decode(await self._link.call(path, asked, seconds))
        except ValueError:
            raise ServiceError("it answered with what is no JSON") from None
        if type(answer) is not dict:
            raise ServiceError("it answered with JSON that is no object")
        return answer


def _plain(read: Callable[[], Json]) -> Json:
    try:
        return read()
    except PayloadError as error:
        raise ServiceError(f"it answered with what is not understood: {error}") from None
