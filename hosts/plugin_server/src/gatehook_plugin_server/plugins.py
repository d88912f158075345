"""The plugins of a config as gateways call them, whatever the transport. What goes in and out is JSON data."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from gatehook import ConfigError, ConfigFile, GatehookError, PluginLoadError, Problem, Runner
from gatehook_external.protocol import answer_of, ask, described, failure_of, from_wire, refusal

from gatehook_plugin_server.configured import Configured
from gatehook_plugin_server.served import Served
from gatehook_plugin_server.settings import ServeSettings

logger = logging.getLogger("gatehook.serve")

Json = dict[str, Any]


class Plugins:
    """Every enabled plugin of a config, each in a runner of its own. Their names are compared without case.

    It serves any number of front ends at a time, and ends with :meth:`close`::

        plugins = await Plugins.open(Path("gatehook.yaml"))
        answer = await plugins.invoke("tool_pre_invoke", "PII", {"name": "lookup", "args": {}}, {})
        await plugins.close()

    The mode, priority, conditions and error policy of an entry are its gateway's to decide, so here every plugin
    enforces, always, and tells when it fails.
    """

    private = False
    """Whether nobody can call but the process that started this one: it may configure plugins in any case."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._read: Runner | None = None  # never entered
        self.settings = ServeSettings()
        self._served: dict[str, Served] = {}
        self._configured = Configured(ConfigFile(str(source), ""), self.settings.max_configs, self._retire)
        self._reloading = asyncio.Lock()  # or of two, the older config could come last
        self._stopping: set[asyncio.Task[Any]] = set()  # what :meth:`close` waits for
        self._past: dict[tuple[str, str], Counter[str]] = {}  # what those counted that have been shut down
        self.running = 0
        """Calls that run now."""
        self.refused: Counter[str] = Counter()
        """Calls that reached no plugin, by the code that answered them."""

    @classmethod
    async def open(cls, source: Path) -> Self:
        """Bring up all enabled plugins of a config file.

        Raises:
            GatehookError: the config is wrong, enables no plugin, or one of them does not come up.
        """
        plugins = cls(source)
        await plugins.reload()
        return plugins

    async def reload(self) -> None:
        """Read the config again and bring its plugins up beside the old ones, which end with their last call.

        What callers configured is gone then; they are told so, and configure again.

        Raises:
            GatehookError: as :meth:`open`; the old plugins go on serving.
        """
        async with self._reloading:
            await self._reload(ConfigFile.read(self._source))

    async def _reload(self, file: ConfigFile) -> None:
        read = Runner.from_config(file)
        settings = ServeSettings.model_validate(read.section("serve"))
        enabled = [status for status in read.plugins() if status.state != "disabled"]
        if not enabled:
            raise GatehookError(f"{file.path}: no plugin is enabled, so there is nothing to serve")
        served: dict[str, Served] = {}
        try:
            for status in enabled:
                if other := served.get(status.name.casefold()):
                    raise GatehookError(f"{file.path}: callers cannot tell {other.name!r} and {status.name!r} apart")
                served[status.name.casefold()] = await Served.start(file, status)
        except BaseException:
            for started in served.values():
                await started.stop()
            raise
        self._retire_all()
        self.settings, self._served, self._read = settings, served, read
        self._configured = Configured(file, settings.max_configs, self._retire)

    async def close(self) -> None:
        """Shut all plugins down, once their calls have ended, or after ``drain_timeout``."""
        self._retire_all()
        while self._stopping:
            await asyncio.wait(self._stopping)

    # -- what is served

    @property
    def accepts_configs(self) -> bool:
        return self.private or bool(self.settings.accept_config)

    @property
    def folder(self) -> Path:
        """Where relative paths in the settings begin."""
        return self._source.absolute().parent

    def placed(self, error: ConfigError) -> ConfigError:
        """What a front end found wrong in the config, with file and line."""
        if self._read is None or not all(problem.path for problem in error.problems):
            return error  # it stands in the command line
        return self._read.placed(error)

    def hooks(self) -> list[str]:
        """Every hook that some plugin is at."""
        return sorted(frozenset().union(*(served.hooks for served in self._served.values())))

    def configs(self) -> list[Json]:
        """What gateways may know of the plugins; never their settings."""
        return [self._described(served) for served in self._served.values()]

    def config(self, name: str) -> Json:
        """The same of one plugin, or an empty object."""
        served = self._served.get(name.casefold())
        return self._described(served) if served is not None else {}

    def health(self) -> dict[str, bool | str]:
        """Of each plugin: whether it is well, or what is wrong with it."""
        found: dict[str, bool | str] = {}
        for served in self._served.values():
            status = served.status()
            well = status.health is None or status.health is True
            found[served.name] = (well or status.health or False) if status.state == "running" else status.state
        return found

    def stats(self) -> dict[tuple[str, str], Counter[str]]:
        """Counts since the start, by plugin and hook, under whatever config; errors as ``errors.TYPE``."""
        total = {place: counts.copy() for place, counts in self._past.items()}
        for served in [*self._served.values(), *self._configured.up()]:
            _add(total, served)
        return total

    def _described(self, served: Served) -> Json:
        return described(served.status(), accepts_config=self.accepts_configs)

    # -- configs that callers send

    async def configure(self, name: str, config: Mapping[str, Any]) -> Json:
        """Bring a plugin up with ``config`` laid over its own: ``{"config_id"}``, to be named in calls, or
        ``{"problems": [{"message", "path"}]}`` with paths that begin in ``config``. The same config has the same id.
        """
        served = self._served.get(name.casefold())
        if served is None:
            return _problem(f"this server has no plugin {name!r}")
        if not self.accepts_configs:
            return _problem("this server takes no configs from its callers")
        if refused := [key for key in config if not self._may_set(key)]:
            return {
                "problems": [
                    {"message": "this server does not let its callers set it", "path": [key]} for key in refused
                ]
            }
        try:
            return {"config_id": await self._configured.start(served.written, config)}
        except ConfigError as error:
            return {"problems": [_within_config(problem) for problem in error.problems]}
        except PluginLoadError as error:
            return _problem(f"the plugin does not come up with it: {error.reason}")
        except (GatehookError, ValueError, TypeError, RecursionError) as error:
            return _problem(f"the plugin does not come up with it: {type(error).__name__}")

    def _may_set(self, key: str) -> bool:
        allowed = self.private or self.settings.accept_config
        return allowed if isinstance(allowed, bool) else key in allowed

    # -- calls

    async def invoke(  # noqa: PLR0913  # the fields of the call
        self,
        hook_type: str,
        plugin_name: str,
        payload: Any,
        context: Any,
        *,
        config_id: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # the caller's, which ends as an answer
        gatehook: bool = False,
    ) -> Json:
        """What a plugin says to a payload: ``{"plugin_name", "result", "context"}``, or ``{"plugin_name", "error"}``
        whatever is wrong. Only cancellation is raised.

        Args:
            payload: of the hook, as JSON data; whether it is one is found out here.
            context: the caller's, likewise.
            config_id: what :meth:`configure` answered; left out, the plugin's own config.
            timeout: seconds that the caller waits.
            gatehook: whether the caller knows what only gatehook's answers hold.
        """
        settings = self.settings
        if self.running >= settings.max_concurrency:
            return self._refuse(plugin_name, "OVERLOADED", f"{self.running} calls run already")
        served = self._served.get(plugin_name.casefold())
        if served is None:
            return self._refuse(plugin_name, "UNKNOWN_PLUGIN", "this server has no such plugin")
        if config_id is not None:
            configured = self._configured.find(config_id, served.name)
            if configured is None:
                return self._refuse(plugin_name, "UNKNOWN_CONFIG", "this server has no such config (any more)")
            served = configured
        if hook_type not in served.hooks:
            return self._refuse(plugin_name, "UNKNOWN_HOOK", f"it is at {', '.join(sorted(served.hooks))}")
        self.running += 1
        served.enter()
        try:
            async with asyncio.timeout(timeout):
                return await self._run(served, hook_type, plugin_name, payload, context, gatehook)
        except TimeoutError:
            return refusal(plugin_name, "PLUGIN_TIMEOUT", "the caller's time is over")
        except GatehookError as error:
            return failure_of(plugin_name, error)
        except Exception as error:  # ours, and the caller must not wait for ever
            told = logger.isEnabledFor(logging.DEBUG)  # with the traceback, which may quote anything
            logger.error("plugin %r cannot be called: %s", served.name, type(error).__name__, exc_info=told)
            return refusal(plugin_name, "PLUGIN_ERROR", f"the server failed: {type(error).__name__}")
        finally:
            self.running -= 1
            served.leave()

    async def _run(  # noqa: PLR0913  # of invoke
        self, served: Served, hook: str, plugin_name: str, raw: Any, context: Any, gatehook: bool
    ) -> Json:
        payload = from_wire(hook, raw)
        async with ask(served.runner, served.name, context) as request:
            outcome = await request.run(payload)
            answer = answer_of(served.name, raw, outcome, request, context, gatehook=gatehook)
        answer["plugin_name"] = plugin_name  # in the caller's spelling
        return answer

    def _refuse(self, plugin_name: str, code: str, message: str) -> Json:
        self.refused[code] += 1
        return refusal(plugin_name, code, message)

    # -- the end of what is no longer served

    def _retire_all(self) -> None:
        for served in self._served.values():
            self._retire(served)
        self._served = {}
        for starting in self._configured.close():
            self._await(starting)

    def _retire(self, served: Served) -> None:
        self._await(asyncio.create_task(self._end(served), name="gatehook retire"))

    def _await(self, task: asyncio.Task[Any]) -> None:
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    async def _end(self, served: Served) -> None:
        await served.unused(self.settings.drain_timeout)
        _add(self._past, served)
        await served.stop()


def _add(total: dict[tuple[str, str], Counter[str]], served: Served) -> None:
    for hook, counts in served.runner.stats()[served.name].items():
        place = total.setdefault((served.name, hook), Counter())
        place.update({key: count for key, count in counts.items() if key != "errors"})
        place.update({f"errors.{error_type}": times for error_type, times in counts["errors"].items()})


def _problem(message: str) -> Json:
    return {"problems": [{"message": message, "path": []}]}


def _within_config(problem: Problem) -> Json:
    """A problem of the entry that the caller can do something about, as it sees its config."""
    path = problem.path
    if path[:1] == ("plugins",) and path[2:3] == ("config",):
        return {"message": problem.message, "path": list(path[3:])}
    return {"message": "the server's own config is wrong", "path": []}
