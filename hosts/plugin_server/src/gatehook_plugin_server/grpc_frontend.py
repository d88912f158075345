"""The server over gRPC: cpex's protocol for peers, and beside it the same as JSON, for gatehook's own clients.

Needs the extra ``gatehook-plugin-server[grpc]``.
"""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import Awaitable, Callable
from math import inf
from pathlib import Path
from typing import Any, Final, TypeVar

import grpc.aio
from gatehook import ConfigError, PayloadError
from gatehook_external.protocol import refusal
from gatehook_external.strict_json import decode
from gatehook_external_grpc import messages
from gatehook_external_grpc.plugin_service_pb2 import (
    GetPluginConfigRequest,
    GetPluginConfigResponse,
    GetPluginConfigsRequest,
    GetPluginConfigsResponse,
    HealthCheckRequest,
    HealthCheckResponse,
    InvokeHookRequest,
)
from gatehook_external_grpc.structs import fill
from google.protobuf.message import DecodeError, Message

from gatehook_plugin_server import tools
from gatehook_plugin_server.access import check_exposure, tls_of, token_of
from gatehook_plugin_server.addresses import Address
from gatehook_plugin_server.grpc_conversation import Context, Conversation
from gatehook_plugin_server.plugins import Plugins
from gatehook_plugin_server.settings import ServeSettings
from gatehook_plugin_server.wire import dump

Json = dict[str, Any]
Answers = Callable[[bytes, Context], Awaitable[bytes]]
M = TypeVar("M", bound=Message)

_CHECK: Final = "/cpex.Health/Check"
_INVALID: Final = grpc.StatusCode.INVALID_ARGUMENT
_IDLE: Final = 300_000
"""Milliseconds that a connection without a call is kept."""
_BESIDE: Final = 8
"""Streams that a connection may have beside those of its calls: conversations, and questions for the health."""


