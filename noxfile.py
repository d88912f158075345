#!/usr/bin/env -S uv run --script
# /// script
# dependencies = ["nox>=2025.5.1"]
# ///
"""Every task of this repository: `nox -l` lists them. Distributions are found in contrib/ and hosts/, not listed."""

import difflib
import json
import os
import shutil
import sys
from pathlib import Path

import nox
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["tests", "lint", "types", "schemas", "plugin", "docs", "demo"]

ROOT = Path(__file__).parent
DIST = ROOT / "dist"
NPM = ROOT / ".cache" / "npm"
SCHEMAS = {name: ROOT / "schemas" / f"{name}.schema.json" for name in ("config", "manifest")}

FOLDERS = [path.parent for group in ("contrib", "hosts") for path in sorted(ROOT.glob(f"{group}/*/pyproject.toml"))]
PROJECTS = {folder: nox.project.load_toml(folder / "pyproject.toml") for folder in (ROOT, *FOLDERS)}
CORE = PROJECTS[ROOT]
NAMES = [project["project"]["name"] for project in PROJECTS.values()]
EDITABLE = [arg for folder in PROJECTS for arg in ("-e", str(folder))]


def needs_of(group: str) -> list[str]:
    """What a dependency group has in all distributions that have one of this name."""
    having = [project for project in PROJECTS.values() if group in project.get("dependency-groups", {})]
    return sorted({need for project in having for need in nox.project.dependency_groups(project, group)})


# What the tests of all distributions need.
TEST = needs_of("test")
# All processors; what a file's tests share is made once for each that runs some of them.
PYTEST = ("pytest", "-n", "auto", "--dist", "worksteal")
PYTHONS = nox.project.python_versions(CORE)
# One Python is enough for all but `pythons`: the one that runs nox, unless it is too old.
PYTHON = None if sys.version_info >= (3, 11) else PYTHONS[0]


def group(*names: str) -> tuple[str, ...]:
    return nox.project.dependency_groups(CORE, *names)


def wheel(name: str) -> str:
    (found,) = DIST.glob(f"{name.replace('-', '_')}-*.whl")
    return str(found)


def npm_servers(session: nox.Session) -> None:
    """Install the servers of tests/npm into .cache/npm, with the Node of the test group, once for each package.json."""
    wanted = (ROOT / "tests" / "npm" / "package.json").read_text()
    stamp = NPM / "installed.json"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(NPM, ignore_errors=True)
    NPM.mkdir(parents=True)
    (NPM / "package.json").write_text(wanted)
    # Node knows only its own certificates, unless told; npm tries for ten minutes, unless told.
    session.run(
        "npm", "install", "--prefix", str(NPM), "--no-package-lock", "--no-audit", "--no-fund", "--fetch-retries", "1",
        env={"NODE_OPTIONS": "--use-system-ca"},
    )  # fmt: skip
    stamp.write_text(wanted)


def run_tests(session: nox.Session) -> None:
    session.install(*EDITABLE, *TEST)
    npm_servers(session)
    session.run(*PYTEST, *session.posargs)


