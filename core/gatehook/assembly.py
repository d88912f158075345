"""From what the operator wrote and what is installed to plugins ready to run: every entry checked, then imported, then built."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from gatehook.config import Config, describe_fault, validate
from gatehook.discovery import CONFIG, Available, NotFoundError, contributions, find, load
from gatehook.errors import ConfigError, GatehookError, ManifestError, PluginLoadError, nearest
from gatehook.hooks import OBSERVER, Hook, check_signature, misspelt_hooks
from gatehook.manifest import Manifest
from gatehook.plugin import Plugin, PluginConfig
from gatehook.results import PluginMode
from gatehook.schemas import schema_faults
from gatehook.values import Path

KNOWN_SECTIONS = {"admin": "gatehook-admin", "guard": "gatehook-guard", "identity": "gatehook-guard"}
"""Top-level sections of our own hosts, to name what is missing."""


@dataclass
class Entry:
    """One configured plugin on its way up. ``config`` has the manifest's defaults filled in once it is resolved.

    ``hooks`` are those it will run at, ``None`` while only its class could tell. ``failure`` says why it is not running.
    """

    index: int
    config: PluginConfig
    available: Available | None = None
    hooks: tuple[str, ...] | None = None
    failure: PluginLoadError | None = None
    plugin: Plugin | None = None
    health: bool | str | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def path(self) -> Path:
        return ("plugins", self.index)

    @property
    def manifest(self) -> Manifest | None:
        return self.available.manifest if self.available else None

    @property
    def reads(self) -> bool:
        return self.manifest is not None and self.manifest.access == "read" and self.config.access != "write"

    @property
    def must_run(self) -> bool:
        """Whether the runner refuses to start without it."""
        return self.config.mode is PluginMode.ENFORCE and self.config.on_error != "allow"


def resolve(
    config: Config, available: list[Available], hooks: Mapping[str, Hook], called: Collection[str] | None
) -> list[Entry]:
    """Check each entry against its manifest, importing nothing.

    Raises:
        ConfigError: with everything that is wrong in the config.
        ManifestError: the config is right, and what a distribution says of its plugin is not.
    """
    lies: list[str] = []
    _check_sections(config)
    for name in sorted(set(called or ()) - set(hooks)):
        raise ConfigError(f"the host says that it calls the hook {name!r}, which does not exist{nearest(name, hooks)}")
    entries = [Entry(index, plugin) for index, plugin in config.plugins]
    for entry in entries:
        if entry.config.mode is PluginMode.DISABLED:
            continue
        try:
            _resolve_entry(entry, config, available, hooks)
        except ManifestError as error:
            lies.append(f"plugin {entry.name!r}: {error}")
        if called is not None:
            _check_called(entry, config, {*called, OBSERVER})
    for lie in lies if config.document.problems else ():
        config.document.report(lie)
    config.raise_for_problems()
    if lies:
        raise ManifestError("\n".join(lies))
    return entries


def _resolve_entry(entry: Entry, config: Config, available: list[Available], hooks: Mapping[str, Hook]) -> None:
    document = config.document
    for name in entry.config.hooks or ():
        if name not in hooks:
            where = (*entry.path, "hooks", (entry.config.hooks or []).index(name))
            document.report(f"there is no hook {name!r}{nearest(name, hooks)}", where)
    try:
        entry.available = find(entry.config.kind or entry.name, available, entry.config.distribution)
    except NotFoundError as error:
        entry.failure = PluginLoadError(entry.name, "find", str(error))
    if entry.available is not None and entry.available.problem:
        raise ManifestError(entry.available.problem)
    _check_own_keys(entry, config)
    if entry.manifest is None:
        entry.hooks = None if entry.config.hooks is None else tuple(entry.config.hooks)
        return
    _fill_in(entry, entry.manifest)
    _check_manifest(entry.manifest, hooks)
    _check_hooks(entry, config, entry.manifest)
    _check_config(entry, config, entry.manifest)


def _fill_in(entry: Entry, manifest: Manifest) -> None:
    filled: dict[str, Any] = {"config": {**manifest.default_config, **entry.config.config}}
    if manifest.grants and entry.config.when_unknown is None:
        filled["when_unknown"] = "skip"
    entry.hooks = tuple(manifest.available_hooks if entry.config.hooks is None else entry.config.hooks)
    entry.config = entry.config.model_copy(update=filled)


def _check_manifest(manifest: Manifest, hooks: Mapping[str, Hook]) -> None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415  # only checking needs it

    for name in manifest.available_hooks:
        if name not in hooks:
            raise ManifestError(f"its manifest advertises the hook {name!r}, which does not exist{nearest(name, hooks)}")
    try:
        if not SpecifierSet(manifest.requires).contains(own_version(), prereleases=True):
            raise ManifestError(f"it requires gatehook {manifest.requires}; this is {own_version()}")
    except InvalidSpecifier:
        raise ManifestError(f"its manifest's `requires` is no version range: {manifest.requires!r}") from None


def own_version() -> str:
    from gatehook import __version__  # noqa: PLC0415  # the package's front door imports this module

    return __version__


def _check_hooks(entry: Entry, config: Config, manifest: Manifest) -> None:
    for position, name in enumerate(entry.config.hooks or ()):
        if name not in manifest.available_hooks:
            has = ", ".join(manifest.available_hooks)
            config.document.report(f"{entry.config.kind or entry.name} does not implement {name}; it has {has}", (*entry.path, "hooks", position))


def _check_config(entry: Entry, config: Config, manifest: Manifest) -> None:
    for key, schema in [("config", manifest.config_schema), *manifest.sections.items()]:
        value = entry.config.config if key == "config" else entry.config.sections.get(key)
        if schema is not None and value is not None:
            for message, path in schema_faults(value, schema, lambda path: config.document.is_secret((*entry.path, key, *path))):  # noqa: B023
                config.document.report(message, (*entry.path, key, *path))


def _check_own_keys(entry: Entry, config: Config) -> None:
    """Report keys of the entry that are neither the framework's nor a section that the kind declares."""
    declared = set(entry.manifest.sections) if entry.manifest else set()
    known = {*PluginConfig.model_fields, *declared}
    for key in entry.config.sections:
        hint = nearest(key, known)
        if key not in declared and (entry.available is not None or hint):
            config.document.report(f"unknown key {key!r}{hint}", (*entry.path, key))


