"""A plugin on another machine is the same plugin: its own tests pass, with nothing but its entries changed."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
SERVED = Path(__file__).parent / "served.yaml"

DOCUMENTS = "is about the distribution's own manifest and README, and asks the class that is configured for them"
NO_JSON = "sends half a surrogate pair, an infinite number or 200 levels, which have no JSON: they are refused unsent"
LAID_OVER = "leaves out what the server's own config has, over which that of a caller is laid"
FILES = "has files, which are read where the plugin runs"
LOGS = "reads what the plugin logs, which is the other process's, or takes the client's debug log for the plugin's"
DIFFERENT = {
    "pii_filter": {
        "test_its_config_schema_is_that_of_its_settings": DOCUMENTS,
        "test_its_readme_describes_every_config_key": DOCUMENTS,
        "test_its_manifest_declares_its_violation_codes": DOCUMENTS,
        "test_hostile_text_is_answered_like_any_other": NO_JSON,
        "test_lone_surrogates_survive": NO_JSON,
        "test_masking_keeps_every_shape_and_type": NO_JSON,
        "test_what_it_says_holds_nothing_that_it_found": LOGS,
        "test_reports_say_kind_path_and_count_and_never_the_text": LOGS,
    },
    "deny_list": {
        "test_its_config_schema_is_that_of_its_settings": DOCUMENTS,
        "test_its_readme_describes_every_config_key": DOCUMENTS,
        "test_its_manifest_declares_its_violation_codes": DOCUMENTS,
        "test_hostile_text_is_answered_like_any_other": NO_JSON,
        "test_lone_surrogates_survive": NO_JSON,
        "test_masking_needs_write_access": "has an entry without `access: write`, which is the server's to say",
        "test_the_lists_that_blocked_are_named_with_the_highest_severity": LAID_OVER,
        "test_a_config_that_cannot_be_honoured_is_refused_with_its_reason": LAID_OVER,
        "test_a_file_has_a_word_in_each_line": FILES,
        "test_a_reload_reads_the_files_again": FILES,
        "test_a_hundred_thousand_words_of_a_file_are_searched": FILES,
    },
    "search_replace": {
        "test_its_config_schema_is_that_of_its_settings": DOCUMENTS,
        "test_its_readme_describes_every_config_key": DOCUMENTS,
        "test_hostile_text_is_answered_like_any_other": NO_JSON,
        r"test_a_rule_gives[\ud800": NO_JSON,
        "test_a_config_is_refused[words0]": LAID_OVER,
    },
}
"""Tests that are not about what the plugin does, or that need what no JSON can carry; and why."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    said = tmp_path_factory.mktemp("server") / "stderr"
    command = [sys.executable, "-m", "gatehook", "serve", "--config", str(SERVED)]
    with said.open("w") as stderr, subprocess.Popen(command, stderr=stderr) as process:
        while "serving at" not in said.read_text():
            assert process.poll() is None, said.read_text()
            time.sleep(0.05)
        yield re.findall(r"http://\S+", said.read_text())[0]
        process.terminate()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("suite", DIFFERENT)
def test_the_tests_of_a_plugin_pass_where_it_runs_in_a_server(suite, server):
    tests = ROOT / "contrib" / suite / "tests"
    listed = subprocess.run(
        [*PYTEST, "--collect-only", tests], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    left_out = {name: [test for test in listed if f"::{name}" in test] for name in DIFFERENT[suite]}
    assert [name for name, found in left_out.items() if not found] == []
    deselected = [f"--deselect={test}" for found in left_out.values() for test in found]
    run = subprocess.run(
        [*PYTEST, "-p", "tests.moved.moving", *deselected, tests],
        cwd=ROOT, env={**os.environ, "GATEHOOK_MOVED_TO": server}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-8000:]
