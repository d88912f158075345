"""The tools that gateways call, as ``tools/list`` tells them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

Json = dict[str, Any]


_TEXT: Final = {"type": "string"}
_OBJECT: Final = {"type": "object"}


def _tool(name: str, description: str, properties: dict[str, Json]) -> Json:
    schema = {"type": "object", "properties": properties, "required": [*properties]}
    return {"name": name, "description": description, "inputSchema": schema}


FOREVER: Final = 1e12
"""More milliseconds than anybody waits."""

_CALL: Final = {"plugin_name": _TEXT, "payload": _OBJECT, "context": _OBJECT}

CONFIGS: Final = _tool("get_plugin_configs", "The plugins of this server; their settings stay here.", {})
CONFIG: Final = _tool("get_plugin_config", "One plugin of this server, or an empty object.", {"name": _TEXT})
INVOKE: Final = _tool("invoke_hook", "What a plugin says to a payload.", {"hook_type": _TEXT, **_CALL})
HOOK: Final = _tool("", "", _CALL)
CONFIGURE: Final = _tool(
    "configure_plugin",
    "Bring a plugin up with further settings; the config_id of the answer goes into the _meta of calls.",
    {"name": _TEXT, "config": _OBJECT},
)


def hook_tools(hooks: Iterable[str]) -> list[Json]:
    """One tool for each hook, as ContextForge 0.6 to 0.8 call them."""
    return [{**HOOK, "name": hook, "description": f"What a plugin says to a payload of {hook}."} for hook in hooks]


def arguments_fault(tool: Json, arguments: Any) -> str:
    """What is wrong with the arguments of a call, or nothing."""
    if type(arguments) is not dict:
        return "the arguments are no object"
    for name, schema in tool["inputSchema"]["properties"].items():
        wanted = str if schema is _TEXT else dict
        if type(arguments.get(name)) is not wanted:
            return f"the argument {name!r} must be {'a string' if wanted is str else 'an object'}"
    return ""


def is_duration(value: Any) -> bool:
    """Whether somebody can wait so long: not NaN, which among its timers would confuse the event loop."""
    return type(value) in (int, float) and 0 < value < FOREVER
