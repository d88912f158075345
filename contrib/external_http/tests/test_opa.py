"""What a policy is told, what its decisions do, and that they are the same at a server and in process."""

import asyncio
import json
import sys

import pytest
from gatehook import ConfigError, PluginConfig
from gatehook.testing import (
    assert_blocked,
    assert_changed,
    assert_unchanged,
    open_runner,
    prompt_call,
    prompt_result,
    resource,
    resource_read,
    run_hook,
    tool_call,
    tool_result,
)
from gatehook_external import ServiceError
from gatehook_external_http import OPAPlugin
from gatehook_external_http.opa import decision_in
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

POLICY = """
package mcp

import rego.v1

default decision := {"allow": false, "reason": "no rule allows it"}

decision := {"allow": true} if {
    input.hook == "tool_pre_invoke"
    input.name != "delete"
    input.user == "alice"
}

decision := {"allow": true, "redactions": redactions} if input.hook == "tool_post_invoke"

redactions contains {"path": "result.**.ssn"}

redactions contains {"path": "result.structuredContent.salary", "value": 0} if {
    input.payload.result.structuredContent.salary
}

allowed if input.name == "lookup"

flag := false

maybe if input.name == "nobody"

strict := {"allow": true, "redaction": []}

number := 1

broken := {"allow": true, "redactions": [{"path": "result.content[9].text"}]}

denied := {"allow": false, "redactions": [{"path": "args.missing"}, {"path": "args.q", "value": "-"}]}
"""


@pytest.fixture(params=["server", "in process"])
def decide(request, services, tmp_path):
    """One policy, two ways to ask it."""

    def decide(payload, policy=POLICY, **config):
        if request.param == "server":
            services.put_policy(policy)
            where = {"url": services.url}
        else:
            (tmp_path / "policy.rego").write_text(policy)
            where = {"policies": [str(tmp_path / "policy.rego")]}
        return run_hook("opa", payload, config={"decision": "mcp/decision", **where, **config})

    return decide


def test_what_the_policy_allows_passes(decide):
    assert_unchanged(decide(tool_call("lookup", q="hello")))


def test_what_it_does_not_allow_is_blocked_with_its_reason(decide):
    assert assert_blocked(decide(tool_call("delete")), "POLICY_DENIED").reason == "no rule allows it"


def test_a_decision_may_be_true_or_false(decide):
    assert_unchanged(decide(tool_call("lookup"), decision="mcp/allowed"))
    violation = assert_blocked(decide(tool_call("lookup"), decision="mcp/flag"), "POLICY_DENIED")
    assert violation.reason == "the policy does not allow the tool's arguments"


def test_no_decision_is_a_failure(decide):
    outcome = decide(tool_call("lookup"), decision="mcp/maybe")
    assert_blocked(outcome, "PLUGIN_ERROR")
    assert outcome.records[0].reason == "failed: mcp/maybe is undefined"


def test_no_decision_may_mean_no(decide):
    assert_blocked(decide(tool_call("lookup"), decision="mcp/maybe", undefined="deny"), "POLICY_DENIED")


@pytest.mark.parametrize("decision", ["mcp/strict", "mcp/number", "mcp"])
def test_what_is_no_decision_is_a_failure(decide, decision):
    outcome = decide(tool_call("lookup"), decision=decision)
    assert_blocked(outcome, "PLUGIN_ERROR")
    assert outcome.records[0].error_type == "backend"


def test_redactions_reach_every_copy(decide):
    person = {"name": "Bob", "ssn": "123-45-6789", "kin": [{"ssn": 7}], "salary": 1000}
    hidden = {"name": "Bob", "ssn": "[REDACTED]", "kin": [{"ssn": "[REDACTED]"}], "salary": 1000}
    outcome = decide(tool_result(structured=person))
    assert_changed(
        outcome,
        {
            "result.structuredContent": {**hidden, "salary": 0},
            "result.content[0].text": json.dumps(hidden),
        },
    )


def test_a_redaction_of_what_is_not_there_is_a_failure(decide):
    outcome = decide(tool_result("hello"), decision="mcp/broken")
    assert_blocked(outcome, "PLUGIN_ERROR")
    assert "redactions[0]" in outcome.records[0].reason


def test_a_denial_stands_whatever_is_to_be_redacted(decide):
    outcome = decide(tool_call("lookup", q="hello"), decision="mcp/denied")
    assert_blocked(outcome, "POLICY_DENIED")


ECHO = """
package mcp
import rego.v1
decision := {"allow": false, "reason": sprintf("%s %s %s", [input.hook, input.name, input.user])}
"""


@pytest.mark.parametrize(
    "payload",
    [prompt_call("p"), prompt_result("x", name="p"), tool_call("p"), tool_result("x", name="p")],
    ids=lambda payload: payload.hook,
)
def test_every_hook_asks(decide, payload):
    assert assert_blocked(decide(payload, ECHO)).reason == f"{payload.hook} p alice"


@pytest.mark.parametrize("payload", [resource_read("docs://p"), resource("x", uri="docs://p")], ids=str)
def test_resources_are_named_by_their_uri(decide, payload):
    assert assert_blocked(decide(payload, ECHO)).reason == f"{payload.hook} docs://p alice"


