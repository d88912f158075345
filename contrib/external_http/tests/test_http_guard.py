"""What a service that takes and gives JSON is asked, and what its answers do."""

import json

import pytest
from gatehook import ConfigError
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

MARK = "the attack"
PAYLOADS = {
    "prompt_pre_fetch": prompt_call(q=MARK),
    "prompt_post_fetch": prompt_result("Hello.", ("assistant", MARK)),
    "tool_pre_invoke": tool_call(deep={"where": [1, {"note": MARK}]}),
    "tool_post_invoke": tool_result("fine", structured={"rows": [{"note": MARK}]}),
    "resource_pre_fetch": resource_read(note=MARK),
    "resource_post_fetch": resource(MARK),
}


@pytest.fixture
def guard(services):
    def guard(payload, **config):
        defaults = {"url": f"{services.url}/judge", "request": {"texts": "{{ texts }}"}, "blocked": "$.any"}
        return run_hook("http_guard", payload, config={**defaults, **config})

    return guard


# -- the specification's example, in YAML alone

LLMGUARD = """
plugins:
  - name: LLMGuard
    kind: http_guard
    hooks: [prompt_pre_fetch]
    timeout: 30
    config:
      url: ${SERVICE_URL}/analyze
      auth: {type: bearer, token: "${LLMGUARD_API_KEY}"}
      request: {text: "{{ text }}", policy: strict}
      blocked: $.blocked
      reason: $.reason
      code: LLMGUARD_BLOCKED
"""


@pytest.fixture
def llmguard(services, tmp_path, monkeypatch):
    from gatehook import Runner

    monkeypatch.setenv("SERVICE_URL", services.url)
    monkeypatch.setenv("LLMGUARD_API_KEY", "the-key")
    (tmp_path / "gatehook.yaml").write_text(LLMGUARD)
    return lambda: Runner.from_config(tmp_path / "gatehook.yaml")


async def test_the_specification_s_llm_guard_is_yaml(llmguard, services):
    async with llmguard() as runner, runner.request(user="alice") as request:
        violation = assert_blocked(await request.run(prompt_call(q=MARK, lang="en")), "LLMGUARD_BLOCKED")
        assert_unchanged(await request.run(prompt_call(q="hello")))
    assert violation.reason == "prompt injection"
    assert services.texts() == [{"text": f"{MARK}\nen", "policy": "strict"}, {"text": "hello", "policy": "strict"}]
    assert services.seen()[0]["headers"]["authorization"] == "Bearer the-key"


async def test_with_a_wrong_key_it_blocks(llmguard, monkeypatch):
    monkeypatch.setenv("LLMGUARD_API_KEY", "another")
    async with llmguard() as runner, runner.request(user="alice") as request:
        outcome = await request.run(prompt_call(q="hello"))
    assert_blocked(outcome, "PLUGIN_ERROR")
    assert outcome.records[0].reason == "failed: it does not accept the credentials (status 401)"


# -- what is asked


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_every_text_of_every_hook_is_looked_at(guard, payload):
    assert_blocked(guard(payload), "HTTP_GUARD_BLOCKED")


def test_a_text_in_json_in_a_text_is_looked_at(guard, services):
    assert_blocked(guard(tool_result(json.dumps({"note": MARK, "n": 1}))))
    assert services.texts() == [{"texts": [MARK]}]


def test_the_uri_of_a_resource_is_looked_at(guard):
    violation = assert_blocked(guard(resource_read("docs://attack")))
    assert violation.details == {"paths": ["uri"], "count": 1}


def test_what_goes_out_is_the_texts_and_each_once(guard, services):
    guard(tool_call("lookup", q="one", list=["two", "one", 3, None, " "]))
    assert services.texts() == [{"texts": ["one", "two"]}]


def test_without_a_text_nothing_is_asked(guard, services):
    assert_unchanged(guard(tool_call(n=1, empty="")))
    assert services.seen() == []


def test_only_the_fields_that_the_operator_names_go_out(guard, services):
    guard(tool_call(q="one", token="two", deep={"q": "three"}), fields=["args.**.q"], except_fields=["args.deep"])
    assert services.texts() == [{"texts": ["one"]}]


def test_each_text_may_be_asked_about_alone(guard, services):
    request = {"text": "{{ text }}"}
    violation = assert_blocked(guard(tool_call(a="one", b=MARK, c=[MARK]), request=request, send="one_by_one"))
    assert sorted(asked["text"] for asked in services.texts()) == ["one", MARK]
    assert violation.details == {"paths": ["args.b", "args.c[0]"], "count": 2}


