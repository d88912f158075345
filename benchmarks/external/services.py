"""Plugin services in processes of their own, cpex's and gatehook's, each over each transport."""

import os
import socket
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic, sleep

from benchmarks.peer import CPEX_SERVICES, ROOT

START_SECONDS = 30


def gatehook_command(config: Path) -> list[str]:
    """`gatehook serve`, but for where it listens."""
    return [str(Path(sysconfig.get_path("scripts")) / "gatehook"), "serve", "--config", str(config)]


def cpex_command() -> list[str]:
    """cpex's server for stdio and HTTP; its variables say which."""
    return [str(CPEX_SERVICES.python()), "-m", "cpex.framework.external.mcp.server.runtime"]


def cpex_variables(config: Path, *paths: Path) -> dict[str, str]:
    """``paths`` are where the modules of its plugins are."""
    return {
        "PLUGINS_CONFIG_PATH": str(config),
        "PLUGINS_TRANSPORT": "stdio",
        "PLUGINS_LOG_LEVEL": "ERROR",
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
    }


@contextmanager
def cpex_over_http(config: Path, *paths: Path) -> Iterator[str]:
    """Its URL."""
    port = free_port()
    listen = {
        "PLUGINS_TRANSPORT": "http",
        "PLUGINS_SERVER_HOST": "127.0.0.1",
        "PLUGINS_SERVER_PORT": str(port),
    }
    with running(cpex_command(), {**cpex_variables(config, *paths), **listen}, port):
        yield f"http://127.0.0.1:{port}/mcp"


@contextmanager
def cpex_over_grpc(config: Path, *paths: Path) -> Iterator[str]:
    """Its target."""
    port = free_port()
    command = [str(CPEX_SERVICES.python()), "-m", "cpex.framework.external.grpc.server.runtime"]
    listen = ["--host", "127.0.0.1", "--port", str(port)]
    with running([*command, *listen], cpex_variables(config, *paths), port):
        yield f"127.0.0.1:{port}"


@contextmanager
def gatehook_over_http(config: Path, *paths: Path) -> Iterator[str]:
    port = free_port()
    with running([*gatehook_command(config), "--listen", f"127.0.0.1:{port}"], python_path(*paths), port):
        yield f"http://127.0.0.1:{port}/mcp"


@contextmanager
def gatehook_over_grpc(config: Path, *paths: Path) -> Iterator[str]:
    port = free_port()
    with running([*gatehook_command(config), "--grpc", f"127.0.0.1:{port}"], python_path(*paths), port):
        yield f"127.0.0.1:{port}"


def python_path(*paths: Path) -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(map(str, paths))}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], variables: Mapping[str, str], port: int) -> Iterator[None]:
    """
    Raises:
        RuntimeError: it does not listen; with the last of what it wrote.
    """
    with TemporaryFile("w+") as log:
        environment = {**os.environ, **variables}
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            if not _listens(process, port):
                log.seek(0)
                raise RuntimeError(f"{' '.join(command)} does not listen: {log.read()[-2000:]}")
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    end = monotonic() + START_SECONDS
    while process.poll() is None and monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            sleep(0.05)
        else:
            return True
    return False
