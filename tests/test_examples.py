"""The examples do what they say, started as a person would start them."""

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

EXAMPLES = Path(__file__).parents[1] / "examples"
GATEHOOK = str(Path(sysconfig.get_path("scripts")) / "gatehook")
SECRETS = ["ada.smith@example.com", "536-22-8145", "4111 1111 1111 1111", "5555 5555 5555 4444", "corp.internal"]


def run(*command: str, cwd: Path = EXAMPLES.parent, code: int = 0) -> str:
    environ = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    ended = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert ended.stderr == ""
    assert ended.returncode == code
    return ended.stdout


# -- the demo


@pytest.fixture(scope="module")
def demo() -> str:
    return run(sys.executable, "examples/demo/demo.py")


@pytest.fixture(scope="module")
def guarded(demo: str) -> dict[str, str]:
    return calls(demo.partition("The same calls without it")[0])


@pytest.fixture(scope="module")
def direct(demo: str) -> dict[str, str]:
    return calls(demo.partition("The same calls without it")[2])


def calls(printed: str) -> dict[str, str]:
    """The table's sections by their titles, each row as `label: text` in one line."""
    found: dict[str, str] = {}
    for line in printed.splitlines():
        if line.startswith("│"):
            label, text = (cell.strip() for cell in line.strip("│").split("│"))
            if not label and text.startswith(("tools/", "resources/")):
                found[title := text] = ""
            else:
                found[title] += f"\n{label}: {text}" if label else f" {text}"
    return found


def row(section: str, label: str) -> str:
    (found,) = (line.removeprefix(f"{label}: ") for line in section.splitlines() if line.startswith(f"{label}: "))
    return found


def test_the_demo_makes_the_same_calls_with_and_without_the_guard(guarded, direct):
    def sent(session: dict[str, str]) -> dict[str, str]:
        return {call: row(section, "client sent") for call, section in session.items()}

    assert sent(guarded) == sent(direct)


@pytest.mark.parametrize("label", ["server saw", "came back"])
def test_in_the_demo_the_guard_lets_no_secret_pass(guarded, direct, label):
    def leaks(session: dict[str, str]) -> list[str]:
        return [call for call, section in session.items() if any(secret in row(section, label) for secret in SECRETS)]

    assert leaks(guarded) == []
    assert leaks(direct)


def test_in_the_demo_what_is_masked_keeps_its_shape(guarded):
    assert row(guarded["tools/call find_customer"], "came back") == (
        "name: Ada Smith email: a***@example.com ssn: ***-**-8145 card: **** **** **** 1111 "
        "page: https://crm.example.com/customers/1"
    )


def test_in_the_demo_a_refused_call_never_reaches_the_server(guarded, direct):
    refused = guarded["tools/call run_sql"]
    assert row(refused, "server saw") == "not called"
    assert "Blocked by policy 'no-destruction' [DENIED_WORD]" in row(refused, "came back")
    assert "DROP TABLE" not in row(refused, "came back")
    assert row(direct["tools/call run_sql"], "came back") == "table dropped, 2 customers lost"
    assert row(guarded["tools/call count_customers"], "came back") == "2"
    assert row(direct["tools/call count_customers"], "came back") == "0"


def test_the_demo_tells_what_each_plugin_decided_and_in_how_many_microseconds(guarded):
    for section in guarded.values():
        for line in section.splitlines():
            if line.startswith(("tool_", "resource_")):
                assert "personal-data" in line
                assert line.count(" µs") == 3 - line.count("skipped") - ("no-destruction" not in line)
    found = guarded["tools/call find_customer"]
    assert "result.structuredContent.ssn" in row(found, "tool_post_invoke")
    assert "no-destruction skipped (condition on tools)" in row(found, "tool_pre_invoke")


async def test_the_settings_that_the_demo_prints_work_in_a_client(demo):
    settings = json.loads(demo[demo.index("\n{") :])["mcpServers"]["crm"]
    assert Path(settings["args"][settings["args"].index("--config") + 1]) == EXAMPLES / "demo" / "gatehook.yaml"
    async with Client(StdioServerParameters(**settings)) as client:
        result = await client.call_tool("find_customer", {"name": "Grace Jones"})
    assert result.structured_content["ssn"] == "***-**-5462"


def test_the_readme_shows_what_the_demo_prints(guarded, direct):
    blocks = re.findall(r"```text\n(.*?)```", (EXAMPLES.parent / "README.md").read_text(), flags=re.DOTALL)
    shown = [calls(block) for block in blocks if "╭" in block]
    assert [timeless(session) for session in shown] == [timeless(guarded), timeless(direct)]


def timeless(session: dict[str, str]) -> dict[str, str]:
    return {call: re.sub(r"\d+ µs", "0 µs", section) for call, section in session.items()}


# -- the others


def test_a_host_in_a_few_lines_calls_what_plugins_allow_and_returns_what_they_leave():
    printed = run(sys.executable, "examples/embedding/host.py")
    assert printed.splitlines() == [
        "{'content': [{'type': 'text', 'text': 'Ada Smith, [REDACTED]'}]}",
        "no-destruction: the tool's arguments contain a word that is not allowed here; call it without [DENIED_WORD]",
    ]


@pytest.mark.parametrize(
    ("call", "rows"),
    [
        ({"name": "list_orders", "args": {"limit": 5000}}, 20),
        ({"name": "list_orders", "args": {}}, 20),
        ({"name": "list_orders", "args": {"limit": 5}}, 5),
        ({"name": "get_order", "args": {"limit": 5000}}, 5000),
    ],
)
def test_a_local_plugin_is_found_by_its_path_and_runs_where_its_conditions_hold(call, rows):
    command = ["explain", "gatehook.yaml", "--hook", "tool_pre_invoke", "--payload", json.dumps(call), "--json"]
    explained = json.loads(run(GATEHOOK, *command, cwd=EXAMPLES / "local_plugin"))
    assert explained["payload"]["args"] == {"limit": rows}


def test_a_local_plugin_may_refuse():
    call = json.dumps({"name": "list_orders", "args": {"limit": "all"}})
    command = ["explain", "gatehook.yaml", "--hook", "tool_pre_invoke", "--payload", call]
    printed = run(GATEHOOK, *command, cwd=EXAMPLES / "local_plugin", code=1)
    assert "blocked by row-limit [NOT_A_NUMBER]: limit must be a whole number" in printed


@pytest.mark.parametrize("config", sorted(EXAMPLES.rglob("gatehook.yaml")), ids=lambda path: path.parent.name)
def test_no_example_s_config_has_problems_or_warnings(config):
    run(GATEHOOK, "check", "--strict", config.name, cwd=config.parent)
