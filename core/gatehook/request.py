"""Who is asking (:class:`Request`), and what one plugin sees of it during one call (:class:`PluginContext`)."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from math import inf
from time import perf_counter_ns as clock
from typing import Any, Protocol, Self, TypeVar
from uuid import uuid4

from gatehook.errors import GatehookError
from gatehook.payloads import Payload
from gatehook.results import Outcome

P = TypeVar("P", bound=Payload)


class Generation(Protocol):
    """What a request needs of a generation: its chains, and to be counted."""

    chains: Mapping[type[Payload], Any]
    requests: int

    def leave(self) -> None: ...


class Turn(Protocol):
    """A plugin's turn in a run. ``until`` tells when it is over, in nanoseconds of :func:`time.perf_counter_ns`."""

    def until(self) -> int: ...


class Request:
    """One request, open from its first hook to its last; opened by ``runner.request(…)``.

    ``state`` is a dict that all plugins of the request share, by key.
    """

    __slots__ = (
        "_chains", "_generation", "_id", "content_type", "host", "identified", "roles", "server_id", "source", "state",
        "states", "tenant_id", "user",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913  # the fields of a request, all optional
        self,
        source: Any = None,
        id: str | None = None,  # noqa: A002  # the name that hosts use
        user: str | None = None,
        tenant_id: str | None = None,
        server_id: str | None = None,
        content_type: str | None = None,
        roles: tuple[str, ...] | list[str] = (),
        host: Any = None,
    ) -> None:
        self.source = source  # the runner: its current generation is looked up when the request opens
        self._id = id
        self.user = user
        self.tenant_id = tenant_id
        self.server_id = server_id
        self.content_type = content_type
        self.roles = roles
        self.host = host
        self.state: dict[str, Any] = {}
        self.identified = False  # auth_post_check bound the identity
        self.states: dict[str, dict[str, Any]] | None = None  # what each plugin keeps for itself, by its name
        self._generation: Generation | None = None
        self._chains: Mapping[type[Payload], Any] | None = None

    @property
    def id(self) -> str:
        """The host's id, or a random one made when somebody first asks for it."""
        if self._id is None:
            self._id = uuid4().hex
        return self._id

    request_id = id

    async def __aenter__(self) -> Self:
        if self.source is None:
            raise GatehookError("this request belongs to no runner; open one with runner.request(…)")
        if self._generation is not None:
            raise GatehookError("this request is open already; each `async with` needs a request of its own")
        self._generation = generation = self.source.generation
        self._chains = generation.chains
        generation.requests += 1
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._chains = None
        if self._generation is not None:
            self._generation.leave()

    @property
    def is_open(self) -> bool:
        return self._chains is not None

    def run(self, payload: P, *, size: int | None = None, told: bool = True) -> Coroutine[Any, Any, Outcome[P]]:
        """Run the hook that the payload's type names, and answer what to do. To be awaited.

        Args:
            payload: it is not changed; what to go on with is ``outcome.payload``.
            size: the payload's size in bytes where the host knows it; ``max_payload_bytes`` is held against it.
            told: whether observers hear of it.

        Raises:
            PluginError: a plugin failed and ``fail_on_plugin_error`` is set.
        """
        if self._chains is None:
            raise GatehookError("this request is not open; use `async with runner.request(…) as request:`")
        try:
            return self._chains[type(payload)].run(payload, self, size, told)  # type: ignore[no-any-return]  # any chain
        except KeyError:
            raise TypeError(
                f"run() takes a payload of a hook that this runner knows, got {type(payload).__name__}"
            ) from None

    def lend(self) -> Request:
        """A copy for one plugin call. Changes to its ``state`` are merged by key if the call succeeds."""
        lent = Request(
            id=self.id,
            user=self.user,
            tenant_id=self.tenant_id,
            server_id=self.server_id,
            content_type=self.content_type,
            roles=tuple(self.roles),
            host=self.host,
        )
        lent.state = self.state.copy()
        return lent

    def __repr__(self) -> str:
        return f"Request(user={self.user!r}, tenant_id={self.tenant_id!r}, server_id={self.server_id!r})"


class PluginContext:
    """What one plugin knows beside the payload, in one call.

    ``state`` is the plugin's own from the request's first hook to its last; ``metadata`` goes to the host with the
    outcome; ``request`` says who is asking. What a failed or timed-out call writes is dropped.
    """

    # One is made for each call of each plugin, so each of its parts is made when the plugin first asks for it.
    __slots__ = (
        "_lent", "_metadata", "_owner", "_plugin", "_shared_before", "_state", "_state_before", "_turn", "touched",
    )  # fmt: skip

    def __init__(self, request: Request | None = None, plugin: str = "", turn: Turn | None = None) -> None:
        self._owner = request
        self._plugin = plugin
        self._turn = turn
        self.touched = False

    @property
    def state(self) -> dict[str, Any]:
        try:
            return self._state
        except AttributeError:
            states = self._owner.states if self._owner else None
            self._state_before: dict[str, Any] = states.get(self._plugin, {}) if states else {}
            self._state: dict[str, Any] = self._state_before.copy()
            self.touched = True
            return self._state

    @property
    def metadata(self) -> dict[str, Any]:
        try:
            return self._metadata
        except AttributeError:
            self._metadata: dict[str, Any] = {}
            self.touched = True
            return self._metadata

    @property
    def request(self) -> Request:
        try:
            return self._lent
        except AttributeError:
            self._lent: Request = (self._owner or Request()).lend()
            self._shared_before = self._lent.state.copy()
            self.touched = True
            return self._lent

    @property
    def global_context(self) -> Request:
        return self.request

    def remaining(self) -> float:
        """Seconds that are left for this call, by the plugin's own timeout and the hook's; infinite outside a run."""
        return inf if self._turn is None else max(0, self._turn.until() - clock()) / 1e9

    def get_state(self, key: str, default: Any = None) -> Any:
        return self.state.get(key, default)

    def set_state(self, key: str, value: Any) -> None:
        self.state[key] = value

    @property
    def told(self) -> dict[str, Any]:
        """The metadata, without making any."""
        return getattr(self, "_metadata", {})

    def commit(self, shared: bool) -> None:
        """Keep what the call wrote to its state, and to the shared state only if ``shared``."""
        request = self._owner
        if request is not None and hasattr(self, "_state"):
            if request.states is None:
                request.states = {}
            current = request.states.get(self._plugin, {})
            request.states[self._plugin] = _merged(self._state_before, self._state, current)
        if request is not None and shared and hasattr(self, "_lent"):
            request.state = _merged(self._shared_before, self._lent.state, request.state)


def _merged(before: dict[str, Any], after: dict[str, Any], current: dict[str, Any]) -> dict[str, Any]:
    """``current`` with the keys that changed from ``before`` to ``after``: calls of one request may overlap."""
    changed = {key: value for key, value in after.items() if key not in before or before[key] is not value}
    gone = before.keys() - after.keys()
    if not changed and not gone:
        return current
    return {key: value for key, value in current.items() if key not in gone} | changed