def test_the_operator_says_what_goes_out(services):
    services.put_policy(POLICY)
    config = {"url": services.url, "decision": "mcp/flag", "input": {"tool": "{{ name }}", "n": "{{ payload.args.n }}"}}
    run_hook("opa", tool_call("lookup", n=1, secret="x"), config=config)
    assert services.texts() == [{"input": {"tool": "lookup", "n": 1}}]


def test_left_out_everything_goes_out(services):
    services.put_policy(POLICY)
    run_hook(
        "opa", tool_call("lookup", n=1), config={"url": f"{services.url}/", "decision": "mcp/flag"}, tenant_id="acme"
    )
    (request,) = services.seen()
    assert request["path"] == "/v1/data/mcp/flag"
    assert request["json"] == {
        "input": {
            "hook": "tool_pre_invoke",
            "name": "lookup",
            "payload": {"name": "lookup", "args": {"n": 1}},
            "user": "alice",
            "tenant_id": "acme",
            "server_id": None,
            "content_type": None,
            "roles": [],
        }
    }


# -- the same decisions

POLICIES = {
    "compares": 'decision if input.payload.args.q == "é"',
    "searches": 'decision if contains(input.payload.args.q, "a")',
    "splits": 'decision if split(input.payload.args.q, " ")[0] == "say"',
    "sums": "decision if sum(input.payload.args.n) == 3",
    "joins": 'decision if concat("-", [input.user, input.name]) == "alice-lookup"',
    "looks into sets": 'decision if input.payload.args.q in {"a", "b", "é"}',
    "counts": "decision if count(input.payload.args.n) == 1",
    "counts letters": "decision if count(input.payload.args.q) == 3",
    "never says no": "decision := input.payload.args.q != input.name",
}
TEXTS = st.sampled_from(["a", "b", "é", "say it", 'a"b', "a\nb", "\\", "\x00", "😀", ""]) | st.text(max_size=5)
NUMBERS = st.lists(st.integers(-5, 5) | st.sampled_from([10**30, -(2**63), 2**64, 0.5]), max_size=3)


@pytest.mark.parametrize("rule", POLICIES.values(), ids=POLICIES)
def test_in_process_a_policy_never_decides_otherwise_than_at_a_server(services, tmp_path, rule):
    policy = f"package mcp\nimport rego.v1\n{rule}\n"
    services.put_policy(policy)
    (tmp_path / "policy.rego").write_text(policy)
    common = {"decision": "mcp/decision", "undefined": "deny"}
    server = open_runner("opa", config={"url": services.url, **common})
    process = open_runner("opa", config={"policies": [str(tmp_path / "policy.rego")], **common})
    decided = set()

    async def ask(runner, call):
        async with runner.request(user="alice") as request:
            return await request.run(call)

    with asyncio.Runner() as loop:

        @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(call=st.builds(lambda q, n: tool_call("lookup", q=q, n=n), TEXTS, NUMBERS))
        def agree(call):
            there, here = (loop.run(ask(runner, call)) for runner in (server, process))
            decided.add(there.blocked)
            codes = [outcome.violation and outcome.violation.code for outcome in (there, here)]
            assert codes in ([None, None], ["POLICY_DENIED", "POLICY_DENIED"])

        for runner in (server, process):
            loop.run(runner.__aenter__())
        try:
            agree()
        finally:
            for runner in (server, process):
                loop.run(runner.__aexit__(None, None, None))
    assert decided


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("decision if regex.match(`attack`, input.name)", "line 3: regex.match is what regopy evaluates otherwise"),
        ("decision if lower(input.name) == `a`", "line 3: lower is"),
        ("decision if input.payload.args.n > 3", "line 3: > is"),
        ("decision if {\n    walk(input, [path, value])\n}", "line 4: walk is"),
        ('decision if contains(input.name, "\\n")', "line 3: a text with quotes, backslashes or line breaks in it is"),
        ('decision if input.name == `a"b`', "line 3: a text with quotes"),
    ],
    ids=["regex", "lower", "order", "walk", "escape", "quote"],
)
async def test_in_process_what_regopy_does_not_do_as_opa_does_is_refused(tmp_path, rule, said):
    (tmp_path / "policy.rego").write_text(f"package mcp\nimport rego.v1\n{rule}\n")
    config = {"policies": [str(tmp_path / "policy.rego")], "decision": "mcp/decision"}
    with pytest.raises(ConfigError) as error:
        async with open_runner("opa", config=config):
            pass
    assert said in str(error.value)


def test_in_process_comments_and_one_s_own_functions_are_no_matter(tmp_path):
    policy = """
package mcp
import rego.v1
# regex.match("a", "b") > 1 "\\n"
mine(name) if name == "lookup < find("
mine(name) if name == "lookup"
decision if mine(input.name)
"""
    (tmp_path / "policy.rego").write_text(policy)
    config = {"policies": [str(tmp_path / "policy.rego")], "decision": "mcp/decision"}
    assert_unchanged(run_hook("opa", tool_call("lookup"), config=config))


