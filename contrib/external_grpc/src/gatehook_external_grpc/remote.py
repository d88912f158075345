"""A plugin server at the other end of a channel: what can be asked of it, and what its failures mean.

Two services are spoken. Peers have ``cpex.PluginService``, whose messages stand in plugin_service.proto. gatehook's own
servers have ``gatehook.Plugins`` beside it: the same questions and answers as JSON in UTF-8, which loses nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from time import monotonic
from typing import Any, Final, TypeVar

import grpc.aio
from gatehook import PayloadError
from gatehook_external import NotDelivered, ServiceError
from google.protobuf.message import DecodeError, Message

from gatehook_external_grpc import messages
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

_CHECK: Final = "/cpex.Health/Check"
_GET_CONFIG: Final = "/cpex.PluginService/GetPluginConfig"
_GET_CONFIGS: Final = "/cpex.PluginService/GetPluginConfigs"
_INVOKE_HOOK: Final = "/cpex.PluginService/InvokeHook"
_DESCRIBE: Final = "/gatehook.Plugins/Describe"
_CONFIGURE: Final = "/gatehook.Plugins/Configure"
_INVOKE: Final = "/gatehook.Plugins/Invoke"

_FAULTS: Final = {
    grpc.StatusCode.UNAVAILABLE: "it became unavailable during the call",
    grpc.StatusCode.UNAUTHENTICATED: "it does not accept the credentials",
    grpc.StatusCode.PERMISSION_DENIED: "it does not permit the call",
}
_TROUBLE: Final = {
    "Connection refused": "it refuses connections",
    "No such file": "its socket is not there",
    "resolving": "its name is unknown",
    "Hostname Verification": "its certificate is for another name",
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not trusted",
    "andshake failed": "it does not speak TLS as we do",
    "Socket closed": "it closes connections, such as for want of a client certificate, or of TLS",
    "reset by peer": "it closes connections, such as for want of a client certificate, or of TLS",
    "HTTP/2": "it does not speak gRPC",
}
"""What gRPC says when it cannot connect holds one of these, in the versions that we know."""


class _Unimplemented(ServiceError):
    pass


class GRPCRemote:
    """A :class:`gatehook_external.remote.Remote`.

    ``is_gatehook`` tells, once :meth:`describe` was answered, whether the server is one of gatehook's.
    """

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...] = ()) -> None:
        self._channel, self._metadata = channel, metadata
        self._methods: dict[str, Any] = {
            path: channel.unary_unary(path)
            for path in (_CHECK, _GET_CONFIG, _GET_CONFIGS, _INVOKE_HOOK, _DESCRIBE, _CONFIGURE, _INVOKE)
        }
        self._plugin = ""
        self.is_gatehook = False

    async def close(self) -> None:
        await self._channel.close()

    @property
    def state(self) -> str:
        """Of the connection: idle, connecting, ready, transient_failure or shutdown."""
        return self._channel.get_state().name.lower()

    async def describe(self, plugin: str, seconds: float) -> Json:
        self._plugin = plugin
        try:
            described = await self._ask(_DESCRIBE, {"name": plugin}, seconds)
            self.is_gatehook = True
        except _Unimplemented:
            request = GetPluginConfigRequest(name=plugin)
            answer = _read(GetPluginConfigResponse, await self._send(_GET_CONFIG, request.SerializeToString(), seconds))
            self.is_gatehook = False
            return _plain(lambda: plain(answer.config)) if answer.found else {}
        return described

    async def names(self, seconds: float) -> list[str]:
        request = GetPluginConfigsRequest()
        answer = _read(GetPluginConfigsResponse, await self._send(_GET_CONFIGS, request.SerializeToString(), seconds))
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
            request = messages.request(hook, plugin, payload, context).SerializeToString()
        except PayloadError as error:
            raise ServiceError(str(error), "payload") from None
        answer = _read(InvokeHookResponse, await self._send(_INVOKE_HOOK, request, seconds))
        return _plain(lambda: messages.answered(answer, payload, context))

    async def check(self, seconds: float) -> str:
        """A server without ``cpex.Health`` is well if it answers at all."""
        try:
            raw = await self._send(_CHECK, HealthCheckRequest(service=self._plugin).SerializeToString(), seconds)
        except _Unimplemented:
            return ""
        status = _read(HealthCheckResponse, raw).status
        return "" if status == HealthCheckResponse.SERVING else "it says that it is not serving"

    async def _ask(self, path: str, request: Json, seconds: float) -> Json:
        """One of the questions whose answers are JSON."""
        try:
            sent = json.dumps(request, allow_nan=False, separators=(",", ":")).encode()
        except (ValueError, TypeError, RecursionError):
            raise ServiceError("what is to be sent is no JSON, or nests too deep", "payload") from None
        raw = await self._send(path, sent, seconds)
        try:
            answer = json.loads(raw)
        except (ValueError, RecursionError):
            raise ServiceError("it answered with what is no JSON") from None
        if type(answer) is not dict:
            raise ServiceError("it answered with JSON that is no object")
        return answer

    async def _send(self, path: str, request: bytes, seconds: float) -> bytes:
        if self._channel.get_state(try_to_connect=True) is not grpc.ChannelConnectivity.READY:
            until = monotonic() + seconds
            await self._connect(seconds)
            seconds = until - monotonic()
        if seconds <= 0:
            raise TimeoutError
        try:
            answer: bytes = await self._methods[path](
                request, timeout=None if seconds == float("inf") else seconds, metadata=self._metadata
            )
        except grpc.aio.AioRpcError as error:
            raise _fault(error) from None
        return answer

    async def _connect(self, seconds: float) -> None:
        """Nothing is sent until the connection stands. So what fails before was not delivered, and what fails later may
        have been."""
        async with asyncio.timeout(None if seconds == float("inf") else seconds):
            while (state := self._channel.get_state(try_to_connect=True)) is not grpc.ChannelConnectivity.READY:
                if state is grpc.ChannelConnectivity.TRANSIENT_FAILURE:
                    raise NotDelivered(await self._trouble())
                if state is grpc.ChannelConnectivity.SHUTDOWN:
                    raise NotDelivered("the connection is closed")
                await self._channel.wait_for_state_change(state)

    async def _trouble(self) -> str:
        """Why there is no connection, which gRPC tells a call alone; asking for the health is a harmless one."""
        told = ""
        try:
            await self._methods[_CHECK](HealthCheckRequest().SerializeToString(), timeout=1)
        except grpc.aio.AioRpcError as error:
            told = error.details() or ""
        return next((meaning for words, meaning in _TROUBLE.items() if words in told), "there is no connection to it")


def _fault(error: grpc.aio.AioRpcError) -> Exception:
    """What a call's status means. Its text is the server's, and not for our records."""
    status = error.code()
    if status is grpc.StatusCode.DEADLINE_EXCEEDED:
        return TimeoutError()
    if status is grpc.StatusCode.UNIMPLEMENTED:
        return _Unimplemented("it has no such method; is it a plugin server?")
    if status is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return ServiceError("its answer is over the limit, or the call over one of its own")
    return ServiceError(_FAULTS.get(status, f"it answered with status {status.name}"))


def _read(message: type[M], raw: bytes) -> M:
    try:
        return message.FromString(raw)
    except DecodeError:
        raise ServiceError(f"it answered with what is no {message.__name__}") from None


def _plain(read: Callable[[], Json]) -> Json:
    try:
        return read()
    except PayloadError as error:
        raise ServiceError(f"it answered with what is not understood: {error}") from None
