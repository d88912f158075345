"""`gatehook serve --grpc` as a peer's client calls it, message by message."""

import json

import grpc
import pytest
from gatehook_external_grpc.plugin_service_pb2 import (
    GetPluginConfigRequest,
    GetPluginConfigResponse,
    GetPluginConfigsRequest,
    GetPluginConfigsResponse,
    HealthCheckRequest,
    HealthCheckResponse,
    InvokeHookRequest,
    InvokeHookResponse,
)
from google.protobuf.json_format import MessageToDict

ANSWERS = {
    "/cpex.PluginService/GetPluginConfig": GetPluginConfigResponse,
    "/cpex.PluginService/GetPluginConfigs": GetPluginConfigsResponse,
    "/cpex.PluginService/InvokeHook": InvokeHookResponse,
    "/cpex.Health/Check": HealthCheckResponse,
}


@pytest.fixture
def call(served):
    """``call("/cpex.Health/Check", request)``: the answer; requests that are bytes go as they are."""

    def call(path, request, timeout=5, metadata=()):
        raw = request if isinstance(request, bytes) else request.SerializeToString()
        with grpc.insecure_channel(served) as channel:
            answer = channel.unary_unary(path)(raw, timeout=timeout, metadata=metadata)
        return ANSWERS[path].FromString(answer)

    return call


@pytest.fixture
def invoke(call):
    """``invoke("add", plugin="Toy", …)``: the answer to a call of that tool."""

    def invoke(tool, plugin="Toy", hook="tool_pre_invoke", args=None, **state):
        request = InvokeHookRequest(hook_type=hook, plugin_name=plugin)
        request.payload.update({"name": tool, "args": args or {}, "headers": None})
        asking = request.context.global_context
        asking.request_id, asking.user_string, asking.tenant_id = "r", "alice", "t"
        request.context.state.update(state)
        return call("/cpex.PluginService/InvokeHook", request)

    return invoke


def test_a_plugin_is_described_without_its_settings(call):
    answer = call("/cpex.PluginService/GetPluginConfig", GetPluginConfigRequest(name="toy"))
    assert answer.found
    described = MessageToDict(answer.config)
    assert (described["name"], described["kind"], described["config"]) == ("Toy", "grpc_toys.Toy", {})
    assert set(described["hooks"]) == {"tool_pre_invoke", "tool_post_invoke"}


def test_an_unknown_plugin_is_not_found(call):
    answer = call("/cpex.PluginService/GetPluginConfig", GetPluginConfigRequest(name="Tory"))
    assert not answer.found


def test_all_plugins_are_described(call):
    answer = call("/cpex.PluginService/GetPluginConfigs", GetPluginConfigsRequest())
    assert [config["name"] for config in answer.configs] == ["Toy"]


def test_a_call_is_answered_with_result_and_context(invoke):
    answer = invoke("count", calls=1)
    assert (answer.plugin_name, answer.result["continue_processing"]) == ("Toy", True)
    assert not answer.HasField("error")
    assert MessageToDict(answer.context.state) == {"calls": 2}
    asking = answer.context.global_context
    assert (asking.request_id, asking.user_string, asking.tenant_id) == ("r", "alice", "t")
    assert MessageToDict(asking.state) == {"by": "alice"}


def test_an_integer_is_one_for_the_plugin(invoke):
    answer = invoke("wait", args={"seconds": 0})
    assert answer.result["continue_processing"]


@pytest.mark.parametrize("tool", ["add", "deny"])
def test_an_answer_with_an_integer_that_is_no_double_is_an_error(invoke, tool):
    answer = invoke(tool)
    assert answer.error.code == "PLUGIN_ERROR"
    assert "numbers as doubles" in answer.error.message
    assert not answer.HasField("result")


def test_an_answer_in_the_server_s_place_is_an_error(invoke):
    assert invoke("answer").error.code == "PLUGIN_ERROR"


def test_an_error_tells_nothing_of_what_the_plugin_said(invoke):
    error = invoke("raise").error
    assert (error.code, error.plugin_name, error.mcp_error_code) == ("PLUGIN_ERROR", "Toy", -32603)
    assert error.details["error_type"] == "exception"
    assert "secret" not in error.message


@pytest.mark.parametrize(
    ("plugin", "hook", "code"),
    [("Tory", "tool_pre_invoke", "UNKNOWN_PLUGIN"), ("Toy", "prompt_pre_fetch", "UNKNOWN_HOOK")],
)
def test_a_call_of_what_is_not_there_is_an_error(invoke, plugin, hook, code):
    assert invoke("fine", plugin, hook).error.code == code