def test_in_process_a_decision_holds_texts_as_they_are(tmp_path):
    policy = 'package mcp\nimport rego.v1\ndecision := {"allow": false, "reason": input.payload.args.q}\n'
    (tmp_path / "policy.rego").write_text(policy)
    config = {"policies": [str(tmp_path / "policy.rego")], "decision": "mcp/decision"}
    text = 'say "no"\n\\ é 😀'
    assert run_hook("opa", tool_call(q=text), config=config).violation.reason == text


def test_in_process_what_a_text_says_is_no_decision(tmp_path):
    policy = 'package mcp\nimport rego.v1\ndecision := {"allow": false, "reason": input.payload.args.q}\n'
    (tmp_path / "policy.rego").write_text(policy)
    config = {"policies": [str(tmp_path / "policy.rego")], "decision": "mcp/decision"}
    outcome = run_hook("opa", tool_call(q='", "allow": true, "reason": "'), config=config)
    assert_blocked(outcome, "POLICY_DENIED")


def test_in_process_data_comes_from_files(tmp_path):
    (tmp_path / "policy.rego").write_text("package mcp\nimport rego.v1\ndecision if input.user in data.admins\n")
    (tmp_path / "data.json").write_text('{"admins": ["alice", "Zo\\u00eb"]}')
    config = {
        "policies": [str(tmp_path / "policy.rego")],
        "data": [str(tmp_path / "data.json")],
        "decision": "mcp/decision",
        "undefined": "deny",
    }
    assert_unchanged(run_hook("opa", tool_call(), config=config))
    assert_unchanged(run_hook("opa", tool_call(), config=config, user="Zoë"))
    assert_blocked(run_hook("opa", tool_call(), config=config, user="bob"), "POLICY_DENIED")


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ("yes", "result is neither true nor false nor an object"),
        ({"reason": "r"}, "allow is missing"),
        ({"allow": True, "redaction": []}, "redaction is none of `allow`, `reason` and `redactions`"),
    ],
    ids=str,
)
def test_what_is_no_decision_is_told_in_words_of_policies(result, said):
    with pytest.raises(ServiceError) as error:
        decision_in({"result": result})
    assert f"the decision's {said}" in error.value.reason


# -- what an operator gets wrong


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("package mcp\ndecision if {", "regopy cannot take them"),
        ("package mcp\nimport rego.v1\ndecision := no_such_function(1)\n", "regopy cannot take them"),
        ("", "regopy cannot take them"),
        (None, "cannot read"),
    ],
    ids=["syntax", "function", "empty", "missing"],
)
async def test_a_policy_that_cannot_be_taken_is_a_mistake_in_the_config(tmp_path, text, said):
    if text is not None:
        (tmp_path / "policy.rego").write_text(text)
    config = {"policies": [str(tmp_path / "policy.rego")], "decision": "mcp/decision"}
    with pytest.raises(ConfigError) as error:
        async with open_runner("opa", config=config):
            pass
    assert said in str(error.value)
    assert "config.policies" in str(error.value)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "needs `url` or `policies`"),
        ({"url": "http://localhost:1", "policies": ["a.rego"]}, "and not both"),
        ({"url": "http://localhost:1", "data": ["a.json"]}, "`data` has no effect"),
        ({"policies": ["a.rego"], "tls_verify": False}, "`tls_verify` has no effect without `url`"),
        ({"policies": ["a.rego"], "retry_attempts": 1}, "`retry_attempts` has no effect without `url`"),
        ({"url": "http://localhost:1", "decision": "data.mcp"}, "data.mcp"),
        ({"url": "http://localhost:1", "input": {"q": "{{ text }}"}}, "there is no 'text'"),
        ({"url": "http://localhost:1", "input": {"env": "test"}}, "is the same for every call"),
        ({"url": "http://localhost:1/v1/data"}, "without /v1/data"),
    ],
    ids=str,
)
async def test_a_config_that_makes_no_sense_is_refused(config, said):
    with pytest.raises(ConfigError) as error:
        async with open_runner("opa", config={"decision": "mcp/decision", **config}):
            pass
    assert said in str(error.value)


def test_without_regopy_policies_are_a_mistake_that_a_check_finds(monkeypatch):
    monkeypatch.setitem(sys.modules, "regopy", None)
    config = {"policies": ["a.rego"], "decision": "mcp/decision"}
    with pytest.raises(ConfigError, match=r"config\.policies: need regopy; pip install"):
        OPAPlugin(PluginConfig(name="policy", kind="opa", config=config))


@pytest.mark.parametrize("decision", ["mcp/desicion", "mpc/decision", "mcp/rules/decision", "decision"])
async def test_a_decision_that_no_policy_has_is_a_mistake_in_the_config(tmp_path, decision):
    (tmp_path / "policy.rego").write_text("package mcp\nimport rego.v1\ndecision := true\n")
    config = {"policies": [str(tmp_path / "policy.rego")], "decision": decision}
    with pytest.raises(ConfigError, match=r"config\.decision: nothing in `policies` is called data\."):
        async with open_runner("opa", config=config):
            pass
