"""What the operator wrote held against what is installed: every entry checked, nothing imported."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gatehook.config import Config, validate
from gatehook.discovery import CONFIG, Available, contributions, own_version
from gatehook.document import Document
from gatehook.errors import ConfigError, GatehookError, ManifestError, PluginLoadError, nearest
from gatehook.faults import Fault, literal_secrets, schema_faults, secret_places, unknown_key
from gatehook.hooks import OBSERVER, Hook
from gatehook.kinds import NotFoundError, find
from gatehook.manifest import Manifest
from gatehook.plugin import Plugin, PluginConfig
from gatehook.results import PluginMode
from gatehook.values import Path, copy_value

KNOWN_SECTIONS: Final = {
    "admin": "gatehook-admin",
    "guard": "gatehook-guard",
    "identity": "gatehook-guard",
    "serve": "gatehook-plugin-server",
}
"""Top-level sections of our own hosts, to name what is missing."""


@dataclass
class Entry:
    """One configured plugin on its way up. ``config`` has the manifest's defaults filled in once it is resolved.

    ``hooks`` are those it will run at, ``None`` while only its class could tell; ``implemented``, once it is built, all
    that the class has; ``called`` those that the host calls, if it says so. ``failure`` says why it is not running,
    ``lie`` what is untrue in what its distribution says.
    """

    index: int
    config: PluginConfig
    available: Available | None = None
    hooks: tuple[str, ...] | None = None
    failure: PluginLoadError | None = None
    lie: str = ""
    implemented: tuple[str, ...] = ()
    called: frozenset[str] | None = None
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
    def enabled(self) -> bool:
        return self.config.mode is not PluginMode.DISABLED

    @property
    def reads(self) -> bool:
        return self.manifest is not None and self.manifest.access == "read" and self.config.access != "write"

    @property
    def lack(self) -> str:
        """Why it is not running, for where its name stands already."""
        if self.failure is None or self.failure.phase == "find":
            return self.failure.reason if self.failure else ""
        return f"cannot {self.failure.phase} it: {self.failure.reason}"

    @property
    def observes(self) -> bool:
        """Whether it does nothing but observe, as far as that is known yet."""
        return list(self.hooks or ()) == [OBSERVER]

    @property
    def must_run(self) -> bool:
        """Whether the runner refuses to start without it. It can do without any mere observer."""
        return (
            not self.observes
            and self.config.mode in (PluginMode.ENFORCE, PluginMode.PERMISSIVE)
            and self.config.errors != "allow"
        )


def resolve(
    config: Config, available: list[Available], hooks: Mapping[str, Hook], called: Collection[str] | None
) -> list[Entry]:
    """Check each entry against its manifest, importing no plugin.

    What must run and is not found counts among the problems if there are others; else the start tells of it.

    Raises:
        ConfigError: with everything that is wrong in the config.
        ManifestError: the config is right, and what a distribution says of its plugin is not.
    """
    entries = inspect_entries(config, available, hooks, called)
    lying = [entry for entry in entries if entry.lie]
    if config.document.problems:
        for entry in lying:
            config.document.report(f"plugin {entry.name!r}: {entry.lie}", entry.path)
        for entry in entries if config.enabled else ():
            report_lack(entry, config)
    config.raise_for_problems()
    if lying:
        raise ManifestError("\n".join(f"plugin {entry.name!r}: {entry.lie}" for entry in lying))
    return entries


def report_lack(entry: Entry, config: Config) -> None:
    """Count an entry that must run and cannot among what is wrong in the config."""
    if entry.failure is not None and entry.must_run and not entry.lie:
        config.document.report(entry.lack, (*entry.path, "kind" if entry.config.kind else "name"))


def inspect_entries(
    config: Config, available: list[Available], hooks: Mapping[str, Hook], called: Collection[str] | None
) -> list[Entry]:
    """The same without raising: what is wrong is left in ``config.document.problems`` and in each entry's ``lie``."""
    for name in sorted(set(called or ()) - set(hooks)):
        hint = nearest(name, hooks)
        raise ConfigError(f"the host says that it calls the hook {name!r}, which does not exist{hint}")
    _check_sections(config)
    entries = [Entry(index, plugin) for index, plugin in config.plugins]
    for entry in entries:
        _check_hook_names(entry, config, hooks)
        if entry.enabled:
            try:
                _resolve_entry(entry, config, available, hooks)
            except ManifestError as error:
                entry.lie = str(error)
            entry.called = None if called is None else frozenset({*called, OBSERVER})
            if uncalled := check_called(entry):
                config.document.report(uncalled, (*entry.path, "hooks"))
    return entries


def _check_hook_names(entry: Entry, config: Config, hooks: Mapping[str, Hook]) -> None:
    for position, name in enumerate(entry.config.hooks or ()):
        if name not in hooks:
            config.document.report(f"there is no hook {name!r}{nearest(name, hooks)}", (*entry.path, "hooks", position))


def _resolve_entry(entry: Entry, config: Config, available: list[Available], hooks: Mapping[str, Hook]) -> None:
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
    _check_manifest(entry.manifest, hooks)
    _fill_in(entry, entry.manifest)
    _check_hooks(entry, config, hooks, entry.manifest)
    _check_config(entry, config, entry.manifest)


def _fill_in(entry: Entry, manifest: Manifest) -> None:
    filled: dict[str, Any] = {"config": laid_over(manifest.default_config, entry.config.config)}
    if manifest.grants and entry.config.when_unknown is None:
        filled["when_unknown"] = "skip"
    entry.hooks = hooks_to_run(entry.config.hooks, manifest.available_hooks)
    entry.config = entry.config.model_copy(update=filled)


