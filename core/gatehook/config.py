"""What the operator wants: the config file, checked as far as that goes without knowing which plugins are installed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from gatehook.document import MASK, Document, read_document
from gatehook.errors import ConfigError, Problem, nearest
from gatehook.faults import literal_secrets, model_faults, schema_faults, shown
from gatehook.plugin import Count, PluginConfig, Seconds
from gatehook.results import PluginMode
from gatehook.sources import Source
from gatehook.values import Path


class PluginSettings(BaseModel):
    """The section ``plugin_settings:``."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    parallel_execution_within_band: bool = False
    """Run plugins of one priority at the same time, on the same input."""
    plugin_timeout: Seconds = 30.0
    """Seconds for one call of one plugin, where the entry has no `timeout`."""
    fail_on_plugin_error: bool | None = None
    """Raise a plugin's failure to the host instead of applying `on_error`. Written out as false it opens no enforcing
    guard."""
    enable_plugin_api: bool = True
    """Whether the management API answers."""
    plugin_health_check_interval: Seconds = 60.0
    """Seconds between two looks at each plugin's health, and between attempts to bring up a failed one."""
    hook_timeout: Seconds | None = None
    """Seconds for all plugins of one hook together. Left out: no bound beyond each plugin's own."""
    observer_timeout: Seconds = 5.0
    """Seconds for one call of one observer."""
    shutdown_timeout: Seconds = 10.0
    """Seconds for all plugins to shut down."""
    max_payload_bytes: Count | None = None
    """Larger payloads are not shown to plugins; each fails instead, so `on_error` decides. Where the host knows the
    size."""
    verify_access: bool = False
    """For development: hold plugins that promise `access: read` to it, and warn of changes that are not returned."""


class Topmost(BaseModel):
    """The top level of a config file, for the JSON Schema."""

    model_config = ConfigDict(extra="forbid", title="gatehook configuration", use_attribute_docstrings=True)

    plugins: list[PluginConfig]
    """The plugins, each enabled by name."""
    plugin_settings: PluginSettings = PluginSettings()
    """Settings for all plugins."""


@dataclass
class Config:
    """A config that was read. ``sections`` holds what belongs to hosts, ``plugins`` only the entries that are valid.

    ``problems`` of the document are not raised yet: whoever checks on adds to them, so that an operator sees all.
    """

    document: Document
    plugins: list[tuple[int, PluginConfig]] = field(default_factory=list)
    settings: PluginSettings = field(default_factory=PluginSettings)
    sections: dict[str, Any] = field(default_factory=dict)
    enabled: bool = True

    def placed(self, error: ConfigError, path: Path) -> ConfigError:
        """What a plugin found wrong with its entry, which stands at ``path``, in the words of the whole document."""
        placed = [
            self.document.problem(self.document.redacted(problem.message), (*path, *problem.path))
            for problem in error.problems
        ]
        return ConfigError(sorted(placed, key=lambda problem: problem.line or 0))

    def raise_for_problems(self) -> None:
        """Raises :class:`ConfigError` with everything that was found so far."""
        if self.document.problems:
            raise ConfigError(sorted(self.document.problems, key=lambda problem: problem.line or 0))


def load_config(source: Source, environ: Mapping[str, str] = os.environ) -> Config:
    """Read a config from a file or a mapping. What is wrong in it stands in ``config.document.problems``.

    Raises:
        ConfigError: there is nothing to read, or ``PLUGINS_ENABLED`` is neither true nor false.
    """
    config = Config(read_document(source, environ), enabled=plugins_enabled(environ))
    data = config.document.data
    if data is None:
        config.document.report("the file is empty; it needs at least `plugins:`")
        return config
    if not isinstance(data, dict):
        config.document.report(f"a config is a mapping with `plugins:`, got {shown(data)}")
        return config
    config.sections = {key: value for key, value in data.items() if key not in Topmost.model_fields}
    settings = {} if data.get("plugin_settings") is None else data["plugin_settings"]
    settings = validate(PluginSettings, settings, config.document, ("plugin_settings",))
    config.settings = settings or config.settings
    if "plugins" not in data:
        config.document.report("the key 'plugins' is missing")
    elif not isinstance(data["plugins"], list):
        config.document.report(f"must be a list of entries, got {shown(data['plugins'])}", ("plugins",))
    entries = data.get("plugins")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        plugin = _plugin(entry, config.document, ("plugins", index))
        if plugin is not None:
            config.plugins.append((index, plugin))
    _check_names(config)
    return config


