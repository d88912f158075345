"""Encryption, and who is who."""

import pytest
import trustme
from gatehook import PluginLoadError, ToolPreInvokePayload

NAME = "127.0.0.1"


async def told(runner):
    async with runner, runner.request() as request:
        return (await request.run(ToolPreInvokePayload("tell"))).metadata


async def test_a_server_is_trusted_for_its_authority_and_its_name(start, connected, certificates):
    ca, cert, key = certificates(NAME)
    server = start("Toy", "127.0.0.1:0", cert, key)
    assert await told(connected(server.address, {"tls_ca": str(ca)}))


async def test_both_sides_may_want_certificates(start, connected, certificates):
    ca, cert, key = certificates(NAME)
    _, mine, my_key = certificates("gateway.internal")
    server = start("Toy", "127.0.0.1:0", cert, key, ca)
    both = {"tls_ca": str(ca), "tls_client_cert": str(mine), "tls_client_key": str(my_key)}
    assert await told(connected(server.address, both))


async def test_a_key_may_stand_beside_its_certificate(start, connected, certificates, tmp_path):
    ca, cert, key = certificates(NAME)
    _, mine, my_key = certificates("gateway.internal")
    together = tmp_path / "both.pem"
    together.write_bytes(mine.read_bytes() + my_key.read_bytes())
    server = start("Toy", "127.0.0.1:0", cert, key, ca)
    assert await told(connected(server.address, {"tls_ca": str(ca), "tls_client_cert": str(together)}))


@pytest.fixture
def refused(start, connected, certificates):
    """``refused(reason, server_certificate, client_ca=False, **keys)``: the plugin does not come up, for the reason."""

    async def refused(reason, issued, *, client_ca=False, **keys):
        ca, cert, key = issued
        server = start("Toy", "127.0.0.1:0", cert, key, *([ca] if client_ca else []))
        with pytest.raises(PluginLoadError, match=reason):
            await told(connected(server.address, {"tls_ca": str(ca), **keys}, timeout=5))

    return refused


async def test_a_certificate_for_another_name_is_refused(refused, certificates):
    await refused("its certificate is for another name", certificates("elsewhere.internal"))


async def test_a_certificate_of_another_authority_is_refused(refused, certificates):
    await refused("its certificate is not trusted", certificates(NAME, issuer=trustme.CA()))


async def test_a_server_that_wants_a_certificate_refuses_none(refused, certificates):
    await refused("for want of a client certificate", certificates(NAME), client_ca=True)


async def test_a_server_that_wants_a_certificate_refuses_another_authority_s(refused, certificates):
    _, mine, key = certificates("gateway.internal", issuer=trustme.CA())
    keys = {"tls_client_cert": str(mine), "tls_client_key": str(key)}
    await refused("for want of a client certificate", certificates(NAME), client_ca=True, **keys)


async def test_a_server_without_tls_is_refused(peer, connected, certificates):
    ca, _, _ = certificates(NAME)
    with pytest.raises(PluginLoadError, match="does not speak TLS"):
        await told(connected(peer, {"tls_ca": str(ca)}, timeout=5))


async def test_a_server_with_tls_is_not_spoken_to_without(start, connected, certificates):
    _, cert, key = certificates(NAME)
    server = start("Toy", "127.0.0.1:0", cert, key)
    with pytest.raises(PluginLoadError, match=r"for want of .* TLS"):
        await told(connected(server.address, timeout=5))
