"""The repository has the shape that its names promise."""

import ast
import importlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

import gatehook
import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
CORE = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRIB = sorted(path.parent for path in ROOT.glob("contrib/*/pyproject.toml"))
HOSTS = sorted(path.parent for path in ROOT.glob("hosts/*/pyproject.toml"))
PLUGINS = [folder for folder in CONTRIB if (folder / "plugin-manifest.yaml").exists()]
LIBRARIES = [folder for folder in CONTRIB if folder.name == "external"]  # what external plugins share

any_plugin = pytest.mark.parametrize("folder", PLUGINS, ids=lambda folder: folder.name)
any_distribution = pytest.mark.parametrize("folder", CONTRIB + HOSTS, ids=lambda folder: folder.name)

# Imports point down or sideways, also those for annotations only.
LAYERS = {
    # vocabulary
    "errors": 0,
    "payloads": 0,
    "request": 0,
    "results": 0,
    "values": 0,
    # contract: what plugins implement and use
    "conditions": 1,
    "hooks": 1,
    "plugin": 1,
    "text": 1,
    # documents: what people write
    "config": 2,
    "document": 2,
    "faults": 2,
    "manifest": 2,
    "schemas": 2,
    "sources": 2,
    # mechanism
    "chain": 3,
    "discovery": 3,
    "kinds": 3,
    # assembly
    "advice": 4,
    "assembly": 4,
    "dry_run": 4,
    "entries": 4,
    "generation": 4,
    "lifespan": 4,
    "plan": 4,
    "runner": 4,
    # edges
    "__init__": 5,
    "__main__": 5,
    "cli": 5,
    "testing": 5,
}

# What plugins and hosts may import; each lists its names in `__all__`.
PUBLIC = {"gatehook", "gatehook.testing", "gatehook.text"}


def pyproject(folder: Path) -> dict:
    return tomllib.loads((folder / "pyproject.toml").read_text())


def imports(path: Path) -> Iterator[tuple[str, str | None]]:
    """Each import in the file as (module, name); the linter allows absolute ones only."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def core_files(module: str) -> list[Path]:
    """The files of a module of the core, which may be a package."""
    return sorted([*(ROOT / "core/gatehook").glob(f"{module}.py"), *(ROOT / "core/gatehook").glob(f"{module}/**/*.py")])


def core_imports(module: str) -> set[str]:
    """The modules of the core that one imports, as they are called in LAYERS."""
    found = set()
    for path in core_files(module):
        for imported, name in imports(path):
            package, _, rest = imported.partition(".")
            if package == "gatehook":
                found.add(rest.partition(".")[0] or (name if name and core_files(name) else "__init__"))
    return found


@any_distribution
def test_each_distribution_has_the_same_parts(folder):
    package = f"gatehook_{folder.name}"
    parts = ["pyproject.toml", "README.md", f"src/{package}/__init__.py", f"src/{package}/py.typed", "tests"]
    if folder not in HOSTS + LIBRARIES:
        parts.append("plugin-manifest.yaml")
    assert [part for part in parts if not (folder / part).exists()] == []


@any_distribution
def test_each_distribution_has_tests_of_its_own(folder):
    assert list(folder.glob("tests/**/test_*.py"))


@any_distribution
def test_folder_distribution_and_package_share_a_name(folder):
    assert pyproject(folder)["project"]["name"] == f"gatehook-{folder.name.replace('_', '-')}"
    assert [path.name for path in (folder / "src").iterdir()] == [f"gatehook_{folder.name}"]


@any_plugin
def test_a_plugin_s_class_bears_the_name_of_its_entry_point(folder):
    for name, target in pyproject(folder)["project"]["entry-points"]["gatehook.plugins"].items():
        module, _, class_name = target.partition(":")
        assert module == f"gatehook_{folder.name}"
        assert class_name.lower() == name.replace("_", "") + "plugin"


@any_plugin
def test_a_distribution_of_one_plugin_bears_its_name(folder):
    names = list(pyproject(folder)["project"]["entry-points"]["gatehook.plugins"])
    # The specification calls the plugin that speaks MCP `external`.
    assert len(names) > 1 or names == [folder.name] or (folder.name, names) == ("external_mcp", ["external"])


@any_distribution
def test_each_distribution_has_the_terms_and_the_pythons_of_the_core(folder):
    project = pyproject(folder)
    assert project["build-system"] == CORE["build-system"]
    for field in ("license", "requires-python", "authors"):
        assert project["project"][field] == CORE["project"][field]


@any_distribution
def test_each_distribution_depends_on_the_core_by_version(folder):
    requirements = map(Requirement, pyproject(folder)["project"]["dependencies"])
    (core,) = (requirement for requirement in requirements if requirement.name == "gatehook")
    assert core.specifier.contains(CORE["project"]["version"])
    assert not core.specifier.contains("1.0")


def test_the_core_tells_its_version():
    assert gatehook.__version__ == CORE["project"]["version"]


@any_plugin
def test_a_manifest_tells_the_version_of_its_distribution(folder):
    manifest = yaml.safe_load((folder / "plugin-manifest.yaml").read_text())
    described = [manifest] if "version" in manifest else manifest.values()
    assert {item["version"] for item in described} == {pyproject(folder)["project"]["version"]}


def test_every_module_of_the_core_has_a_layer():
    modules = {path.relative_to(ROOT / "core/gatehook").parts[0] for path in ROOT.glob("core/gatehook/**/*.py")}
    assert sorted(LAYERS) == sorted(module.removesuffix(".py") for module in modules)


@pytest.mark.parametrize("module", LAYERS)
def test_imports_in_the_core_never_point_up(module):
    assert {other: LAYERS[other] for other in core_imports(module) if LAYERS[other] > LAYERS[module]} == {}


def test_the_vocabulary_knows_no_pluggy():
    files = [path for module, layer in LAYERS.items() if layer == 0 for path in core_files(module)]
    assert [path.name for path in files if "pluggy" in {module for module, _ in imports(path)}] == []


def test_discovery_alone_reads_metadata():
    readers = {"importlib_metadata", "importlib.metadata"}
    files = [path for module in LAYERS if module != "discovery" for path in core_files(module)]
    assert [path.name for path in files if readers & {module for module, _ in imports(path)}] == []


@any_distribution
def test_plugins_and_hosts_import_public_names_only(folder):
    for path in sorted(folder.rglob("*.py")):
        for module, name in imports(path):
            if module.partition(".")[0] == "gatehook" and f"{module}.{name}" not in PUBLIC:
                assert module in PUBLIC, f"{path} imports {module}"
                assert name is None or name in importlib.import_module(module).__all__, f"{path}: {module}.{name}"
