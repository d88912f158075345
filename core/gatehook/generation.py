"""One generation: the plugins of one config, registered, compiled into chains, and in the end shut down."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Mapping, Sequence
from time import perf_counter_ns as clock
from typing import Any

import pluggy

from gatehook.assembly import Entry, build, narrow
from gatehook.chain import Breaker, Chain, ClosedChain, Observer, Step, Tally
from gatehook.config import Config
from gatehook.errors import ConfigError, GatehookError, PluginLoadError
from gatehook.hooks import OBSERVER, Hook
from gatehook.lifespan import Lifespan, within
from gatehook.payloads import Payload
from gatehook.results import PluginMode

logger = logging.getLogger("gatehook")


OFF = "PLUGINS_ENABLED is false"
"""Stands in every record then, whatever the conditions."""


class _Registry(pluggy.PluginManager):
    """pluggy's manager; a method that bears a hook's name needs no decorator."""

    def __init__(self, hooks: Mapping[str, Hook], specs: Sequence[type]) -> None:
        super().__init__("gatehook")
        self._hooks = hooks
        for spec in specs:
            self.add_hookspecs(spec)

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> Any:
        static = inspect.getattr_static(plugin, name, None)
        if not callable(static) and not isinstance(static, staticmethod | classmethod):
            return None  # a property, say: looking at it would run it
        return super().parse_hookimpl_opts(plugin, name) or ({} if name in self._hooks else None)


class Generation:
    """Everything that lives from one (re)load to the next. ``chains`` are looked up by the type of a payload."""

    def __init__(
        self, number: int, config: Config, entries: list[Entry], hooks: Mapping[str, Hook], specs: Sequence[type]
    ) -> None:
        self.number, self.config, self.entries = number, config, entries
        self.chains: dict[type[Payload], Any] = {}
        self.tallies: dict[tuple[str, str], Tally] = {}
        self.breakers: dict[str, Breaker] = {}
        self._hooks, self._specs = hooks, specs
        self.requests = 0
        self.closed = False
        self._unused = asyncio.Event()
        self._unused.set()
        self._lives: dict[str, Lifespan] = {}  # by the plugin's name, in the order of their start
        self._care: list[asyncio.Task[None]] = []

    # -- being used

    def leave(self) -> None:
        """One of the requests that are open on this generation closed."""
        self.requests -= 1
        if not self.requests:
            self._unused.set()

    # -- coming up

    async def start(self) -> None:
        """Bring up every enabled plugin, in order, and compile the chains.

        Raises:
            PluginLoadError: one that must run does not come up. Those that were up are shut down again.
            ConfigError, ManifestError: what only the plugins' classes could tell is wrong.
        """
        try:
            for entry in self.wanted():
                await self.bring_up(entry)
                if entry.failure is not None and entry.must_run:
                    raise entry.failure
            self.compile()
        except BaseException:
            await self.shut_down()
            raise
        self._care = [
            asyncio.create_task(self._look_after(entry), name=f"gatehook health {entry.name}")
            for entry in self.wanted()
        ]

    def wanted(self) -> list[Entry]:
        """The entries that should run, in the order in which they do."""
        if not self.config.enabled:
            return []
        enabled = [entry for entry in self.entries if entry.config.mode is not PluginMode.DISABLED]
        return sorted(enabled, key=lambda entry: (entry.config.priority, entry.index))

    async def bring_up(self, entry: Entry) -> None:
        """Import, construct and initialize; a failure is left in ``entry.failure``."""
        if entry.failure is not None and entry.failure.phase == "find":
            return self._give_up(entry, entry.failure)
        try:
            plugin = build(entry, self.config, self._hooks)
        except PluginLoadError as error:
            return self._give_up(entry, error)
        entry.plugin = plugin
        life = self._lives[entry.name] = Lifespan(plugin)
        failure = await life.begin(entry.config.timeout or self.config.settings.plugin_timeout)
        if failure is not None:
            if isinstance(failure.error, ConfigError):
                raise self.config.placed(failure.error, entry.path)
            cause = f"{failure.reason}: {failure.error}" if failure.error_type == "exception" else failure.reason
            reason = self.config.document.redacted(f"initialize() {cause}")
            not_ready = PluginLoadError(entry.name, "initialize", reason)
            not_ready.__cause__ = failure.error
            return self._give_up(entry, not_ready)
        narrow(entry, self.config)
        entry.failure = None
        return None

    def _give_up(self, entry: Entry, error: PluginLoadError) -> None:
        entry.failure = error
        if not entry.must_run:
            logger.warning("%s; it is let through%s", error, "" if error.phase == "find" else " and retried")

    async def _look_after(self, entry: Entry) -> None:
        """Ask the plugin for its health again and again, and bring it up if it failed to come up before."""
        usual = self.config.settings.plugin_health_check_interval
        while True:
            running = entry.failure is None and entry.plugin is not None
            interval = (entry.plugin.health_interval if running and entry.plugin else None) or usual
            await asyncio.sleep(interval)
            try:
                if running:
                    await self._look(entry, interval)
                elif entry.failure is not None and entry.failure.phase != "find":
                    await self._retry(entry, entry.failure)
            except Exception as error:  # noqa: BLE001  # or nobody would look after the plugin from then on
                logger.warning("looking after plugin %r failed: %s", entry.name, type(error).__name__)

    async def _look(self, entry: Entry, interval: float) -> None:
        answers: list[Any] = []
        limit = min(self.config.settings.plugin_timeout, interval)
        failure = await within(self._lives[entry.name].plugin.health, limit, answers)
        entry.health = failure.reason if failure else answers[0]

    async def _retry(self, entry: Entry, before: PluginLoadError) -> None:
        """Try once more to bring up what failed."""
        try:
            if entry.name in self._lives:
                await self._shut_down_one(entry.name, self.config.settings.shutdown_timeout)
            await self.bring_up(entry)
        except GatehookError as error:
            entry.failure = PluginLoadError(entry.name, before.phase, str(error))
        if entry.failure is None:
            logger.warning("plugin %r is up after it had failed to %s", entry.name, before.phase)
            self.compile()

    def compile(self) -> None:
        """Register the plugins with pluggy, and put the chains together from what it found."""
        registry = _Registry(self._hooks, self._specs)
        order = {entry.name: position for position, entry in enumerate(self.wanted())}
        for entry in self.wanted():
            if entry.failure is None:
                try:
                    registry.register(entry.plugin, entry.name)
                except (pluggy.PluginValidationError, ValueError) as error:
                    raise PluginLoadError(entry.name, "register", str(error)) from None
        entries = {entry.name: entry for entry in self.entries}
        chains: dict[type[Payload], Any] = {}
        for hook in self._hooks.values():
            if hook.payload is not None:
                impls = sorted(
                    getattr(registry.hook, hook.name).get_hookimpls(), key=lambda impl: order[impl.plugin_name]
                )
                steps = [
                    self._step(entries[impl.plugin_name], impl, hook)
                    for impl in impls
                    if hook.name in (entries[impl.plugin_name].hooks or ())
                ]
                chains[hook.payload] = self._chain(hook, steps, registry, order, entries)
        for chain in self.chains.values():
            chain.select.flush()
        self.chains.update(chains)

    def _chain(
        self, hook: Hook, steps: list[Step], registry: _Registry, order: dict[str, int], entries: dict[str, Entry]
    ) -> Chain:
        settings = self.config.settings
        watching = sorted(getattr(registry.hook, OBSERVER).get_hookimpls(), key=lambda impl: order[impl.plugin_name])
        absent = [
            self._absent(entry, hook)
            for entry in self.entries
            if self._is_absent(entry) and hook.name in (entry.hooks or entry.config.hooks or self._hooks)
        ]
        steps = sorted([*steps, *absent], key=lambda step: (step.priority, step.index))
        for index, step in enumerate(steps):
            step.index = index
        return Chain(
            hook,
            steps,
            [
                self._observer(entries[impl.plugin_name], impl, hook)
                for impl in watching
                if self._watches(entries[impl.plugin_name], hook)
            ],
            parallel=settings.parallel_execution_within_band,
            hook_timeout=settings.hook_timeout,
            max_payload_bytes=settings.max_payload_bytes,
            raises=bool(settings.fail_on_plugin_error),
        )

    def _step(self, entry: Entry, impl: pluggy.HookImpl, hook: Hook) -> Step:
        settings, config = self.config.settings, entry.config
        if impl.hookwrapper or impl.wrapper:
            raise PluginLoadError(
                entry.name, "register", f"{hook.name} is a pluggy wrapper; gatehook orders plugins by priority alone"
            )
        step = Step(config, impl.function, impl.argnames, entry.index)
        step.timeout = int((config.timeout or settings.plugin_timeout) * 1e9)
        step.tally = self.tallies.setdefault((entry.name, hook.name), step.tally)
        step.promises, step.verifies = entry.reads, settings.verify_access
        step.reads = entry.reads and not settings.verify_access
        if config.errors == "disable":
            step.breaker = self.breakers.setdefault(entry.name, Breaker(config.disable_after, config.cool_down))
        step.watched = step.verifies or step.breaker is not None
        return step

    def _observer(self, entry: Entry, impl: pluggy.HookImpl, hook: Hook) -> Observer:
        assert hook.payload is not None  # noqa: S101
        timeout = entry.config.timeout or self.config.settings.observer_timeout
        tally = self.tallies.setdefault((entry.name, OBSERVER), Tally())
        return Observer(entry.config, impl.function, impl.argnames, hook.payload, timeout, tally)

    def _watches(self, entry: Entry, hook: Hook) -> bool:
        """An observer's ``hooks`` filter the runs that it is told of; naming none but its own means all."""
        named = set(entry.config.hooks or ()) - {OBSERVER}
        return OBSERVER in (entry.hooks or ()) and (not named or hook.name in named)

    def _is_absent(self, entry: Entry) -> bool:
        return entry.config.mode is not PluginMode.DISABLED and (entry.failure is not None or not self.config.enabled)

    def _absent(self, entry: Entry, hook: Hook) -> Step:
        """A step that is always skipped, so that the records say why."""
        config = entry.config if self.config.enabled else entry.config.model_copy(update={"conditions": []})
        step = Step(config, lambda payload, context: None, ("payload", "context"), entry.index)
        step.tally = self.tallies.setdefault((entry.name, hook.name), step.tally)
        step.absent = f"failed to {entry.failure.phase}, let through" if self.config.enabled and entry.failure else OFF
        return step

    # -- going down

    async def retire(self) -> None:
        """Shut down once the last request closed, or after ``shutdown_timeout``: then the hooks of open ones block."""
        if self.requests:
            self._unused.clear()
            try:
                await asyncio.wait_for(self._unused.wait(), self.config.settings.shutdown_timeout)
            except TimeoutError:
                logger.warning(
                    "%d requests were still open on an old generation; their hooks block from now on", self.requests
                )
        await self.shut_down()

    async def shut_down(self) -> None:
        """Shut down what was started, in reverse order, each once, all within ``shutdown_timeout``."""
        self.closed = True
        cancelled = await _end(self._care)
        telling = [task for chain in self.chains.values() for task in getattr(chain, "telling", ())]
        for payload in self.chains:
            self.chains[payload] = ClosedChain()
        try:
            if telling:
                await asyncio.wait(telling, timeout=self.config.settings.shutdown_timeout)
        except asyncio.CancelledError as error:
            cancelled = error
        deadline = clock() + int(self.config.settings.shutdown_timeout * 1e9)
        while self._lives:
            # A plugin that hangs must leave time for the others, so each has its share of what is left.
            share = max(0, deadline - clock()) / 1e9 / len(self._lives)
            try:
                await self._shut_down_one(next(reversed(self._lives)), share)
            except asyncio.CancelledError as error:  # the host is in a hurry, and still every plugin has its turn
                cancelled = error
        if cancelled is not None:
            raise cancelled

    async def _shut_down_one(self, name: str, limit: float) -> None:
        failure = await self._lives.pop(name).end(limit)
        if failure is not None:
            logger.warning("plugin %r failed to shut down: %s", name, failure.reason)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> asyncio.CancelledError | None:
    """Cancel tasks and wait for their end; whether the caller was cancelled meanwhile, it learns afterwards."""
    cancelled: asyncio.CancelledError | None = None
    for task in tasks:
        task.cancel()
    while running := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(running)
        except asyncio.CancelledError as error:
            cancelled = error
    return cancelled