class Methods(grpc.GenericRpcHandler):
    """What can be called, by whom. Without the token that is the health of all plugins together; and of what such a
    caller sends, nothing is read."""

    def __init__(self, plugins: Plugins, token: str | None) -> None:
        self._plugins, self._token = plugins, None if token is None else f"Bearer {token}".encode()
        self.draining = False
        answers: dict[str, Answers] = {
            _CHECK: self._check,
            "/cpex.PluginService/GetPluginConfig": self._get_plugin_config,
            "/cpex.PluginService/GetPluginConfigs": self._get_plugin_configs,
            "/cpex.PluginService/InvokeHook": self._invoke_hook,
            "/gatehook.Plugins/Describe": self._describe,
            "/gatehook.Plugins/Configure": self._configure,
            "/gatehook.Plugins/Invoke": self._invoke,
        }
        self._handlers: dict[str, Any] = {
            path: grpc.unary_unary_rpc_method_handler(answer) for path, answer in answers.items()
        }
        self._handlers["/gatehook.Plugins/Converse"] = grpc.stream_stream_rpc_method_handler(self._converse)
        self._conversations: set[Conversation] = set()
        # Of a stream, as which any call can be taken, a message is read only when it is asked for.
        self._refused: Any = grpc.stream_unary_rpc_method_handler(_refuse)
        self._health_of_all: Any = grpc.stream_unary_rpc_method_handler(self._check_all)

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        if self._token is None or self._knows_token(details.invocation_metadata):
            return self._handlers.get(details.method)
        return self._health_of_all if details.method == _CHECK else self._refused

    def _knows_token(self, metadata: Any) -> bool:
        said = [value for key, value in metadata or () if key == "authorization"]
        return len(said) == 1 and hmac.compare_digest(str(said[0]).encode(), self._token or b"")

    # -- as peers ask

    async def _check(self, raw: bytes, context: Context) -> bytes:
        """Of one plugin, if the request names one, or of all."""
        return self._health((await _read(HealthCheckRequest, raw, context)).service.casefold())

    async def _check_all(self, _: Any, context: Context) -> bytes:
        return self._health("")

    def _health(self, asked: str) -> bytes:
        health = {name.casefold(): well is True for name, well in self._plugins.health().items()}
        told = HealthCheckResponse.SERVING
        if asked and asked not in health:
            told = HealthCheckResponse.SERVICE_UNKNOWN
        elif self.draining or not (health[asked] if asked else all(health.values())):
            told = HealthCheckResponse.NOT_SERVING
        return HealthCheckResponse(status=told).SerializeToString()

    async def _get_plugin_config(self, raw: bytes, context: Context) -> bytes:
        answer = GetPluginConfigResponse()
        described = self._plugins.config((await _read(GetPluginConfigRequest, raw, context)).name)
        if described:
            answer.found = True
            fill(answer.config, _for_peers(described))
        return answer.SerializeToString()

    async def _get_plugin_configs(self, raw: bytes, context: Context) -> bytes:
        await _read(GetPluginConfigsRequest, raw, context)
        answer = GetPluginConfigsResponse()
        for described in self._plugins.configs():
            fill(answer.configs.add(), _for_peers(described))
        return answer.SerializeToString()

    async def _invoke_hook(self, raw: bytes, context: Context) -> bytes:
        request = await _read(InvokeHookRequest, raw, context)
        name = request.plugin_name
        try:
            payload, asking = messages.asked(request)
        except PayloadError as error:
            return messages.response(refusal(name, "INVALID_PAYLOAD", str(error))).SerializeToString()
        answer = await self._plugins.invoke(request.hook_type, name, payload, asking, timeout=context.time_remaining())
        try:
            return messages.response(answer).SerializeToString()
        except PayloadError as error:
            failed = refusal(name, "PLUGIN_ERROR", f"the plugin's answer cannot be sent: {error}")
            return messages.response(failed).SerializeToString()

    # -- as gatehook asks

    async def _describe(self, raw: bytes, context: Context) -> bytes:
        asked = await _read_json(tools.CONFIG, raw, context)
        return _written(self._plugins.config(asked["name"]))

    async def _configure(self, raw: bytes, context: Context) -> bytes:
        asked = await _read_json(tools.CONFIGURE, raw, context)
        return _written(await self._plugins.configure(asked["name"], asked["config"]))

    async def _invoke(self, raw: bytes, context: Context) -> bytes:
        try:
            call = decode(raw)
        except ValueError as error:
            return _written(refusal("", "INVALID_PAYLOAD", f"the call is not JSON: {error}"))
        return _written(await self._call(call, context.time_remaining()))

    async def _call(self, call: Any, seconds: float | None) -> Json:
        """The answer to a call that may be anything."""
        if fault := tools.arguments_fault(tools.INVOKE, call):
            return refusal("", "INVALID_PAYLOAD", fault)
        config_id = call.get("config_id")
        if config_id is not None and type(config_id) is not str:
            return refusal(call["plugin_name"], "UNKNOWN_CONFIG", "config_id is no text")
        return await self._plugins.invoke(
            call["hook_type"],
            call["plugin_name"],
            call["payload"],
            call["context"],
            config_id=config_id,
            timeout=seconds,
            gatehook=True,
        )

    async def _converse(self, _: Any, context: Context) -> None:
        said = dict(context.invocation_metadata() or ()).get("gatehook-most-bytes", "")
        most_bytes = int(said) if str(said).isdecimal() else inf
        # Twice as many as run at a time, so that further ones are refused, and what cancels one is read.
        conversation = Conversation(context, self._call, most_bytes, 2 * self._plugins.settings.max_concurrency)
        self._conversations.add(conversation)
        try:
            if self.draining:
                await conversation.leave()
            await conversation.run()
        finally:
            self._conversations.discard(conversation)

    async def drain(self) -> None:
        """Send clients elsewhere with their next calls."""
        self.draining = True
        for conversation in [*self._conversations]:
            await conversation.leave()


