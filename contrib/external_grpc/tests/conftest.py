"""Servers in processes of their own, and runners whose one plugin is in such a server."""

import asyncio
import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest
import trustme
from gatehook.testing import open_runner

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for grpc_toys.py
PEER = Path(__file__).with_name("peer.py")
CONFUSED = PEER.with_name("confused.py")
STRANGER = PEER.with_name("stranger.py")
ANY_PORT = "127.0.0.1:0"


@contextmanager
def started(*command):
    """A process that prints where it listens; ended when the block is."""
    with subprocess.Popen([sys.executable, *map(str, command)], stdout=subprocess.PIPE, text=True) as process:
        try:
            process.address = f"127.0.0.1:{int(process.stdout.readline())}"
            yield process
        finally:
            process.kill()


@pytest.fixture
def start():
    """``start("Toy", address, cert, key, client_ca)``: a process with a peer's server, at ``.address``."""
    with ExitStack() as stack:
        yield lambda plugin, address=ANY_PORT, *tls: stack.enter_context(started(PEER, plugin, address, *tls))


@pytest.fixture
def stranger():
    """``stranger("silent")``: the address of a process that speaks no gRPC."""
    with ExitStack() as stack:
        yield lambda behaviour: stack.enter_context(started(STRANGER, behaviour)).address


@pytest.fixture(scope="session")
def peer():
    """A peer's server with the plugin ``Toy``, for tests that leave it as it is."""
    with started(PEER, "Toy", ANY_PORT) as process:
        yield process.address


@pytest.fixture(scope="session")
def confused():
    """The address of a server whose streams go wrong."""
    with started(CONFUSED) as process:
        yield process.address


class Server(subprocess.Popen):
    """`gatehook serve --grpc`; ``address`` is where it says that it serves."""

    def __init__(self, config, address, environ=None):
        command = [sys.executable, "-m", "gatehook", "serve", "--config", config, "--grpc", address]
        env = {**os.environ, "PYTHONPATH": str(HERE), **(environ or {})}
        super().__init__(list(map(str, command)), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env)
        self.said = []

    def says(self, pattern):
        """Read what it says until that is found."""
        for line in self.stderr:
            self.said.append(line)
            if match := re.search(pattern, line):
                return match
        raise AssertionError(f"the server never said {pattern!r}, but {''.join(self.said)}")


@contextmanager
def serving(folder, address=ANY_PORT, plugins=("Toy",), settings=None, environ=None, **section):
    """A server with toys; ``section`` is that of its config."""
    entries = [{"name": name, "kind": f"grpc_toys.{name}"} for name in plugins]
    config = folder / "served.yaml"
    config.write_text(json.dumps({"plugins": entries, "plugin_settings": settings or {}, "serve": section}))
    with Server(config, address, environ) as server:
        try:
            server.address = server.says(r"serving at (\S+) \(gRPC\)")[1]
            yield server
        finally:
            server.kill()


@pytest.fixture
def serve(tmp_path):
    """``serve(token="${TOKEN}", environ={…})``: a server of its own for the test."""
    with ExitStack() as stack:
        yield lambda **keys: stack.enter_context(serving(tmp_path, **keys))


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """The address of a server with the plugin ``Toy``, for tests that leave it as it is."""
    with serving(tmp_path_factory.mktemp("served")) as server:
        yield server.address


@pytest.fixture
def refuses(tmp_path):
    """``refuses(address)``: what a server says that cannot serve there, and ends."""

    def refuses(address):
        config = tmp_path / "refused.yaml"
        config.write_text(json.dumps({"plugins": [{"name": "Toy", "kind": "grpc_toys.Toy"}]}))
        with Server(config, address) as server:
            said = server.stderr.read()
        assert server.returncode == 2
        return said

    return refuses


@pytest.fixture
def until():
    """``await until(holds)``: once ``await holds()`` is true, of what happens in another process."""

    async def until(holds):
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    return until


@pytest.fixture
def connected():
    """``connected(address, grpc={…}, **entry)``: a runner of the plugin ``Toy`` in that server, to be entered."""

    def connected(address, grpc=None, **entry):
        where = {"target": address, **(grpc or {})}
        return open_runner({"name": "Toy", **entry, "kind": "external_grpc", "grpc": where})

    return connected


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def certificates(authority, tmp_path_factory):
    """``certificates("127.0.0.1")``: the files of the authority, and of a certificate for that name and its key."""
    folder = tmp_path_factory.mktemp("certificates")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    numbers = count()

    def certificates(name, issuer=authority):
        issued = issuer.issue_cert(name)
        number = next(numbers)
        cert, key = folder / f"{number}.pem", folder / f"{number}.key"
        for blob in issued.cert_chain_pems:
            blob.write_to_path(cert, append=True)
        issued.private_key_pem.write_to_path(key)
        return folder / "ca.pem", cert, key

    return certificates