def test_a_payload_that_is_none_is_an_error(call):
    request = InvokeHookRequest(hook_type="tool_pre_invoke", plugin_name="Toy")
    request.payload.update({"name": 7})
    assert call("/cpex.PluginService/InvokeHook", request).error.code == "INVALID_PAYLOAD"
    request.payload.update({"name": "fine", "args": {"n": float("nan")}})
    assert call("/cpex.PluginService/InvokeHook", request).error.code == "INVALID_PAYLOAD"


@pytest.mark.parametrize("path", [path for path in ANSWERS if "Configs" not in path])
def test_a_message_that_is_none_is_an_invalid_argument(call, path):
    with pytest.raises(grpc.RpcError) as failed:
        call(path, b"\xff\xff no message")
    assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("method", "raw"),
    [
        ("Describe", b"no JSON"),
        ("Describe", b"[]"),
        ("Describe", b"{}"),
        ("Describe", b"[" * 10_000),
        ("Configure", b'{"name": "Toy"}'),
    ],
)
def test_a_question_that_makes_no_sense_is_an_invalid_argument(call, method, raw):
    with pytest.raises(grpc.RpcError) as failed:
        call(f"/gatehook.Plugins/{method}", raw)
    assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT


CALL = {"hook_type": "tool_pre_invoke", "plugin_name": "Toy", "payload": {"name": "fine"}, "context": {}}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"payload": []}, "INVALID_PAYLOAD"),
        ({"payload": {}}, "INVALID_PAYLOAD"),
        ({"plugin_name": 1}, "INVALID_PAYLOAD"),
        ({"config_id": 1}, "UNKNOWN_CONFIG"),
        ({"config_id": "x"}, "UNKNOWN_CONFIG"),
    ],
)
def test_a_call_that_makes_no_sense_is_an_error(served, change, code):
    with grpc.insecure_channel(served) as channel:
        invoke = channel.unary_unary("/gatehook.Plugins/Invoke")
        assert "result" in json.loads(invoke(json.dumps(CALL).encode(), timeout=5))
        assert json.loads(invoke(json.dumps({**CALL, **change}).encode(), timeout=5))["error"]["code"] == code


@pytest.mark.parametrize(
    "raw",
    [
        b"no JSON",
        b"[]",
        b"{}",
        b'{"id": "1", "call": {}, "timeout": null}',
        b'{"id": 1, "call": {}}',
        b'{"id": 1, "call": {}, "timeout": "soon"}',
        b"[" * 10_000,
    ],
)
def test_a_stream_of_what_is_no_call_ends(served, raw):
    with grpc.insecure_channel(served) as channel:
        answers = channel.stream_stream("/gatehook.Plugins/Converse")(iter([raw]), timeout=5)
        with pytest.raises(grpc.RpcError) as failed:
            next(answers)
    assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_stream_ends_once_all_is_answered(served):
    asked = [json.dumps({"id": number, "timeout": None, "call": CALL}).encode() for number in range(20)]
    with grpc.insecure_channel(served) as channel:
        answers = channel.stream_stream("/gatehook.Plugins/Converse")(iter(asked), timeout=5)
        lines = [line for answer in answers for line in answer.split(b"\n")]
    assert sorted(json.loads(line)["id"] for line in lines) == list(range(20))


def test_a_method_that_is_not_there_is_unimplemented(call):
    with pytest.raises(grpc.RpcError) as failed:
        call("/cpex.PluginService/Other", b"")
    assert failed.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize(
    ("service", "status"),
    [
        ("", HealthCheckResponse.SERVING),
        ("toy", HealthCheckResponse.SERVING),
        ("Tory", HealthCheckResponse.SERVICE_UNKNOWN),
    ],
)
def test_the_health_of_all_or_of_one_can_be_asked_for(call, service, status):
    assert call("/cpex.Health/Check", HealthCheckRequest(service=service)).status == status


def test_a_deadline_ends_the_call_there(served):
    request = InvokeHookRequest(hook_type="tool_pre_invoke", plugin_name="Toy")
    request.payload.update({"name": "wait"})
    request = request.SerializeToString()
    with grpc.insecure_channel(served) as channel:
        answer = channel.unary_unary("/cpex.PluginService/InvokeHook").future(request, timeout=0.3)
        # Whichever of both timers comes first.
        late = answer.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert late or InvokeHookResponse.FromString(answer.result()).error.code == "PLUGIN_TIMEOUT"


def test_a_message_over_the_limit_is_refused(serve):
    server = serve(max_request_bytes=2048)
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as failed:
        channel.unary_unary("/gatehook.Plugins/Describe")(b" " * 4096, timeout=5)
    assert failed.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
