"""The columns of the matrix, played once for all their tests."""

from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from tests.failures.columns import Column, play_column
from tests.failures.faults import Cell


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder: ca.pem, right.pem of this machine, and wrong.pem of another one, from the same authority."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(folder / "right.pem")
    authority.issue_cert("elsewhere.example").private_key_and_cert_chain_pem.write_to_path(folder / "wrong.pem")
    return folder


@pytest.fixture(scope="session")
def column(
    request: pytest.FixtureRequest, certificates: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Column]:
    """What came of everything that a transport meets, as far as tests that are to run ask for it."""
    params = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]

    def asked(name: str, transport: str) -> list[Cell]:
        cells = (given[name] for given in params if isinstance(given.get(name), Cell))
        return [cell for cell in cells if cell.transport == transport]

    played: dict[str, Column] = {}

    def of(transport: str) -> Column:
        if transport not in played:
            folder = tmp_path_factory.mktemp("stage")
            cells, starts = asked("cell", transport), asked("start", transport)
            played[transport] = play_column(transport, cells, starts, folder, certificates)
        return played[transport]

    return of