def _check_sections(config: Config) -> None:
    """Check the top-level sections of installed hosts by their own models."""
    models = {item.name: item for item in contributions(CONFIG)} if config.sections else {}
    for name, value in config.sections.items():
        if name in models:
            validate(models[name].load(), value or {}, config.document, (name,))
        elif name in KNOWN_SECTIONS:
            config.document.report(f"the section {name!r} belongs to {KNOWN_SECTIONS[name]}, which is not installed", (name,))
        else:
            config.document.report(f"unknown key {name!r}{nearest(name, ['plugins', 'plugin_settings', *models])}", (name,))


def _check_called(entry: Entry, config: Config, called: set[str]) -> None:
    if not entry.hooks:
        return
    uncalled = [name for name in entry.hooks if name not in called]
    if len(uncalled) == len(entry.hooks) and entry.must_run:
        config.document.report(
            f"{entry.name!r} enforces, but this host calls none of its hooks ({', '.join(uncalled)})", (*entry.path, "hooks")
        )
    elif uncalled:
        entry.warnings.append(f"this host never calls {', '.join(uncalled)}")


# -- importing and building


def build(entry: Entry, config: Config, hooks: Mapping[str, Hook]) -> Plugin:
    """Import and construct the plugin of a resolved entry.

    Raises:
        PluginLoadError: it cannot be imported or constructed.
        ConfigError: its settings model refuses the entry's ``config``, or its class lacks a hook that the entry names.
        ManifestError: its class is not what its manifest says.
    """
    assert entry.available is not None, "an entry that was not found is not built"  # noqa: S101
    try:
        cls = load(entry.available, Plugin)
    except GatehookError as error:
        raise PluginLoadError(entry.name, "import", str(error)) from error.__cause__
    implemented = _implemented(cls, entry, hooks)
    if entry.manifest is not None:
        _check_truth(entry, entry.manifest, implemented)
    for name in entry.hooks or ():
        if name not in implemented:
            has = ", ".join(implemented) or "none"
            raise ConfigError([config.document.problem(f"{cls.__name__} does not implement {name}; it has {has}", (*entry.path, "hooks"))])
    entry.hooks = tuple(implemented) if entry.hooks is None else entry.hooks
    if not entry.hooks:
        raise PluginLoadError(entry.name, "import", f"{cls.__name__} implements no hook")
    try:
        plugin = cls(entry.config)
    except ValidationError as error:
        if cls.settings_model is None or error.title != cls.settings_model.__name__:
            raise PluginLoadError(entry.name, "construct", f"raised {type(error).__name__}") from error
        faults = error.errors(include_url=False)
        told = [describe_fault(cls.settings_model, fault, config.document, (*entry.path, "config")) for fault in faults]
        raise ConfigError([config.document.problem(message, path) for message, path in told]) from None
    except (Exception, SystemExit) as error:
        raise PluginLoadError(entry.name, "construct", f"{cls.__name__}() raised {type(error).__name__}: {error}") from error
    if getattr(plugin, "config", None) is None:
        raise PluginLoadError(entry.name, "construct", f"{cls.__name__}.__init__ does not call super().__init__(config)")
    return plugin


def _implemented(cls: type[Plugin], entry: Entry, hooks: Mapping[str, Hook]) -> list[str]:
    """The hooks that the class implements, each with a signature that works."""
    for method, hook in misspelt_hooks(cls, dict(hooks)):
        raise PluginLoadError(entry.name, "register", f"{cls.__name__}.{method} looks like a hook; did you mean {hook!r}?")
    found = dict(_hook_methods(cls, hooks))
    for name, function in found.items():
        wrong = check_signature(function, hooks[name])
        if wrong:
            raise PluginLoadError(entry.name, "register", f"{cls.__name__}.{name} cannot be a hook: {wrong}")
    return list(found)


def _hook_methods(cls: type[Plugin], hooks: Mapping[str, Hook]) -> Iterator[tuple[str, Any]]:
    for name in dir(cls):
        options = getattr(getattr(cls, name, None), "gatehook_impl", None)
        hook = (options or {}).get("specname") or name
        if hook in hooks:
            static = inspect.getattr_static(cls, name)
            yield hook, static.__get__(object(), cls) if inspect.isfunction(static) else getattr(cls, name)


def _check_truth(entry: Entry, manifest: Manifest, implemented: list[str]) -> None:
    lacking = sorted(set(manifest.available_hooks) - set(implemented))
    hidden = sorted(set(implemented) - set(manifest.available_hooks))
    if lacking:
        raise ManifestError(f"plugin {entry.name!r}: its manifest advertises {', '.join(lacking)}, which its class does not implement")
    if hidden:
        raise ManifestError(f"plugin {entry.name!r}: its class implements {', '.join(hidden)}, which its manifest does not advertise")
