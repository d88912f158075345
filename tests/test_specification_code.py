"""The plugin classes in the specification's own text work under a runner with only the import line changed.

The text is read from ``../shared/reference``, beside the repository, where it is there.
"""

import asyncio
import logging
import sys
import textwrap
import time
import types
from pathlib import Path

import gatehook
import pytest
from gatehook import (
    Message,
    Plugin,
    PluginConfig,
    PluginContext,
    PluginMode,
    PromptPosthookPayload,
    PromptPrehookPayload,
    PromptPrehookResult,
    PromptResult,
    ResourceContent,
    ResourcePostFetchPayload,
    ResourcePreFetchPayload,
    TextContent,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
    Verdict,
)

FILES = sorted(Path(__file__).parents[2].glob("shared/reference/000_*.txt"))
pytestmark = pytest.mark.skipif(not FILES, reason="the specification is not beside this repository")
TEXT = FILES[0].read_text(encoding="utf-8") if FILES else ""


def block(begins, ends):
    """The code between two lines of the text, with the one change that the specification's import line needs."""
    _, found, rest = TEXT.partition(begins)
    assert found, begins
    body, found, _ = rest.partition(ends)
    assert found, ends
    return (begins + body).replace("from mcpgateway.plugins.framework import", "from gatehook import")


def classes(code, **names):
    """What the code defines. ``names`` stand for what the specification uses without importing it."""
    module = types.ModuleType("specification")
    vars(module).update(names)
    exec(compile(code, "specification", "exec"), vars(module))
    return vars(module)


@pytest.fixture
def my_plugin():
    """The example under "Plugin Structure"."""
    code = block("from mcpgateway.plugins.framework import (\n    Plugin,", "\nPlugin Context and State")
    # the text imports neither of these
    return classes(code, PluginViolation=gatehook.PluginViolation, time=time)["MyPlugin"]


# -- MyPlugin


async def test_prompt_pre_fetch_blocks(toys, my_plugin):
    outcome = await toys.run(PromptPrehookPayload("p", {"q": "this is FORBIDDEN"}), my_plugin)
    violation = outcome.violation
    assert (violation.code, violation.description, violation.details) == (
        "FORBIDDEN_CONTENT", "Forbidden content detected", {"found_in": "arguments"},
    )  # fmt: skip
    assert violation.plugin_name == "MyPlugin"


async def test_prompt_pre_fetch_modifies(toys, my_plugin):
    payload = PromptPrehookPayload("p", {"transform_me": "loud", "other": "x"})
    outcome = await toys.run(payload, my_plugin)
    assert outcome.payload == PromptPrehookPayload("p", {"transform_me": "LOUD", "other": "x"})
    assert payload.args["transform_me"] == "loud"


async def test_prompt_pre_fetch_allows(toys, my_plugin):
    payload = PromptPrehookPayload("p", {"q": "fine"})
    outcome = await toys.run(payload, my_plugin)
    assert outcome.payload is payload
    assert not outcome.blocked


async def test_prompt_post_fetch_changes_text_through_typed_messages_and_adds_metadata(toys, my_plugin):
    result = PromptResult(messages=[Message(role="user", content=TextContent("an old_text here"))])
    outcome = await toys.run(PromptPosthookPayload("p", result), my_plugin)
    assert outcome.payload.result.messages[0].content.text == "an new_text here"
    assert result.messages[0].content.text == "an old_text here"
    assert outcome.metadata["MyPlugin"] == {"processed_by": "MyPlugin"}


async def test_prompt_post_fetch_is_broken_for_images_and_its_error_policy_applies(toys, my_plugin):
    image = {"messages": [{"role": "user", "content": {"type": "image", "data": "AAAA", "mimeType": "image/png"}}]}
    payload = PromptPosthookPayload("p", PromptResult.from_json(image))
    assert (await toys.run(payload, my_plugin)).violation.code == "PLUGIN_ERROR"
    allowed = await toys.run(payload, (my_plugin, {"on_error": "allow"}))
    assert allowed.payload is payload
    assert allowed.records[0].reason.startswith("raised AttributeError at ")


async def test_tool_pre_invoke_blocks(toys, my_plugin):
    outcome = await toys.run(ToolPreInvokePayload("file_delete", {"path": "/system"}), my_plugin)
    assert (outcome.violation.code, outcome.violation.details) == ("DANGEROUS_OP", {"tool": "file_delete"})
    assert not (await toys.run(ToolPreInvokePayload("file_delete", {"path": "/tmp"}), my_plugin)).blocked


async def test_tool_pre_invoke_is_broken_where_it_sanitizes_since_sanitize_input_does_not_exist(toys, my_plugin):
    outcome = await toys.run(ToolPreInvokePayload("t", {"sanitize_me": "x"}), my_plugin)
    assert outcome.violation.code == "PLUGIN_ERROR"
    assert outcome.records[0].reason.startswith("raised AttributeError at ")