def alone(config: Config, name: str, settings: Mapping[str, Any]) -> Config:
    """The config with one of its plugins only, which enforces, without conditions, and whose failures are raised.

    Raises:
        ConfigError: there is no such plugin.
    """
    found = [(index, plugin) for index, plugin in config.plugins if plugin.name == name]
    if not found:
        names = [plugin.name for _, plugin in config.plugins]
        raise ConfigError(f"the config has no plugin {name!r}{nearest(name, names)}")
    ((index, plugin),) = found
    changes = {
        "mode": PluginMode.ENFORCE,
        "conditions": [],
        "on_error": "block",
        "config": {**plugin.config, **settings},
    }
    enforcing = config.settings.model_copy(update={"fail_on_plugin_error": True})
    # What is laid over stands in no file.
    document = replace(config.document, file=None, lines={}) if settings else config.document
    changed = plugin.model_copy(update=changes)
    if settings:
        changed = changed.placed_in(plugin.folder, plugin.is_secret, in_file=False)
    return replace(config, document=document, plugins=[(index, changed)], settings=enforcing)


def _plugin(entry: Any, document: Document, path: Path) -> PluginConfig | None:
    """One entry. Of a wrong one, what is right in it, so that the rest of it can be checked before all is reported."""
    known = len(document.problems)
    plugin: PluginConfig | None = validate(PluginConfig, entry, document, path)
    if plugin is None and isinstance(entry, dict):
        wrong = {problem.path[2] for problem in document.problems[known:] if len(problem.path) > len(path)}
        if not wrong & {"kind", "distribution"}:  # without them it would be another plugin
            with suppress(ValidationError):
                plugin = PluginConfig.model_validate({key: value for key, value in entry.items() if key not in wrong})
    if plugin is None or not document.file:
        return plugin  # a host that makes up a config in memory keeps its secrets elsewhere
    return plugin.placed_in(FilePath(document.file).parent, document.secrecy(path))


def _check_names(config: Config) -> None:
    first: dict[str, int] = {}
    for index, plugin in config.plugins:
        if plugin.name in first:
            config.document.report(
                f"the name {plugin.name!r} is taken by plugins[{first[plugin.name]}]; names are unique",
                ("plugins", index, "name"),
            )
        first.setdefault(plugin.name, index)


def validate(model: type[Any], data: Any, document: Document, path: Path) -> Any:
    """``data`` as a ``model``, or ``None`` after reporting to ``document`` everything that is wrong with it."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for message, where in model_faults(model, error, document.secrecy(path)):
            document.report(document.redacted(message), (*path, *where))
        return None


def check_settings(config: PluginConfig, settings: Mapping[str, Any], schema: dict[str, Any]) -> list[Problem]:
    """What is wrong with settings out of an entry's ``config``, by a JSON Schema that only the plugin itself can know
    once it is up: to be raised from ``initialize`` in a :class:`ConfigError`, which is told with file and line.

    Raises:
        ManifestError: the schema cannot be applied.
    """

    def is_secret(path: Path) -> bool:
        return config.is_secret(("config", *path))

    faults = [*schema_faults(settings, schema, is_secret)]
    if config.in_file:
        faults += literal_secrets(settings, schema, is_secret)
    return [Problem(message, ("config", *path)) for message, path in faults]


def plugins_enabled(environ: Mapping[str, str]) -> bool:
    """``PLUGINS_ENABLED``: unset or true, plugins run; false, none does.

    Raises:
        ConfigError: it is anything else.
    """
    value = environ.get("PLUGINS_ENABLED", "true")
    if value.lower() not in ("true", "false"):
        raise ConfigError(f"the environment variable PLUGINS_ENABLED must be true or false, got {value!r}")
    return value.lower() == "true"


def masked(value: Any, document: Document, path: Path = ()) -> Any:
    """``value`` as it may be shown: with a mask in place of every string that came from a variable."""
    if isinstance(value, dict):
        return {key: masked(item, document, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item, document, (*path, index)) for index, item in enumerate(value)]
    return MASK if path in document.secrets else value
