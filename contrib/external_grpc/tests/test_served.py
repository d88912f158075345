"""`gatehook serve --grpc`, asked by the plugin here."""

import asyncio
import signal
import stat

import grpc_toys
import pytest
from gatehook import ConfigError, PluginLoadError, ToolPreInvokePayload
from gatehook.testing import open_runner

TOOLS = ["add", "deny", "answer", "count", "raise", "fine"]


async def run(runner, tool, **args):
    asking = {"id": "r", "user": "alice", "tenant_id": "t", "roles": ["dev"], "content_type": "text/plain"}
    async with runner, runner.request(**asking) as request:
        request.state["gone"] = 1
        outcome = await request.run(ToolPreInvokePayload(tool, {"int": 7, "float": 7.5, **args}))
        return outcome, request


def seen(outcome, request):
    """All that a host sees of an outcome, with floats and integers told apart, but for the words of a failure."""
    return repr(
        (
            outcome.payload,
            outcome.violation.to_dict() if outcome.violation and outcome.violation.code != "PLUGIN_ERROR" else None,
            outcome.response,
            outcome.metadata,
            (request.states or {}).get("Toy", {}),
            request.state,
            [(record.verdict, record.code, record.error_type, sorted(record.changes)) for record in outcome.records],
        )
    )


@pytest.mark.parametrize("tool", TOOLS)
async def test_a_plugin_does_the_same_in_process_and_there(served, connected, tool):
    here = seen(*await run(open_runner({"name": "Toy", "kind": grpc_toys.Toy}), tool))
    assert seen(*await run(connected(served), tool)) == here


async def test_everybody_who_asks_is_known_there(served, connected):
    outcome, _ = await run(connected(served), "tell")
    assert outcome.metadata["Toy"]["asking"] == ["r", "alice", "t", ["dev"], "text/plain"]


async def test_settings_go_to_a_server_that_takes_them(serve, connected):
    server = serve(accept_config=True)
    for most in (10, 20):
        outcome, _ = await run(connected(server.address, config={"most": most, "timeout_ms": 5000}), "tell")
        assert outcome.metadata["Toy"]["most"] == most


async def test_settings_are_sent_again_when_the_server_forgot_them(serve, connected):
    server = serve(accept_config=True)
    async with connected(server.address, config={"most": 20}) as runner, runner.request() as request:
        server.send_signal(signal.SIGHUP)
        server.says("the config was reloaded")
        outcome = await request.run(ToolPreInvokePayload("tell"))
    assert outcome.metadata["Toy"]["most"] == 20


async def test_settings_that_the_plugin_there_refuses_are_a_config_error_here(serve, connected):
    server = serve(accept_config=True)
    with pytest.raises(ConfigError, match=r"plugins\[0\].config.most: must be a whole number"):
        await run(connected(server.address, config={"most": "many"}), "tell")


async def test_settings_for_a_server_that_takes_none_are_a_config_error(served, connected):
    with pytest.raises(ConfigError, match=r"plugins\[0\].config.most: the server takes no config from here"):
        await run(connected(served, config={"most": 1}), "tell")


async def test_who_has_not_the_token_is_refused(serve, connected):
    token = "t" * 20
    server = serve(token="${TOKEN}", environ={"TOKEN": token})
    for auth in (None, {"type": "bearer", "token": "wrong"}):
        with pytest.raises(PluginLoadError, match="does not accept the credentials"):
            await run(connected(server.address, {"auth": auth} if auth else {}), "fine")
    outcome, _ = await run(connected(server.address, {"auth": {"type": "bearer", "token": token}}), "tell")
    assert outcome.metadata


async def test_a_server_wants_certificates_of_its_callers(serve, connected, certificates):
    ca, cert, key = certificates("127.0.0.1")
    _, mine, my_key = certificates("gateway.internal")
    server = serve(tls_cert=str(cert), tls_key=str(key), tls_client_ca=str(ca))
    keys = {"tls_ca": str(ca), "tls_client_cert": str(mine), "tls_client_key": str(my_key)}
    outcome, _ = await run(connected(server.address, keys), "tell")
    assert outcome.metadata
    with pytest.raises(PluginLoadError, match="for want of a client certificate"):
        await run(connected(server.address, {"tls_ca": str(ca)}), "tell")


async def test_the_health_is_that_of_the_plugin_which_is_asked_for(serve, connected, until):
    server = serve(plugins=["Toy", "Ill"], settings={"plugin_health_check_interval": "50ms"})
    often = {"health_check_interval": "50ms"}
    toy, ill = {"name": "Toy", "grpc": often}, {"name": "Ill", "grpc": often}
    for plugin, well in ((toy, True), (ill, "it says that it is not serving")):
        async with connected(server.address, **plugin) as runner:

            async def said(runner=runner, well=well):
                return runner.plugins()[0].health == well

            await until(said)


async def run_in(runner, tool, **args):
    async with runner.request() as request:
        return await request.run(ToolPreInvokePayload(tool, args))


async def test_a_server_that_stops_answers_what_it_was_asked(serve, connected):
    server = serve()
    async with connected(server.address) as runner:
        call = asyncio.create_task(run_in(runner, "wait", seconds=1))
        await run_in(runner, "fine")
        server.terminate()
        assert not (await call).blocked
        assert (await run_in(runner, "fine")).blocked
    assert server.wait(20) == 0


async def test_a_socket_is_open_to_its_user_alone(serve, tmp_path):
    socket = tmp_path / "plugins.sock"
    server = serve(address=f"unix:{socket}")
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    outcome, _ = await run(open_runner({"name": "Toy", "kind": "external_grpc", "grpc": {"uds": str(socket)}}), "tell")
    assert outcome.metadata
    server.terminate()
    assert server.wait(20) == 0
    assert not socket.exists()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("0.0.0.0:0", "0.0.0.0:0 can be reached from other machines: `serve:` needs tls_cert and tls_key"),
        ("192.0.2.1:0", "192.0.2.1:0 can be reached"),
        ("nowhere", "an address is HOST:PORT or unix:PATH"),
        ("127.0.0.1:{taken}", "cannot listen at 127.0.0.1:{taken}"),
    ],
)
def test_an_address_that_cannot_be_served_is_an_error(refuses, served, address, reason):
    taken = served.rpartition(":")[2]
    assert reason.format(taken=taken) in refuses(address.format(taken=taken))


async def test_the_address_of_the_config_is_served_beside_the_one_for_grpc(serve):
    server = serve(listen="127.0.0.1:0")
    while not any("serving at http://127.0.0.1:" in line for line in server.said):
        server.says("serving at")
