"""The plugin of pytest, in projects of their own: quiet where nobody uses it, and at work where one line does."""

import subprocess
import sys

import pytest

# pytest-asyncio warns of a setting of its own that nobody set.
STRICT = ["-W", "error", "-W", "ignore::pytest.PytestDeprecationWarning", "--strict-markers", "--strict-config"]


@pytest.fixture
def project(tmp_path):
    """`project(source, *args)` runs pytest on one test module of a project without configuration."""

    def run(source, *args):
        (tmp_path / "test_it.py").write_text(source)
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", *args]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_a_project_that_does_not_use_it_does_not_even_import_gatehook(project):
    source = """
import sys
def test_it():
    assert not {"gatehook", "hypothesis", "pydantic"} & set(sys.modules)
"""
    ended = project(source, *STRICT, "-p", "no:hypothesispytest", "-p", "no:asyncio")
    assert "1 passed" in ended.stdout, ended.stdout + ended.stderr
    assert "warning" not in ended.stdout + ended.stderr


USES = """
from gatehook import Plugin, PluginResult
from gatehook.testing import assert_allowed, assert_blocked, tool_call

class Toy(Plugin):
    def tool_pre_invoke(self, payload):
        return None if payload.args else PluginResult(False)

def test_sync(run_hook):
    assert_allowed(run_hook(Toy, tool_call(q=1)))
"""


@pytest.mark.parametrize("args", [[], ["-p", "no:asyncio", "-p", "no:hypothesispytest", "--import-mode=importlib"]])
def test_the_fixtures_need_no_configuration(project, args):
    ended = project(USES, *STRICT, *args)
    assert "1 passed" in ended.stdout, ended.stdout + ended.stderr


def test_an_async_test_awaits_the_same_fixtures(project):
    source = (
        USES
        + """
import asyncio
import pytest

@pytest.mark.asyncio
async def test_async(run_hook, run_hooks, open_runner):
    assert_allowed(await run_hook(Toy, tool_call(q=1)))
    assert len(await run_hooks(Toy, tool_call(q=1), tool_call())) == 2
    async with open_runner(Toy) as runner, runner.request() as request:
        assert_blocked(await request.run(tool_call()))
"""
    )
    ended = project(source, *STRICT)
    assert "2 passed" in ended.stdout, ended.stdout + ended.stderr


def test_a_failed_assertion_shows_the_test_s_own_line_and_what_the_plugins_did(project):
    ended = project(USES.replace("q=1", ""))
    assert ">       assert_allowed(run_hook(Toy, tool_call()))" in ended.stdout
    assert "Toy (enforce): violation (in effect): UNSPECIFIED" in ended.stdout
    assert "assertions.py" not in ended.stdout


def test_conformance_is_one_line(project):
    source = """
from gatehook.testing import conformance
TestConformance = conformance("deny_list", config={"words": ["quagga"]}, secrets=["quagga"])
"""
    ended = project(source, *STRICT, "-k", "starts_and_its_manifest or cancelling or starts_and_ends")
    assert "2 passed, 1 skipped" in ended.stdout, ended.stdout + ended.stderr
    assert "no hook of it waits for anything, so there is nothing to cancel" in ended.stdout


def test_a_failed_check_says_what_is_wrong_without_a_traceback(project):
    source = """
from gatehook import Plugin
from gatehook.testing import conformance
class Bad(Plugin):
    def tool_pre_invoke(self, payload): print(payload)
TestBad = conformance(Bad)
"""
    ended = project(source, *STRICT, "-k", "no_text")
    assert "1 failed" in ended.stdout, ended.stdout + ended.stderr
    assert "say a path, a kind, a count, never the text itself:\n  tool_pre_invoke with ordinary text" in ended.stdout
    assert "Traceback" not in ended.stdout
    assert "conformance/answers.py" not in ended.stdout
