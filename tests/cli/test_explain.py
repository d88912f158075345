"""`gatehook explain`: what becomes of one call, and why."""

import json

import pytest

CONFIG = """
plugins:
  - name: guard
    kind: deny_list
    priority: 1
    conditions:
      - tools: [lookup]
    config:
      words: [forbidden]
  - name: pii_filter
"""


@pytest.fixture
def explain(write, gatehook):
    write(CONFIG)

    def run(payload, *args, hook="tool_pre_invoke", **options):
        text = payload if isinstance(payload, str) else json.dumps(payload)
        return gatehook("explain", "gatehook.yaml", "--hook", hook, "--payload", text, *args, **options)

    return run


def columns(output):
    """The rows of the table, without the microseconds."""
    return [line.split()[1:] for line in output.splitlines()[2 : output.splitlines().index("")]]


def test_a_blocked_call_names_the_plugin_and_the_rule(explain):
    result = explain({"name": "lookup", "args": {"q": "the forbidden word"}})
    first, second = columns(result.output)
    assert first[:4] == ["guard", "enforce", "violation", "yes"]
    assert first[-1] == "[DENIED_WORD]"
    assert second == ["pii_filter", "enforce", "skipped", "the", "run", "ended", "before", "its", "turn"]
    assert "blocked by guard [DENIED_WORD]: " in result.output
    assert result.exit_code == 1


def test_a_changed_call_shows_the_paths_and_the_payload(explain):
    result = explain({"name": "other", "args": {"to": {"mail": "bob@example.com"}}})
    first, second = columns(result.output)
    assert first == ["guard", "enforce", "skipped", "condition", "on", "tools"]
    assert second[:4] == ["pii_filter", "enforce", "modified", "yes"]
    assert second[-1] == "args.to.mail"
    assert json.loads(result.output.partition("allowed, as changed:\n")[2])["args"] == {"to": {"mail": "[REDACTED]"}}
    assert result.exit_code == 0


def test_an_untouched_call_is_allowed_as_it_is(explain):
    assert explain({"name": "lookup"}).output.endswith("\nallowed as it is\n")


def test_a_hook_without_plugins_says_so(explain):
    result = explain({"user": "bob"}, hook="auth_post_check")
    assert result.output == "allowed as it is: no plugin is at this hook\n"


def test_json_has_outcome_and_records(explain):
    report = json.loads(explain({"name": "lookup", "args": {"q": "bob@example.com"}}, "--json").output)
    assert (report["blocked"], report["modified"], report["payload"]["args"]) == (False, True, {"q": "[REDACTED]"})
    record = report["records"][1]
    assert (record["plugin"], record["verdict"], record["changes"]) == ("pii_filter", "modified", ["args.q"])
    assert record["microseconds"] > 0


def test_an_answer_in_the_servers_place_is_shown(install, write, gatehook):
    body = "from gatehook import Plugin, PluginResult\nclass Toy(Plugin):\n    def tool_pre_invoke(self, payload):"
    body += "\n        return PluginResult(response={'content': []})"
    install("acme", {"toy": "acme_toy:Toy"}, modules={"acme_toy": body})
    write("plugins:\n  - {name: toy}\n")
    result = gatehook("explain", "gatehook.yaml", "--hook", "tool_pre_invoke", "--payload", '{"name": "t"}')
    assert "answered in the server's place:\n" in result.output


def test_who_asks_counts_for_conditions(write, gatehook):
    conditions = "[{user_patterns: [bob], tenant_ids: [acme], server_ids: [crm], content_types: [text/plain]}]"
    write(f"plugins:\n  - {{name: pii_filter, conditions: {conditions}}}\n")
    call = ["explain", "gatehook.yaml", "--hook", "tool_pre_invoke", "--payload", '{"name": "t"}', "--json"]
    who = {"--user": "bob", "--tenant": "acme", "--server-id": "crm", "--content-type": "text/plain"}

    def verdict(**changed):
        args = [word for pair in (who | {f"--{key}": value for key, value in changed.items()}).items() for word in pair]
        return json.loads(gatehook(*call, *args).output)["records"][0]["verdict"]

    assert verdict() == "ok"
    assert [verdict(**{key[2:]: "other"}) for key in who] == ["skipped"] * 4


RESULT = {"messages": [{"role": "user", "content": {"type": "text", "text": "bob@example.com"}}]}


