"""What is installed of this repository is whole. Runs against editable installs, wheels and sdists alike."""

import tomllib
from pathlib import Path

import importlib_metadata
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
FOLDERS = {
    tomllib.loads(path.read_text())["project"]["name"]: path.parent
    for group in ("contrib", "hosts")
    for path in sorted(ROOT.glob(f"{group}/*/pyproject.toml"))
}
INSTALLED = {
    distribution.name: distribution
    for distribution in importlib_metadata.distributions()
    if distribution.name in FOLDERS
}

any_installed = pytest.mark.parametrize("name", sorted(INSTALLED))


def test_something_is_installed():
    assert INSTALLED


@any_installed
def test_the_installed_version_is_the_one_in_the_repository(name):
    project = tomllib.loads((FOLDERS[name] / "pyproject.toml").read_text())["project"]
    assert INSTALLED[name].version == project["version"]


@any_installed
def test_a_manifest_travels_in_the_metadata(name):
    manifest = FOLDERS[name] / "plugin-manifest.yaml"
    if manifest.exists():
        assert INSTALLED[name].read_text("extra_metadata/plugin-manifest.yaml") == manifest.read_text()
    else:
        assert not INSTALLED[name].entry_points.select(group="gatehook.plugins")


@any_installed
def test_every_entry_point_loads(name):
    for entry_point in INSTALLED[name].entry_points:
        assert entry_point.load()


@any_installed
def test_every_requirement_is_installed(name):
    for requirement in INSTALLED[name].requires or []:
        needed = Requirement(requirement)
        if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
            continue
        assert needed.specifier.contains(importlib_metadata.version(needed.name))