def check_installed(session: nox.Session) -> None:
    """Look at what is installed with pytest alone: the configuration and fixtures here ask for more."""
    session.run(
        "pytest", "--config-file", os.devnull, "--noconftest", "-W", "error", "tests/test_installed.py",
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip


@nox.session(python=PYTHON)
def tests(session: nox.Session) -> None:
    """All tests, on the Python that runs nox."""
    run_tests(session)


@nox.session(python=PYTHONS)
def pythons(session: nox.Session) -> None:
    """All tests, on every supported Python."""
    run_tests(session)


@nox.session(python=PYTHONS[0])
def minimums(session: nox.Session) -> None:
    """All tests, with the oldest dependencies that the distributions claim to work with."""
    session.install("uv")
    target = ("--python", session.virtualenv.location)
    session.run("uv", "pip", "install", *target, "--resolution", "lowest-direct", *EDITABLE, *TEST)
    listing = json.loads(session.run("uv", "pip", "list", *target, "--format", "json", silent=True, stderr=None))
    installed = {canonicalize_name(package["name"]): Version(package["version"]) for package in listing}
    projects = [project["project"] for project in PROJECTS.values()]
    extras = [needs for project in projects for needs in project.get("optional-dependencies", {}).values()]
    needs = set().union(*extras, *(project["dependencies"] for project in projects))
    for requirement in map(Requirement, sorted(needs)):
        if requirement.name in NAMES:
            continue
        (lowest,) = (Version(bound.version) for bound in requirement.specifier if bound.operator == ">=")
        if (used := installed[canonicalize_name(requirement.name)]) != lowest:
            session.error(f"{requirement} is tested with {used} only: the tests install something that asks for more")
    npm_servers(session)
    session.run(*PYTEST, *session.posargs)


@nox.session(python=PYTHON)
def build(session: nox.Session) -> None:
    """Build and check the sdist of every distribution, and the wheel from it, in dist/."""
    backends = {backend for project in PROJECTS.values() for backend in project["build-system"]["requires"]}
    session.install(*group("release"), *sorted(backends))
    shutil.rmtree(DIST, ignore_errors=True)
    for folder in PROJECTS:
        session.run("pyproject-build", "--no-isolation", "--outdir", str(DIST), str(folder), silent=True)
    session.run("twine", "check", "--strict", *map(str, sorted(DIST.iterdir())))


@nox.session(python=PYTHON, requires=["build"])
@nox.parametrize("folder", [nox.param(folder, id=folder.name) for folder in FOLDERS])
def plugin(session: nox.Session, folder: Path) -> None:
    """One distribution, from its built wheel, with nothing beside it but core and what its tests declare."""
    project = PROJECTS[folder]
    own_tests = nox.project.dependency_groups(project, "test")
    ours = (wheel("gatehook"), wheel(project["project"]["name"]))
    session.install(*ours, "--find-links", str(DIST), *own_tests, "pytest-xdist>=3.8")
    check_installed(session)
    session.run(*PYTEST, str(folder / "tests"), *session.posargs)


@nox.session(python=PYTHON)
def types(session: nox.Session) -> None:
    """mypy, strict."""
    session.install(*EDITABLE, *needs_of("types"), *group("bench"))
    sources = [ROOT / "core", *(folder / "src" for folder in FOLDERS), ROOT / "benchmarks", ROOT / "examples"]
    session.run("mypy", *(str(path) for path in sources if any(path.rglob("*.py"))))


@nox.session(python=PYTHON)
def lint(session: nox.Session) -> None:
    """ruff, rules and format."""
    session.install(*group("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session(python=PYTHON)
def schemas(session: nox.Session) -> None:
    """Generate schemas/ from the models; with `-- --check`, fail if that changes anything."""
    session.install(*EDITABLE)
    for name, path in SCHEMAS.items():
        generated = session.run("gatehook", "schema", name, "--bare", silent=True, stderr=None)
        committed = path.read_text() if path.exists() else ""
        if "--check" not in session.posargs:
            path.write_text(generated)
        elif generated != committed:
            diff = difflib.unified_diff(committed.splitlines(), generated.splitlines(), "committed", "generated", n=1)
            session.error(f"{path.name} is stale; `nox -s schemas` makes it anew\n" + "\n".join(diff))


@nox.session(python=PYTHON)
def docs(session: nox.Session) -> None:
    """Build the documentation into site/; a dead link is an error. (Their examples run in `tests`.)"""
    session.install(*group("docs"))
    session.run("mkdocs", "build", "--strict", "--quiet", "--site-dir", str(ROOT / "site"))


@nox.session(python=PYTHON)
def changelog(session: nox.Session) -> None:
    """Show what changelog/ adds to the next version; with `-- --yes`, write CHANGELOG.md."""
    session.install(*group("changelog"))
    session.run("towncrier", "build", "--version", CORE["project"]["version"], *(session.posargs or ["--draft"]))


@nox.session(python=PYTHON, requires=["build"])
def bench(session: nox.Session) -> None:
    """Measure gatehook beside its peer."""
    session.install(*map(wheel, NAMES), *group("bench"))
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session(python=PYTHON, requires=["build"])
def detect(session: nox.Session) -> None:
    """Score what pii_filter finds, and what it takes for it wrongly, beside its peer."""
    session.install(wheel("gatehook"), wheel("gatehook-pii-filter"), "--find-links", str(DIST), *group("detect"))
    session.run("python", "-m", "benchmarks.detection", *session.posargs)


@nox.session(python=PYTHON, requires=["build"])
def demo(session: nox.Session) -> None:
    """The guard and three plugins between a real client and a real server."""
    session.install(*map(wheel, NAMES), *group("demo"))
    session.run("python", "examples/demo/demo.py", *session.posargs)


@nox.session(python=PYTHON, requires=["build"])
@nox.parametrize("kind", [nox.param(kind, id=kind) for kind in ("wheel", "sdist", "editable")])
def release(session: nox.Session, kind: str) -> None:
    """Install every distribution as its users will, and run the demo on that."""
    if kind == "wheel":
        # First without an index, by name, so that each of ours is the one in dist/.
        session.install("--no-index", "--find-links", str(DIST), "--no-deps", *NAMES)
        session.install(*NAMES, *group("demo"))
    elif kind == "sdist":
        session.install(*map(str, sorted(DIST.glob("*.tar.gz"))), *group("demo"))
    else:
        session.install(*EDITABLE, *group("demo"))
    session.install("pytest")
    check_installed(session)
    session.run("python", "examples/demo/demo.py")


if __name__ == "__main__":
    nox.main()
