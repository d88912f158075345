"""What flows through the hooks: one dataclass per hook, and typed models for what MCP nests inside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Final, Self, TypeVar

from gatehook.errors import PayloadError
from gatehook.values import Model, adopt, copy_value

_new: Final = object.__new__
_P = TypeVar("_P", bound="Payload")


class Payload:
    """The base of all payloads. A subclass is a dataclass and names its hook::

        @dataclass
        class ShipmentPayload(Payload, hook="shipment_pre_send", subject="carrier"):
            carrier: str
            parcels: list[dict[str, Any]] = field(default_factory=list)

    Class arguments:
        hook: the hook whose value this is.
        subject: the field that says what the call is about; conditions and the final-subject rule look at it.
        condition: the condition field that is matched against the subject, such as ``tools``; none if left out.
        answerable: whether a plugin may answer the call itself (``PluginResult(response=…)``).
    """

    hook: ClassVar[str]
    subject_field: ClassVar[str | None] = None
    condition: ClassVar[str | None] = None
    answerable: ClassVar[bool] = False

    def __init_subclass__(
        cls, hook: str = "", subject: str | None = None, condition: str | None = None, answerable: bool = False
    ) -> None:
        if hook:
            cls.hook, cls.subject_field, cls.condition, cls.answerable = hook, subject, condition, answerable

    @property
    def subject(self) -> str | None:
        return getattr(self, self.subject_field) if self.subject_field else None

    def lend(self) -> Self:
        """A copy of one's own for a plugin to read and change.

        A field is copied when it is first touched, so a plugin that decides by the tool's name
        never pays for its arguments.
        """
        lent = _new(self.__class__)
        lent.__dict__["_lender"] = self
        for name in _class_level(self.__class__):
            lent.__dict__[name] = copy_value(getattr(self, name))
        return lent

    @classmethod
    def lender(cls) -> Callable[[Self], Self]:
        """:meth:`lend`, in its fastest form for this class."""
        plain = not _class_level(cls) and cls.__setattr__ is object.__setattr__
        return _lend if plain else cls.lend

    def __getattr__(self, name: str) -> Any:
        # Reached only for what the instance does not have: a field of a lent payload that nobody touched yet.
        lender = self.__dict__.get("_lender")
        if lender is None or name not in _field_names(type(self)):
            raise AttributeError(f"{type(self).__name__} has no field {name!r}", name=name, obj=self)
        value = self.__dict__[name] = copy_value(getattr(lender, name))
        return value

    def adopt(self, returned: Self) -> Self:
        """This payload as a plugin returned it, by value: what the plugin does to ``returned`` later changes nothing.

        It is this very object when the plugin changed nothing.
        """
        touched = returned.__dict__
        untouched_is_mine = touched.get("_lender") is self
        changed = {}
        for name in _field_names(self.__class__):
            if name in touched or not untouched_is_mine:  # what the plugin never looked at, it did not change
                mine = getattr(self, name)
                value = adopt(mine, getattr(returned, name))
                if value is not mine:
                    changed[name] = value
        if not changed:
            return self
        adopted = _new(returned.__class__)
        adopted.__dict__.update(self.to_dict())
        adopted.__dict__.update(changed)
        return adopted

    def to_dict(self) -> dict[str, Any]:
        """The fields by name; the values are shared, not copied."""
        return {name: getattr(self, name) for name in _field_names(type(self))}

    def __getstate__(self) -> dict[str, Any]:
        return self.to_dict()


def _lend(payload: _P) -> _P:
    lent = _new(payload.__class__)
    lent._lender = payload  # type: ignore[attr-defined]  # not a field, so not declared: a dataclass would take it for one
    return lent


_NAMES: Final[dict[type, tuple[str, ...]]] = {}
_CLASS_LEVEL: Final[dict[type, tuple[str, ...]]] = {}


def _field_names(cls: type[Any]) -> tuple[str, ...]:
    if cls not in _NAMES:
        _NAMES[cls] = tuple(item.name for item in fields(cls))
    return _NAMES[cls]


def _class_level(cls: type[Any]) -> tuple[str, ...]:
    # A default that lives on the class would answer before __getattr__ does, so such fields are copied at once.
    if cls not in _CLASS_LEVEL:
        _CLASS_LEVEL[cls] = tuple(name for name in _field_names(cls) if hasattr(cls, name))
    return _CLASS_LEVEL[cls]


# -- the twelve hooks of the specification


@dataclass
class PromptPrehookPayload(Payload, hook="prompt_pre_fetch", subject="name", condition="prompts", answerable=True):
    name: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass
class PromptPosthookPayload(Payload, hook="prompt_post_fetch", subject="name", condition="prompts"):
    name: str
    result: PromptResult


@dataclass
class ToolPreInvokePayload(Payload, hook="tool_pre_invoke", subject="name", condition="tools", answerable=True):
    name: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass
class ToolPostInvokePayload(Payload, hook="tool_post_invoke", subject="name", condition="tools"):
    """``result`` is the MCP ``CallToolResult`` as JSON: ``content``, ``structuredContent``, ``isError``, and
    what else is there."""

    name: str
    result: Any


@dataclass
class ResourcePreFetchPayload(
    Payload, hook="resource_pre_fetch", subject="uri", condition="resources", answerable=True
):
    uri: str
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass
class ResourcePostFetchPayload(Payload, hook="resource_post_fetch", subject="uri", condition="resources"):
    """One of the contents of a resource; a read that has several runs the hook once for each."""

    uri: str
    content: ResourceContent


@dataclass
class ServerPreRegisterPayload(Payload, hook="server_pre_register", subject="name", condition="server_ids"):
    """``evidence``: certificate chain, initialize answer, tool definitions, attestation documents, as far as the host
    has them."""

    name: str
    url: str
    transport: str = field(default_factory=str)
    metadata: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass
class ServerPostRegisterPayload(Payload, hook="server_post_register", subject="name", condition="server_ids"):
    name: str
    url: str
    transport: str = field(default_factory=str)
    metadata: dict[str, Any] = field(default_factory=dict)
    status: str = field(default_factory=str)


@dataclass
class AuthPreCheckPayload(Payload, hook="auth_pre_check"):
    method: str
    path: str = field(default_factory=str)
    headers: dict[str, str] = field(default_factory=dict)
    client: Any = field(default_factory=lambda: None)
    credentials: Any = field(default_factory=lambda: None)


@dataclass
class AuthPostCheckPayload(Payload, hook="auth_post_check"):
    """Who the request turned out to be. Once the hook allows it, this binds the request's user, tenant and roles."""

    user: str | None
    tenant_id: str | None = field(default_factory=lambda: None)
    roles: tuple[str, ...] | list[str] = field(default_factory=tuple)
    claims: dict[str, Any] = field(default_factory=dict)
    method: str = field(default_factory=str)