def test_a_request_is_any_yaml_with_templates(guard, services):
    request = {
        "text": "{{ hook }} by {{ user }}:\n{{ text }}",
        "texts": "{{ texts }}",
        "count": "{{ texts | length }}",
        "args": "{{ payload.args }}",
        "roles": ["{{ roles }}", 1, True, None, 0.5, "{{ name | upper }}"],
    }
    guard(tool_call("lookup", q="one", n=2), request=request)
    assert services.texts() == [
        {
            "text": "tool_pre_invoke by alice:\none",
            "texts": ["one"],
            "count": 1,
            "args": {"q": "one", "n": 2},
            "roles": [[], 1, True, None, 0.5, "LOOKUP"],
        }
    ]


def test_what_a_payload_says_is_no_template(guard, services):
    guard(tool_call(q="{{ 7 * 7 }}{% raw %}"), request={"texts": "{{ texts }}", "text": "so: {{ text }}"})
    assert services.texts()[0]["text"] == "so: {{ 7 * 7 }}{% raw %}"


@pytest.mark.parametrize("leaf", ["{{ payload.args.missing }}", "{{ payload.args.q / 2 }}", "{{ ''.__class__.mro() }}"])
def test_a_request_that_cannot_be_filled_in_is_a_failure(guard, services, leaf):
    outcome = guard(tool_call(q="one"), request={"texts": "{{ texts }}", "leaf": leaf})
    assert_blocked(outcome, "PLUGIN_ERROR")
    assert outcome.records[0].error_type == "payload"
    assert services.seen() == []


# -- what the answer does


@pytest.mark.parametrize(
    "config",
    [
        {"blocked": "$.any"},
        {"blocked": "$.results[*].flagged"},
        {"blocked": "$..flagged"},
        {"blocked": "$.score", "blocked_when": {"at_least": 0.9}},
        {"blocked": "$.score", "blocked_when": {"at_least": 0.5}},
        {"blocked": "$.verdict", "blocked_when": {"one_of": ["BLOCK", "DENY"]}},
        {"blocked": "$.verdict", "blocked_when": {"none_of": ["PASS"]}},
    ],
    ids=str,
)
def test_the_verdict_may_stand_anywhere_in_any_form(guard, config):
    assert_blocked(guard(tool_call(q=MARK), **config), "HTTP_GUARD_BLOCKED")
    assert_unchanged(guard(tool_call(q="hello"), **config))


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"blocked": "$.nowhere"}, "the answer has nothing at $.nowhere"),
        ({"blocked": "$.results[*].nowhere"}, "the answer has nothing at $.results[*].nowhere"),
        ({"blocked": "$.verdict"}, "`blocked` finds a str, and not true or false; say `blocked_when`"),
        ({"blocked": "$.nothing"}, "`blocked` finds a NoneType, and not true or false; say `blocked_when`"),
        ({"blocked": "$.any", "blocked_when": {"at_least": 1}}, "`blocked` finds a bool, and not a number"),
        (
            {"blocked": "$.any", "blocked_when": {"none_of": [1, 0]}},
            "`blocked` finds a bool, which `blocked_when` has none of",
        ),
    ],
    ids=str,
)
def test_an_answer_without_a_verdict_is_a_failure(guard, config, reason):
    outcome = guard(tool_call(q="hello"), **config)
    assert_blocked(outcome, "PLUGIN_ERROR")
    assert (outcome.records[0].error_type, outcome.records[0].reason) == ("backend", f"failed: {reason}")


def test_the_service_s_own_words_are_not_shown_unless_asked_for(guard):
    silent = assert_blocked(guard(tool_call(q=MARK)))
    assert (silent.reason, silent.description) == (
        "the tool's arguments did not pass the check 'http_guard'",
        "the tool's arguments did not pass the check 'http_guard'",
    )
    assert silent.details == {"paths": ["args.q"], "count": 1}
    assert assert_blocked(guard(tool_call(q=MARK), reason="$.reason")).reason == f"found in: {MARK}"


def test_a_missing_reason_does_not_open_the_gate(guard):
    assert_blocked(guard(tool_call(q=MARK), reason="$.nowhere", code="$.nowhere"), "HTTP_GUARD_BLOCKED")


def test_the_code_may_be_the_service_s(guard):
    assert_blocked(guard(tool_call(q=MARK), code="$.code"), "PROMPT_INJECTION")
    assert_blocked(guard(tool_call(q=MARK), code="$.reason"), "HTTP_GUARD_BLOCKED")  # no code at all


@pytest.mark.parametrize(
    "config",
    [
        {"request": {"text": "{{ text }}"}, "send": "one_by_one", "replacement": "$.clean"},
        {"replacement": "$.results[*].clean"},
        {"replacement": "$.entities"},
    ],
    ids=str,
)
def test_texts_are_replaced_where_they_stand(guard, config):
    payload = tool_result(structured={"note": "a secret", "rows": [{"n": 1, "note": "plain"}]})
    outcome = guard(payload, blocked=None, **config)
    assert_changed(
        outcome,
        {
            "result.structuredContent.note": "a ***",
            "result.content[0].text": json.dumps({"note": "a ***", "rows": [{"n": 1, "note": "plain"}]}),
        },
    )


