"""Each assertion passes on what it says, fails on all else, and tells what the runner recorded."""

import pytest
from gatehook import Plugin, PluginResult, PluginViolation
from gatehook.testing import (
    REMOVED,
    assert_advised,
    assert_allowed,
    assert_answered,
    assert_blocked,
    assert_changed,
    assert_unchanged,
    tool_call,
)


class Toy(Plugin):
    """Does what its entry is called."""

    def tool_pre_invoke(self, payload):
        match self.config.config["does"]:
            case "nothing":
                return None
            case "change":
                payload.args |= {"q": "[X]", "n": 2}
                payload.args.pop("old")
                return PluginResult(modified_payload=payload)
            case "rewrite":
                payload.args["deep"]["list"].append(3)
                return PluginResult(modified_payload=payload)
            case "block":
                return PluginResult(False, violation=PluginViolation("not that", code="NO"))
            case "advise":
                return PluginResult(violation=PluginViolation("careful", code="MIND"))
            case "answer":
                return PluginResult(response={"content": [], "n": 1})
            case "raise":
                raise RuntimeError


ASSERTIONS = {
    "allowed": assert_allowed,
    "unchanged": assert_unchanged,
    "changed": assert_changed,
    "blocked": assert_blocked,
    "advised": assert_advised,
    "answered": assert_answered,
}
TRUE_OF = {
    "nothing": {"allowed", "unchanged"},
    "change": {"allowed", "changed"},
    "block": {"blocked"},
    "advise": {"advised"},
    "answer": {"answered"},
    "raise": set(),
    "block in audit": {"advised"},
    "block in permissive": {"advised"},
    "raise in permissive": set(),
    "raise, on_error: allow": set(),
    "nothing, as it is skipped": set(),
    "nothing, as it is disabled": set(),
    "nothing, with no plugin on the hook": set(),
}


@pytest.fixture
def outcome(run_hook):
    def outcome(case):
        does, _, how = case.partition(" in ") if " in " in case else case.partition(", ")
        keys = {
            "audit": {"mode": "audit"},
            "permissive": {"mode": "permissive"},
            "on_error: allow": {"on_error": "allow"},
            "as it is skipped": {"conditions": [{"tools": ["other"]}]},
            "as it is disabled": {"mode": "disabled"},
        }.get(how, {})
        payload = tool_call(q="hi", old=1, n=1, deep={"list": [1, 2]}, **{"a.b": {"c": 1}})
        if how.startswith("with no plugin"):

            class Toy(Plugin):
                def tool_post_invoke(self, payload): ...

            return run_hook(Toy, payload)
        return run_hook(globals()["Toy"], payload, config={"does": does}, **keys)

    return outcome


@pytest.mark.parametrize("assertion", ASSERTIONS)
@pytest.mark.parametrize("case", TRUE_OF)
def test_an_assertion_passes_on_what_it_says_and_on_nothing_else(outcome, case, assertion):
    if assertion in TRUE_OF[case]:
        ASSERTIONS[assertion](outcome(case))
    else:
        with pytest.raises(AssertionError, match="the call should"):
            ASSERTIONS[assertion](outcome(case))


def test_a_failure_tells_what_every_plugin_did(outcome):
    with pytest.raises(AssertionError) as failed:
        assert_allowed(outcome("block"))
    assert str(failed.value) == (
        "the call should be allowed, but it is blocked with NO\n"
        "tool_pre_invoke: blocked: NO: not that\n"
        "  Toy (enforce): violation (in effect): NO"
    )


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("raise, on_error: allow", "Toy failed: raised RuntimeError"),
        ("nothing, as it is skipped", "Toy was skipped: "),
        ("nothing, with no plugin on the hook", "nothing was tested"),
        ("block in audit", "Toy objected (NO), without effect"),
    ],
)
def test_a_call_that_goes_on_for_want_of_a_plugin_is_not_allowed(outcome, case, said):
    with pytest.raises(AssertionError, match=said.replace("(", r"\(").replace(")", r"\)")):
        assert_allowed(outcome(case))


def test_a_block_by_a_failure_is_told_from_one_by_decision(outcome):
    failed = outcome("raise")
    with pytest.raises(AssertionError, match="Toy failed, and that blocked it"):
        assert_blocked(failed)
    assert assert_blocked(failed, "PLUGIN_ERROR").plugin_name == "Toy"


def test_the_code_of_a_block_is_compared(outcome):
    assert assert_blocked(outcome("block"), "NO").reason == "not that"
    with pytest.raises(AssertionError, match="the code is NO"):
        assert_blocked(outcome("block"), "YES")
    with pytest.raises(AssertionError, match="it met MIND"):
        assert_advised(outcome("advise"), "YES")


CHANGES = {"args.q": "[X]", "args.n": 2, "args.old": REMOVED}


def test_changes_are_told_by_path(outcome):
    assert assert_changed(outcome("change"), CHANGES).args["q"] == "[X]"
    assert_changed(outcome("rewrite"), {"args.deep.list": [1, 2, 3]})
    assert_changed(outcome("rewrite"), {"args.deep.list[2]": 3})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (CHANGES | {"args.q": "[Y]"}, r"args.q changed to '\[Y\]', but it is '\[X\]'"),
        (CHANGES | {"args.n": 2.0}, r"args.n changed to 2.0, but it is 2"),
        (CHANGES | {"args.old": 1}, "but it is removed"),
        (CHANGES | {"args.n": REMOVED}, "changed to removed, but it is 2"),
        (CHANGES | {"args.a.b.c": 1}, "it was like that before"),
        ({"args.q": "[X]"}, "args.(n|old), args.(n|old) changed, too"),
        ({}, "changed, too"),
    ],
)
def test_a_change_that_is_not_the_one_expected_is_named(outcome, changes, said):
    with pytest.raises(AssertionError, match=said):
        assert_changed(outcome("change"), changes)


def test_a_response_is_compared_with_its_types(outcome):
    assert assert_answered(outcome("answer"), {"content": [], "n": 1})["n"] == 1
    with pytest.raises(AssertionError, match=r"response\.n is 1, not True"):
        assert_answered(outcome("answer"), {"content": [], "n": True})


async def test_what_nobody_awaited_is_no_outcome(run_hook):
    forgotten = run_hook(Toy, tool_call(), config={"does": "nothing"})
    with pytest.raises(TypeError, match="got coroutine; `await` it"):
        assert_allowed(forgotten)
    forgotten.close()
