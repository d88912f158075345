"""The Model Context Protocol, as far as a server of plugins needs it: one message in, one message out.

It is answered here and not by an SDK because of what a hook may cost: an SDK's server takes longer over a call than the
plugin, the transport and its client together.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

from gatehook_plugin_server import tools
from gatehook_plugin_server.plugins import Plugins
from gatehook_plugin_server.wire import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    Id,
    Message,
    RpcError,
    dump,
    write,
    write_error,
)

logger = logging.getLogger("gatehook.serve")

LEGACY_VERSIONS: Final = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""With a handshake, the newest last."""
VERSION: Final = "2026-07-28"
"""Without one: each request names its version in ``_meta``."""
VERSION_KEY: Final = "io.modelcontextprotocol/protocolVersion"
UNSUPPORTED_VERSION: Final = -32022

SERVER: Final = {"name": "gatehook plugin server", "version": version("gatehook-plugin-server")}
CAPABILITIES: Final[dict[str, Any]] = {"tools": {}}
INSTRUCTIONS: Final = "Plugins for gateways. Not for models: the tools are called by a gateway's plugin framework."
COMPLETE: Final = {"resultType": "complete"}
UNCACHED: Final = {"ttlMs": 0, "cacheScope": "private"}

Json = dict[str, Any]


class Endpoint:
    """Answers requests with what the plugins say.

    ``legacy`` offers a tool for each hook instead of ``invoke_hook``.
    """

    def __init__(self, plugins: Plugins, *, legacy: bool = False) -> None:
        self._plugins, self._legacy = plugins, legacy
        self._methods: dict[str, Callable[[Json], Json]] = {
            "initialize": self._initialize,
            "server/discover": self._discover,
            "ping": lambda params: {},
            "tools/list": self._list,
        }

    async def answer(self, message: Message) -> bytes:
        """The answer to a request: a result, or an error."""
        try:
            meta = message.params.get("_meta")
            if meta is not None and type(meta) is not dict:
                raise RpcError(INVALID_PARAMS, "_meta is no object")
            modern = meta is not None and VERSION_KEY in meta and _checked(meta[VERSION_KEY])
            if message.method == "tools/call":
                return await self._call(message.id, message.params, meta or {}, modern)
            method = self._methods.get(message.method)
            if method is None or (modern and message.method == "initialize"):
                raise RpcError(METHOD_NOT_FOUND, "there is no such method")
            result = method(message.params)
            return write(message.id, {**result, **COMPLETE, **UNCACHED} if modern else result)
        except RpcError as error:
            error.id = message.id
            return write_error(error)
        except Exception as error:  # ours, and the caller must not wait for ever
            told = logger.isEnabledFor(logging.DEBUG)  # with the traceback, which may quote anything
            logger.error("a request cannot be answered: %s", type(error).__name__, exc_info=told)
            return write_error(RpcError(INTERNAL_ERROR, "the server failed", request_id=message.id))

    def _initialize(self, params: Json) -> Json:
        asked = params.get("protocolVersion")
        return {
            "protocolVersion": asked if asked in LEGACY_VERSIONS else LEGACY_VERSIONS[-1],
            "capabilities": CAPABILITIES,
            "serverInfo": SERVER,
            "instructions": INSTRUCTIONS,
        }

    def _discover(self, params: Json) -> Json:
        return {
            "supportedVersions": [VERSION],
            "capabilities": CAPABILITIES,
            "instructions": INSTRUCTIONS,
            "_meta": {"io.modelcontextprotocol/serverInfo": SERVER},
        }

    def _list(self, params: Json) -> Json:
        invoking = tools.hook_tools(self._plugins.hooks()) if self._legacy else [tools.INVOKE]
        configuring = [tools.CONFIGURE] if self._plugins.accepts_configs else []
        return {"tools": [tools.CONFIGS, tools.CONFIG, *invoking, *configuring]}

    # -- tools/call

    async def _call(self, request_id: Id | None, params: Json, meta: Json, modern: bool) -> bytes:
        name, arguments = params.get("name"), params.get("arguments", {})
        answer: Any
        if name == "invoke_hook" and not self._legacy:
            answer = await self._invoke(_taken(tools.INVOKE, arguments), meta)
        elif name == "get_plugin_configs":
            answer = self._plugins.configs()
        elif name == "get_plugin_config":
            answer = self._plugins.config(_taken(tools.CONFIG, arguments)["name"])
        elif name == "configure_plugin":
            taken = _taken(tools.CONFIGURE, arguments)
            answer = await self._plugins.configure(taken["name"], taken["config"])
        elif self._legacy and name in self._plugins.hooks():
            answer = await self._invoke({**_taken(tools.HOOK, arguments), "hook_type": name}, meta)
        else:
            raise RpcError(INVALID_PARAMS, "there is no such tool")
        result = {"content": [{"type": "text", "text": dump(answer)}], "isError": False}
        return write(request_id, result | COMPLETE if modern else result)

    async def _invoke(self, call: Json, meta: Json) -> Json:
        milliseconds, config_id = meta.get("gatehook/timeout_ms"), meta.get("gatehook/config")
        if milliseconds is not None and not tools.is_duration(milliseconds):
            raise RpcError(INVALID_PARAMS, "gatehook/timeout_ms is no number above 0")
        if config_id is not None and type(config_id) is not str:
            raise RpcError(INVALID_PARAMS, "gatehook/config is no string")
        return await self._plugins.invoke(
            call["hook_type"],
            call["plugin_name"],
            call["payload"],
            call["context"],
            config_id=config_id,
            timeout=None if milliseconds is None else milliseconds / 1000,
            gatehook="gatehook/protocol" in meta,
        )


def _checked(version: Any) -> bool:
    if version != VERSION:
        told = {"supported": [VERSION], "requested": version}
        raise RpcError(UNSUPPORTED_VERSION, "this version of the protocol is not supported", told)
    return True


def _taken(tool: Json, arguments: Any) -> Json:
    """The arguments of a call, if they are the tool's. Further ones are ignored, as other servers do."""
    if fault := tools.arguments_fault(tool, arguments):
        raise RpcError(INVALID_PARAMS, fault)
    taken: Json = arguments
    return taken
