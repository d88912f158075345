"""Who asks, and the state of the request, there and back."""

import json

import pytest
from gatehook import PayloadError, Plugin, PluginContext
from gatehook.testing import open_runner
from gatehook_external import ServiceError
from gatehook_external.protocol import apply_context, ask, context_from, context_to_wire
from hypothesis import given
from hypothesis import strategies as st

SECRET = "4111-1111"
KEYS = st.sampled_from("abcd")
STATE = st.dictionaries(
    KEYS, st.none() | st.booleans() | st.integers(0, 2) | st.just(1.0) | st.lists(st.integers(0, 1), max_size=2)
)


class Idle(Plugin):
    def tool_pre_invoke(self):
        return None


RUNNER = open_runner(Idle)


def context(state=None, shared=None, **asked):
    request = RUNNER.request(**asked)
    request.states = {"Idle": state or {}}
    request.state = shared or {}
    return PluginContext(request, "Idle")


def test_a_context_is_written_as_peers_read_it():
    asked = context({"k": 1}, {"g": [1.5]}, id="r-1", user="alice", tenant_id="t1", server_id="s1")
    assert context_to_wire(asked) == {
        "state": {"k": 1},
        "global_context": {
            "request_id": "r-1",
            "user": "alice",
            "tenant_id": "t1",
            "server_id": "s1",
            "state": {"g": [1.5]},
            "metadata": {},
        },
        "metadata": {},
    }


def test_what_is_not_known_of_a_request_is_left_out():
    asked = context_to_wire(context(id="r-1"))["global_context"]
    assert asked == {"request_id": "r-1", "state": {}, "metadata": {}}


def test_a_user_that_is_no_json_is_not_dropped_in_silence():
    with pytest.raises(PayloadError, match="the request's user holds a object"):
        context_to_wire(context(user=object()))


def test_a_request_arrives_as_it_was_asked():
    asked = context(
        {"k": 1}, id="r", user="u", tenant_id="t", server_id="s", content_type="text/csv", roles=["admin", "ops"]
    )
    request = ask(RUNNER, "Idle", json.loads(json.dumps(context_to_wire(asked))))
    assert (request.id, request.user, request.tenant_id, request.server_id) == ("r", "u", "t", "s")
    assert (request.content_type, request.roles) == ("text/csv", ("admin", "ops"))
    assert request.states == {"Idle": {"k": 1}}


def test_what_contextforge_knows_of_a_user_is_understood():
    who = {"user": {"email": "a@b.example", "is_admin": True}, "user_context": {"user_id": "7", "roles": ["ops"]}}
    request = ask(RUNNER, "Idle", {"state": {}, "global_context": {"request_id": "r", **who}, "metadata": {}})
    assert (request.user, request.roles) == ("a@b.example", ("ops",))


def test_a_context_with_nothing_in_it_is_a_request_by_nobody():
    for raw in ({}, None, {"global_context": None, "state": None, "metadata": None}):
        request = ask(RUNNER, "Idle", raw)
        assert (request.user, request.roles, request.state, request.states) == (None, (), {}, {"Idle": {}})
        assert request.id


@pytest.mark.parametrize(
    "raw",
    [
        SECRET,
        {"state": [SECRET]},
        {"state": {"n": float("nan")}},
        {"metadata": SECRET},
        {"global_context": SECRET},
        {"global_context": {"state": SECRET}},
        {"global_context": {"user": [SECRET]}},
        {"global_context": {"user": {"email": 7}}},
        {"global_context": {"tenant_id": 7}},
        {"global_context": {"request_id": {"a": SECRET}}},
        {"global_context": {"roles": SECRET}},
        {"global_context": {"roles": [7]}},
        {"global_context": {"user_context": {"roles": {"admin": True}}}},
    ],
)
def test_what_is_no_context_is_refused_without_quoting_it(raw):
    with pytest.raises(PayloadError) as error:
        ask(RUNNER, "Idle", raw)
    assert SECRET not in str(error.value)


def test_the_answer_has_the_context_that_came_with_the_state_as_it_is_now():
    came = {"state": {"old": 1}, "global_context": {"request_id": "r", "user": "u", "x": [1]}, "metadata": {"m": 1}}
    request = ask(RUNNER, "Idle", came)
    request.states["Idle"] = {"new": 2}
    request.state["shared"] = True
    assert context_from(request, "Idle", came) == {
        "state": {"new": 2},
        "global_context": {"request_id": "r", "user": "u", "x": [1], "state": {"shared": True}},
        "metadata": {"m": 1},
    }


def test_state_that_would_be_lost_is_refused():
    request = ask(RUNNER, "Idle", {})
    request.states["Idle"] = {"vault": object()}
    with pytest.raises(PayloadError, match="the plugin's state holds a object"):
        context_from(request, "Idle", {})


def answered(context, **parts):
    raw = context_to_wire(context)
    raw["global_context"]["state"] = parts.pop("shared", raw["global_context"]["state"])
    return raw | parts


@given(STATE, STATE, STATE, STATE)
def test_state_comes_back_as_the_remote_left_it(mine, shared, theirs, theirs_shared):
    asked = context(mine, shared)
    apply_context(asked, answered(asked, state=theirs, shared=theirs_shared))
    assert json.dumps(asked.state, sort_keys=True) == json.dumps(theirs, sort_keys=True)
    assert json.dumps(asked.request.state, sort_keys=True) == json.dumps(theirs_shared, sort_keys=True)


def test_what_the_remote_left_alone_stays_the_very_object():
    kept = {"deep": [1, 2.0]}
    asked = context(shared={"kept": kept, "other": 1})
    apply_context(asked, json.loads(json.dumps(answered(asked, shared={"kept": kept, "other": True}))))
    assert asked.request.state["kept"] is kept
    assert asked.request.state["other"] is True


def test_state_that_is_no_json_stays_at_home():
    pool, tags = object(), {"a"}
    asked = context({"tags": tags, "n": 1}, {"pool": pool})
    assert context_to_wire(asked)["state"] == {"n": 1}
    apply_context(asked, answered(asked, state={"tags": "theirs"}, shared={}))
    assert asked.state == {"tags": tags}
    assert asked.request.state == {"pool": pool}


def test_an_answer_that_says_nothing_of_the_state_changes_nothing():
    for raw in (None, {}, {"state": None}, {"metadata": {}}, {"global_context": {"user": "eve"}}):
        asked = context({"k": 1}, {"g": 2}, user="alice")
        apply_context(asked, raw)
        assert (asked.state, asked.request.state, asked.request.user) == ({"k": 1}, {"g": 2}, "alice")


def test_metadata_comes_back_to_the_host():
    asked = context()
    apply_context(asked, answered(asked, metadata={"m": True}))
    assert asked.told == {"m": True}


@pytest.mark.parametrize(
    "raw",
    [
        SECRET,
        [],
        {"state": SECRET},
        {"state": {"k": 2}, "metadata": [SECRET]},
        {"state": {"k": 2}, "global_context": SECRET},
        {"state": {"k": 2}, "global_context": {"state": SECRET}},
        {"state": {"k": 2}, "global_context": {"state": {"n": float("nan")}}},
    ],
)
def test_of_a_context_that_is_not_understood_nothing_is_taken_over(raw):
    asked = context({"k": 1})
    with pytest.raises(ServiceError) as error:
        apply_context(asked, raw)
    assert asked.state == {"k": 1}
    assert error.value.error_type == "backend"
    assert SECRET not in error.value.reason
