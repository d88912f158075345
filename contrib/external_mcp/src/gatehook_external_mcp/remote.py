"""A plugin server, asked over MCP: its tools, in either of the two protocols that there are.

Since ContextForge 0.9 and cpex 0.1 servers have one tool for all hooks, ``invoke_hook``. Those before had one for each
hook, which bears its name, and said ``name`` for what is ``prompt_id`` now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from math import isfinite
from time import monotonic
from typing import Any, Final

from gatehook_external import ServiceError
from gatehook_external.protocol import HOOKS
from gatehook_external.strict_json import decode
from mcp import MCPError

from gatehook_external_mcp.links import Link, Links
from gatehook_external_mcp.wire import Json

INVOKE: Final = "invoke_hook"
CONFIG: Final = "get_plugin_config"
CONFIGS: Final = "get_plugin_configs"
CONFIGURE: Final = "configure_plugin"
PROTOCOL_KEY: Final = "gatehook/protocol"


class MCPRemote:
    """``look`` asks for the server's health, where that is not MCP's ping."""

    def __init__(self, links: Links, look: Callable[[], Awaitable[str]] | None = None) -> None:
        self._links, self._look = links, look
        self._is_gatehook = False

    @property
    def state(self) -> str:
        return self._links.state

    async def close(self) -> None:
        await self._links.close()

    async def describe(self, plugin: str, seconds: float) -> Json:
        link = await self._links.current(seconds)
        hooks = [hook for hook in HOOKS if hook in link.tools]
        if INVOKE not in link.tools and not hooks:
            raise ServiceError("it is no plugin server: it has neither invoke_hook nor a tool for any hook")
        if CONFIG not in link.tools:
            return {"name": plugin, "hooks": hooks}
        described = _object(await self._call(link, CONFIG, {"name": plugin}))
        self._is_gatehook = type(described.get("manifest")) is dict
        if INVOKE not in link.tools and type(described.get("hooks")) is list:
            described["hooks"] = [hook for hook in described["hooks"] if hook in hooks]
        return described

    async def names(self, seconds: float) -> list[str]:
        link = await self._links.current(seconds)
        if CONFIGS not in link.tools:
            return []
        said = await self._call(link, CONFIGS, {})
        # Some servers make a text of each, some one of all.
        described = said if len(said) > 1 or type(said[0]) is not list else said[0]
        return [item["name"] for item in described if type(item) is dict and type(item.get("name")) is str]

    async def configure(self, plugin: str, config: Json, seconds: float) -> Json:
        link = await self._links.current(seconds)
        return _object(await self._call(link, CONFIGURE, {"name": plugin, "config": config}))

    async def invoke(  # noqa: PLR0913  # the fields of the call
        self, hook: str, plugin: str, payload: Json, context: Json, seconds: float, config_id: str | None
    ) -> Json:
        until = monotonic() + seconds
        link = await self._links.current(seconds)
        call: Json = {"plugin_name": plugin, "payload": payload, "context": context}
        meta: Json = {}
        if self._is_gatehook:
            meta[PROTOCOL_KEY] = 1
            if isfinite(until):
                meta["gatehook/timeout_ms"] = max(1, int((until - monotonic()) * 1000))
            if config_id is not None:
                meta["gatehook/config"] = config_id
        if INVOKE in link.tools:
            return _object(await self._call(link, INVOKE, {"hook_type": hook, **call}, meta))
        if hook not in link.tools:
            raise ServiceError(f"it has no tool for {hook} any more")
        if "prompt_id" in payload:
            payload = dict(payload)
            call["payload"] = {"name": payload.pop("prompt_id"), **payload}
        return _object(await self._call(link, hook, call, meta))

    async def check(self, seconds: float) -> str:
        if self._look is not None:
            return await self._look()
        link = await self._links.current(seconds)
        if link.dispatcher.busy:
            return ""
        try:
            async with asyncio.timeout(seconds):
                await link.dispatcher.send_raw_request("ping", None)
        except MCPError:
            pass  # it lives, though it knows no ping
        except (TimeoutError, asyncio.CancelledError):
            if not link.dispatcher.busy:
                self._links.drop(link)  # it hangs; whoever comes next opens another
            raise
        return ""

    async def _call(self, link: Link, tool: str, arguments: Json, meta: Json | None = None) -> list[Any]:
        """What a tool answers: the JSON in its texts, of which there is one at least."""
        params: Json = {"name": tool, "arguments": arguments}
        if meta:
            params["_meta"] = meta
        try:
            result = await link.dispatcher.send_raw_request("tools/call", params)
        except MCPError as error:
            raise ServiceError(f"it answered {tool} with error {error.code}") from None
        if result.get("isError"):
            raise ServiceError(f"its tool {tool} failed")
        content = result.get("content")
        texts = [item["text"] for item in content if _is_text(item)] if type(content) is list else []
        try:
            if texts:
                return [decode(text) for text in texts]
        except ValueError:
            raise ServiceError(f"it answered {tool} with a text that is no JSON, or repeats a key") from None
        raise ServiceError(f"it answered {tool} with no text")


def _is_text(item: Any) -> bool:
    return type(item) is dict and item.get("type") == "text" and type(item.get("text")) is str


def _object(said: list[Any]) -> Json:
    if type(said[0]) is not dict:
        raise ServiceError("it answered with JSON that is no object")
    return said[0]
