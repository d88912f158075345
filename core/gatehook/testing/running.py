"""Hooks of a plugin under test, run by a real runner: settings, copies, timeouts and checks as in production."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine, Mapping, Sequence
from functools import cache
from itertools import count
from types import ModuleType
from typing import Any, Final

from gatehook.discovery import installed
from gatehook.payloads import Payload
from gatehook.plugin import Plugin
from gatehook.results import Outcome
from gatehook.runner import Runner

Tested = str | type[Plugin] | Mapping[str, Any]
"""A plugin: its ``kind`` (an entry point, or a dotted path), its class, or an entry as in YAML whose ``kind`` is any of
these."""

_OF_THE_REQUEST: Final = frozenset({"id", "user", "tenant_id", "server_id", "content_type", "roles", "host"})
_numbers = count(1)


def open_runner(
    *plugins: Tested,
    settings: Mapping[str, Any] | None = None,
    hookspecs: type | Sequence[type] = (),
    **keys: Any,
) -> Runner:
    """A runner with nothing but these plugins, to be entered by ``async with``.

    Args:
        plugins: each a kind, a class (one that a test defines, too), or an entry as in YAML.
        settings: ``plugin_settings``.
        hookspecs: those of a host's own hooks.
        keys: of every plugin's entry: ``config``, ``mode``, ``conditions``, … An entry's own keys win.

    Raises:
        ConfigError, ManifestError: as for an operator who writes this.
    """
    entries = [_entry(plugin, keys) for plugin in plugins]
    return Runner.from_config({"plugins": entries, "plugin_settings": dict(settings or {})}, hookspecs=hookspecs)


def run_hook(plugin: Tested, payload: Payload, **keys: Any) -> Any:
    """The outcome of one hook, in a request by alice.

    Where an event loop runs, as in ``async def`` tests, the answer is to be awaited; elsewhere it is the outcome.

    Args:
        keys: as for :func:`open_runner`, and the fields of the request: ``user``, ``tenant_id``, ``server_id``, ….
    """
    return _here(_outcome(plugin, payload, keys))


def run_hooks(plugin: Tested, *payloads: Payload, **keys: Any) -> Any:
    """The outcomes of several hooks in one request, in order, also after a block; otherwise like :func:`run_hook`."""
    return _here(_outcomes(plugin, payloads, keys))


async def _outcomes(plugin: Tested, payloads: Sequence[Payload], keys: dict[str, Any]) -> list[Outcome[Any]]:
    asked = {"user": "alice"} | {key: keys.pop(key) for key in _OF_THE_REQUEST & keys.keys()}
    async with open_runner(plugin, **keys) as runner, runner.request(**asked) as request:
        return [await request.run(payload) for payload in payloads]


async def _outcome(plugin: Tested, payload: Payload, keys: dict[str, Any]) -> Outcome[Any]:
    return (await _outcomes(plugin, (payload,), keys))[0]


def _here(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The coroutine itself where a loop runs, else what it comes to."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        with event_loop() as loop:
            return loop.run(coroutine)
    return coroutine


def event_loop() -> asyncio.Runner:
    """Like that of :func:`asyncio.run`, which would unset the thread's current loop, and pytest's plugins keep one."""
    return asyncio.Runner(loop_factory=asyncio.new_event_loop)


def _entry(plugin: Tested, keys: dict[str, Any]) -> dict[str, Any]:
    entry = {**keys, **plugin} if isinstance(plugin, Mapping) else {**keys, "kind": plugin}
    kind = entry.setdefault("kind", entry.get("name"))
    if isinstance(kind, type):
        return {"name": kind.__name__, **entry, "kind": kind_of(kind)}
    return {"name": str(kind).replace(":", ".").rpartition(".")[2], **entry}


@cache
def kind_of(cls: type[Plugin]) -> str:
    """What an operator would write for a class: its entry point, or the path of a module that is made for it."""
    for item in installed():
        module, _, attribute = item.target.partition(":")
        if getattr(sys.modules.get(module), attribute, None) is cls:
            return item.name
    local = ModuleType(f"gatehook_tested_{next(_numbers)}")
    # A manifest is looked for beside it.
    local.__file__ = getattr(sys.modules.get(cls.__module__), "__file__", None)
    setattr(local, cls.__name__, cls)
    sys.modules[local.__name__] = local
    return f"{local.__name__}.{cls.__name__}"
