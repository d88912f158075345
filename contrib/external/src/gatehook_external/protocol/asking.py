"""Who asks, and what is known of the request: the ``context`` beside a payload, and what comes back of it."""

from __future__ import annotations

from typing import Any

from gatehook import PayloadError, PluginContext, Request, Runner

from gatehook_external.errors import ServiceError
from gatehook_external.protocol.plain import noun, plain, same


def context_to_wire(context: PluginContext) -> dict[str, Any]:
    """The context of a call as JSON data, with the state that all plugins of the request share. State that is no JSON
    stays at home.

    Raises:
        PayloadError: what is known of the request is no JSON.
    """
    request = context.request
    asking = {
        "user": request.user,
        "tenant_id": request.tenant_id,
        "server_id": request.server_id,
        "content_type": request.content_type,
        "roles": request.roles,
    }
    said = {key: plain(value, f"the request's {key}") for key, value in asking.items() if value}
    return {
        "state": _travelling(context.state),
        "global_context": {"request_id": request.id, **said, "state": _travelling(request.state), "metadata": {}},
        "metadata": _travelling(context.metadata),
    }


def apply_context(context: PluginContext, raw: Any) -> None:
    """Take over the ``context`` of an answer, which may have none: the plugin's state, its metadata, the shared state.

    A key that was sent and did not come back is deleted. Whatever else stands there changes nothing.

    Raises:
        ServiceError: it is no context; nothing of it was taken over.
    """
    try:
        said = _object(raw, "the context")
        shared = _object(said.get("global_context"), "global_context")
        parts = (
            (context.state, said.get("state"), "state"),
            (context.metadata, said.get("metadata"), "metadata"),
            (context.request.state, shared.get("state"), "global_context.state"),
        )
        read = [(mine, _copied(theirs, what)) for mine, theirs, what in parts if theirs is not None]
    except PayloadError as error:
        raise ServiceError(f"it answered what is not understood: {error}") from None
    for mine, theirs in read:
        if mine or theirs:
            _overwrite(mine, theirs)


def ask(runner: Runner, name: str, raw: Any) -> Request:
    """The request that a ``context`` from the line tells of, to be opened; its state, and that of the plugin ``name``,
    are as the caller says.

    Raises:
        PayloadError: it is no context.
    """
    said = _copied(raw, "the context")
    asking = _object(said.get("global_context"), "global_context")
    user, further = asking.get("user"), asking.get("user_context")
    if type(user) is dict:  # as ContextForge has it, for some ways to log in
        user = user.get("email")
    roles = asking.get("roles")
    if roles is None and type(further) is dict:
        roles = further.get("roles")
    if roles is not None and (type(roles) is not list or not all(type(role) is str for role in roles)):
        raise PayloadError("global_context.roles must be a list of texts")
    request = runner.request(
        id=_text(asking.get("request_id"), "request_id"),
        user=_text(user, "user"),
        tenant_id=_text(asking.get("tenant_id"), "tenant_id"),
        server_id=_text(asking.get("server_id"), "server_id"),
        content_type=_text(asking.get("content_type"), "content_type"),
        roles=tuple(roles or ()),
    )
    request.state = _object(asking.get("state"), "global_context.state")
    request.states = {name: _object(said.get("state"), "state")}
    _object(said.get("metadata"), "metadata")
    return request


def context_from(request: Request, name: str, raw: Any) -> dict[str, Any]:
    """The ``context`` of an answer: the one that came with ``request``, with the state as the plugin ``name`` left it.

    Raises:
        PayloadError: the plugin put something into the state that is no JSON, which would be lost.
    """
    said = _object(raw, "the context")
    return {
        "state": plain((request.states or {}).get(name, {}), "the plugin's state"),
        "global_context": {
            **_object(said.get("global_context"), "global_context"),
            "request_id": request.id,
            "state": plain(request.state, "the shared state"),
        },
        "metadata": _object(said.get("metadata"), "metadata"),
    }


def _travelling(state: dict[str, Any]) -> dict[str, Any]:
    """What of a state is JSON: a plugin in this process may keep anything in the shared one."""
    found = {}
    for key, value in state.items():
        try:
            found.update(plain({key: value}, "the state"))
        except PayloadError:
            continue
    return found


def _overwrite(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    # What came back as it was stays the same object, so that it does not count as written: calls may overlap.
    sent = _travelling(mine)
    for key in sent.keys() - theirs.keys():
        del mine[key]
    for key, value in theirs.items():
        stays = same(sent[key], value) if key in sent else key in mine
        if not stays:
            mine[key] = value


def _object(raw: Any, what: str) -> dict[str, Any]:
    if raw is None:
        return {}
    if type(raw) is not dict:
        raise PayloadError(f"{what} must be an object, got {noun(raw)}")
    return raw


def _copied(raw: Any, what: str) -> dict[str, Any]:
    copied: dict[str, Any] = plain(_object(raw, what), what)
    return copied


def _text(value: Any, what: str) -> str | None:
    if value is not None and type(value) is not str:
        raise PayloadError(f"global_context.{what} must be text, got {noun(value)}")
    return value