def test_a_single_text_may_be_replaced_by_a_single_one(guard):
    assert_changed(guard(tool_call(q="a secret"), replacement="$.clean"), {"args.q": "a ***"})


@pytest.mark.parametrize("replacement", ["$.clean", "$.score", "$.results", "$.results[0].clean"])
def test_a_replacement_that_has_no_place_is_a_failure(guard, replacement):
    outcome = guard(tool_call(a="a secret", b="another"), replacement=replacement)
    assert_blocked(outcome, "PLUGIN_ERROR")


def test_what_is_blocked_is_replaced_as_well_where_blocking_has_no_effect(services):
    config = {
        "url": f"{services.url}/judge",
        "request": {"text": "{{ text }}"},
        "send": "one_by_one",
        "blocked": "$.any",
        "replacement": "$.clean",
    }
    outcome = run_hook("http_guard", tool_call(a="a secret", b="attack by secret"), config=config, mode="permissive")
    assert outcome.payload.args == {"a": "a ***", "b": "attack by ***"}
    assert [violation.code for violation in outcome.violations] == ["HTTP_GUARD_BLOCKED"]


def test_a_block_does_not_hang_on_the_replacement(guard):
    assert_blocked(guard(tool_call(q=MARK, r="r"), replacement="$.nowhere"), "HTTP_GUARD_BLOCKED")
    assert_blocked(guard(tool_call(q=MARK, r="r"), replacement="$.score"), "HTTP_GUARD_BLOCKED")


def test_of_every_text_there_is_to_be_a_verdict(guard):
    verdicts = {"request": {"texts": "{{ texts }}", "but_for": ["two"]}, "blocked": "$.results[*].flagged"}
    assert_unchanged(guard(tool_call(a="one"), **verdicts))
    outcome = guard(tool_call(a="one", b="two"), **verdicts)
    assert_blocked(outcome, "PLUGIN_ERROR")
    assert outcome.records[0].reason == "failed: `blocked` finds 1 verdicts for 2 texts"


def test_a_verdict_that_blocks_needs_no_others(guard):
    verdicts = {"request": {"texts": "{{ texts }}", "but_for": ["two"]}, "blocked": "$.results[*].flagged"}
    assert_blocked(guard(tool_call(a=MARK, b="two"), **verdicts), "HTTP_GUARD_BLOCKED")


def test_one_verdict_may_be_for_all_texts(guard):
    assert_unchanged(guard(tool_call(a="one", b="two"), blocked="$.any"))


def test_null_replaces_nothing(guard):
    assert_unchanged(guard(tool_call(q="a secret"), replacement="$.nothing"))


def test_a_uri_is_not_replaced_but_blocked(guard):
    assert_blocked(guard(resource_read("docs://secret"), replacement="$.entities"), "HTTP_GUARD_BLOCKED")


# -- what an operator gets wrong


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"blocked": "any"}, "'any' is no JSONPath by RFC 9535"),
        ({"request": "{{ txt }}"}, "there is no 'txt' in a request"),
        ({"request": {"a": ["{{ text"]}}, "a[0]: no Jinja template"),
        ({"blocked": None}, "needs `blocked` or `replacement`"),
        ({"blocked": None, "replacement": "$.a", "reason": "$.b"}, "`reason` has no effect without `blocked`"),
        ({"request": {"text": "text", "policy": ["strict"]}}, "is the same for every call"),
        (
            {"request": {"text": "{ text }", "user": "{{ user }}"}},
            "text: '{ text }' is no template; write `{{ text }}`",
        ),
        ({"request": "{{ user }}", "fields": ["args"]}, "`fields` has no effect"),
        ({"send": "one_by_one"}, "needs `{{ text }}`"),
        ({"request": {"n": "{{ name }}"}, "replacement": "$.a"}, "`replacement` needs"),
        ({"blocked_when": {"one_of": ["a"], "at_least": 1}}, "needs one of"),
        ({"code": "not a code"}, "neither a code"),
        ({"url": "ftp://guard.example"}, "does not match"),
        ({"url": "https://bob:secret@guard.example"}, "`url` holds credentials"),
        ({"health_check_endpoint": "https://elsewhere.example/health"}, "must be at the service"),
        ({"tls_ca": "ca.pem"}, "`tls_ca` has no effect with an http: URL"),
        ({"health_check_interval": 5}, "no effect without `health_check_endpoint`"),
        ({"fields": ["arg.q"]}, "is no field"),
        ({"blockd": "$.any"}, "did you mean 'blocked'"),
    ],
    ids=str,
)
async def test_a_config_that_makes_no_sense_is_refused(config, said):
    defaults = {"url": "http://localhost:1/judge", "request": {"texts": "{{ texts }}"}, "blocked": "$.any"}
    with pytest.raises(ConfigError) as error:
        async with open_runner("http_guard", config={**defaults, **config}):
            pass
    assert said in str(error.value)
    assert "secret" not in str(error.value)
