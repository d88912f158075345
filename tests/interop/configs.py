"""The plugins that both frameworks run, as entries, and the same as services."""

from typing import Any

TOOLS = ["tool_pre_invoke", "tool_post_invoke"]
PROMPTS = ["prompt_pre_fetch", "prompt_post_fetch"]
RESOURCES = ["resource_pre_fetch", "resource_post_fetch"]

BOTH: list[tuple[str, list[str], dict[str, Any]]] = [
    ("ToolBlockerPlugin", TOOLS[:1], {"blocked_tools": ["drop_tables"]}),
    ("ArgumentValidatorPlugin", TOOLS[:1], {"max_arg_length": 100}),
    ("CardGuardPlugin", TOOLS, {}),
    ("CallTrackerPlugin", TOOLS, {}),
    ("AllHooksPlugin", [*PROMPTS, *TOOLS, *RESOURCES], {}),
]


def entries(module: str) -> list[dict[str, Any]]:
    """``module`` has the classes."""
    return [
        {"name": name, "kind": f"{module}.{name}", "hooks": hooks, "priority": 10 * number, "config": config}
        for number, (name, hooks, config) in enumerate(BOTH)
    ]


PEER = {
    "plugins": [
        *entries("peer_plugins"),
        {
            "name": "pii",
            "kind": "cpex_pii_filter.pii_filter.PIIFilterPlugin",  # of the package index
            "hooks": [*PROMPTS, *TOOLS],
            "priority": 90,
            "config": {"detect_phone": False},
        },
    ]
}
OURS = {
    "plugins": [
        *entries("our_plugins"),
        {"name": "pii", "kind": "pii_filter", "hooks": [*PROMPTS, *TOOLS, *RESOURCES], "priority": 90},
    ]
}


def as_services(config: dict[str, Any], kind: str, **section: Any) -> dict[str, Any]:
    """The same plugins in the same order, behind ``mcp={…}`` or ``grpc={…}``, with the hooks that the service tells."""
    entries = config["plugins"]
    return {
        "plugins": [
            {"name": entry["name"], "kind": kind, "priority": entry["priority"], **section} for entry in entries
        ]
    }
