"""What holds for every command: hosts' commands, `.env`, local classes, pipes, terminals."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ECHO = """
import click

@click.command()
@click.option("--config")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def relay(config, command):
    "Relay everything."
    click.echo(f"{config} {command}")
"""
LOCAL = """
from gatehook import Plugin

class Local(Plugin):
    def tool_pre_invoke(self, payload): ...
"""


@pytest.fixture
def command(install):
    def command(text, name="relay", distribution="acme-relay"):
        install(distribution, {name: "acme_relay:relay"}, modules={"acme_relay": text}, group="gatehook.commands")

    return command


def process(*args, **options):
    """The command line in a process of its own."""
    words = [sys.executable, "-W", "error", "-m", "gatehook", *args]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, **options)


# -- commands of hosts


def test_a_host_adds_a_command(command, gatehook):
    command(ECHO)
    assert "relay    Relay everything." in gatehook("--help").output
    result = gatehook("relay", "--config", "a.yaml", "--", "server", "--verbose", "--", "x")
    assert result.output == "a.yaml ('server', '--verbose', '--', 'x')\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("raise ValueError('boom')", "raised ValueError: boom"),
        ("raise SystemExit(0)", "raised SystemExit: 0"),
        ("relay = 5", "is no click command"),
    ],
)
def test_a_broken_command_of_a_host_breaks_no_other(text, why, command, gatehook):
    command(text)
    assert "relay    (broken; calling it says why) from acme-relay" in gatehook("--help").output
    assert gatehook("list").exit_code == 0
    for args in (("relay",), ("relay", "--config", "x", "--", "server"), ("relay", "--help")):
        result = gatehook(*args)
        point = "gatehook.commands: relay = acme_relay:relay"
        assert result.output == f"Error: acme-relay is broken: its entry point {point} {why}\n"
        assert result.exit_code == 2


def test_a_command_that_is_not_installed_names_its_distribution(gatehook, monkeypatch):
    monkeypatch.setattr("gatehook.cli.contributions", lambda group: [])
    result = gatehook("serve", "--config", "x")
    assert result.output == "Error: the command 'serve' comes with gatehook-plugin-server, which is not installed\n"
    assert result.exit_code == 2


def test_two_hosts_that_claim_a_command_are_both_told(command, gatehook):
    command(ECHO)
    command(ECHO, distribution="rival")
    result = gatehook("relay")
    assert result.exit_code == 2
    assert sorted(result.output.removeprefix("Error: 'relay' is claimed by ").split(";")[0].split(" and ")) == [
        "acme-relay",
        "rival",
    ]


def test_no_host_takes_the_place_of_a_command_of_the_core(command, gatehook):
    command(ECHO, name="list")
    assert "deny_list" in gatehook("list").output


def test_an_unknown_command_is_refused(gatehook):
    result = gatehook("chek")
    assert "No such command 'chek'" in result.output
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("args", "near"),
    [
        (("explain", "gatehook.yaml", "--payload", "{}", "--hook", "tool_pre_invok"), "tool_pre_invoke"),
        (("schema", "manifst"), "manifest"),
    ],
)
def test_a_misspelt_name_is_told_with_the_nearest(args, near, write, gatehook):
    write("plugins: []\n")
    result = gatehook(*args)
    assert result.output.endswith(f"', did you mean {near!r}?\n")
    assert result.exit_code == 2
    assert gatehook("schema", "zzz").output.endswith("'zzz' is not one of 'config', 'manifest'.\n")


@pytest.mark.parametrize("args", [("check",), ("list",), ("explain", "--hook", "tool_pre_invoke", "--payload", "{}")])
def test_a_config_that_the_environment_names_wrongly_is_told_with_the_variable(args, gatehook):
    result = gatehook(*args, env={"PLUGIN_CONFIG_FILE": "nix.yaml"})
    message = "Invalid value for the environment variable PLUGIN_CONFIG_FILE: File 'nix.yaml' does not exist."
    assert result.output.endswith(f"Error: {message}\n")
    assert result.exit_code == 2


def test_the_guard_is_one_of_the_commands(gatehook):
    result = gatehook("guard", "--help")
    assert "COMMAND" in result.output
    assert result.exit_code == 0


# -- the surroundings


def test_dotenv_is_read_and_never_wins_over_the_environment(write):
    write("plugins:\n  - {name: pii_filter, hooks: [tool_pre_invoke], timeout: '${LIMIT}'}\n", "config/plugins.yaml")
    write("# the plugins\nPLUGIN_CONFIG_FILE=config/plugins.yaml\nLIMIT='500ms'\n", ".env")
    environ = {key: value for key, value in os.environ.items() if key != "LIMIT"}
    assert "0.5s" in process("check", env=environ).stdout
    assert "7s" in process("check", env={**environ, "LIMIT": "7s"}).stdout


def test_a_dotenv_that_is_not_text_is_refused_in_one_line(folder):
    (folder / ".env").write_bytes(b"A=\xff\n")
    result = process("list")
    assert result.stderr.startswith("Error: .env cannot be read: 'utf-8' codec can't decode byte 0xff")
    assert (result.stderr.count("\n"), result.returncode) == (1, 2)


def test_commands_of_hosts_see_no_dotenv_and_no_current_directory(write, folder):
    write("import os\n" + LOCAL + "print(os.getcwd())\n", "elsewhere/local_guard.py")
    write("PLUGINS_ENABLED=false\nSTRANGE=1\n", "elsewhere/.env")
    config = write("plugins:\n  - {name: a, kind: local_guard.Local}\n", "config/gatehook.yaml")
    write(f"PLUGIN_CONFIG_FILE={folder / config}\n", "elsewhere/more/.env")
    guard = ("guard", "--config", str(folder / config), "--", "sh", "-c", "test -z $STRANGE")
    script = str(Path(sys.executable).with_name("gatehook"))
    for command in ([script], [sys.executable, "-m", "gatehook"]):
        found = subprocess.run(
            [*command, *guard], cwd="elsewhere", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert "there is no module 'local_guard': " in found.stderr
        assert found.returncode == 2
    write(LOCAL, "config/local_guard.py")
    found = process(*guard, cwd="elsewhere", stdin=subprocess.DEVNULL)
    assert (found.stderr, found.returncode) == ("", 0)
    assert process("guard", "--", "true", cwd="elsewhere/more", stdin=subprocess.DEVNULL).returncode == 2


def test_local_classes_are_found_beside_the_config(write):
    config = write("plugins:\n  - {name: a, kind: local_guard.Local}\n", "config/gatehook.yaml")
    write(LOCAL, "config/local_guard.py")
    assert process("check", config).returncode == 0
    call = ("--hook", "tool_pre_invoke", "--payload", '{"name": "t"}')
    assert process("explain", *call, env={**os.environ, "PLUGIN_CONFIG_FILE": config}).returncode == 0
    assert process("list", "--config", config).returncode == 0


def test_local_classes_are_found_in_the_current_directory(write):
    write(LOCAL, "local_guard.py")
    write("plugins:\n  - {name: a, kind: local_guard.Local}\n")
    script = [str(Path(sys.executable).with_name("gatehook")), "check", "gatehook.yaml"]
    result = subprocess.run(script, capture_output=True, text=True, timeout=60, check=False)
    assert result.stdout.endswith("gatehook.yaml: 1 plugin at 1 hook\n"), result
    assert process("check", "gatehook.yaml").stdout == result.stdout


def test_a_local_file_does_not_stand_in_for_a_library(write):
    write("raise SystemExit('hijacked')", "yaml.py")
    write("plugins: []\n")
    script = [str(Path(sys.executable).with_name("gatehook")), "check", "gatehook.yaml"]
    assert subprocess.run(script, capture_output=True, timeout=60, check=False).returncode == 0


# -- output


def test_a_closed_pipe_is_no_error():
    words = [sys.executable, "-m", "gatehook", "schema", "config"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        run.stdout.close()
        assert run.stderr.read() == b""


def test_an_interrupt_ends_without_a_traceback(write):
    write(
        "import time\n"
        + LOCAL
        + "\n    def __init__(self, config):\n        print(flush=True)\n        time.sleep(60)",
        "slow.py",
    )
    write("plugins:\n  - {name: a, kind: slow.Local}\n")
    words = [sys.executable, "-m", "gatehook", "check", "gatehook.yaml"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        run.stdout.readline()
        run.send_signal(signal.SIGINT)
        assert run.stderr.read().strip() == "Aborted!"


def on_a_terminal(*args):
    """What the command writes where it finds a terminal."""
    parent, child = pty.openpty()
    environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    with subprocess.Popen([sys.executable, "-m", "gatehook", *args], stdout=child, env=environ) as run:
        os.close(child)
        text = b""
        try:
            while chunk := os.read(parent, 65536):
                text += chunk
        except OSError:  # how Linux tells that the other side is closed
            pass
        run.wait(timeout=60)
    os.close(parent)
    return text.decode()


def test_colour_and_tables_are_for_terminals_only(write):
    write("plugins:\n  - {name: pii_filter, hooks: [tool_pre_invoke]}\n")
    shown = on_a_terminal("check", "gatehook.yaml")
    assert "\x1b[32menforce\x1b[0m" in shown
    assert "\x1b" not in process("check", "gatehook.yaml").stdout


def test_names_are_no_markup_on_a_terminal(write):
    write("plugins:\n  - {name: 'a[red]b', kind: pii_filter, hooks: [tool_pre_invoke]}\n")
    assert "a[red]b" in on_a_terminal("check", "gatehook.yaml")


def test_the_version_is_that_of_the_distribution(gatehook):
    assert gatehook("--version").output == "gatehook, version 0.1.0\n"
