"""Certificates: whom the plugin trusts, and how it proves who it is."""

import asyncio
import contextlib
import ssl

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from gatehook import ConfigError
from gatehook_external import TLS
from pydantic import ValidationError


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def files(authority, tmp_path_factory):
    """A folder of PEM files, as an operator has them."""
    folder = tmp_path_factory.mktemp("tls")
    client = authority.issue_cert("plugin@example.com")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    client.cert_chain_pems[0].write_to_path(folder / "client.pem")
    client.private_key_pem.write_to_path(folder / "client.key")
    client.private_key_and_cert_chain_pem.write_to_path(folder / "both.pem")
    authority.issue_cert("other@example.com").private_key_pem.write_to_path(folder / "other.key")
    key = serialization.load_pem_private_key(client.private_key_pem.bytes(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"passphrase"),
    )
    (folder / "locked.key").write_bytes(locked)
    (folder / "text.pem").write_text("no certificate\n")
    (folder / "garbage.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (folder / "garbage.key").write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    return folder


@contextlib.asynccontextmanager
async def server(authority, name="localhost"):
    """A TLS server that insists on a client certificate of the authority, and answers with its common name."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED

    async def answer(reader, writer):
        writer.write(b"welcome")
        writer.close()

    async with await asyncio.start_server(answer, "localhost", 0, ssl=context) as listening:
        yield listening.sockets[0].getsockname()[1]


async def greeting(port, tls):
    reader, writer = await asyncio.open_connection("localhost", port, ssl=tls.context())
    try:
        return await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def tls(folder, **keys):
    return TLS.model_validate(keys, context={"folder": folder})


@pytest.mark.parametrize(
    "own", [{"tls_client_cert": "client.pem", "tls_client_key": "client.key"}, {"tls_client_cert": "both.pem"}]
)
async def test_both_sides_prove_who_they_are(authority, files, own):
    async with server(authority) as port:
        assert await greeting(port, tls(files, tls_ca="ca.pem", **own)) == b"welcome"


async def test_without_a_certificate_of_its_own_the_plugin_is_turned_away(authority, files):
    async with server(authority) as port:
        try:
            said = await greeting(port, tls(files, tls_ca="ca.pem"))
        except (ssl.SSLError, ConnectionError):  # which a client of TLS 1.3 may learn when it reads
            said = b""
    assert said == b""


async def test_a_service_that_nobody_vouches_for_is_refused(authority, files):
    async with server(authority) as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            await greeting(port, tls(files, tls_client_cert="both.pem"))


async def test_a_service_of_another_name_is_refused(authority, files):
    async with server(authority, "elsewhere.example.com") as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            await greeting(port, tls(files, tls_ca="ca.pem", tls_client_cert="both.pem"))


async def test_whoever_switches_the_check_off_is_told_so(authority, files, caplog):
    async with server(authority, "elsewhere.example.com") as port:
        assert await greeting(port, tls(files, tls_verify=False, tls_client_cert="both.pem")) == b"welcome"
    assert "tls_verify is false" in caplog.text


@pytest.mark.parametrize(
    ("keys", "path", "message"),
    [
        ({"tls_ca": "missing.pem"}, "tls_ca", "missing.pem cannot be read: No such file"),
        ({"tls_ca": "text.pem"}, "tls_ca", "text.pem holds no certificate in PEM"),
        ({"tls_ca": "garbage.pem"}, "tls_ca", "garbage.pem cannot be used"),
        ({"tls_client_cert": "missing.pem"}, "tls_client_cert", "missing.pem cannot be read"),
        ({"tls_client_cert": "text.pem"}, "tls_client_cert", "text.pem holds no certificate in PEM"),
        ({"tls_client_cert": "client.pem"}, "tls_client_cert", "client.pem holds no key"),
        ({"tls_client_cert": "client.pem", "tls_client_key": "missing.key"}, "tls_client_key", "missing.key cannot be"),
        ({"tls_client_cert": "client.pem", "tls_client_key": "text.pem"}, "tls_client_key", "text.pem holds no key"),
        ({"tls_client_cert": "client.pem", "tls_client_key": "other.key"}, "tls_client_key", "is not the key of"),
        ({"tls_client_cert": "client.pem", "tls_client_key": "garbage.key"}, "tls_client_key", "garbage.key cannot be"),
        ({"tls_client_cert": "client.pem", "tls_client_key": "locked.key"}, "tls_client_key", "has a passphrase"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(files, keys, path, message):
    with pytest.raises(ConfigError) as failed:
        tls(files, **keys).context()
    (problem,) = failed.value.problems
    assert problem.path == (path,)
    assert message in problem.message


@pytest.mark.parametrize(
    "keys",
    [{"tls_client_key": "k"}, {"tls_verify": False, "tls_ca": "c"}, {"tls_verify": "ca.pem"}, {"tls": True}],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(files, keys):
    with pytest.raises(ValidationError):
        tls(files, **keys)


def test_other_clients_get_the_files_as_they_are(files):
    told = tls(files, tls_ca="ca.pem")
    assert told.pem("tls_ca") == (files / "ca.pem").read_bytes()
    assert told.pem("tls_client_key") is None
