"""Payloads as they cross the line: the fields of the payload under their names, a prompt's name as ``prompt_id``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from typing import Any, Final, NamedTuple, TypeVar, get_type_hints

from gatehook import (
    AuthPostCheckPayload,
    AuthPreCheckPayload,
    FederationPostSyncPayload,
    FederationPreSyncPayload,
    Payload,
    PayloadError,
    PromptPosthookPayload,
    PromptPrehookPayload,
    PromptResult,
    ResourceContent,
    ResourcePostFetchPayload,
    ResourcePreFetchPayload,
    ServerPostRegisterPayload,
    ServerPreRegisterPayload,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)

from gatehook_external.protocol.contents import prompt_result, resource_content
from gatehook_external.protocol.plain import noun, plain, same

P = TypeVar("P", bound=Payload)

_PAYLOADS: Final[dict[str, type[Payload]]] = {
    kind.hook: kind
    for kind in (
        PromptPrehookPayload,
        PromptPosthookPayload,
        ToolPreInvokePayload,
        ToolPostInvokePayload,
        ResourcePreFetchPayload,
        ResourcePostFetchPayload,
        ServerPreRegisterPayload,
        ServerPostRegisterPayload,
        AuthPreCheckPayload,
        AuthPostCheckPayload,
        FederationPreSyncPayload,
        FederationPostSyncPayload,
    )
}
HOOKS: Final = tuple(_PAYLOADS)
"""The hooks whose payloads have a form on the line."""
_PROMPTS: Final = ("prompt_pre_fetch", "prompt_post_fetch")


def to_wire(payload: Payload, *, prompt_key: str = "prompt_id") -> dict[str, Any]:
    """The payload as JSON data of its own. ``prompt_key`` is ``name`` where the old protocol is spoken.

    Raises:
        PayloadError: it holds what is no JSON, or belongs to a hook of the host's own.
    """
    hook = payload.hook
    if hook not in _PAYLOADS:
        raise PayloadError(f"payloads of {hook} have no form that can be sent")
    raw = {name: plain(value, f"{hook}.{name}") for name, value in payload.to_dict().items()}
    if hook in _PROMPTS and prompt_key != "name":
        return {prompt_key: raw.pop("name"), **raw}
    return raw


def from_wire(hook: str, raw: Any) -> Payload:
    """The payload that arrived for a hook. Fields that gatehook has not are left out, such as ``headers`` of a call.

    Raises:
        PayloadError: it is no payload of that hook. The message says where and what, and quotes nothing of it.
    """
    if hook not in _PAYLOADS:
        raise PayloadError("there is no payload of such a hook")
    kind = _PAYLOADS[hook]
    given = _given(hook, raw)
    found = {}
    for field in _FIELDS[hook]:
        if field.said(given):
            found[field.name] = field.read(given[field.name], f"{hook}.{field.name}")
        elif field.required and field.nullable:  # peers leave out what is null
            found[field.name] = None
        elif field.required:
            raise PayloadError(f"{hook}: the payload lacks {field.name!r}")
    return kind(**found)


def changed(payload: P, raw: Any) -> P:
    """The payload that was sent, as an answer's ``modified_payload`` leaves it.

    A field that the answer lacks stays. One that it has is what it says, whole: what a plugin took out of a prompt's
    block or of a resource is gone, and what it left of fields that gatehook does not know is there.

    Raises:
        PayloadError: as :func:`from_wire`; or it says something of a field that was not sent, such as a peer's
            ``headers``: that would be lost without a word.
    """
    hook = payload.hook
    given, mine = _given(hook, raw), payload.to_dict()
    if any(name not in mine and name != "prompt_id" and value not in (None, {}, []) for name, value in given.items()):
        raise PayloadError(f"{hook}: it changes a field that gatehook's payload has not, such as a peer's headers")
    for field in _FIELDS[hook]:
        if field.said(given):
            value = given[field.name]
            read = field.read(value, f"{hook}.{field.name}")
            if not same(plain(mine[field.name], hook), plain(read, hook)):
                mine[field.name] = read
    return type(payload)(**mine)


def _given(hook: str, raw: Any) -> dict[str, Any]:
    if type(raw) is not dict:
        raise PayloadError(f"{hook}: the payload must be an object, got {noun(raw)}")
    if hook in _PROMPTS and "prompt_id" in raw:
        return {**raw, "name": raw["prompt_id"]}
    return raw


class _Field(NamedTuple):
    name: str
    required: bool
    nullable: bool
    wanted: str
    fits: Callable[[Any], bool]
    build: Callable[[Any, str], Any] | None

    def said(self, given: dict[str, Any]) -> bool:
        """Whether the other side says anything of the field: models of peers write ``null`` for what is not given."""
        return self.name in given and (given[self.name] is not None or self.nullable or self.required)

    def read(self, value: Any, what: str) -> Any:
        value = plain(value, what)
        if not self.fits(value):
            raise PayloadError(f"{what} must be {self.wanted}, got {noun(value)}")
        return self.build(value, what) if self.build else value


def _is(kind: type) -> Callable[[Any], bool]:
    return lambda value: type(value) is kind


def _anything(value: Any) -> bool:
    return True


def _texts(values: Any) -> bool:
    return all(type(value) is str for value in values)


_KINDS: Final[dict[Any, tuple[str, Callable[[Any], bool], Callable[[Any, str], Any] | None]]] = {
    str: ("text", _is(str), None),
    str | None: ("text or null", lambda value: value is None or type(value) is str, None),
    dict[str, Any]: ("an object", _is(dict), None),
    dict[str, str]: ("an object of texts", lambda value: type(value) is dict and _texts(value.values()), None),
    list[dict[str, Any]]: ("a list of objects", lambda value: type(value) is list and all(map(_is(dict), value)), None),
    tuple[str, ...] | list[str]: (
        "a list of texts",
        lambda value: type(value) is list and _texts(value),
        lambda value, what: tuple(value),
    ),
    PromptResult: ("an object", _is(dict), prompt_result),
    ResourceContent: ("an object", _is(dict), resource_content),
    Any: ("any JSON", _anything, None),
}
"""By the type of a field: what it is in words, what fits it, and what is made of it."""


def _fields_of(kind: type[Any]) -> Iterator[_Field]:
    hints = get_type_hints(kind)
    for item in fields(kind):
        wanted, fits, build = _KINDS[hints[item.name]]
        required = item.default is MISSING and item.default_factory is MISSING
        yield _Field(item.name, required, fits(None), wanted, fits, build)


_FIELDS: Final = {hook: tuple(_fields_of(kind)) for hook, kind in _PAYLOADS.items()}
