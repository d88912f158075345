"""The command line, run in a folder of its own, beside distributions that a test installs there."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner, Result
from gatehook.cli import commands

MANIFEST = """
description: A toy.
version: "{version}"
available_hooks: [tool_pre_invoke]
"""
PLUGIN = """
from gatehook import Plugin

class Toy(Plugin):
    def tool_pre_invoke(self, payload): ...
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delenv("PLUGIN_CONFIG_FILE", raising=False)
    monkeypatch.delenv("PLUGINS_ENABLED", raising=False)
    return tmp_path


@pytest.fixture
def write(folder: Path) -> Callable[..., str]:
    """`write(text)` makes gatehook.yaml, `write(text, name)` another file; the answer is its name."""

    def write(text: str, name: str = "gatehook.yaml") -> str:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return name

    return write


@pytest.fixture
def gatehook() -> Callable[..., Result]:
    """`gatehook("check", "gatehook.yaml")` as on a command line that is no terminal."""

    def run(*args: str, **options: object) -> Result:
        result = CliRunner().invoke(commands, args, prog_name="gatehook", **options)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def install(folder: Path, write: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """`install("acme", {"toy": "acme_toy:Toy"}, …)` puts a distribution on the path, in the folder `site`."""
    before = set(sys.modules)

    def install(  # noqa: PLR0913  # all that distributions differ in
        name: str,
        points: dict[str, str],
        *,
        modules: dict[str, str] | None = None,
        manifest: str | None = MANIFEST,
        version: str = "1.0",
        group: str = "gatehook.plugins",
        site: str = "site",
    ) -> None:
        (folder / site).mkdir(exist_ok=True)
        if str(folder / site) not in sys.path:
            monkeypatch.syspath_prepend(folder / site)
        info = f"{site}/{name}-{version}.dist-info"
        write(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", f"{info}/METADATA")
        lines = [f"{key} = {target}" for key, target in points.items()]
        write("\n".join([f"[{group}]", *lines, ""]), f"{info}/entry_points.txt")
        if manifest is not None:
            write(manifest.replace("{version}", version), f"{info}/extra_metadata/plugin-manifest.yaml")
        for module, text in (modules or {}).items():
            write(text, f"{site}/{module}.py")

    yield install
    for module in set(sys.modules) - before:
        if str(folder) in str(getattr(sys.modules[module], "__file__", "")):
            del sys.modules[module]


@pytest.fixture
def toy(install: Callable[..., None]) -> None:
    """The plugin `toy`, of the distribution acme."""
    install("acme", {"toy": "acme_toy:Toy"}, modules={"acme_toy": PLUGIN})
