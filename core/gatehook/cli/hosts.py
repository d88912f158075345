"""What installed hosts say of themselves. The core knows none of them by name.

The model that a host contributes for its section of the config (entry-point group ``gatehook.config``) may say more::

    class GuardSettings(BaseModel):
        called_hooks: ClassVar[Sequence[str]] = ("tool_pre_invoke", …)      # others never run under this host
        coverage: ClassVar[Sequence[Mapping[str, str]]] = ({"method": "tools/call", "before": "tool_pre_invoke"}, …)

``gatehook check`` warns of plugins at other hooks, and prints the coverage as a table: what the host guards, and what
passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gatehook.discovery import CONFIG, contributions
from gatehook.errors import GatehookError


@dataclass(frozen=True)
class Host:
    """One section of the config, as its distribution describes it. ``problem`` says why it cannot be imported."""

    name: str
    distribution: str
    model: Any = None
    problem: str = ""

    @property
    def called_hooks(self) -> Sequence[str]:
        return getattr(self.model, "called_hooks", ())

    @property
    def coverage(self) -> Sequence[dict[str, str]]:
        return [dict(row) for row in getattr(self.model, "coverage", ())]


def installed_hosts() -> list[Host]:
    """Every section that a distribution contributes, also those that cannot be imported."""
    found = []
    for item in contributions(CONFIG):
        try:
            found.append(Host(item.name, item.distribution, item.load()))
        except GatehookError as error:
            found.append(Host(item.name, item.distribution, problem=str(error)))
    return found
