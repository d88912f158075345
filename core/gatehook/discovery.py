"""What is installed, from metadata alone. The only user of importlib-metadata; nothing is imported here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any, Final

from gatehook.errors import GatehookError, ManifestError
from gatehook.manifest import MANIFEST_FILE, Manifest, parse_manifests

PLUGINS: Final = "gatehook.plugins"
CONFIG: Final = "gatehook.config"
COMMANDS: Final = "gatehook.commands"


@dataclass(frozen=True)
class Available:
    """One plugin that could be enabled: an installed entry point, or a local class.

    ``target`` is ``module:attribute``. ``manifest`` is missing for a local class without one, and where ``problem``
    says what is wrong with it.
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
    rival: str = ""

    @property
    def origin(self) -> str:
        """The entry point as it is written."""
        return f"{self.point.group}: {self.name} = {self.point.value}"

    def load(self) -> Any:
        """Import what it names.

        Raises:
            GatehookError: the import failed, or two distributions claim the name. The message names who and what.
        """
        if self.rival:
            raise GatehookError(f"{self.name!r} is claimed by {self.distribution} and {self.rival}; uninstall one")
        try:
            return self.point.load()
        except (Exception, SystemExit) as error:
            raise GatehookError(
                f"{self.distribution} is broken: its entry point {self.origin} raised {type(error).__name__}: {error}"
            ) from error


def installed() -> list[Available]:
    """Every plugin that is advertised, also the broken and the shadowed ones, in the order of the path."""
    found: dict[tuple[str, str], Available] = {}
    for distribution, points in _distributions(PLUGINS):
        for item in _advertised(distribution, points):
            found.setdefault((item.name, item.origin), item)  # one folder may stand on the path twice
    return list(found.values())


def _distributions(group: str) -> Iterator[tuple[Any, list[Any]]]:
    """The distributions that have entry points in ``group``, and those points. What others do wrong is passed over."""
    import importlib_metadata  # noqa: PLC0415  # a slow import, that of an e-mail parser among it

    for distribution in importlib_metadata.distributions():
        points: list[Any] = []
        with suppress(Exception):  # a stranger's entry_points.txt may hold anything
            points = [point for point in distribution.entry_points if point.group == group]
        if points:
            yield distribution, points


def _identity(distribution: Any) -> tuple[str, str]:
    """Name and version.

    Raises:
        ManifestError: the distribution's metadata do not tell.
    """
    try:
        name, version = distribution.metadata["Name"], distribution.version
    except Exception:  # noqa: BLE001  # of a damaged installation; what is raised differs between versions
        name = version = None
    if not name or not version:
        where = distribution.locate_file("")
        raise ManifestError(f"a distribution in {where} is damaged: no name and version in its metadata")
    return name, version


def _advertised(distribution: Any, points: list[Any]) -> Iterator[Available]:
    name, version = "", ""
    manifests: dict[str, Manifest] = {}
    problem = ""
    try:
        name, version = _identity(distribution)
        manifests = _manifests(distribution, points, f"{name} {version}: {MANIFEST_FILE}")
        lies = sorted({m.version for m in manifests.values()} - {version})
        if lies:
            problem = f"the manifest of {name} says version {lies[0]}, but the distribution is {version}"
    except ManifestError as error:
        problem = str(error)
    for point in points:
        yield Available(
            point.name,
            point.value,
            name,
            version,
            str(distribution.locate_file("")),
            manifests.get(point.name),
            problem,
        )


def _manifests(distribution: Any, points: list[Any], origin: str) -> dict[str, Manifest]:
    try:
        text = distribution.read_text(f"extra_metadata/{MANIFEST_FILE}")  # where hatchling's `extra-metadata` puts it
    except UnicodeDecodeError as error:
        raise ManifestError(f"{origin}: cannot be read: {error}") from None
    if text is None:
        text = _text_beside(points[0].value.partition(":")[0].partition(".")[0])
    if text is None:
        raise ManifestError(
            f"{origin}: missing, both in the distribution's metadata and beside the package's __init__.py"
        )
    return parse_manifests(text, [point.name for point in points], origin)


def own_version() -> str:
    from importlib_metadata import version  # noqa: PLC0415  # as above

    return version("gatehook")


def about(distribution: str) -> tuple[str, str]:
    """The summary of an installed distribution, and its README as it was built with; each empty if it has none."""
    from importlib_metadata import metadata  # noqa: PLC0415  # as above

    found = metadata(distribution)
    return found.get("Summary") or "", found.get("Description") or ""


def contributions(group: str) -> list[Contribution]:
    """What hosts contribute to a group, by name."""
    found: dict[str, Contribution] = {}
    for distribution, points in _distributions(group):
        try:
            origin, _ = _identity(distribution)
        except ManifestError as error:
            origin = str(error)
        for point in points:
            first = found.setdefault(point.name, Contribution(point.name, origin, point))
            if first.distribution != origin:  # of two copies of one distribution the first is the one that is imported
                found[point.name] = replace(first, rival=origin)
    return [found[name] for name in sorted(found)]


def spec_without_import(module: str) -> ModuleSpec | None:
    """Like :func:`importlib.util.find_spec`, which imports the packages above a module to find it."""
    if module in sys.modules:
        return sys.modules[module].__spec__  # none for a module that somebody made by hand, such as __main__
    path, spec = None, None
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        name = ".".join(parts[:end])
        spec = next(filter(None, (finder.find_spec(name, path) for finder in sys.meta_path)), None)
        if spec is None:
            return None
        path = spec.submodule_search_locations
        if path is None and end < len(parts):
            return None
    return spec


def _text_beside(package: str) -> str | None:
    spec = spec_without_import(package)
    locations = list(spec.submodule_search_locations or ()) if spec else []
    return read_text(Path(locations[0]) / MANIFEST_FILE) if locations else None


def read_text(path: Path) -> str | None:
    """What is written in a file; ``None`` if there is none.

    Raises:
        ManifestError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path} cannot be read: {error}") from None
