"""An answer that is not exactly understood is a failure, never a go-ahead; what it says in error stays unsaid."""

import pytest
from gatehook import PayloadError, Plugin, PluginError, PluginViolation, ToolPreInvokePayload
from gatehook.testing import run_hook, tool_call
from gatehook_external import NotDelivered, ServiceError
from gatehook_external.protocol import CODES, RemoteError, failure_of, refusal, result_of
from gatehook_external.protocol.answers import ERROR_TYPES
from hypothesis import given, settings
from hypothesis import strategies as st

SECRET = "4111-1111"
CALL = tool_call("ok", x=1, none=None)

# As cpex 0.1.4 writes them.
CHANGED = {
    "continue_processing": True,
    "modified_payload": {"name": "ok", "args": {"x": 1, "none": None, "added": None}, "headers": None},
    "modified_extensions": None,
    "violation": None,
    "metadata": {"seen": 1},
    "denial_metadata": None,
    "http_headers": None,
    "retry_delay_ms": 0,
    "executions": [],
}
DENIED = CHANGED | {
    "continue_processing": False,
    "modified_payload": None,
    "violation": {
        "reason": "r",
        "description": "d",
        "code": "C",
        "details": {"a": 1},
        "mcp_error_code": None,
        "http_status_code": None,
        "http_headers": None,
    },
    "metadata": None,
}
QUIET = CHANGED | {"modified_payload": None, "metadata": {}}
FAILED = {
    "message": f"RuntimeError('{SECRET}')",
    "plugin_name": "Ext",
    "code": "",
    "details": {},
    "mcp_error_code": -32603,
}


def answer(result=None, **keys):
    return {"plugin_name": "Ext", "result": result, **keys}


def read(raw, payload=CALL):
    return result_of(payload.hook, payload, raw, "Ext")


def test_a_change_as_a_peer_writes_it():
    said = read(answer(CHANGED))
    assert said.continue_processing
    assert said.modified_payload == tool_call("ok", x=1, none=None, added=None)
    assert said.metadata == {"seen": 1}
    assert said.violation is said.response is None


def test_a_denial_as_a_peer_writes_it():
    said = read(answer(DENIED))
    assert not said.continue_processing
    assert said.violation == PluginViolation("r", "d", "C", {"a": 1})
    assert said.modified_payload is None
    assert said.metadata == {}


def test_an_answer_that_says_nothing_is_nothing():
    assert read(answer(QUIET)) is None
    assert read(answer({"continue_processing": True})) is None


def test_a_denial_needs_no_reason():
    said = read(answer({"continue_processing": False}))
    assert not said.continue_processing
    assert said.violation is None


def test_the_name_may_differ_in_case():
    assert read({"plugin_name": "EXT", "result": QUIET}) is None


def test_hints_for_gateways_are_kept_where_a_host_may_find_them():
    denied = DENIED["violation"] | {"http_status_code": 429, "http_headers": {"Retry-After": "3"}}
    said = read(answer(DENIED | {"violation": denied}))
    assert said.violation.details == {"a": 1, "http_status_code": 429, "http_headers": {"Retry-After": "3"}}
    assert read(answer(QUIET | {"retry_delay_ms": 20})).metadata == {"retry_delay_ms": 20}


def test_gatehook_may_answer_in_the_servers_place():
    assert read(answer(QUIET | {"response": {"content": []}})).response == {"content": []}


def without(mapping, *keys):
    return {key: value for key, value in mapping.items() if key not in keys}


