"""The configs of the manual do what they are there for, at services in the place of those that they name."""

import re
from pathlib import Path

import pytest
import yaml
from gatehook.testing import assert_blocked, open_runner, prompt_call, tool_call, tool_result

PAGE = Path(__file__).parents[3] / "docs" / "external-http.md"
BLOCKS = re.findall(r"^```(?:yaml|text)\n# (\S+)\n(.*?)^```$", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
CONFIGS = {name: text for name, text in BLOCKS if name.endswith(".yaml")}
POLICIES = {name: text for name, text in BLOCKS if name.endswith(".rego")}
CALLS = {"prompt_pre_fetch": prompt_call, "tool_post_invoke": lambda q: tool_result(q, name="lookup")}


@pytest.fixture
def plugins(services, tmp_path, monkeypatch):
    """The plugins of a config, with services and files that are there."""
    (tmp_path / "token").write_text("the-key")
    folder = services.folder
    there = {
        "https://llmguard.corp": services.url,
        "https://guard.corp/judge\n      tls_ca": f"{services.mutual}/judge\n      tls_ca",
        "https://guard.corp": services.url,
        "http://llama-guard:8000": services.url,
        "http://opa:8181": services.url,
        "kind: openai_moderation": "kind: openai_moderation",
        "/etc/ssl/corp/ca.pem": str(folder / "ca.pem"),
        "/etc/ssl/corp/gatehook.pem": str(folder / "client.pem"),
    }
    monkeypatch.chdir(tmp_path)
    for name, text in POLICIES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        services.put_policy(text)

    def plugins(text):
        for name, place in there.items():
            text = text.replace(name, place)
        text = re.sub(r"/run/secrets/\w+", str(tmp_path / "token"), text)
        entries = yaml.safe_load(text)["plugins"]
        for entry in entries:
            entry["config"].setdefault("url", f"{services.url}/v1/moderations")
            if "policies" in entry["config"]:
                del entry["config"]["url"]
        return entries

    return plugins


@pytest.mark.parametrize("name", [name for name in CONFIGS if name not in ("opa.yaml", "rego.yaml")])
async def test_a_guard_of_the_manual_lets_pass_and_blocks(plugins, name):
    entries = plugins(CONFIGS[name])
    async with open_runner(*entries) as runner, runner.request(user="alice") as request:
        (hook, *_) = entries[0]["hooks"]
        ask = CALLS[hook]
        assert not (await request.run(ask(q="hello"))).blocked
        violation = assert_blocked(await request.run(ask(q="an attack")))
    assert violation.code not in ("PLUGIN_ERROR", "PLUGIN_TIMEOUT")


@pytest.mark.parametrize("name", ["opa.yaml", "rego.yaml"])
async def test_the_policy_of_the_manual_allows_denies_and_redacts(plugins, name):
    async with open_runner(*plugins(CONFIGS[name])) as runner, runner.request(user="alice", roles=["dev"]) as request:
        assert not (await request.run(tool_call("lookup"))).blocked
        denied = assert_blocked(await request.run(tool_call("delete_all")), "POLICY_DENIED")
        outcome = await request.run(tool_result(structured={"ssn": "1", "salary": 7, "name": "Bob"}))
    assert denied.reason == "no rule allows this call"
    assert outcome.payload.result["structuredContent"] == {"ssn": "[REDACTED]", "salary": 0, "name": "Bob"}
    assert outcome.payload.result["content"][0]["text"] == '{"ssn": "[REDACTED]", "salary": 0, "name": "Bob"}'


def test_the_manual_names_every_category_of_llama_guard():
    from gatehook_external_http.llama_guard import CATEGORIES

    text = PAGE.read_text()
    assert [f"{code} | {name}" for code, name in CATEGORIES.items() if f"{code} | {name}" not in text] == []