def test_prompts_and_resources_are_read_as_mcp_has_them(explain):
    prompt = json.loads(explain({"name": "p", "result": RESULT}, "--json", hook="prompt_post_fetch").output)
    assert prompt["payload"]["result"]["messages"][0]["content"]["text"] == "[REDACTED]"
    content = {"uri": "file:///a", "text": "bob@example.com"}
    resource = json.loads(
        explain({"uri": "file:///a", "content": content}, "--json", hook="resource_post_fetch").output
    )
    assert resource["payload"]["content"]["text"] == "[REDACTED]"


def test_a_payload_comes_from_a_file_or_from_standard_input(explain, write):
    write('{"name": "lookup", "args": {"q": "forbidden"}}', "call.json")
    assert explain("@call.json").exit_code == 1
    assert explain("-", input='{"name": "lookup", "args": {"q": "forbidden"}}').exit_code == 1


THE = "the payload"
HAS = "tool_pre_invoke has name, args (optional)\n"
FAULTS = {
    '{"nam": "t"}': f"{THE}: unknown field 'nam', did you mean 'name'?\n{THE}: the field 'name' is missing\n{HAS}",
    '{"name": 5}': f"{THE}: name: must be text, got 5\n{HAS}",
    '{"name": "t", "args": []}': f"{THE}: args: must be a mapping, got a list\n{HAS}",
    "[]": "the payload must be a mapping, got a list\n",
    "{": "the payload is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)\n",
    '{"name": NaN}': "the payload is not JSON: NaN is no JSON\n",
    "@nix.json": "the payload cannot be read: [Errno 2] No such file or directory: 'nix.json'\n",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_faulty_payload_is_refused_at_the_border(text, explain):
    result = explain(text)
    assert (result.output, result.exit_code) == (f"Error: {FAULTS[text]}", 2)


def test_a_prompt_result_without_messages_is_refused_at_the_border(explain):
    result = explain({"name": "p", "result": {}}, hook="prompt_post_fetch")
    assert result.output.startswith("Error: the payload: result: a prompt result must have a list of messages\n")


def test_every_wrong_field_of_a_payload_is_told(explain):
    wrong = {"user": 5, "roles": "admin", "claims": []}
    assert explain(wrong, hook="auth_post_check").output.splitlines()[:3] == [
        "Error: the payload: user: must be text, got 5",
        "the payload: roles: must be a list, got 'admin'",
        "the payload: claims: must be a mapping, got a list",
    ]


def test_a_hook_that_does_not_exist_is_refused(explain):
    assert explain({}, hook="tool_pre_invok").exit_code == 2


def test_a_config_with_problems_leaves_no_answer(explain, write):
    write("plugins:\n  - {name: deny_list}\n")
    result = explain({"name": "t"})
    assert (result.output, result.exit_code) == (
        "Error: gatehook.yaml:2: plugins[0].config: the key 'words' is missing\n",
        2,
    )


def test_a_plugin_that_cannot_be_initialized_leaves_no_answer_and_no_secret(install, write, explain):
    body = "from gatehook import Plugin\nclass Toy(Plugin):\n    def tool_pre_invoke(self): ...\n"
    body += "    async def initialize(self): raise ValueError('bad key ' + self.config.config['key'])\n"
    install("acme", {"toy": "acme_toy:Toy"}, modules={"acme_toy": body})
    write("plugins:\n  - {name: toy, config: {key: '${TOY_KEY}'}}\n")
    result = explain({"name": "t"}, env={"TOY_KEY": "hunter22"})
    assert result.exit_code == 2
    told = "initialize() raised ValueError at acme_toy.py:4: bad key ********"
    assert f"plugin 'toy' cannot be initialized: {told}" in result.output


def test_a_failure_that_the_host_gets_as_an_exception_is_the_answer_no(install, write, explain):
    body = "from gatehook import Plugin\nclass Toy(Plugin):\n    def tool_pre_invoke(self): raise ValueError\n"
    install("acme", {"toy": "acme_toy:Toy"}, modules={"acme_toy": body})
    write("plugins:\n  - {name: toy}\nplugin_settings: {fail_on_plugin_error: true}\n")
    result = explain({"name": "t"})
    assert result.output.startswith("tool_pre_invoke: the host gets a PluginError, since fail_on_plugin_error is set: ")
    assert result.exit_code == 1
