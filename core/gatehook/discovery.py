"""What is installed, from metadata alone: entry points, distributions and manifests. The only user of importlib-metadata.

Nothing is imported here except, in :func:`load`, the class of a plugin that the operator enabled.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any, Final

import importlib_metadata as metadata

from gatehook.errors import GatehookError, ManifestError, nearest
from gatehook.manifest import MANIFEST_FILE, Manifest, parse_manifests

PLUGINS: Final = "gatehook.plugins"
CONFIG: Final = "gatehook.config"
COMMANDS: Final = "gatehook.commands"


class NotFoundError(GatehookError):
    """No installed distribution, and no local module, provides a kind."""


@dataclass(frozen=True)
class Available:
    """One plugin that could be enabled: an installed entry point, or a local class.

    ``target`` is ``module:attribute``. ``manifest`` is missing for a local class without one, and where ``problem`` says what
    is wrong with it.
    """

    name: str
    target: str
    distribution: str | None = None
    version: str = ""
    location: str = ""
    manifest: Manifest | None = None
    problem: str = ""

    @property
    def origin(self) -> str:
        return f"{self.distribution} {self.version} ({self.location})" if self.distribution else self.target


@dataclass(frozen=True)
class Contribution:
    """An entry point that a host distribution contributes to the config or to the command line."""

    name: str
    distribution: str
    point: Any

    def load(self) -> Any:
        """Import what it names.

        Raises:
            GatehookError: the import failed; the message names distribution and entry point.
        """
        try:
            return self.point.load()
        except Exception as error:
            what = f"{self.point.group}: {self.name} = {self.point.value}"
            raise GatehookError(f"{self.distribution} is broken: its entry point {what} raised {type(error).__name__}: {error}") from error


def installed() -> list[Available]:
    """Every plugin that an installed distribution advertises, also the broken and the shadowed ones, in the order of the path."""
    found: dict[tuple[str, str], Available] = {}
    for distribution in metadata.distributions():
        points = [point for point in distribution.entry_points if point.group == PLUGINS]
        for item in _advertised(distribution, points) if points else ():
            found.setdefault((item.name, item.location), item)  # one folder may stand on the path twice
    return list(found.values())


def _advertised(distribution: Any, points: list[Any]) -> Iterator[Available]:
    name, version = distribution.metadata["Name"], distribution.version
    manifests: dict[str, Manifest] = {}
    problem = ""
    try:
        manifests = _manifests(distribution, points, f"{name} {version}: {MANIFEST_FILE}")
        lies = sorted({m.version for m in manifests.values()} - {version})
        if lies:
            problem = f"the manifest of {name} says version {lies[0]}, but the distribution is {version}"
    except ManifestError as error:
        problem = str(error)
    for point in points:
        yield Available(
            point.name, point.value, name, version, str(distribution.locate_file("")), manifests.get(point.name), problem
        )


def _manifests(distribution: Any, points: list[Any], origin: str) -> dict[str, Manifest]:
    text = distribution.read_text(f"extra_metadata/{MANIFEST_FILE}")  # where hatchling's `extra-metadata` puts it
    if text is None:
        text = _text_beside(points[0].value.partition(":")[0].partition(".")[0])
    if text is None:
        raise ManifestError(f"{origin}: missing, both in the distribution's metadata and beside the package's __init__.py")
    return parse_manifests(text, [point.name for point in points], origin)


def contributions(group: str) -> list[Contribution]:
    """What hosts contribute to a group, by name."""
    found = {
        point.name: Contribution(point.name, distribution.metadata["Name"], point)
        for distribution in metadata.distributions()
        for point in distribution.entry_points
        if point.group == group
    }
    return [found[name] for name in sorted(found)]


def find(kind: str, available: Iterable[Available], pin: str | None = None) -> Available:
    """What ``kind`` means: an entry point, else an alias, else the dotted path of a local class.

    Raises:
        NotFoundError: nothing provides it.
        ManifestError: several distributions claim it and ``pin``, the name of one of them, does not decide.
    """
    available = list(available)
    claims = [item for item in available if item.name == kind]
    claims = claims or [item for item in available if item.manifest and kind in item.manifest.aliases]
    if pin is not None:
        pinned = [item for item in claims if _normal(item.distribution or "") == _normal(pin)]
        if claims and not pinned:
            raise NotFoundError(f"{kind!r} is provided by {claims[0].origin}, not by the distribution {pin!r}")
        claims = pinned[:1]  # of two copies the first on the path is the one that an import finds
    if len(claims) > 1:
        both = " and ".join(item.origin for item in claims)
        raise ManifestError(f"{kind!r} is claimed by {both}; uninstall one, or pin one with `distribution:`")
    if claims:
        return claims[0]
    if "." in kind or ":" in kind:
        return _local(kind)
    hint = nearest(kind, [item.name for item in available])
    distribution = KNOWN_KINDS.get(kind)
    install = f"; it comes with the distribution {distribution}, which is not installed" if distribution else ""
    raise NotFoundError(f"no installed distribution provides {kind!r}{install or hint}")


KNOWN_KINDS: Final = {
    "audit_log": "gatehook-audit-log",
    "deny_list": "gatehook-deny-list",
    "external": "gatehook-external-mcp",
    "external_grpc": "gatehook-external-grpc",
    "http_guard": "gatehook-external-http",
    "llama_guard": "gatehook-external-http",
    "opa": "gatehook-external-http",
    "openai_moderation": "gatehook-external-http",
    "pii_filter": "gatehook-pii-filter",
    "search_replace": "gatehook-search-replace",
}
"""Kinds of our own distributions, to name what is missing."""


def _normal(distribution: str) -> str:
    return distribution.replace("_", "-").replace(".", "-").lower()


def _local(kind: str) -> Available:
    module, _, attribute = kind.partition(":") if ":" in kind else kind.rpartition(".")
    spec = _spec_without_import(module)
    if spec is None and module not in sys.modules:
        raise NotFoundError(
            f"no installed distribution provides {kind!r} as an entry point or alias, and there is no module {module!r} on the path"
        )
    origin = spec.origin if spec else getattr(sys.modules[module], "__file__", None)
    text = _read(Path(origin).parent / MANIFEST_FILE) if origin else None
    item = Available(kind, f"{module}:{attribute}")
    if text is None:
        return item
    try:
        return replace(item, manifest=parse_manifests(text, [kind], f"{MANIFEST_FILE} beside {module}")[kind])
    except ManifestError as error:
        return replace(item, problem=str(error))


def _spec_without_import(module: str) -> ModuleSpec | None:
    """Like :func:`importlib.util.find_spec`, which imports the packages above a module to find it."""
    if module in sys.modules:
        return sys.modules[module].__spec__  # none for a module that somebody made by hand, such as __main__
    path, spec = None, None
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        spec = PathFinder.find_spec(".".join(parts[:end]), path)
        if spec is None:
            return None
        path = spec.submodule_search_locations
        if path is None and end < len(parts):
            return None
    return spec


def _text_beside(package: str) -> str | None:
    spec = _spec_without_import(package)
    locations = list(spec.submodule_search_locations or ()) if spec else []
    return _read(Path(locations[0]) / MANIFEST_FILE) if locations else None


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def load(available: Available, base: type[Any]) -> type[Any]:
    """Import the class.

    Raises:
        GatehookError: it cannot be imported, or it is not a concrete subclass of ``base``. The message says which of these.
    """
    module_name, _, attribute = available.target.partition(":")
    try:
        value = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and module_name.startswith(error.name):
            raise GatehookError(f"there is no module {error.name!r} (wanted for {available.target})") from None
        raise GatehookError(f"importing {module_name} needs the module {error.name!r}, which is not installed") from error
    except (Exception, SystemExit) as error:
        raise GatehookError(f"importing {module_name} raised {type(error).__name__}: {error}") from error
    for name in attribute.split("."):
        if not hasattr(value, name):
            near = nearest(name, [key for key in vars(value) if not key.startswith("_")])
            raise GatehookError(f"{module_name} has no {name!r}{near}")
        value = getattr(value, name)
    return _plugin_class(value, available.target, base)


def _plugin_class(value: Any, target: str, base: type[Any]) -> type[Any]:
    if isinstance(value, base):
        raise GatehookError(f"{target} is an instance; name its class {type(value).__name__}")
    if inspect.ismodule(value):
        raise GatehookError(f"{target} is a module; name the class in it")
    if not isinstance(value, type):
        raise GatehookError(f"{target} is a {type(value).__name__}; a plugin is a subclass of gatehook.Plugin")
    if not issubclass(value, base):
        raise GatehookError(f"{target} is not a subclass of gatehook.Plugin")
    if inspect.isabstract(value):
        raise GatehookError(f"{target} is abstract: {', '.join(sorted(value.__abstractmethods__))} is not implemented")
    return value