async def test_tool_pre_invoke_sanitizes_where_somebody_supplies_the_method(toys, my_plugin):
    class Mine(my_plugin):
        def sanitize_input(self, text):
            return text.strip()

    outcome = await toys.run(ToolPreInvokePayload("t", {"sanitize_me": " x "}), Mine)
    assert outcome.payload.args == {"sanitize_me": "x"}


async def test_tool_post_invoke_redacts(toys, my_plugin):
    payload = ToolPostInvokePayload("t", {"sensitive_data": "secret", "n": 1})
    outcome = await toys.run(payload, my_plugin)
    assert outcome.payload.result == {"sensitive_data": "[REDACTED]", "n": 1}
    assert payload.result["sensitive_data"] == "secret"


async def test_tool_post_invoke_adds_audit_metadata(toys, my_plugin):
    outcome = await toys.run(ToolPostInvokePayload("t", {"n": 1}), my_plugin)
    assert outcome.metadata["MyPlugin"]["tool_executed"] == "t"
    assert outcome.metadata["MyPlugin"]["execution_time"] <= time.time()
    assert not outcome.modified


async def test_resource_pre_fetch_blocks_protocols_and_adds_metadata(toys, my_plugin):
    blocked = await toys.run(ResourcePreFetchPayload("ftp://x/y"), my_plugin)
    passed = await toys.run(ResourcePreFetchPayload("https://x/y"), my_plugin)
    assert (blocked.violation.code, blocked.violation.details) == (
        "PROTOCOL_BLOCKED", {"uri": "ftp://x/y", "protocol": "ftp"},
    )  # fmt: skip
    assert passed.payload == ResourcePreFetchPayload("https://x/y", {"validated_by": "MyPlugin"})


async def test_resource_post_fetch_redacts_text_and_leaves_blobs(toys, my_plugin):
    text = ResourcePostFetchPayload(
        "https://x", ResourceContent(uri="https://x", text="write to bob@example.com", _meta={"a": 1})
    )
    blob = ResourcePostFetchPayload("https://x", ResourceContent(uri="https://x", blob="AAAA"))
    redacted, left = await toys.run(text, my_plugin), await toys.run(blob, my_plugin)
    assert redacted.payload.content.to_json() == {
        "uri": "https://x",
        "text": "write to [EMAIL_REDACTED]",
        "_meta": {"a": 1},
    }
    assert left.payload is blob


async def test_its_settings_come_from_config_config(toys, my_plugin):
    seen = []

    class Mine(my_plugin):
        async def initialize(self):
            seen.append((self.my_setting, self.name, self.mode, self.priority))

    await toys.run(ToolPreInvokePayload("t"), (Mine, {"config": {"my_setting": 5}}), (Mine, {"name": "second"}))
    assert seen == [(5, "Mine", PluginMode.ENFORCE, 100), ("default", "second", PluginMode.ENFORCE, 100)]


# -- Plugin Context and State


async def test_state_goes_from_the_pre_to_the_post_hook(toys):
    code = block(
        "async def prompt_pre_fetch(self, payload, context):\n    # Store state", "\nExternal Service Plugin Example"
    )
    names = classes(code, time=time, PromptPrehookResult=PromptPrehookResult, PromptPosthookResult=PromptPrehookResult)
    timing = type("Timing", (Plugin,), {name: names[name] for name in ("prompt_pre_fetch", "prompt_post_fetch")})
    async with toys.runner(timing) as runner, runner.request() as request:
        await request.run(PromptPrehookPayload("p", {"a": "b"}))
        outcome = await request.run(PromptPosthookPayload("p", PromptResult(messages=[])))
    assert 0 <= outcome.metadata["Timing"]["processing_time_ms"] < 60_000
    assert not outcome.modified


# -- External Service Plugin Example


