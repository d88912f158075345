"""A plugin that stands in a chain here, and asks one that runs in a server; whatever lies between is a `Remote`."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from dataclasses import replace
from math import inf
from time import monotonic
from typing import Any, ClassVar, Final, Protocol, TypeVar

from gatehook import (
    ConfigError,
    ManifestError,
    Payload,
    PayloadError,
    Plugin,
    PluginConfig,
    PluginContext,
    PluginError,
    PluginResult,
    Problem,
    check_settings,
    nearest,
)
from pydantic import BaseModel

from gatehook_external.cache import digest
from gatehook_external.errors import ServiceError
from gatehook_external.protocol import Described, RemoteError, apply_context, context_to_wire, result_of, to_wire
from gatehook_external.sections import read_section
from gatehook_external.service import Service
from gatehook_external.settings import CallSettings

Json = dict[str, Any]
P = TypeVar("P", bound=Payload)

_HEALTH_SECONDS: Final = 5.0
"""For an answer about the health. Where that is longer than the interval, most of the interval: then the runner stops
asking."""


class Remote(Protocol):
    """A plugin server, and the connection to it, which comes up when it is first needed, and again when it broke.

    All ``seconds`` may be infinite. All coroutines raise ServiceError, NotDelivered or TimeoutError.
    """

    @property
    def state(self) -> str:
        """Of the connection, for people."""

    async def describe(self, plugin: str, seconds: float) -> Json:
        """What the server tells of a plugin, as :class:`Described` reads it; empty if it has none of that name."""

    async def names(self, seconds: float) -> list[str]:
        """The plugins that the server has."""

    async def configure(self, plugin: str, config: Json, seconds: float) -> Json:
        """``{"config_id"}``, to be named in calls, or ``{"problems": [{"message", "path"}]}``."""

    async def invoke(  # noqa: PLR0913  # the fields of the call
        self, hook: str, plugin: str, payload: Json, context: Json, seconds: float, config_id: str | None
    ) -> Json:
        """The answer to a hook: ``{plugin_name, result | error, context}``."""

    async def check(self, seconds: float) -> str:
        """What is wrong with the server; empty if nothing."""

    async def close(self) -> None:
        """Also after a call was cancelled, or when it was never used."""


class RemotePlugin(Plugin):
    """Mode, priority, conditions and error policy are those of the entry here; what the server says of them is shown.

    ``config`` holds the :class:`CallSettings`; what else stands there goes to the server.
    """

    settings_model = CallSettings
    settings: CallSettings
    section: ClassVar[str]
    """The key of the entry that says where the server is."""
    section_model: ClassVar[type[BaseModel]]
    """What stands there: ``plugin``, ``health_check_interval``; ``shown``, the server's address for people; and
    ``idle``, the keys of :class:`CallSettings` that have no effect there."""
    connection: Any
    """The section, as such a model."""

    def __init__(self, config: PluginConfig) -> None:
        own = {key: value for key, value in config.config.items() if key in CallSettings.model_fields}
        super().__init__(config.model_copy(update={"config": own}))
        self.config = config
        self.service = Service(self.name, self.settings)
        self._theirs = {key: value for key, value in config.config.items() if key not in own}
        self._config_id: str | None = None
        self._remote: Remote | None = None
        self._described: Described | None = None
        self.connection = read_section(config, self.section, self.section_model)
        self.health_interval = self.connection.health_check_interval
        self._asked = self.connection.plugin or self.name
        if idle := own.keys() & self.connection.idle:
            raise ConfigError(Problem("has no effect here", ("config", key)) for key in sorted(idle))

    @abstractmethod
    def connect(self) -> Remote:
        """The server at ``connection``; nothing is sent yet.

        Raises:
            ConfigError: a file cannot be used. Paths begin in the entry.
        """

    # -- coming up and going down

    async def initialize(self) -> None:
        self._remote = remote = self.connect()
        try:
            await self._meet(remote)
        except (ServiceError, TimeoutError) as error:
            reason = error.reason if isinstance(error, ServiceError) else "it gave no answer in time"
            raise PluginError(self.name, "initialize", "backend", f"{self.connection.shown}: {reason}") from error

    async def _meet(self, remote: Remote) -> None:
        described = Described.read(await remote.describe(self._asked, inf), self._asked)
        if described is None:
            raise ConfigError([await self._unknown(remote)])
        self._described, self.hooks = described, described.hooks
        if self._theirs and not (described.manifest and described.manifest.accepts_config):
            message = "the server takes no config from here; set it there"
            raise ConfigError(
                Problem(message + nearest(key, CallSettings.model_fields), ("config", key)) for key in self._theirs
            )
        self._check_theirs(described)
        await self._configure(remote, inf)

    def _check_theirs(self, described: Described) -> None:
        schema = described.manifest.config_schema if described.manifest else None
        if schema is None or not self._theirs:
            return
        try:
            problems = check_settings(self.config, self._theirs, schema)
        except ManifestError as error:
            raise ServiceError(f"the schema of the plugin's config {error}") from error
        # What is missing here may stand in the server's own config: that is for the server to find out.
        if problems := [problem for problem in problems if problem.path != ("config",)]:
            raise ConfigError(map(_hinted, problems))

    async def _unknown(self, remote: Remote) -> Problem:
        where = (self.section, "plugin") if self._asked != self.name else ("name",)
        has = ", ".join(await remote.names(inf)) or "none"
        return Problem(f"the server has no plugin {self._asked!r}; it has {has}", where)

    async def _configure(self, remote: Remote, seconds: float) -> None:
        if not self._theirs:
            return
        said = await remote.configure(self._asked, self._theirs, seconds)
        try:
            if told := said.get("problems"):
                problems = [Problem(str(item["message"]), ("config", *item["path"])) for item in told]
                raise ConfigError(map(_hinted, problems))
            self._config_id = str(said["config_id"])
        except (KeyError, TypeError):
            raise ServiceError("it answered the config with what is not understood") from None

    async def shutdown(self) -> None:
        if self._remote is not None:
            await self._remote.close()

    # -- being looked at

    async def health(self) -> bool | str:
        assert self._remote is not None  # noqa: S101  # it is initialized
        seconds = min(0.9 * (self.health_interval or inf), _HEALTH_SECONDS)
        sick = "it did not answer in time"  # also if whoever asks for the health has less patience
        try:
            async with asyncio.timeout(seconds):
                sick = await self._remote.check(seconds)
        except ServiceError as error:
            sick = error.reason
        except ConfigError as error:  # a file of credentials, read anew
            sick = str(error)
        except TimeoutError:
            pass
        finally:
            self.service.sick = sick
        return self.service.sick or True

    def details(self) -> Json:
        shown = {"name", "kind", "version", "hooks", "mode", "priority"}
        remote = self._described.model_dump(include=shown, exclude_none=True) if self._described else {}
        return {
            "connection": self._remote.state if self._remote else "closed",
            "remote": remote,
            **self.service.details(),
        }

    # -- one way through all hooks

    async def _ask(self, payload: P, context: PluginContext) -> PluginResult[P] | None:
        hook = payload.hook
        try:
            raw, asking = to_wire(payload), context_to_wire(context)

            async def send(seconds: float) -> tuple[Json, PluginResult[P] | None]:
                return await self._attempt(payload, raw, asking, seconds)

            # What a kept answer says is kept with it: the chain takes results by value.
            answer, result = await self.service.call(hook, context, send, key=self._key(raw, asking))
            apply_context(context, answer.get("context"))
        except ServiceError as error:
            raise PluginError(self.name, hook, error.error_type, error.reason) from error
        except PayloadError as error:
            raise PluginError(self.name, hook, "payload", str(error)) from error
        return result

    prompt_pre_fetch = prompt_post_fetch = _ask
    tool_pre_invoke = tool_post_invoke = _ask
    resource_pre_fetch = resource_post_fetch = _ask

    def _key(self, raw: Json, asking: Json) -> str | None:
        """All that the answer may depend on, but for who asks."""
        if not self.service.caches:
            return None
        return digest([raw, asking["state"], asking["metadata"], asking["global_context"]["state"]])

    async def _attempt(
        self, payload: P, raw: Json, asking: Json, seconds: float
    ) -> tuple[Json, PluginResult[P] | None]:
        """The answer, and what it says. A server that forgot the config is told it again, once."""
        assert self._remote is not None  # noqa: S101  # it is initialized
        until = monotonic() + seconds
        hook, config_id = payload.hook, self._config_id
        answer = await self._remote.invoke(hook, self._asked, raw, asking, seconds, config_id)
        try:
            return answer, result_of(hook, payload, answer, self._asked)
        except RemoteError as error:
            if error.code != "UNKNOWN_CONFIG" or config_id is None:
                raise
        try:
            await self._configure(self._remote, until - monotonic())
        except ConfigError as error:
            raise ServiceError("it forgot the config, and does not take it any more") from error
        answer = await self._remote.invoke(hook, self._asked, raw, asking, until - monotonic(), self._config_id)
        return answer, result_of(hook, payload, answer, self._asked)


def _hinted(problem: Problem) -> Problem:
    """A key that nobody there knows may be one of the caller's own, misspelt."""
    key = problem.path[-1]
    if len(problem.path) != 2 or problem.message != f"unknown key {key!r}":
        return problem
    return replace(problem, message=problem.message + nearest(str(key), CallSettings.model_fields))
