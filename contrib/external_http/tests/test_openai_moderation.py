"""What the moderation endpoint is asked, and which of its answers block."""

import pytest
from gatehook import ConfigError
from gatehook.testing import assert_blocked, assert_unchanged, open_runner, run_hook, tool_call, tool_result


@pytest.fixture
def moderate(services):
    def moderate(payload, **config):
        return run_hook("openai_moderation", payload, config={"url": f"{services.url}/v1/moderations", **config})

    return moderate


def test_what_is_flagged_is_blocked(moderate):
    violation = assert_blocked(moderate(tool_call(q="hello", deep={"note": "attack"})), "HARMFUL_CONTENT")
    assert violation.reason == "the tool's arguments may be harmful: hate"
    assert violation.details == {"categories": {"hate": 0.91}, "paths": ["args.deep.note"], "count": 1}


def test_what_is_not_flagged_passes(moderate):
    assert_unchanged(moderate(tool_call(q="fight")))


def test_the_request_is_that_of_the_api(moderate, services):
    moderate(tool_call(a="one", b=["two", "one"]), auth={"type": "bearer", "token": "the-key"})
    (request,) = services.seen()
    assert request["json"] == {"model": "omni-moderation-latest", "input": ["one", "two"]}
    assert request["headers"]["authorization"] == "Bearer the-key"
    assert request["headers"]["content-type"] == "application/json"


def test_many_texts_are_several_requests(moderate, services):
    texts = [f"text {number}" for number in range(5)]
    violation = assert_blocked(moderate(tool_result(structured=[*texts, "attack"]), batch_size=2))
    assert sorted(len(asked["input"]) for asked in services.texts()) == [2, 2, 2]
    assert violation.details["paths"] == ["result.content[0].text[5]", "result.structuredContent[5]"]


@pytest.mark.parametrize(
    ("config", "blocked"),
    [
        ({"thresholds": {"violence": 0.4}}, ["violence"]),
        ({"thresholds": {"violence": 0.41}}, []),
        ({"thresholds": {"violence": 0}}, ["violence"]),
        ({"categories": ["violence"], "thresholds": {"violence": 0.3}}, ["violence"]),
        ({"categories": ["hate"]}, []),
    ],
    ids=str,
)
def test_a_threshold_is_in_place_of_the_service_s_own(moderate, config, blocked):
    outcome = moderate(tool_call(q="fight"), **config)
    assert [*(outcome.violation.details["categories"] if outcome.violation else ())] == blocked


@pytest.mark.parametrize(
    "config",
    [{"thresholds": {"hate": 0.95}}, {"categories": ["sexual"]}, {"categories": ["sexual/minors", "violence"]}],
)
def test_what_the_operator_does_not_mind_passes(moderate, config):
    assert_unchanged(moderate(tool_call(q="attack"), **config))


def test_categories_without_a_threshold_block_as_the_service_says(moderate):
    assert_blocked(moderate(tool_call(q="attack"), thresholds={"violence": 0.9}), "HARMFUL_CONTENT")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"thresholds": {"violense": 0.4}}, "did you mean 'violence'"),
        ({"categories": ["self harm"]}, "did you mean 'self-harm'"),
        ({"thresholds": {"hate": 1.1}}, "1.1"),
        ({"categories": ["hate"], "thresholds": {"violence": 0.5}}, "the threshold of 'violence' has no effect"),
    ],
    ids=str,
)
async def test_a_config_that_makes_no_sense_is_refused(config, said):
    with pytest.raises(ConfigError) as error:
        async with open_runner("openai_moderation", config=config):
            pass
    assert said in str(error.value)


@pytest.mark.parametrize("path", ["/judge", "/v1/chat/completions", "/fault/list", "/fault/empty"])
def test_the_answer_of_another_api_is_a_failure(moderate, services, path):
    assert_blocked(moderate(tool_call(q="hello"), url=f"{services.url}{path}"), "PLUGIN_ERROR")
