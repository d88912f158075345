"""What the command refuses, and in which words."""

import os
import socket
import subprocess

import pytest
import trustme
from gatehook import ConfigError
from gatehook_plugin_server.addresses import Address
from gatehook_plugin_server.settings import ServeSettings
from pydantic import ValidationError
from serve_frames import COMMAND, HERE


@pytest.fixture
def refused(config):
    """``refused(["Add"], "--listen", "…", token="…")`` is what the command says when it refuses to start; or
    ``refused("plugins: …")``, the text of a config."""

    def start(plugins, *options, **serve):
        path = config() if isinstance(plugins, str) else config(*plugins, **serve)
        if isinstance(plugins, str):
            path.write_text(plugins)
        ended = subprocess.run(
            [*COMMAND, "--config", str(path), *options], capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": str(HERE), "TOKEN": "a-token-of-the-tests"}, timeout=60,
        )  # fmt: skip
        assert ended.returncode == 2
        assert "Traceback" not in ended.stderr
        return ended.stderr

    return start


OUTSIDE = ("--listen", "0.0.0.0:0")


def test_others_must_not_reach_it_without_tls_and_credentials(refused, tmp_path):
    issued = trustme.CA().issue_cert("localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    tls = {"tls_cert": "server.pem", "tls_key": "server.pem"}
    said = refused(["Add"], *OUTSIDE)
    assert "0.0.0.0:0 can be reached from other machines: `serve:` needs tls_cert and tls_key, and a token" in said
    assert "needs tls_cert and tls_key\n" in refused(["Add"], *OUTSIDE, token="${TOKEN}")
    assert "needs a token, or tls_client_ca\n" in refused(["Add"], *OUTSIDE, **tls)


def test_a_token_does_not_stand_in_the_config(refused):
    assert "serve.token" in refused(["Add"], token="a-token-of-the-tests")


@pytest.mark.parametrize(
    ("serve", "words"),
    [
        ({"tls_cert": "none.pem", "tls_key": "none.pem"}, "gatehook.yaml:1: serve.tls_cert: cannot read"),
        ({"tls_cert": "empty", "tls_key": "empty"}, "are no certificate and its key"),
        ({"tls_cert": "a.pem", "tls_key": "b.pem"}, "are no certificate and its key"),
        ({"tls_cert": "a.pem", "tls_key": "a.pem", "tls_client_ca": "empty"}, "gatehook.yaml:1: serve.tls_client_ca: "),
        ({"token_file": "none"}, "gatehook.yaml:1: serve.token_file: cannot read"),
        ({"token_file": "empty"}, "holds no token of 16 or more printable ASCII letters"),
        ({"listen": "8700"}, "an address is HOST:PORT or unix:PATH, got '8700'"),
        ({"listen": "127.0.0.1:99999"}, "an address is HOST:PORT or unix:PATH"),
        ({"listen": "unix:none/plugins.sock"}, "cannot listen at unix:"),
        ({"listen": "192.0.2.1:0", "tls_cert": "a.pem", "tls_key": "a.pem", "token_file": "token"}, "cannot listen at"),
        ({"tokn": "x"}, "did you mean 'token'"),
    ],
)
def test_what_is_wrong_in_its_section_is_said(refused, tmp_path, serve, words):
    (tmp_path / "empty").touch()
    (tmp_path / "token").write_text("a-token-of-the-tests")
    for name in ("a.pem", "b.pem"):
        trustme.CA().issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / name))
    assert words in refused(["Add"], **{"listen": "127.0.0.1:0", **serve})


SERVED = """\
plugins:
- {name: Add, kind: serve_toys.Add}
serve:
  listen: 127.0.0.1:0
  token_file: none
"""


def test_an_error_names_the_line_where_it_stands(refused, tmp_path):
    said = refused(SERVED)
    assert f"gatehook.yaml:5: serve.token_file: cannot read {tmp_path / 'none'}: No such file" in said


def test_a_plugin_that_does_not_come_up_is_said(refused):
    assert "'Never' cannot be initialized" in refused(["Never"])
    assert "no plugin is enabled" in refused([])


def test_stdio_is_for_one_process(refused):
    assert "--stdio serves one process" in refused(["Add"], "--stdio", "--listen", "127.0.0.1:0")


# -- addresses


@pytest.mark.parametrize("text", ["127.0.0.1:0", "localhost:0", "[::1]:0", "127.9.9.9:0", "unix:/run/x"])
def test_what_only_this_machine_can_reach_is_local(text):
    assert Address.parse(text).is_local
    assert str(Address.parse(text)) == text


@pytest.mark.parametrize("text", ["0.0.0.0:0", "[::]:0", ":0", "192.0.2.1:0", "host.example:0", "localhost.example:0"])
def test_whatever_else_others_can_reach(text):
    assert not Address.parse(text).is_local


def test_a_socket_that_somebody_listens_at_is_left_to_him(tmp_path):
    address = Address(path=tmp_path / "s")
    listening = address.listen()
    with pytest.raises(ConfigError, match="another server does"):
        address.listen()
    listening.close()
    address.listen().close()  # nobody does any more
    address.forget()
    address.forget()


def test_a_file_at_the_place_of_the_socket_is_left_alone(tmp_path):
    (tmp_path / "s").write_text("mine")
    with pytest.raises(ConfigError, match="cannot listen at"):
        Address(path=tmp_path / "s").listen()
    assert (tmp_path / "s").read_text() == "mine"


def test_a_port_in_use_is_said():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=f"cannot listen at 127.0.0.1:{port}: Address already in use"):
            Address("127.0.0.1", port).listen()


# -- settings


@pytest.mark.parametrize(
    "section",
    [
        {"token": "a-token-of-the-tests", "token_file": "token"},
        {"token": "short"},
        {"tls_cert": "a"},
        {"tls_key": "a"},
        {"tls_client_ca": "a"},
        {"max_concurrency": 0},
        {"max_request_bytes": 1},
        {"drain_timeout": 0},
    ],
)
def test_settings_that_make_no_sense_are_refused(section):
    with pytest.raises(ValidationError):
        ServeSettings.model_validate(section)


def test_every_setting_is_described():
    assert [key for key, field in ServeSettings.model_fields.items() if not field.description] == []