@dataclass
class FederationPreSyncPayload(Payload, hook="federation_pre_sync", subject="peer"):
    peer: str
    url: str = field(default_factory=str)
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass
class FederationPostSyncPayload(Payload, hook="federation_post_sync", subject="peer"):
    """What a peer offers, as MCP definitions in JSON; a plugin may shorten the lists or rename their entries."""

    peer: str
    tools: list[dict[str, Any]] = field(default_factory=list)
    prompts: list[dict[str, Any]] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)


# -- what MCP nests in prompts and resources (https://modelcontextprotocol.io/specification, "Prompts", "Resources")


class Content(Model):
    """One content block; its keys are its attributes, so an image block has ``data`` and no ``text``."""

    type: str
    text: str


class TextContent(Content):
    """A text block, to be built in a plugin: ``TextContent(text="…")``."""

    def __init__(self, text: str, type: str = "text", **fields: Any) -> None:  # noqa: A002  # the field's name in MCP
        super().__init__(type=type, text=text, **fields)


class Message(Model):
    """One message of a prompt: ``role`` and ``content``."""

    role: str
    content: Content | list[Content]

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        message = _model(cls, raw, "a prompt message")
        content = message.__dict__.get("content")
        if isinstance(content, list):  # several blocks in one message, as sampling messages have them
            message.content = [_model(Content, block, "a content block of a prompt message") for block in content]
        else:
            message.content = _model(Content, content, "the content of a prompt message")
        return message


class PromptResult(Model):
    """The answer to prompts/get: ``messages``, and ``description`` where the server gave one."""

    messages: list[Message]
    description: str

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        result = _model(cls, raw, "a prompt result")
        messages = result.__dict__.get("messages")
        if not isinstance(messages, list):
            raise PayloadError("a prompt result must have a list of messages")
        result.messages = [Message.from_json(item) for item in messages]
        return result


class ResourceContent(Model):
    """One of the contents of a resource: ``uri``, ``mimeType`` where known, and ``text`` or ``blob`` (base64)."""

    uri: str
    mimeType: str  # noqa: N815  # the key in MCP's JSON
    text: str
    blob: str

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        return _model(cls, raw, "a resource content")


_M = TypeVar("_M", bound=Model)


def _model(cls: type[_M], raw: Any, what: str) -> _M:
    if type(raw) is not dict:
        raise PayloadError(f"{what} must be an object, got {type(raw).__name__}")
    model = object.__new__(cls)
    model.__dict__.update(raw)
    return model