@pytest.mark.parametrize(
    "raw",
    [
        None,
        SECRET,
        [QUIET],
        {},
        {"result": QUIET},
        {"plugin_name": None, "result": QUIET},
        {"plugin_name": ["Ext"], "result": QUIET},
        {"plugin_name": "Other", "result": QUIET},
        {"plugin_name": "Other", "error": FAILED},
        {"plugin_name": "", "result": QUIET},
        answer(),
        answer(SECRET),
        answer([]),
        answer({}),
        answer(True),
        answer(QUIET, error=FAILED),
        answer(error=SECRET),
        answer(without(QUIET, "continue_processing")),
        answer(QUIET | {"continue_processing": None}),
        answer(QUIET | {"continue_processing": 1}),
        answer(QUIET | {"continue_processing": "true"}),
        answer(QUIET | {"modified_payload": SECRET}),
        answer(QUIET | {"modified_payload": {"name": 7}}),
        answer(QUIET | {"modified_payload": {"args": [SECRET]}}),
        answer(QUIET | {"modified_payload": {"args": {"n": float("nan")}}}),
        answer(QUIET | {"modified_extensions": {"http": {}}}),
        answer(QUIET | {"metadata": [SECRET]}),
        answer(QUIET | {"metadata": {"s": "\ud800"}}),
        answer(QUIET | {"response": {"n": float("inf")}}),
        answer(DENIED | {"violation": SECRET}),
        answer(DENIED | {"violation": {"reason": [SECRET]}}),
        answer(DENIED | {"violation": {"code": 7}}),
        answer(DENIED | {"violation": {"details": SECRET}}),
    ],
)
def test_what_is_not_understood_is_a_failure_of_the_service_told_without_content(raw):
    with pytest.raises(ServiceError) as error:
        read(raw)
    assert error.value.error_type == "backend"
    assert not isinstance(error.value, NotDelivered | RemoteError)
    assert SECRET not in error.value.reason


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from([*CHANGED, "reason", "details", "name", "args", "code"]), inner, max_size=3
            )
        ),
        max_leaves=10,
    ),
    st.sampled_from(["result", "error"]),
)
@settings(max_examples=400)
def test_no_answer_lets_a_call_pass_but_one_that_says_so(raw, key):
    try:
        said = read({"plugin_name": "Ext", key: raw})
    except ServiceError:
        return
    assert key == "result"
    assert type(raw) is dict
    assert raw["continue_processing"] is (said is None or said.continue_processing)
    assert said is None or said.modified_payload is None or type(said.modified_payload) is ToolPreInvokePayload


def test_an_error_of_the_remote_plugin_is_its_exception_and_its_text_stays_out():
    with pytest.raises(RemoteError) as error:
        read({"plugin_name": "Ext", "error": FAILED})
    assert (error.value.error_type, error.value.reason, error.value.code) == (
        "exception",
        "the remote plugin failed",
        "",
    )


@pytest.mark.parametrize("kind", sorted(ERROR_TYPES))
def test_every_type_of_error_that_gatehook_knows_crosses_the_line(kind):
    class Fails(Plugin):
        def tool_pre_invoke(self):
            raise PluginError("Fails", CALL.hook, kind, "it is so")

    assert run_hook(Fails, CALL).records[0].error_type == kind
    with pytest.raises(RemoteError) as error:
        read(failure_of("Ext", PluginError("Ext", CALL.hook, kind, SECRET)))
    assert error.value.error_type == kind


@pytest.mark.parametrize("made_up", ["panic", SECRET, 7, ["timeout"], None])
def test_a_type_that_gatehook_has_not_is_an_exception(made_up):
    with pytest.raises(RemoteError) as error:
        read({"plugin_name": "Ext", "error": FAILED | {"details": {"error_type": made_up}}})
    assert error.value.error_type == "exception"


@pytest.mark.parametrize("code", sorted(set(CODES) - {"OVERLOADED"}))
def test_a_refusal_is_known_by_its_code(code):
    with pytest.raises(RemoteError) as error:
        read(refusal("Ext", code, SECRET))
    assert (error.value.code, error.value.reason) == (code, CODES[code])


def test_a_service_that_was_too_busy_surely_did_nothing():
    with pytest.raises(NotDelivered):
        read(refusal("Ext", "OVERLOADED", SECRET))


@pytest.mark.parametrize("code", [SECRET, 7, None, ["OVERLOADED"]])
def test_a_code_that_gatehook_has_not_is_none(code):
    with pytest.raises(RemoteError) as error:
        read({"plugin_name": "Ext", "error": FAILED | {"code": code}})
    assert error.value.code == ""
    assert not isinstance(error.value, NotDelivered)


def test_failures_are_written_as_peers_read_them():
    assert failure_of("Ext", PluginError("Ext", CALL.hook, "timeout", "took longer than its timeout")) == {
        "plugin_name": "Ext",
        "error": {
            "message": "plugin 'Ext' failed at tool_pre_invoke: took longer than its timeout",
            "plugin_name": "Ext",
            "code": "PLUGIN_TIMEOUT",
            "details": {"error_type": "timeout"},
            "mcp_error_code": -32603,
        },
    }
    failed = failure_of("Ext", PayloadError("tool_pre_invoke.name must be text, got a list"))["error"]
    assert (failed["code"], failed["details"]) == ("INVALID_PAYLOAD", {"error_type": "payload"})
