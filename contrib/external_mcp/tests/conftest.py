"""The plugin in a real runner, with servers in processes of their own at the other end."""

import asyncio
import os
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from gatehook import Runner
from gatehook.testing import tool_call

SERVERS = Path(__file__).parent / "servers"
PATIENCE = 10
"""Seconds for a server to come up."""


class Asked:
    """A runner with one external plugin."""

    def __init__(self, runner):
        self.runner = runner

    async def run(self, payload, **asker):
        async with self.runner.request(**{"user": "alice", **asker}) as request:
            return await request.run(payload)

    async def call(self, name="ok", **args):
        """The outcome of a tool call."""
        return await self.run(tool_call(name, **args))

    async def record(self, name, **args):
        """The plugin's record of it."""
        return (await self.call(name, **args)).records[0]

    @property
    def status(self):
        return self.runner.plugins()[0]


def descriptors():
    return {path.name for path in Path("/proc/self/fd").iterdir()}


@pytest.fixture
def opened():
    """``async with opened(mcp, settings=…, **keys) as asked``: the keys are the entry's, the settings those of all
    plugins. Nothing may be left behind."""

    @asynccontextmanager
    async def opened(mcp, *, settings=None, **keys):
        before = descriptors()
        mine = asyncio.all_tasks()
        keys = {"name": "Ext", "kind": "external", "timeout": 5, **keys}
        try:
            async with Runner.from_config({"plugins": [{**keys, "mcp": mcp}], "plugin_settings": settings}) as runner:
                yield Asked(runner)
        finally:
            assert asyncio.all_tasks() <= mine
            await asyncio.sleep(0)  # the transports of asyncio close their sockets in the loop's next round
            assert descriptors() <= before

    return opened


@pytest.fixture
def lines():
    """The section for the small server over stdio."""

    def lines(*args, **env):
        return {"proto": "STDIO", "script": str(SERVERS / "lines.py"), "args": list(args), "env": env}

    return lines


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def start(tmp_path):
    """``start(script, *args)`` runs a script until the test ends, once it has said that it is ready."""
    started = []

    def start(script, *args, **env):
        process = subprocess.Popen(
            [sys.executable, str(SERVERS / script), *map(str, args)],
            stdout=subprocess.PIPE,
            env={**os.environ, **env},
            cwd=tmp_path,
        )
        started.append(process)
        assert process.stdout.readline(), "the server did not come up"
        process.stdout.close()
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