def _for_peers(described: Json) -> Json:
    """Without what only gatehook's clients read, which may hold schemas that a Struct cannot."""
    return {key: value for key, value in described.items() if key != "manifest"}


def _written(answer: Json) -> bytes:
    return dump(answer).encode()


async def _refuse(_: Any, context: Context) -> bytes:
    await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the token is missing or wrong")
    raise AssertionError("abort() raises")


async def _read(message: type[M], raw: bytes, context: Context) -> M:
    try:
        return message.FromString(raw)
    except DecodeError:
        await context.abort(_INVALID, f"this is no {message.__name__}")
        raise


async def _read_json(tool: Json, raw: bytes, context: Context) -> Json:
    """The arguments that the tool has over MCP."""
    try:
        asked = decode(raw)
        fault = tools.arguments_fault(tool, asked)
    except ValueError as error:
        fault = f"this is not JSON: {error}"
    if fault:
        await context.abort(_INVALID, fault)
    return asked  # type: ignore[no-any-return]


async def serve_grpc(
    plugins: Plugins,
    address: Address,
    folder: Path,
    stopping: asyncio.Event,
    listens: Callable[[str], None] = lambda where: None,
) -> None:
    """Serve until ``stopping`` is set and the calls that run then are answered, or ``drain_timeout`` is over.

    Args:
        folder: where relative paths of the settings begin.
        listens: told the address once it answers.

    Raises:
        ConfigError: it cannot listen there, or must not without TLS and a token.
    """
    settings = plugins.settings
    check_exposure(address, settings)
    methods = Methods(plugins, token_of(settings, folder))
    server = grpc.aio.server(
        handlers=[methods],
        maximum_concurrent_rpcs=settings.max_connections,
        options=[
            ("grpc.so_reuseport", 0),  # two servers at one address share its calls
            ("grpc.max_receive_message_length", settings.max_request_bytes),
            ("grpc.max_allowed_incoming_connections", settings.max_connections),
            ("grpc.max_connection_idle_ms", _IDLE),
            ("grpc.max_concurrent_streams", settings.max_concurrency + _BESIDE),
            ("grpc.server_handshake_timeout_ms", round(settings.request_timeout * 1000)),
            ("grpc.http2.min_ping_interval_without_data_ms", 30_000),  # gatehook's clients ask each minute
        ],
    )
    bound = _listen(server, address, _credentials(settings, folder))
    await server.start()
    try:
        listens(f"{bound} (gRPC)")
        await stopping.wait()
    finally:
        await asyncio.gather(server.stop(settings.drain_timeout), methods.drain())
        address.forget()


def _credentials(settings: ServeSettings, folder: Path) -> grpc.ServerCredentials | None:
    if tls_of(settings, folder) is None:  # which has looked at the files, and says more clearly than gRPC what is wrong
        return None
    cert, key, client_ca = (
        (folder / name).read_bytes() if name else None
        for name in (settings.tls_cert, settings.tls_key, settings.tls_client_ca)
    )
    return grpc.ssl_server_credentials([(key or b"", cert or b"")], client_ca, client_ca is not None)


def _listen(server: grpc.aio.Server, address: Address, credentials: grpc.ServerCredentials | None) -> Address:
    """Raises ConfigError."""
    if address.path is not None:
        address.listen().close()  # says who listens there, and removes what nobody does
        address.forget()
    before = os.umask(0o177)  # a Unix socket is open to this user alone
    try:
        port = (
            server.add_secure_port(str(address), credentials)
            if credentials is not None
            else server.add_insecure_port(str(address))
        )
    except RuntimeError:
        raise ConfigError(f"cannot listen at {address}: it is in use, or no address of this machine") from None
    finally:
        os.umask(before)
    return address if address.path is not None else Address(address.host, port)
