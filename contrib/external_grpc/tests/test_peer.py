"""What goes to a peer's server and what comes back, through the real runner."""

import asyncio

import pytest
from gatehook import Runner, ToolPreInvokePayload


@pytest.fixture
def ask(peer, connected):
    """``ask("add", {…}, …)``: the outcome of a call of that tool in a request by alice, and the request."""

    async def ask(tool, args=None, grpc=None, **entry):
        asking = {"id": "r", "user": "alice", "tenant_id": "t", "roles": ["dev"]}
        async with connected(peer, grpc, **entry) as runner, runner.request(**asking) as request:
            request.state["known"] = 1
            return await request.run(ToolPreInvokePayload(tool, args or {})), request

    return ask


async def test_a_peer_says_which_hooks_its_plugin_has(peer, connected):
    async with connected(peer) as runner:
        (status,) = runner.plugins()
    assert set(status.hooks) == {"tool_pre_invoke", "tool_post_invoke"}
    assert status.details["remote"]["mode"] == "sequential"  # shown, and not obeyed
    assert (status.mode, status.priority) == ("enforce", 100)


async def test_a_peer_is_told_who_asks(ask):
    outcome, _ = await ask("tell", {"n": 1})
    sent = outcome.metadata["Toy"]["request"]
    assert (sent["hookType"], sent["pluginName"]) == ("tool_pre_invoke", "Toy")
    assert sent["payload"] == {"name": "tell", "args": {"n": 1}}
    asking = sent["context"]["globalContext"]
    assert (asking["requestId"], asking["userString"], asking["tenantId"]) == ("r", "alice", "t")
    assert asking["state"] == {"known": 1}


async def test_a_violation_blocks(ask):
    outcome, _ = await ask("deny")
    assert outcome.violation.to_dict() == {
        "plugin_name": "Toy", "code": "NO", "reason": "no", "description": "no", "details": {"n": 7}
    }  # fmt: skip


async def test_what_a_peer_leaves_alone_keeps_its_type(ask):
    args = {"int": 7, "float": 7.0, "null": None, "big": 2**60, "flag": True, "list": [1, 1.0, [2.0]], "": {}}
    outcome, _ = await ask("add", args)
    assert set(outcome.records[0].changes) == {"args.half", "args.integer"}
    added = dict(outcome.payload.args)
    assert (added.pop("integer"), added.pop("half")) == (7, 0.5)
    assert repr(added) == repr(args)  # 7 is equal to 7.0, but not written so


async def test_states_come_back(ask):
    _, request = await ask("add")
    assert request.states == {"Toy": {"kept": 1}}
    assert request.state == {"known": 1, "shared": 2}


@pytest.mark.parametrize("number", [2**53 + 1, 2**64 - 1])
async def test_an_integer_that_would_be_another_one_is_not_sent(ask, number):
    outcome, _ = await ask("add", {"id": number})
    assert outcome.blocked
    assert outcome.records[0].error_type == "payload"
    assert "numbers as doubles" in outcome.records[0].reason


async def test_the_deadline_is_the_shorter_of_both(ask):
    outcome, _ = await ask("tell", timeout=50, config={"timeout_ms": 30_000})
    assert 20 < outcome.metadata["Toy"]["remaining"] < 31
    outcome, _ = await ask("tell", timeout=20, config={"timeout_ms": 30_000})
    assert 10 < outcome.metadata["Toy"]["remaining"] < 21


@pytest.mark.parametrize(
    ("auth", "sent"),
    [
        ({"type": "bearer", "token": "abc"}, {"authorization": "Bearer abc"}),
        ({"type": "api_key", "key": "abc"}, {"x-api-key": "abc"}),
        ({"type": "basic", "username": "a", "password": "b"}, {"authorization": "Basic YTpi"}),
        ({"type": "headers", "headers": {"X-One": "1", "X-Two": "2"}}, {"x-one": "1", "x-two": "2"}),
    ],
)
async def test_credentials_go_with_every_call(ask, auth, sent):
    outcome, _ = await ask("tell", grpc={"auth": auth})
    assert outcome.metadata["Toy"]["metadata"] == sent


async def test_a_call_that_is_cancelled_here_is_cancelled_there(peer, connected, until):
    async with connected(peer) as runner, runner.request() as request:

        async def cancelled():
            return (await request.run(ToolPreInvokePayload("tell"))).metadata["Toy"]["cancelled"]

        before = await cancelled()
        call = asyncio.create_task(request.run(ToolPreInvokePayload("hang")))
        await asyncio.sleep(0.2)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

        async def more():
            return await cancelled() > before

        await until(more)


async def test_an_answer_is_used_again_for_the_same_question_of_the_same_user(peer, connected):
    async def told(user, n):
        async with runner.request(user=user) as request:
            return (await request.run(ToolPreInvokePayload("tell", {"n": n}))).metadata["Toy"]["remaining"]

    async with connected(peer, config={"cache_ttl_seconds": 60}) as runner:
        first = await told("alice", 1)
        assert await told("alice", 1) == first
        assert await told("bob", 1) != first
        assert await told("alice", 1.0) != first
        assert await told("alice", 1) == first


async def test_calls_run_side_by_side(peer, connected):
    async with connected(peer) as runner, runner.request() as request:
        tools = [f"tool-{number}" for number in range(50)]
        outcomes = await asyncio.gather(*(request.run(ToolPreInvokePayload(tool)) for tool in tools))
    assert [outcome.payload.name for outcome in outcomes] == tools


async def test_a_socket_in_the_config_s_folder_is_found(tmp_path, start):
    socket = tmp_path / "plugins.sock"
    start("Toy", f"unix:{socket}")
    config = tmp_path / "gatehook.yaml"
    config.write_text("plugins: [{name: Toy, kind: external_grpc, grpc: {uds: plugins.sock}}]")
    async with Runner.from_config(config) as runner, runner.request() as request:
        assert not (await request.run(ToolPreInvokePayload("fine"))).blocked
