"""What came out of the cases, by the way that they were played: each way once for all tests."""

import asyncio
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest

from benchmarks.external import services
from benchmarks.peer import CPEX_SERVICES
from tests.interop.cases import CASES
from tests.interop.configs import OURS, PEER, as_services
from tests.interop.in_gatehook import outcomes

HERE = Path(__file__).parent
REQUESTS = [case.steps for case in CASES]

Outcomes = dict[str, list[dict[str, Any]]]
"""What each step of a case came to, by the case's title."""


def in_gatehook(config: dict[str, Any]) -> Outcomes:
    return by_title(asyncio.run(outcomes(config, REQUESTS)))


def in_cpex(config: dict[str, Any]) -> Outcomes:
    allow_loopback = {"PLUGINS_SSRF_PROTECTION_ENABLED": "false"}
    done = subprocess.run(
        [CPEX_SERVICES.python(), HERE / "in_cpex.py"],
        input=json.dumps({"config": config, "requests": REQUESTS}),
        env={**os.environ, **allow_loopback, "PLUGINS_LOG_LEVEL": "ERROR", "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return by_title(json.loads(done.stdout))


def by_title(played: list[list[dict[str, Any]]]) -> Outcomes:
    return {case.title: outcome for case, outcome in zip(CASES, played, strict=True)}


class Ways:
    """Each starts the service that it needs."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack

    def _written(self, name: str, config: dict[str, Any]) -> Path:
        path = self.folder / name
        path.write_text(json.dumps(config))  # JSON is YAML
        return path

    # -- cpex's plugins

    def cpex_alone(self) -> Outcomes:
        return in_cpex(PEER)

    def cpex_stdio_to_gatehook(self) -> Outcomes:
        command, *args = services.cpex_command()
        variables = services.cpex_variables(self._written("peer.yaml", PEER), HERE)
        child = {"proto": "STDIO", "command": command, "args": args, "env": variables}
        return in_gatehook(as_services(PEER, "external", mcp=child))

    def cpex_http_to_gatehook(self) -> Outcomes:
        url = self.stack.enter_context(services.cpex_over_http(self._written("peer.yaml", PEER), HERE))
        return in_gatehook(as_services(PEER, "external", mcp={"proto": "STREAMABLEHTTP", "url": url}))

    def cpex_grpc_to_gatehook(self) -> Outcomes:
        return in_gatehook(as_services(PEER, "external_grpc", grpc={"target": self.cpex_over_grpc}))

    def cpex_grpc_to_cpex(self) -> Outcomes:
        return in_cpex(as_services(PEER, "external", grpc={"target": self.cpex_over_grpc}))

    @cached_property
    def cpex_over_grpc(self) -> str:
        return self.stack.enter_context(services.cpex_over_grpc(self._written("peer.yaml", PEER), HERE))

    # -- gatehook's plugins

    def gatehook_alone(self) -> Outcomes:
        return in_gatehook(OURS)

    def gatehook_stdio_to_cpex(self) -> Outcomes:
        command = [*services.gatehook_command(self._written("ours.yaml", OURS)), "--stdio"]
        child = {"proto": "STDIO", "cmd": command, "env": services.python_path(HERE)}
        return in_cpex(as_services(OURS, "external", mcp=child))

    def gatehook_http_to_cpex(self) -> Outcomes:
        url = self.stack.enter_context(services.gatehook_over_http(self._written("ours.yaml", OURS), HERE))
        return in_cpex(as_services(OURS, "external", mcp={"proto": "STREAMABLEHTTP", "url": url}))

    def gatehook_grpc_to_cpex(self) -> Outcomes:
        target = self.stack.enter_context(services.gatehook_over_grpc(self._written("ours.yaml", OURS), HERE))
        return in_cpex(as_services(OURS, "external", grpc={"target": target}))


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Outcomes]]:
    """`played("cpex_alone")` is what came out that way."""
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(HERE))  # for `our_plugins`
        ways = Ways(tmp_path_factory.mktemp("interop"), stack)
        yield cache(lambda way: getattr(ways, way)())
