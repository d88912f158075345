"""Services in a process of their own, for all tests."""

import json
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
import trustme


class Services:
    def __init__(self, folder: Path, ports: list[int]) -> None:
        self.folder = folder
        self.url, self.tls, self.mutual = (
            f"{scheme}://localhost:{port}" for scheme, port in zip(["http", "https", "https"], ports, strict=True)
        )
        self._client = httpx2.Client(base_url=self.url, trust_env=False)

    def seen(self) -> list[dict]:
        """The requests since the test began."""
        return self._client.get("/seen").json()

    def texts(self) -> list:
        return [request["json"] for request in self.seen()]

    def clear(self) -> None:
        self._client.delete("/seen")

    def say_health(self, status: int) -> None:
        self._client.put("/health", content=str(status))

    def say_status(self, status: int) -> None:
        """What all answers have from now on."""
        self._client.put("/status", content=str(status)).raise_for_status()

    def put_policy(self, text: str) -> None:
        self._client.put("/v1/policies/test", content=text).raise_for_status()

    def close(self) -> None:
        self._client.close()


@pytest.fixture(scope="session")
def running_services(tmp_path_factory):
    folder = tmp_path_factory.mktemp("services")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    authority.issue_cert("client@example.com").private_key_and_cert_chain_pem.write_to_path(folder / "client.pem")
    trustme.CA().cert_pem.write_to_path(folder / "other_ca.pem")
    command = [sys.executable, str(Path(__file__).with_name("services.py")), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        services = Services(folder, json.loads(process.stdout.readline()))
        yield services
        services.close()
        process.kill()


@pytest.fixture
def services(running_services):
    running_services.clear()
    return running_services
