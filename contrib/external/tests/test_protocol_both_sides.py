"""A plugin across the line does to a call what it does in process: two real runners, JSON text between them."""

import json
from dataclasses import asdict

import pytest
from gatehook import GatehookError, Plugin, PluginError, PluginResult, PluginViolation
from gatehook.testing import (
    open_runner,
    prompt_call,
    prompt_result,
    resource,
    run_hook,
    run_hooks,
    tool_call,
    tool_result,
)
from gatehook_external import ServiceError
from gatehook_external.protocol import (
    HOOKS,
    answer_of,
    apply_context,
    ask,
    context_to_wire,
    failure_of,
    from_wire,
    result_of,
    to_wire,
)

SECRET = "4111-1111"


async def serve(runner, hook, payload, context, *, gatehook=True):
    """The server's side of one call."""
    try:
        async with ask(runner, "Remote", context) as request:
            outcome = await request.run(from_wire(hook, payload))
            return answer_of("Remote", payload, outcome, request, context, gatehook=gatehook)
    except GatehookError as error:
        return failure_of("Remote", error)


def remote(cls):
    return open_runner({"name": "Remote", "kind": cls}, settings={"fail_on_plugin_error": True})


def across(cls):
    """A plugin that asks ``cls``, which is in a runner of its own."""

    class Across(Plugin):
        async def initialize(self):
            self.remote = await remote(cls).__aenter__()

        async def shutdown(self):
            await self.remote.__aexit__()

        async def ask(self, payload, context):
            call = json.loads(json.dumps([payload.hook, to_wire(payload), context_to_wire(context)]))
            answer = json.loads(json.dumps(await serve(self.remote, *call)))
            try:
                said = result_of(payload.hook, payload, answer, "remote")
                apply_context(context, answer.get("context"))
            except ServiceError as error:
                raise PluginError(self.name, payload.hook, error.error_type, error.reason) from error
            return said

    for hook in HOOKS:
        if hasattr(cls, hook):
            setattr(Across, hook, Across.ask)
    return {"name": cls.__name__, "kind": Across}


def blocked(code, **keys):
    return PluginResult(False, violation=PluginViolation("no", "because", code=code), **keys)


class Blocks(Plugin):
    def tool_pre_invoke(self, payload):
        return blocked("NO_DELETES", metadata={"asked": 1}) if payload.name == "delete" else None


class Advises(Plugin):
    def tool_post_invoke(self):
        return PluginResult(violation=PluginViolation("odd", code="ODD", details={"share": 0.5, "count": 2}))


class Rewrites(Plugin):
    def tool_pre_invoke(self, payload):
        payload.args["n"] += 1
        del payload.args["q"]
        return PluginResult(modified_payload=payload)

    def prompt_post_fetch(self, payload):
        payload.result.messages[0].content.text = "masked"
        del payload.result.description
        return PluginResult(modified_payload=payload)

    def resource_post_fetch(self, payload):
        payload.content.text = "masked"
        return PluginResult(modified_payload=payload)


class Answers(Plugin):
    def prompt_pre_fetch(self):
        return PluginResult(response={"messages": []})


class Counts(Plugin):
    """Keeps a number for itself, and one for all."""

    def prompt_pre_fetch(self, context):
        context.set_state("seen", [1])
        context.request.state["calls"] = 1

    def tool_pre_invoke(self, context):
        context.state["seen"].append(2)
        context.metadata["told"] = dict(context.request.state)
        del context.request.state["calls"]

    def tool_post_invoke(self, context):
        return PluginResult(metadata={"seen": context.state["seen"], "left": dict(context.request.state)})


class Knows(Plugin):
    """Who asks, as a plugin sees it."""

    def tool_pre_invoke(self, context):
        asked = context.request
        return PluginResult(metadata={"who": [asked.id, asked.user, asked.tenant_id, asked.server_id, *asked.roles]})


ASKED = {"id": "r-1", "user": "alice", "tenant_id": "acme", "server_id": "s1", "roles": ["admin"]}


def told(outcome):
    said = [violation.to_dict() for violation in outcome.violations]
    records = [
        (record.plugin, record.verdict, record.code, record.error_type, record.changes) for record in outcome.records
    ]
    return asdict(outcome.payload), outcome.blocked, said, outcome.response, dict(outcome.metadata), records


@pytest.mark.parametrize(
    ("cls", "payloads"),
    [
        (Blocks, [tool_call("delete"), tool_call("list")]),
        (Advises, [tool_result("Hi")]),
        (Rewrites, [tool_call(n=1, q="x", f=2.0, none=None), resource("Hi", mimeType="text/csv")]),
        (Rewrites, [prompt_result("Hi", ("assistant", "Yes"), description="d", _meta={"v": 7})]),
        (Answers, [prompt_call()]),
        (Counts, [prompt_call(), tool_call(), tool_result("Hi")]),
        (Knows, [tool_call()]),
    ],
)
def test_a_plugin_says_the_same_across_the_line(cls, payloads):
    here = run_hooks({"name": cls.__name__, "kind": cls}, *payloads, **ASKED)
    there = run_hooks(across(cls), *payloads, **ASKED)
    assert [told(outcome) for outcome in there] == [told(outcome) for outcome in here]


class Raises(Plugin):
    def tool_pre_invoke(self):
        raise RuntimeError(SECRET)