def laid_over(defaults: Any, written: Any) -> Any:
    """A copy of what is written, with the defaults for all keys that it leaves out, in mappings at any depth.

    Mappings and lists are copied; what else a host put into a config of its own making, it shares with the plugin.
    """
    if isinstance(written, dict):
        under = copy_value(defaults) if isinstance(defaults, dict) else {}
        return {**under, **{key: laid_over(under.get(key), value) for key, value in written.items()}}
    return [laid_over(None, item) for item in written] if isinstance(written, list) else written


def hooks_to_run(named: Sequence[str] | None, implemented: Sequence[str]) -> tuple[str, ...]:
    """Those of the implemented hooks that ``hooks:`` leaves. An observer's other names filter what it is told of."""
    if named is None or list(implemented) == [OBSERVER]:
        return tuple(implemented)
    return tuple(name for name in implemented if name in named)


def _check_manifest(manifest: Manifest, hooks: Mapping[str, Hook]) -> None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415  # only checking needs it

    for name in manifest.available_hooks:
        if name not in hooks:
            hint = nearest(name, hooks)
            raise ManifestError(f"its manifest advertises the hook {name!r}, which does not exist{hint}")
    try:
        if not SpecifierSet(manifest.requires).contains(own_version(), prereleases=True):
            raise ManifestError(f"it requires gatehook {manifest.requires}; this is {own_version()}")
    except InvalidSpecifier:
        raise ManifestError(f"its manifest's `requires` is no version range: {manifest.requires!r}") from None


def _check_hooks(entry: Entry, config: Config, hooks: Mapping[str, Hook], manifest: Manifest) -> None:
    observes = OBSERVER in (entry.hooks or ())
    for position, name in enumerate(entry.config.hooks or ()):
        if name in hooks and name not in manifest.available_hooks and not observes:
            has = ", ".join(manifest.available_hooks)
            what = entry.config.kind or entry.name
            config.document.report(f"{what} does not implement {name}; it has {has}", (*entry.path, "hooks", position))


def _check_config(entry: Entry, config: Config, manifest: Manifest) -> None:
    known = {problem.path for problem in config.document.problems}
    for key, schema in [("config", manifest.config_schema), *manifest.sections.items()]:
        value = entry.config.config if key == "config" else entry.config.sections.get(key)
        if schema is None:
            continue
        place = (*entry.path, key)
        if value is None and key not in entry.config.sections:
            if _faults(schema, {}, config.document, place):
                config.document.report(f"the key {key!r} is missing", entry.path)
            continue
        faults = _faults(schema, value, config.document, place)
        faults += _keep_secrets(value, schema, config.document, place, entry.config.in_file)
        for message, path in faults:
            if (*place, *path) not in known:  # a variable that is missing, say
                config.document.report(message, (*place, *path))


def _keep_secrets(value: Any, schema: dict[str, Any], document: Document, place: Path, in_file: bool) -> list[Fault]:
    """Those that stand in the file. Wherever config is shown from now on, all of them are masked."""
    literal = [*literal_secrets(value, schema, document.secrecy(place))] if in_file else []
    document.secrets.update((*place, *path) for path in secret_places(value, schema, schema))
    return literal


def _faults(schema: dict[str, Any], value: Any, document: Document, place: Path) -> list[Fault]:
    try:
        return list(schema_faults(value, schema, document.secrecy(place)))
    except ManifestError as error:
        raise ManifestError(f"its manifest's schema of `{place[-1]}` {error}") from error


def _check_own_keys(entry: Entry, config: Config) -> None:
    """Report keys of the entry that are neither the framework's nor a section that the kind declares."""
    declared = set(entry.manifest.sections) if entry.manifest else set()
    known = {*PluginConfig.model_fields, *declared}
    for key in entry.config.sections:
        hint = nearest(key, known)
        if key not in declared and (entry.available is not None or hint):
            config.document.report(unknown_key(key, known), (*entry.path, key))


def _check_sections(config: Config) -> None:
    """Check the top-level sections of installed hosts by their own models."""
    models = {item.name: item for item in contributions(CONFIG)} if config.sections else {}
    for name, value in config.sections.items():
        if name in models:
            try:
                model = models[name].load()
            except GatehookError as error:
                config.document.report(str(error), (name,))
            else:
                schema = model.model_json_schema()
                for message, path in _keep_secrets(value, schema, config.document, (name,), bool(config.document.file)):
                    config.document.report(message, (name, *path))
                validate(model, {} if value is None else value, config.document, (name,))
        elif name in KNOWN_SECTIONS:
            distribution = KNOWN_SECTIONS[name]
            config.document.report(f"the section {name!r} belongs to {distribution}, which is not installed", (name,))
        else:
            config.document.report(unknown_key(name, ["plugins", "plugin_settings", *models]), (name,))


def check_called(entry: Entry) -> str:
    """What is wrong with an enforcing entry none of whose hooks the host calls; of some uncalled ones it is warned."""
    if not entry.hooks or entry.called is None:
        return ""
    uncalled = [name for name in entry.hooks if name not in entry.called]
    if len(uncalled) == len(entry.hooks) and entry.must_run:
        return f"{entry.name!r} enforces, but this host calls none of its hooks ({', '.join(uncalled)})"
    if uncalled:
        entry.warnings.append(f"this host never calls {', '.join(uncalled)}")
    return ""
