"""What may be imported from gatehook, and that the rest stays private."""

import subprocess
import sys
import types

import gatehook
import gatehook.testing
import gatehook.text
import pytest
from gatehook import GatehookError

PROMISED = """
Runner Request Outcome Plugin PluginConfig PluginMode PluginContext PluginResult PluginViolation hookspec hookimpl
GatehookError ConfigError ManifestError PluginLoadError PluginError ViolationError Payload Record Verdict
PromptPrehookPayload PromptPrehookResult PromptPosthookPayload PromptPosthookResult
ToolPreInvokePayload ToolPreInvokeResult ToolPostInvokePayload ToolPostInvokeResult
ResourcePreFetchPayload ResourcePreFetchResult ResourcePostFetchPayload ResourcePostFetchResult
ServerPreRegisterPayload ServerPostRegisterPayload AuthPreCheckPayload AuthPostCheckPayload
FederationPreSyncPayload FederationPostSyncPayload
"""


any_public = pytest.mark.parametrize("module", [gatehook, gatehook.testing, gatehook.text], ids=lambda it: it.__name__)


@any_public
def test_all_is_sorted_without_repetition(module):
    assert list(module.__all__) == sorted(set(module.__all__))


@any_public
def test_every_name_in_all_is_there(module):
    for name in module.__all__:
        assert hasattr(module, name), name


@pytest.mark.parametrize("name", PROMISED.split())
def test_every_name_that_others_rely_on_is_public(name):
    assert name in gatehook.__all__


@any_public
def test_every_public_class_and_function_of_the_package_is_in_all(module):
    found = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert found == set(module.__all__)


@pytest.mark.parametrize(
    ("cls", "names"),
    [
        (gatehook.Runner, "from_config request reload plugins stats explain has_hooks"),
        (gatehook.Request, "run id user tenant_id server_id content_type state"),
        (
            gatehook.Outcome,
            "payload blocked modified violation violations response records metadata raise_for_violation",
        ),
        (gatehook.Plugin, "name mode priority config initialize shutdown health settings_model"),
        (gatehook.PluginContext, "state metadata get_state set_state request global_context"),
        (gatehook.PluginResult, "continue_processing modified_payload violation metadata response"),
        (gatehook.PluginViolation, "reason description code details plugin_name violation_code"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
async def test_each_has_the_members_that_others_rely_on(toys, cls, names):
    class Toy(gatehook.Plugin):
        def tool_pre_invoke(self, payload, context):
            seen.update({gatehook.PluginContext: context, gatehook.Plugin: self})
            return gatehook.PluginResult(violation=gatehook.PluginViolation())

    seen = {gatehook.PluginResult: gatehook.PluginResult(), gatehook.PluginViolation: gatehook.PluginViolation()}
    async with toys.runner(Toy) as runner, runner.request() as request:
        seen[gatehook.Outcome] = await request.run(gatehook.ToolPreInvokePayload("t"))
        seen.update({gatehook.Runner: runner, gatehook.Request: request})
        for name in names.split():
            assert hasattr(seen[cls], name), name


def test_the_errors_are_one_tree():
    errors = [value for name, value in vars(gatehook).items() if name.endswith("Error")]
    assert errors
    assert all(issubclass(error, GatehookError) for error in errors)


def test_importing_gatehook_loads_no_web_framework_and_nothing_that_only_checking_needs():
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, gatehook; print(*sys.modules)"], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {
        "jsonschema",
        "fastmcp",
        "mcp",
        "starlette",
        "fastapi",
        "httpx",
        "uvicorn",
        "anyio",
        "click",
        "rich",
        "numpy",
        "jinja2",
        "pytest",
        "hypothesis",
    }
    assert heavy & {name.partition(".")[0] for name in loaded} == set()
