"""Who is asking (:class:`Request`), and what one plugin sees of it during one call (:class:`PluginContext`)."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any, Protocol, Self, TypeVar
from uuid import uuid4

from gatehook.errors import GatehookError
from gatehook.payloads import Payload
from gatehook.results import Outcome

P = TypeVar("P", bound=Payload)


class Chains(Protocol):
    """What a request needs of a generation: to be counted, and the chain for a payload."""

    chains: Mapping[type[Payload], Any]

    def enter(self) -> None: ...
    def leave(self) -> None: ...


class Request:
    """One request, open from its first hook to its last; opened by ``runner.request(…)``.

    ``state`` is a dict that all plugins of the request share, by key.
    """

    __slots__ = (
        "_chains", "_generation", "_id", "_source", "content_type", "host", "identified",
        "roles", "server_id", "state", "states", "tenant_id", "user",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913  # the fields of a request, all optional and by keyword
        self,
        *,
        id: str | None = None,  # noqa: A002  # the name that hosts use
        user: str | None = None,
        tenant_id: str | None = None,
        server_id: str | None = None,
        content_type: str | None = None,
        roles: tuple[str, ...] | list[str] = (),
        host: Any = None,
        source: Any = None,
    ) -> None:
        self._id = id
        self.user = user
        self.tenant_id = tenant_id
        self.server_id = server_id
        self.content_type = content_type
        self.roles: tuple[str, ...] | list[str] = roles
        self.host = host
        self.state: dict[str, Any] = {}
        self.identified = False
        self._source = source  # the runner: its `generation` is looked up when the request opens
        self._generation: Chains | None = None
        self._chains: Mapping[type[Payload], Any] | None = None
        self.states: dict[str, dict[str, Any]] | None = None  # of each plugin its own, by name

    @property
    def id(self) -> str:
        """The host's id, or a random one made when somebody first asks for it."""
        if self._id is None:
            self._id = uuid4().hex
        return self._id

    request_id = id

    async def __aenter__(self) -> Self:
        if self._source is None:
            raise GatehookError("this request belongs to no runner; open one with runner.request(…)")
        if self._generation is not None:
            raise GatehookError("this request is open already; each `async with` needs a request of its own")
        self._generation = generation = self._source.generation
        generation.enter()
        self._chains = generation.chains
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
            roles=self.roles,
            host=self.host,
        )
        lent.state = self.state.copy()
        return lent

    def __repr__(self) -> str:
        return f"Request(user={self.user!r}, tenant_id={self.tenant_id!r}, server_id={self.server_id!r})"


class PluginContext:
    """What one plugin knows beside the payload, in one call.

    ``state`` is the plugin's own from the request's first hook to its last; ``metadata`` goes to the host with the outcome;
    ``request`` says who is asking. What a failed or timed-out call writes is dropped.
    """

    __slots__ = ("_before", "_lent", "_metadata", "_plugin", "_request", "_shared_before", "_state", "touched")

    def __init__(self, request: Request | None = None, plugin: str = "") -> None:
        self._request = request
        self._plugin = plugin
        self._state: dict[str, Any] | None = None
        self._lent: Request | None = None
        self._metadata: dict[str, Any] | None = None
        self.touched = False

    @property
    def state(self) -> dict[str, Any]:
        if self._state is None:
            states = self._request.states if self._request else None
            self._before = states.get(self._plugin, {}) if states else {}
            self._state = self._before.copy()
            self.touched = True
        return self._state

    @property
    def metadata(self) -> dict[str, Any]:
        if self._metadata is None:
            self._metadata = {}
            self.touched = True
        return self._metadata

    @property
    def request(self) -> Request:
        if self._lent is None:
            self._lent = (self._request or Request()).lend()
            self._shared_before = self._lent.state.copy()
            self.touched = True
        return self._lent

    @property
    def global_context(self) -> Request:
        return self.request

    def get_state(self, key: str, default: Any = None) -> Any:
        return self.state.get(key, default)

    def set_state(self, key: str, value: Any) -> None:
        self.state[key] = value

    def commit(self, shared: bool) -> dict[str, Any]:
        """Keep what the call wrote (of the shared state only if ``shared``), and return its metadata."""
        request = self._request
        if request is not None and self._state is not None:
            if request.states is None:
                request.states = {}
            current = request.states.get(self._plugin, {})
            request.states[self._plugin] = _merged(self._before, self._state, current)
        if request is not None and self._lent is not None and shared:
            request.state = _merged(self._shared_before, self._lent.state, request.state)
        return self._metadata or {}


def _merged(before: dict[str, Any], after: dict[str, Any], current: dict[str, Any]) -> dict[str, Any]:
    """``current`` with the keys that changed from ``before`` to ``after``: calls of one request may overlap."""
    changed = {key: value for key, value in after.items() if key not in before or before[key] is not value}
    gone = before.keys() - after.keys()
    if not changed and not gone:
        return current
    return {key: value for key, value in current.items() if key not in gone} | changed