class Backend:
    """Stands for httpx: a client that answers what the test wants, and notes what it was asked."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def AsyncClient(self):  # noqa: N802  # httpx calls it so
        return self

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc_info):
        return None

    async def post(self, url, **kwargs):
        await asyncio.sleep(0)
        self.asked.append((url, kwargs))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self

    def json(self):
        return self.answer


async def llm_guard(toys, answer, **keys):
    backend = Backend(answer)
    code = block("class LLMGuardPlugin(Plugin):", "\nPlugin Development Guide")
    names = {
        name: getattr(gatehook, name)
        for name in ("Plugin", "PluginConfig", "PluginMode", "PluginViolation", "PromptPrehookResult")
    }
    guard = classes(code, httpx=backend, **names)["LLMGuardPlugin"]
    config = {"service_url": "https://guard", "api_key": "k"}
    return backend, await toys.run(PromptPrehookPayload("p", {"q": "hi"}), (guard, {"config": config, **keys}))


async def test_the_external_service_is_asked_and_its_verdict_blocks(toys):
    backend, outcome = await llm_guard(toys, {"blocked": True, "reason": "toxic"})
    ((url, asked),) = backend.asked
    assert (url, asked["headers"], asked["timeout"]) == ("https://guard/analyze", {"Authorization": "Bearer k"}, 30)
    assert asked["json"] == {"text": "{'q': 'hi'}", "policy": "strict"}
    assert (outcome.violation.code, outcome.violation.description) == ("LLMGUARD_BLOCKED", "toxic")


async def test_the_external_service_lets_pass(toys):
    assert not (await llm_guard(toys, {"blocked": False}))[1].blocked


@pytest.mark.parametrize(("mode", "blocked"), [("enforce", True), ("permissive", False), ("audit", False)])
async def test_a_failing_service_blocks_in_enforce_by_self_config_mode(toys, mode, blocked):
    _, outcome = await llm_guard(toys, ConnectionRefusedError("down"), mode=mode)
    assert outcome.blocked is blocked
    if blocked:
        assert (outcome.violation.code, outcome.violation.details) == ("SERVICE_ERROR", {"error": "down"})


# -- Plugin Development Guide


async def test_a_plugin_whose_implementation_is_still_to_come_implements_no_hook(toys):
    code = block("# plugins/my_plugin/plugin.py\nfrom mcpgateway", "\n4. Register in Configuration")
    with pytest.raises(gatehook.PluginLoadError, match="implements no hook"):
        async with toys.runner(classes(code)["MyPlugin"]):
            pass


async def test_the_test_of_a_plugin_runs_as_it_is_written(my_plugin):
    code = block("# tests/test_my_plugin.py\n", "\nBest Practices").replace(
        "from plugins.my_plugin.plugin import MyPlugin\n", ""
    )
    names = {"MyPlugin": my_plugin, "payload": PromptPrehookPayload("p", {}), "context": PluginContext()}
    await classes(code, **names)["test_my_plugin"]()


def test_a_config_made_by_hand_has_the_keys_of_an_entry():
    config = PluginConfig(
        name="test", kind="plugins.my_plugin.plugin.MyPlugin", hooks=["prompt_pre_fetch"], config={"a": 1}
    )
    assert (config.name, config.hooks, config.config, config.mode, config.priority) == (
        "test", ["prompt_pre_fetch"], {"a": 1}, PluginMode.ENFORCE, 100,
    )  # fmt: skip


# -- Best Practices


@pytest.mark.parametrize(("mode", "blocked"), [("enforce", True), ("permissive", False)])
async def test_graceful_error_handling_by_self_mode(toys, mode, blocked):
    code = block(
        "async def prompt_pre_fetch(self, payload, context):\n    try:\n        # Plugin logic", "\n2. Performance"
    )
    code = code.replace("        pass\n", "        raise ValueError('broken')\n", 1)
    names = {name: getattr(gatehook, name) for name in ("PluginMode", "PluginViolation", "PromptPrehookResult")}
    function = classes(code, logger=logging.getLogger("specification"), **names)["prompt_pre_fetch"]
    careful = type("Careful", (Plugin,), {"prompt_pre_fetch": function})
    outcome = await toys.run(PromptPrehookPayload("p"), (careful, {"mode": mode}))
    assert outcome.blocked is blocked
    if blocked:
        assert (outcome.violation.code, outcome.violation.details) == ("PLUGIN_ERROR", {"error": "broken"})
        assert outcome.records[0].verdict is Verdict.VIOLATION


async def test_the_caching_plugin_implements_no_hook_and_is_broken_where_it_works_expensively(toys):
    cached = classes(block("class CachedPlugin(Plugin):", "\n3. Conditional Execution"), Plugin=Plugin, time=time)[
        "CachedPlugin"
    ]
    with pytest.raises(gatehook.PluginLoadError, match="implements no hook"):
        async with toys.runner(cached):
            pass

    class Uses(cached):
        async def tool_pre_invoke(self, payload, context):
            context.metadata["worth"] = await self.expensive_operation(payload.name)

    assert (await toys.run(ToolPreInvokePayload("t"), Uses)).violation.code == "PLUGIN_ERROR"  # no _do_expensive_work

    class Works(Uses):
        async def _do_expensive_work(self, key):
            return key.upper()

    async with toys.runner((Works, {"config": {"cache_ttl": 60}})) as runner, runner.request() as request:
        for _ in range(2):
            assert (await request.run(ToolPreInvokePayload("t"))).metadata["Works"] == {"worth": "T"}


def test_the_unified_interface_is_a_sketch_that_python_does_not_parse():
    sketch = textwrap.dedent(block("class Plugin:\n", "    # ... unified"))
    with pytest.raises(SyntaxError):
        compile(sketch, "specification", "exec")


def test_every_class_of_the_text_is_tried_here():
    """A class that the text gains is missing here."""
    named = [
        line.split("(")[0].removeprefix("class ").rstrip(":") for line in TEXT.splitlines() if line.startswith("class ")
    ]
    assert named == ["Plugin", "MyPlugin", "LLMGuardPlugin", "MyPlugin", "CachedPlugin"]
    assert "specification" not in sys.modules
