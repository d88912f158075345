"""The hooks: what each one means, and what an implementation may look like. The docstrings are the manual's entries."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from difflib import SequenceMatcher
from inspect import getattr_static
from types import MemberDescriptorType
from typing import Any, Final, get_type_hints

import pluggy

from gatehook.payloads import (
    AuthPostCheckPayload,
    AuthPreCheckPayload,
    FederationPostSyncPayload,
    FederationPreSyncPayload,
    Payload,
    PromptPosthookPayload,
    PromptPrehookPayload,
    ResourcePostFetchPayload,
    ResourcePreFetchPayload,
    ServerPostRegisterPayload,
    ServerPreRegisterPayload,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)
from gatehook.request import PluginContext, Request
from gatehook.results import Outcome, PluginResult

hookspec: Final = pluggy.HookspecMarker("gatehook")
hookimpl: Final = pluggy.HookimplMarker("gatehook")
OBSERVER: Final = "hook_finished"
"""The one hook that decides nothing: it is told what every run of the others came to."""


class HookSpecs:
    """All hooks of gatehook. A host adds its own by a class like this, given to ``Runner.from_config(hookspecs=…)``."""

    @hookspec
    def prompt_pre_fetch(
        self, payload: PromptPrehookPayload, context: PluginContext
    ) -> PluginResult[PromptPrehookPayload] | None:
        """Before a prompt is fetched (prompts/get), with the name and arguments that the client sent.

        A change replaces the name or the arguments; a block means that the prompt is not fetched; a response is used
        as the prompt's result in the server's place.
        """

    @hookspec
    def prompt_post_fetch(
        self, payload: PromptPosthookPayload, context: PluginContext
    ) -> PluginResult[PromptPosthookPayload] | None:
        """After a prompt was rendered, with its messages, before the client sees them.

        A change replaces the messages; a block keeps them from the client.
        """

    @hookspec
    def tool_pre_invoke(
        self, payload: ToolPreInvokePayload, context: PluginContext
    ) -> PluginResult[ToolPreInvokePayload] | None:
        """Before a tool is called (tools/call), with its name and arguments.

        A change replaces the name or the arguments; a block means that the tool is not called; a response is used as
        the tool's result in the server's place, and the post hooks see it.
        """

    @hookspec
    def tool_post_invoke(
        self, payload: ToolPostInvokePayload, context: PluginContext
    ) -> PluginResult[ToolPostInvokePayload] | None:
        """After a tool answered, with its result as JSON (``content``, ``structuredContent``, ``isError``, …).

        A change replaces the result; a block keeps it from the client. The tool has run either way.
        """

    @hookspec
    def resource_pre_fetch(
        self, payload: ResourcePreFetchPayload, context: PluginContext
    ) -> PluginResult[ResourcePreFetchPayload] | None:
        """Before a resource is read (resources/read), with its URI.

        A change replaces the URI or the metadata; a block means that the resource is not read; a response is used as
        its contents in the server's place.
        """

    @hookspec
    def resource_post_fetch(
        self, payload: ResourcePostFetchPayload, context: PluginContext
    ) -> PluginResult[ResourcePostFetchPayload] | None:
        """After a resource was read, once for each of its contents, with that content's own URI and media type.

        A change replaces the content; one block keeps the whole read from the client.
        """

    @hookspec
    def server_pre_register(
        self, payload: ServerPreRegisterPayload, context: PluginContext
    ) -> PluginResult[ServerPreRegisterPayload] | None:
        """Before an MCP server is admitted, with the evidence that the host gathered about it.

        A block means that the server is not served.
        """

    @hookspec
    def server_post_register(
        self, payload: ServerPostRegisterPayload, context: PluginContext
    ) -> PluginResult[ServerPostRegisterPayload] | None:
        """After an MCP server was admitted. A block withdraws it again."""

    @hookspec
    def auth_pre_check(
        self, payload: AuthPreCheckPayload, context: PluginContext
    ) -> PluginResult[AuthPreCheckPayload] | None:
        """Before the host finds out who is asking, with the request's line, headers and credentials.

        A change replaces what the host will check; a block refuses the request.
        """

    @hookspec
    def auth_post_check(
        self, payload: AuthPostCheckPayload, context: PluginContext
    ) -> PluginResult[AuthPostCheckPayload] | None:
        """After the host found out who is asking, before every other hook of the request.

        A change replaces identity, roles or claims; a block refuses the request. When it is allowed, the request's
        ``user``, ``tenant_id`` and ``roles`` are bound to the outcome, once.
        """

    @hookspec
    def federation_pre_sync(
        self, payload: FederationPreSyncPayload, context: PluginContext
    ) -> PluginResult[FederationPreSyncPayload] | None:
        """Before a peer's catalogue is read. A block means that the peer is not asked."""

    @hookspec
    def federation_post_sync(
        self, payload: FederationPostSyncPayload, context: PluginContext
    ) -> PluginResult[FederationPostSyncPayload] | None:
        """After a peer's catalogue was read. A change may shorten its lists or rename entries; a block drops the
        catalogue."""

    @hookspec
    def hook_finished(self, outcome: Outcome[Payload], request: Request) -> None:
        """After every run of a hook, allowed, blocked, answered, raised or cancelled, with the outcome and its records.

        For observers: nothing that they return, raise or wait for changes the outcome.
        """


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook as the chain needs it: its name, its payload type and the parameters that an implementation may take."""

    name: str
    payload: type[Payload] | None
    parameters: tuple[str, ...]


def hooks_of(specs: type | object) -> Iterator[Hook]:
    """The hooks that a hookspec class declares.

    Raises:
        TypeError: a hook does not take ``payload`` and ``context``, or its payload's type is not of this hook.
    """
    for name in dir(specs):
        function = getattr(specs, name)
        if name.startswith("_") or not hasattr(function, "gatehook_spec"):
            continue
        parameters = tuple(key for key in inspect.signature(function).parameters if key != "self")
        if name == OBSERVER:
            yield Hook(name, None, parameters)
            continue
        payload = get_type_hints(function).get("payload")
        if parameters != ("payload", "context"):
            raise TypeError(f"hookspec {name} must take (self, payload, context), not {', '.join(parameters)}")
        if not (isinstance(payload, type) and issubclass(payload, Payload) and getattr(payload, "hook", "") == name):
            raise TypeError(
                f"hookspec {name} must annotate its payload with a Payload subclass that says hook={name!r}"
            )
        if not is_dataclass(payload):
            raise TypeError(f"{payload.__name__}, the payload of hookspec {name}, must be a dataclass")
        if any(isinstance(getattr_static(payload, item.name, None), MemberDescriptorType) for item in fields(payload)):
            raise TypeError(
                f"{payload.__name__}, the payload of hookspec {name}, must not have slots: fields are copied lazily"
            )
        yield Hook(name, payload, parameters)


def check_signature(function: Callable[..., Any], hook: Hook) -> str | None:
    """What is wrong with an implementation of ``hook``, or ``None``.

    pluggy itself passes over most of this in silence: it never fills parameters that have defaults, for instance.
    """
    wanted = f"expected any of ({', '.join(hook.parameters)})"
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        return "it contains `yield`; a hook returns its result"
    if not callable(function):
        return f"it is a {type(function).__name__}, not a method"
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            return f"it takes {parameter}, which no hook fills; {wanted}"
        if parameter.kind is parameter.KEYWORD_ONLY:
            return f"its parameter {name!r} is keyword-only; {wanted}, positional"
        if name not in hook.parameters:
            return f"it takes {name!r}; {wanted}"
        if parameter.default is not parameter.empty:
            return f"its parameter {name!r} has a default, so it would never be filled; {wanted} without defaults"
    return None


def misspelt_hooks(cls: type, hooks: dict[str, Hook]) -> Iterator[tuple[str, str]]:
    """Methods that were surely meant as hooks: ``(method, hook)``. They take a hook's parameters, or some of them, and
    nearly bear its name."""
    for name, function in inspect.getmembers_static(cls, inspect.isfunction):
        if name in hooks or name.startswith("_"):
            continue
        for hook in hooks.values():
            taken = tuple(inspect.signature(function).parameters)[1:]
            helper = name.startswith(f"{hook.name}_") or name.endswith(f"_{hook.name}")
            near = not helper and SequenceMatcher(None, name, hook.name).ratio() > 0.8
            if near and taken and set(taken) <= set(hook.parameters):
                yield name, hook.name
                break
