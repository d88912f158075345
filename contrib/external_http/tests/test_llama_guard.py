"""What Llama Guard is asked, and which of its answers block."""

import pytest
from gatehook import ConfigError
from gatehook.testing import (
    assert_blocked,
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


@pytest.fixture
def guard(services):
    def guard(payload, **config):
        return run_hook("llama_guard", payload, config={"url": f"{services.url}/v1/chat/completions", **config})

    return guard


def test_what_is_unsafe_is_blocked_by_its_categories(guard):
    violation = assert_blocked(guard(tool_call(q="attack")), "UNSAFE_CONTENT")
    assert violation.reason == "the tool's arguments may be unsafe: Violent Crimes, Hate"
    assert violation.details == {
        "categories": {"S1": "Violent Crimes", "S10": "Hate"},
        "paths": ["args.q"],
        "count": 1,
    }


def test_what_is_safe_passes(guard):
    assert_unchanged(guard(tool_call(q="hello")))


def test_the_request_is_a_chat_that_ends_after_few_words(guard, services):
    guard(tool_call(q="one", deep=["two"]), model="llama-guard3:8b")
    assert services.texts() == [
        {
            "model": "llama-guard3:8b",
            "messages": [{"role": "user", "content": "one\ntwo"}],
            "temperature": 0,
            "max_tokens": 100,
            "stream": False,
        }
    ]


@pytest.mark.parametrize(
    ("payload", "role"),
    [
        (prompt_call(q="attack"), "user"),
        (prompt_result("attack"), "user"),
        (tool_call(q="attack"), "user"),
        (tool_result("attack"), "assistant"),
        (resource_read("docs://attack"), "user"),
        (resource("attack"), "assistant"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.hook,
)
def test_results_are_judged_as_the_assistant_s_words(guard, services, payload, role):
    assert_blocked(guard(payload), "UNSAFE_CONTENT")
    (asked,) = services.texts()
    assert asked["messages"][-1]["role"] == role
    assert len(asked["messages"]) == {"user": 1, "assistant": 2}[role]


def test_each_text_may_be_asked_about_alone(guard, services):
    violation = assert_blocked(guard(tool_result(structured=["one", "attack"]), send="one_by_one"))
    assert sorted(asked["messages"][-1]["content"] for asked in services.texts()) == ["attack", "one"]
    assert violation.details["paths"] == ["result.content[0].text[1]", "result.structuredContent[1]"]


def test_only_the_categories_that_the_operator_names_block(guard):
    assert_blocked(guard(tool_call(q="lawsuit")), "UNSAFE_CONTENT")
    outcome = guard(tool_call(q="lawsuit"), categories=["S1", "S10"])
    assert_unchanged(outcome)
    assert outcome.metadata == {"llama_guard": {"categories": {"S5": "Defamation"}}}


def test_a_category_that_blocks_is_enough(guard):
    violation = assert_blocked(guard(tool_call(q="attack"), categories=["S10"]))
    assert violation.details["categories"] == {"S10": "Hate"}


@pytest.mark.parametrize(
    "said",
    [
        "unsafe", "unsafe\nS15", "unsafe\nS1,", "unsafe\n", "unsafe S1", "unsafe\nS1\nS2", "Safe", "safe.", "safe\nS1",
        "I cannot help with that.", "", "safe unsafe", "unsafe\nhate", "cut",
    ],
)  # fmt: skip
def test_any_other_answer_is_a_failure(guard, said):
    outcome = guard(tool_call(q=f"say {said}"))
    assert_blocked(outcome, "PLUGIN_ERROR")
    assert outcome.records[0].error_type == "backend"


@pytest.mark.parametrize("said", ["unsafe\nS1, S10", "  unsafe\nS2 ", "unsafe\nS14"])
def test_white_space_is_no_matter(guard, said):
    assert_blocked(guard(tool_call(q=f"say {said}")), "UNSAFE_CONTENT")


@pytest.mark.parametrize("path", ["/judge", "/v1/moderations", "/fault/list"])
def test_the_answer_of_another_api_is_a_failure(guard, services, path):
    assert_blocked(guard(tool_call(q="hello"), url=f"{services.url}{path}"), "PLUGIN_ERROR")


async def test_an_unknown_category_is_refused():
    with pytest.raises(ConfigError, match="'S15'"):
        async with open_runner("llama_guard", config={"url": "http://localhost:1/", "categories": ["S15"]}):
            pass
