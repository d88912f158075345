"""docs/guard.md says what is true."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from gatehook_guard import answers
from gatehook_guard.methods import COVERAGE, HOOKS, markdown
from gatehook_guard.settings import GuardSettings

PAGE = (Path(__file__).parents[2] / "docs" / "guard.md").read_text()


def test_the_table_of_methods_is_the_one_that_drives_the_relay():
    assert markdown() in PAGE


def test_the_check_of_a_config_shows_that_table(tmp_path):
    config = tmp_path / "gatehook.yaml"
    config.write_text("plugins: []\n")
    command = [sys.executable, "-m", "gatehook", "check", "--host", "guard", "--json", str(config)]
    checked = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert checked["hosts"]["guard"] == {"called_hooks": [*HOOKS], "coverage": [*COVERAGE]}


@pytest.mark.parametrize("name", GuardSettings.model_fields)
def test_every_setting_is_documented_with_its_default(name):
    field = GuardSettings.model_fields[name]
    assert field.description is not None
    assert f"| `{name}` | `{field.default}` | {' '.join(field.description.split())} |" in PAGE


@pytest.mark.parametrize("code", [answers.BLOCKED, answers.FAILED, answers.SERVER_GONE])
def test_every_error_code_is_documented(code):
    assert f"| {code} |" in PAGE


@pytest.mark.parametrize("code", sorted(answers.FAILURES - {"PLUGIN_ERROR", "PLUGIN_TIMEOUT"}))
def test_every_violation_of_the_guard_itself_is_documented(code):
    assert f"`{code}`" in PAGE