class Hoards(Plugin):
    def tool_pre_invoke(self, context):
        context.set_state("vault", object())


class TellsSets(Plugin):
    def tool_pre_invoke(self):
        return blocked("NO", metadata={"words": {SECRET}})


@pytest.mark.parametrize(
    ("cls", "error_type"), [(Raises, "exception"), (Hoards, "invalid_result"), (TellsSets, "invalid_result")]
)
def test_a_failure_over_there_is_one_here_and_its_text_stays_there(cls, error_type):
    outcome = run_hook(across(cls), tool_call())
    assert (outcome.violation.code, outcome.records[0].error_type) == ("PLUGIN_ERROR", error_type)
    assert SECRET not in str(outcome.records) + str(outcome.violation.to_dict())


def test_what_cannot_be_sent_is_the_payloads_failure():
    outcome = run_hook(across(Blocks), tool_call(text="\ud800"))
    assert outcome.blocked
    assert outcome.records[0].error_type == "payload"


async def test_plugins_of_a_band_do_not_undo_each_others_state():
    class First(Plugin):
        def tool_pre_invoke(self, context):
            context.request.state["first"] = 1
            context.request.state.pop("gone", None)

    class Second(Plugin):
        def tool_pre_invoke(self, context):
            context.request.state["second"] = 2

    class Before(Plugin):
        def tool_pre_invoke(self, context):
            context.request.state.update(gone=0, kept=[0])

    class After(Plugin):
        def tool_pre_invoke(self, context):
            context.metadata.update(context.request.state)

    ends = [{"name": "Before", "kind": Before, "priority": 1}, {"name": "After", "kind": After, "priority": 200}]
    runner = open_runner(*ends, across(First), across(Second), settings={"parallel_execution_within_band": True})
    async with runner, runner.request() as request:
        outcome = await request.run(tool_call())
    assert outcome.metadata["After"] == {"first": 1, "second": 2, "kept": [0]}


async def test_fields_of_a_peers_payload_come_back_as_they_came():
    raw = {"name": "lookup", "args": {"n": 1, "q": 2}, "headers": {"a": "b"}}
    content = {"type": "resource", "id": "7", "uri": "a://b", "mime_type": "text/csv", "text": "x"}
    async with remote(Rewrites) as runner:
        call = await serve(runner, "tool_pre_invoke", raw, {}, gatehook=False)
        read = await serve(runner, "resource_post_fetch", {"uri": "a://b", "content": content}, {}, gatehook=False)
        prompt = await serve(
            runner, "prompt_post_fetch", to_wire(prompt_result("x", description="d")), {}, gatehook=False
        )
    assert call["result"]["modified_payload"] == {"name": "lookup", "args": {"n": 2}, "headers": {"a": "b"}}
    assert read["result"]["modified_payload"]["content"] == content | {"text": "masked"}
    assert prompt["result"]["modified_payload"].keys() == {"prompt_id", "result"}


async def test_what_a_plugin_adds_to_a_list_of_a_peers_payload_is_answered():
    class Adds(Plugin):
        def prompt_post_fetch(self, payload):
            payload.result.messages.append(payload.result.messages[0])
            return PluginResult(modified_payload=payload)

    async with remote(Adds) as runner:
        answer = await serve(runner, "prompt_post_fetch", to_wire(prompt_result("Hi")), {}, gatehook=False)
    assert answer["result"]["modified_payload"] == to_wire(prompt_result("Hi", "Hi"))


async def test_an_old_peer_reads_a_prompts_name_where_it_wrote_it():
    class Renames(Plugin):
        def prompt_pre_fetch(self, payload):
            payload.name = "other"
            return PluginResult(modified_payload=payload)

    async with remote(Renames) as runner:
        answer = await serve(runner, "prompt_pre_fetch", {"name": "p", "args": None}, {}, gatehook=False)
    assert answer["result"]["modified_payload"] == {"name": "other", "args": {}}


async def test_who_does_not_know_answers_in_the_servers_place_hears_of_a_failure():
    async with remote(Answers) as runner:
        answer = await serve(runner, "prompt_pre_fetch", to_wire(prompt_call()), {}, gatehook=False)
    assert "result" not in answer
    assert answer["error"]["code"] == "PLUGIN_ERROR"


async def test_a_denial_is_written_as_a_peer_reads_it():
    context = {"state": {}, "global_context": {"request_id": "r", "user": "alice"}, "metadata": {"m": 1}}
    async with remote(Blocks) as runner:
        answer = await serve(runner, "tool_pre_invoke", {"name": "delete"}, context, gatehook=False)
    assert answer == {
        "plugin_name": "Remote",
        "result": {
            "continue_processing": False,
            "modified_payload": None,
            "violation": {"reason": "no", "description": "because", "code": "NO_DELETES", "details": {}},
            "metadata": {"asked": 1},
        },
        "context": {
            "state": {},
            "global_context": {"request_id": "r", "user": "alice", "state": {}},
            "metadata": {"m": 1},
        },
    }


async def test_a_payload_that_is_none_is_answered_and_quotes_nothing():
    async with remote(Blocks) as runner:
        answer = await serve(runner, "tool_pre_invoke", {"name": [SECRET]}, {})
    assert answer["error"]["code"] == "INVALID_PAYLOAD"
    assert SECRET not in json.dumps(answer)
