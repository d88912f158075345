"""From resolved entries to plugins ready to run: imported, checked against what was said of them, constructed."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from gatehook.config import Config
from gatehook.entries import Entry as Entry
from gatehook.entries import check_called, hooks_to_run, laid_over
from gatehook.entries import resolve as resolve
from gatehook.errors import ConfigError, GatehookError, ManifestError, PluginLoadError, nearest
from gatehook.faults import model_faults
from gatehook.hooks import OBSERVER, Hook, check_signature, misspelt_hooks
from gatehook.kinds import load
from gatehook.manifest import Manifest
from gatehook.plugin import Plugin


def build(entry: Entry, config: Config, hooks: Mapping[str, Hook]) -> Plugin:
    """Import and construct the plugin of a resolved entry.

    Raises:
        PluginLoadError: it cannot be imported or constructed.
        ConfigError: its settings model refuses the entry's ``config``, or its class lacks a hook that the entry names.
        ManifestError: its class is not what its manifest says.
    """
    assert entry.available is not None, "what was not found is not built"  # noqa: S101  # states a fact for mypy
    try:
        cls = load(entry.available, Plugin)
    except GatehookError as error:
        raise PluginLoadError(entry.name, "import", str(error)) from error.__cause__
    known_before, entry.hooks = entry.hooks is not None, _hooks(cls, entry, config, hooks)
    if not known_before and (uncalled := check_called(entry)):
        raise ConfigError([config.document.problem(uncalled, entry.path)])
    return _construct(cls, entry, config)


def _hooks(cls: type[Plugin], entry: Entry, config: Config, hooks: Mapping[str, Hook]) -> tuple[str, ...]:
    """The hooks that the entry is going to run at."""
    implemented = _implemented(cls, entry, hooks)
    entry.implemented = tuple(implemented)
    if not implemented:
        raise PluginLoadError(entry.name, "import", f"{cls.__name__} implements no hook")
    if entry.manifest is not None:
        _check_truth(entry, entry.manifest, implemented)
    to_run = hooks_to_run(entry.config.hooks, implemented)
    named = entry.config.hooks or ()
    lacking = [] if OBSERVER in to_run else [place for place, name in enumerate(named) if name not in implemented]
    if lacking:
        has = ", ".join(implemented)
        problem = config.document.problem
        raise ConfigError(
            problem(f"{cls.__name__} does not implement {named[place]}; it has {has}", (*entry.path, "hooks", place))
            for place in lacking
        )
    if not to_run:
        raise ConfigError(
            [config.document.problem("`hooks` names no hook, so the plugin would never run", (*entry.path, "hooks"))]
        )
    return to_run


def narrow(entry: Entry, config: Config) -> None:
    """Leave the entry those of its hooks that its plugin, now that it is initialized, says it has to run at.

    Raises:
        ConfigError: the entry names another one, or none is left.
    """
    assert entry.plugin is not None  # noqa: S101  # it was initialized
    if entry.plugin.hooks is None:
        return
    has, problem = set(entry.plugin.hooks), config.document.problem
    said = ", ".join(sorted(has)) or "none"
    lacking = [place for place, name in enumerate(entry.config.hooks or ()) if name not in has]
    if lacking:
        named = entry.config.hooks or ()
        raise ConfigError(
            problem(f"{entry.name} has no {named[place]}; it has {said}", (*entry.path, "hooks", place))
            for place in lacking
        )
    elsewhere = ", ".join(name for name in entry.plugin.hooks if name not in entry.implemented)
    if elsewhere and entry.config.hooks is None:
        entry.warnings.append(f"it is also made for {elsewhere}, where it does not run here")
    entry.hooks = tuple(name for name in entry.hooks or () if name in has)
    if not entry.hooks:
        raise ConfigError([problem(f"{entry.name} has no hook that is run here; it has {said}", entry.path)])
    if uncalled := check_called(entry):
        raise ConfigError([problem(uncalled, entry.path)])


def _construct(cls: type[Plugin], entry: Entry, config: Config) -> Plugin:
    document = config.document
    # A copy, which the class may change: a retry begins from the config as it was.
    own = entry.config.model_copy(update={"config": laid_over({}, entry.config.config)})
    try:
        plugin = cls(own)
    except ValidationError as error:
        if cls.settings_model is None or error.title != cls.settings_model.__name__:
            raise PluginLoadError(entry.name, "construct", f"raised {type(error).__name__}") from error
        place = (*entry.path, "config")
        faults = model_faults(cls.settings_model, error, document.secrecy(place))
        raise ConfigError(
            document.problem(document.redacted(message), (*place, *path)) for message, path in faults
        ) from None
    except ConfigError as error:
        raise config.placed(error, entry.path) from None
    except (Exception, SystemExit) as error:
        reason = document.redacted(f"{cls.__name__}() raised {type(error).__name__}: {error}")
        raise PluginLoadError(entry.name, "construct", reason) from error
    if getattr(plugin, "config", None) is None:
        reason = f"{cls.__name__}.__init__ does not call super().__init__(config)"
        raise PluginLoadError(entry.name, "construct", reason)
    return plugin


def _implemented(cls: type[Plugin], entry: Entry, hooks: Mapping[str, Hook]) -> list[str]:
    """The hooks that the class implements, each with a signature that works."""
    for method, hook in misspelt_hooks(cls, dict(hooks)):
        reason = f"{cls.__name__}.{method} looks like a hook; did you mean {hook!r}?"
        raise PluginLoadError(entry.name, "register", reason)
    for method, hook in _decorated(cls):
        if hook not in hooks:
            reason = f"{cls.__name__}.{method} is decorated as {hook!r}, which is no hook{nearest(hook, hooks)}"
            raise PluginLoadError(entry.name, "register", reason)
        options = getattr(cls, method).gatehook_impl
        for option in ("tryfirst", "trylast"):
            if options.get(option):
                reason = f"{cls.__name__}.{method} says {option}, which has no effect; order comes from `priority`"
                raise PluginLoadError(entry.name, "register", reason)
    found: dict[str, Any] = {}
    methods: dict[str, str] = {}
    for method, hook, function in _hook_methods(cls, hooks):
        if hook in found:
            reason = f"{cls.__name__}.{methods[hook]} and {cls.__name__}.{method} both implement {hook}; only one can"
            raise PluginLoadError(entry.name, "register", reason)
        found[hook], methods[hook] = function, method
    for name, function in found.items():
        wrong = check_signature(function, hooks[name])
        if wrong:
            raise PluginLoadError(entry.name, "register", f"{cls.__name__}.{name} cannot be a hook: {wrong}")
    return list(found)


def _decorated(cls: type[Plugin]) -> Iterator[tuple[str, str]]:
    """The methods that bear ``@hookimpl``, and the names of the hooks that they are for."""
    for name in dir(cls):
        options = getattr(getattr(cls, name, None), "gatehook_impl", None)
        if options is not None:
            yield name, options.get("specname") or name


def _hook_methods(cls: type[Plugin], hooks: Mapping[str, Hook]) -> Iterator[tuple[str, str, Any]]:
    """The methods that implement hooks: name, hook and function."""
    decorated = dict(_decorated(cls))
    for name in dir(cls):
        hook = decorated.get(name, name)
        if hook in hooks:
            static = inspect.getattr_static(cls, name)
            yield name, hook, static.__get__(object(), cls) if inspect.isfunction(static) else getattr(cls, name)


def _check_truth(entry: Entry, manifest: Manifest, implemented: list[str]) -> None:
    lacking = sorted(set(manifest.available_hooks) - set(implemented))
    hidden = sorted(set(implemented) - set(manifest.available_hooks))
    if lacking:
        names = ", ".join(lacking)
        raise ManifestError(
            f"plugin {entry.name!r}: its manifest advertises {names}, which its class does not implement"
        )
    if hidden:
        names = ", ".join(hidden)
        raise ManifestError(
            f"plugin {entry.name!r}: its class implements {names}, which its manifest does not advertise"
        )
