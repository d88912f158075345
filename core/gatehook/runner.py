"""The runner: owns the current generation, opens requests, reloads, and tells how it goes."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from gatehook.assembly import Entry, resolve
from gatehook.config import alone, load_config, masked
from gatehook.discovery import installed
from gatehook.errors import ConfigError, GatehookError, nearest
from gatehook.generation import Generation
from gatehook.hooks import HookSpecs, hooks_of
from gatehook.payloads import Payload
from gatehook.request import Request
from gatehook.results import Outcome, PluginMode
from gatehook.sources import Source

logger = logging.getLogger("gatehook")
P = TypeVar("P", bound=Payload)


@dataclass(frozen=True)
class PluginStatus:
    """How one configured plugin is. ``state`` is ``waiting`` (for the start), ``running``, ``disabled``, ``failed``,
    ``off`` (all plugins are) or ``out`` (``on_error: disable``); ``manifest`` is what its distribution
    says of it, and ``details`` what the plugin itself does."""

    name: str
    kind: str
    description: str
    author: str
    distribution: str
    version: str
    manifest: dict[str, Any]
    mode: PluginMode
    priority: int
    hooks: tuple[str, ...]
    tags: tuple[str, ...]
    conditions: tuple[dict[str, list[str]], ...]
    config: dict[str, Any]
    access: str
    state: str
    reason: str
    health: bool | str | None
    details: dict[str, Any]
    warnings: tuple[str, ...]


class Runner:
    """Runs the plugins of a config::

    async with Runner.from_config("gatehook.yaml") as runner:
        async with runner.request(user="alice") as request:
            outcome = await request.run(ToolPreInvokePayload("lookup", {"q": "Bob"}))
    """

    def __init__(
        self,
        source: Source,
        hooks: Collection[str] | None,
        hookspecs: Sequence[type],
        only: str | None,
        settings: Mapping[str, Any] | None,
    ) -> None:
        self._specs = (HookSpecs, *hookspecs)
        self._hooks = {hook.name: hook for spec in self._specs for hook in hooks_of(spec)}
        self._called = None if hooks is None else frozenset(hooks)
        self._source = source
        self._only, self._settings = only, settings
        self._number = 0
        self._retiring: set[asyncio.Task[None]] = set()
        self._reloading = asyncio.Lock()
        self._next: Generation | None = self._prepare(source)
        self.generation: Any = _NotStarted()
        self.last_error: GatehookError | None = None
        """Why the last reload was refused; ``None`` once one succeeds."""

    @classmethod
    def from_config(
        cls,
        source: Source,
        *,
        hooks: Collection[str] | None = None,
        hookspecs: type | Sequence[type] = (),
        only: str | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> Self:
        """A runner for a config file, or for a mapping of the same shape. Plugins come up when it is entered.

        Args:
            source: the file's path, the file as it was read before, or the mapping.
            hooks: the hooks that the host calls. An enforcing plugin none of whose hooks is called is an error.
            hookspecs: classes like :class:`gatehook.hooks.HookSpecs` with the host's own hooks.
            only: the name of the one plugin that is to run, for a host that runs it on somebody else's behalf, who
                decides when it runs and what its answers mean: it enforces, without conditions, and its failures are
                raised.
            config: laid over that plugin's ``config``.

        Raises:
            ConfigError: with everything that is wrong in the config.
            ManifestError: a distribution describes an enabled plugin wrongly.
            TypeError: ``hooks`` is one name instead of a collection.
        """
        if isinstance(hooks, str):
            raise TypeError(f"hooks is a collection of names, such as {[hooks]!r}, not one name: {hooks!r}")
        return cls(source, hooks, (hookspecs,) if isinstance(hookspecs, type) else hookspecs, only, config)

    def _prepare(self, source: Source) -> Generation:
        config = load_config(source)
        if self._only is not None:
            config = alone(config, self._only, self._settings or {})
        entries = resolve(config, installed(), self._hooks, self._called)
        self._number += 1
        return Generation(self._number, config, entries, self._hooks, self._specs)

    # -- its life

    async def __aenter__(self) -> Self:
        """Raises :class:`PluginLoadError` if a plugin that must run does not come up."""
        if self._next is None:
            raise GatehookError("this runner was started before; make a new one with Runner.from_config")
        generation, self._next = self._next, None
        await generation.start()
        self.generation = generation
        self._announce(generation)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        generation, self.generation = self.generation, _NotStarted()
        try:
            await generation.shut_down()
        finally:
            await _end_of(self._retiring)

    async def reload(self, config: Source | None = None) -> None:
        """Bring up a new generation beside the old one, then swap. ``None`` reads the same source again.

        Requests that are open finish on the generation that they began with; it is shut down after the last of them.

        Raises:
            GatehookError: the config is wrong or a plugin does not come up; the old generation goes on serving.
        """
        async with self._reloading:
            self.generation.chains  # noqa: B018  # raises when the runner is not running
            source = self._source if config is None else config
            try:
                generation = self._prepare(source)
                await generation.start()
            except GatehookError as error:
                self.last_error = error
                raise
            old = self.generation
            if isinstance(old, _NotStarted):  # the runner ended in the meantime
                await generation.shut_down()
                return
            self.generation = generation
            self._source, self.last_error = source, None
            self._announce(generation)
            task = asyncio.create_task(old.retire(), name="gatehook retire")
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)

    def _announce(self, generation: Generation) -> None:
        if not generation.config.enabled:
            print("gatehook: PLUGINS_ENABLED is false: no plugin runs, nothing is checked", file=sys.stderr)  # noqa: T201  # must be seen
        for entry in generation.wanted():
            for warning in entry.warnings:
                logger.warning("plugin %r: %s", entry.name, warning)
        for chain in generation.chains.values():
            if chain.steps:
                logger.info("%s: %s", chain.name, " > ".join(f"{step.name} ({step.mode})" for step in chain.steps))

    # -- its use

    def request(  # noqa: PLR0913  # the fields of a request, all optional and by keyword
        self,
        *,
        id: str | None = None,  # noqa: A002
        user: str | None = None,
        tenant_id: str | None = None,
        server_id: str | None = None,
        content_type: str | None = None,
        roles: tuple[str, ...] | list[str] = (),
        host: Any = None,
    ) -> Request:
        """One request, to be opened with ``async with``; it stays on the generation that is current then.

        Args:
            id: the host's own id; a random one if left out.
            content_type: the media type of what the request carries, with or without parameters.
            host: whatever the host hands to plugins for its own services.
        """
        return Request(self, id, user, tenant_id, server_id, content_type, roles, host)

    def has_hooks(self, hook: str) -> bool:
        """Whether running the hook can have any effect: a plugin is on it, or watches it."""
        known = self._hooks.get(hook)
        if known is None or known.payload is None:
            raise GatehookError(f"there is no hook {hook!r} that a host calls{nearest(hook, self._hooks)}")
        return not self.generation.chains[known.payload].idle

    def section(self, name: str) -> Any:
        """What the config says in a host's own section, such as ``guard``; an empty mapping if nothing."""
        return (self._next or self.generation).config.sections.get(name) or {}

    def placed(self, error: ConfigError) -> ConfigError:
        """What a host finds wrong with its own section only when it begins to serve, with file and line. Paths begin at
        the top of the config."""
        found: ConfigError = (self._next or self.generation).config.placed(error, ())
        return found

    async def explain(self, payload: P, request: Request) -> Outcome[P]:
        """Run a hook for the sake of its records: who ran, who did not and why, what each said and changed.

        The plugins really run; observers are not told. ``request`` is opened if it is not open yet.
        """
        if not request.is_open:
            async with request:
                return await self.explain(payload, request)
        return await request.run(payload, told=False)

    def plugins(self) -> list[PluginStatus]:
        """The status of every configured plugin, in the order of the config; also before the start."""
        generation = self._next or self.generation
        return [self._status(entry, generation) for entry in generation.entries]

    def _status(self, entry: Entry, generation: Any) -> PluginStatus:
        config, available, manifest = entry.config, entry.available, entry.manifest
        state, reason = self._state(entry, generation)
        conditions = [condition.model_dump(exclude_defaults=True) for condition in config.conditions]
        shown = {"tags": config.tags, "conditions": conditions, "config": config.config}
        shown = masked(shown, generation.config.document, entry.path)
        return PluginStatus(
            name=config.name,
            kind=config.kind or config.name,
            description=config.description or (manifest.description if manifest else ""),
            author=config.author or (manifest.author if manifest else ""),
            distribution=(available and available.distribution) or "",
            version=(available and available.version) or "",
            manifest=manifest.model_dump() if manifest else {},
            mode=config.mode,
            priority=config.priority,
            hooks=entry.hooks or tuple(config.hooks or ()),
            tags=tuple(shown["tags"]),
            conditions=tuple(shown["conditions"]),
            config=shown["config"],
            access="read" if entry.reads else "write",
            state=state,
            reason=reason,
            health=entry.health,
            details=_details(entry),
            warnings=tuple(entry.warnings),
        )

    def _state(self, entry: Entry, generation: Any) -> tuple[str, str]:
        if entry.config.mode is PluginMode.DISABLED:
            return "disabled", ""
        if not generation.config.enabled:
            return "off", "PLUGINS_ENABLED is false"
        if entry.failure is not None:
            return "failed", str(entry.failure)
        if generation is self._next:
            return "waiting", ""
        breaker = generation.breakers.get(entry.name)
        if breaker is not None and breaker.out:
            return "out", "failed too often in a row"
        return "running", ""

    def stats(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Counts since this generation began, by plugin and hook; ``seconds`` is the time spent in the plugin."""
        found: dict[str, dict[str, dict[str, Any]]] = {entry.name: {} for entry in self.generation.entries}
        for chain in self.generation.chains.values():
            chain.select.flush()
        for (plugin, hook), tally in self.generation.tallies.items():
            found[plugin][hook] = {
                "runs": tally.runs,
                "skipped": tally.skipped,
                "modified": tally.modified,
                "violations": tally.violations,
                "responses": tally.responses,
                "errors": dict(tally.errors),
                "let_through": tally.let_through,
                "seconds": tally.nanoseconds / 1e9,
            }
        return found


def _details(entry: Entry) -> dict[str, Any]:
    if entry.plugin is None:
        return {}
    try:
        return entry.plugin.details()
    except Exception as error:  # noqa: BLE001  # a plugin's own method, and a status is asked for in bad times
        return {"details": f"raised {type(error).__name__}"}


async def _end_of(tasks: set[asyncio.Task[None]]) -> None:
    """Wait for tasks that end by themselves, also while the caller is being cancelled; it hears of that afterwards."""
    cancelled: asyncio.CancelledError | None = None
    while running := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(running)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


class _NotStarted:
    """Stands in for a generation outside `async with`."""

    entries: tuple[Entry, ...] = ()

    @property
    def config(self) -> Any:
        return self.chains

    @property
    def chains(self) -> Any:
        raise GatehookError("the runner is not running; use `async with Runner.from_config(…) as runner:`")
