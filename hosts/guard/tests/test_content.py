"""What plugins see, change and refuse of the guarded methods, in both eras of the protocol."""

import json

import pytest
from guard_frames import notification, request, response, text

MODERN = {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}
VIOLATION = "dev.gatehook/violation"


# -- violations


async def test_a_refused_tool_call_is_answered_by_a_result_that_is_an_error(guard):
    async with guard("Deny") as it:
        it.client.send(request(7, "tools/call", name="t", arguments={"q": ["forbidden fruit"]}))
        answer = await it.client.receive()
        await it.nothing_for_server()
    result = answer["result"]
    assert (answer["id"], result["isError"], "resultType" in result) == (7, True, False)
    (block,) = result["content"]
    assert block["type"] == "text"
    assert "'Deny'" in block["text"]
    assert "that word is not allowed" in block["text"]
    assert "[WORD]" in block["text"]
    assert "The tool was not called" in block["text"]
    assert "fruit" not in json.dumps(answer)
    assert result["_meta"][VIOLATION] == {
        "code": "WORD",
        "reason": "that word is not allowed",
        "plugin": "Deny",
        "hook": "tool_pre_invoke",
        "details": {"count": 1},
    }


async def test_a_refused_result_says_that_the_tool_was_called(guard):
    async with guard("Deny") as it:
        answer = await it.call("t", {}, text("forbidden fruit"))
    assert answer["result"]["isError"] is True
    assert "The tool was called, but its result is withheld" in answer["result"]["content"][0]["text"]
    assert "fruit" not in json.dumps(answer)


async def test_a_violation_can_be_an_error_of_the_protocol_instead(guard):
    async with guard("Deny", violation_as="error") as it:
        it.client.send(request(7, "tools/call", name="forbidden"))
        error = (await it.client.receive())["error"]
    assert (error["code"], error["data"]["code"], error["data"]["plugin"]) == (-32010, "WORD", "Deny")


async def test_who_asked_for_a_task_gets_an_error_of_the_protocol(guard):
    async with guard("Deny") as it:
        it.client.send(request(7, "tools/call", name="forbidden", task={"ttl": 1}))
        assert (await it.client.receive())["error"]["code"] == -32010


@pytest.mark.parametrize(
    ("method", "params"),
    [("prompts/get", {"name": "p", "arguments": {"a": "forbidden"}}), ("resources/read", {"uri": "x://forbidden"})],
)
async def test_a_refused_prompt_or_resource_is_an_error_of_the_protocol(guard, method, params):
    async with guard("Deny") as it:
        it.client.send(request(7, method, **params))
        answer = await it.client.receive()
        await it.nothing_for_server()
    assert (answer["id"], answer["error"]["code"], answer["error"]["data"]["code"]) == (7, -32010, "WORD")


async def test_answers_of_the_guard_to_the_protocol_of_2026_carry_its_envelope(guard):
    async with guard("Deny") as it:
        it.client.send(request(7, "tools/call", name="forbidden", _meta=MODERN))
        assert (await it.client.receive())["result"]["resultType"] == "complete"


# -- changes


async def test_masked_arguments_reach_the_server_and_all_else_of_the_request_is_kept(guard):
    async with guard("Mask") as it:
        params = {
            "_meta": {"progressToken": 1, "x": 1.5},
            "name": "t",
            "arguments": {"q": [{"a": "Bob", "n": 1.0}]},
            "z": 0,
        }
        it.client.send({"more": True, **request(1, "tools/call", **params)})
        got = await it.server.line()
    params["arguments"]["q"][0]["a"] = "***"
    assert json.loads(got) == {"more": True, **request(1, "tools/call", **params)}
    assert b'"n":1.0' in got


async def test_a_masked_result_keeps_every_field_that_was_not_changed(guard):
    result = {
        "content": [{"type": "text", "text": "it is Bob", "annotations": {"x": 1}}, {"type": "image", "data": "Qm9i"}],
        "structuredContent": {"who": "Bob", "n": 1},
        "isError": False,
        "resultType": "complete",
        "_meta": {"a": 1},
        "later": [None],
    }
    async with guard("Mask") as it:
        answer = await it.call("t", {}, result)
    result["content"][0]["text"] = "it is ***"
    result["structuredContent"]["who"] = "***"
    assert answer["result"] == result


async def test_a_renamed_tool_is_called_and_its_result_checked_by_the_new_name(guard):
    async with guard("Rename") as it:
        it.client.send(request(1, "tools/call", name="old", arguments={"a": 1}))
        assert await it.server.receive() == request(1, "tools/call", name="new", arguments={"a": 1})
        it.server.send(response(1, text("x")))
        assert (await it.client.receive())["result"]["of"] == "new"


async def test_arguments_that_were_not_sent_are_not_invented(guard):
    async with guard("Rename") as it:
        it.client.send(request(1, "tools/call", name="old"))
        assert await it.server.receive() == request(1, "tools/call", name="new")


async def test_arguments_that_are_null_are_none(guard):
    async with guard("Mask") as it:
        it.client.send(request(1, "tools/call", name="t", arguments=None))
        assert await it.server.receive() == request(1, "tools/call", name="t", arguments=None)


async def test_an_answer_of_a_plugin_takes_the_servers_place_and_post_hooks_see_it(guard):
    async with guard("Answer", "Mask") as it:
        it.client.send(request(1, "tools/call", name="t", _meta=MODERN))
        answer = await it.client.receive()
        assert answer == response(1, text("cached for ***", resultType="complete"))
        it.client.send(request(2, "resources/read", uri="x://y", _meta=MODERN))
        result = (await it.client.receive())["result"]
        await it.nothing_for_server()
    assert result["contents"] == [{"uri": "x://y", "text": "cached"}]
    assert (result["resultType"], result["ttlMs"], result["cacheScope"]) == ("complete", 0, "private")


async def test_a_plugins_state_lives_from_the_first_hook_to_the_last(guard):
    async with guard("RememberBetween") as it:
        assert (await it.call("t", {"q": "a question"}, text("x")))["result"]["asked"] == "a question"


async def test_plugins_are_told_who_asks(guard):
    options = ("--user", "ann", "--tenant", "acme", "--server-id", "crm")
    async with guard("WhoAsks", options=options) as it:
        assert (await it.call("t", {}, text("x")))["result"]["who"] == ["ann", "acme", "crm"]


@pytest.mark.parametrize("plugin", ["Deny", "DenyResults"], ids=["both hooks", "only the post hook"])
async def test_a_result_is_checked_whichever_other_hooks_there_are(guard, plugin):
    async with guard(plugin) as it:
        assert (await it.call("t", {}, text("forbidden")))["result"]["isError"] is True


# -- prompts and resources


async def test_prompts_are_masked_on_the_way_in_and_out(guard):
    async with guard("Mask") as it:
        it.client.send(request(1, "prompts/get", name="p", arguments={"who": "Bob"}))
        assert await it.server.receive() == request(1, "prompts/get", name="p", arguments={"who": "***"})
        message = {"role": "user", "content": {"type": "text", "text": "Bob", "_meta": {"k": 1}}, "x": 1}
        it.server.send(response(1, {"description": "d", "messages": [message], "resultType": "complete"}))
        message["content"]["text"] = "***"
        assert await it.client.receive() == response(
            1, {"description": "d", "messages": [message], "resultType": "complete"}
        )


@pytest.mark.parametrize("result", [{}, {"messages": "Bob"}, {"messages": ["Bob"]}, {"messages": [{"content": "Bob"}]}])
async def test_a_prompt_that_cannot_be_read_does_not_pass(guard, result):
    async with guard("Mask") as it:
        it.client.send(request(1, "prompts/get", name="p"))
        await it.server.line()
        it.server.send(response(1, result))
        error = (await it.client.receive())["error"]
    assert (error["code"], error["data"]["code"]) == (-32011, "UNREADABLE")
    assert "Bob" not in json.dumps(error)


async def test_each_content_of_a_resource_is_checked_with_its_own_uri_and_media_type(guard):
    async with guard("SeeType") as it:
        it.client.send(request(1, "resources/read", uri="x://all"))
        await it.server.line()
        contents = [
            {"uri": "x://a", "mimeType": "text/plain; charset=utf-8", "text": "a", "_meta": {"k": 1}},
            {"uri": "x://b", "text": "b"},
        ]
        it.server.send(response(1, {"contents": contents, "ttlMs": 5, "cacheScope": "public"}))
        answer = await it.client.receive()
    contents[0]["text"], contents[1]["text"] = "text/plain; charset=utf-8 of x://a", "None of x://b"
    assert answer["result"] == {"contents": contents, "ttlMs": 5, "cacheScope": "private"}


async def test_conditions_on_media_types_select_by_each_content(guard):
    plugin = {"name": "m", "kind": "toys.Mask", "conditions": [{"content_types": ["text/*"]}]}
    async with guard(plugin) as it:
        it.client.send(request(1, "resources/read", uri="x://all"))
        await it.server.line()
        contents = [
            {"uri": "a", "mimeType": kind, "text": "Bob"} for kind in ("text/plain", "application/json", "TEXT/html")
        ]
        it.server.send(response(1, {"contents": contents}))
        answer = await it.client.receive()
    assert [content["text"] for content in answer["result"]["contents"]] == ["***", "Bob", "***"]


async def test_one_refused_content_refuses_the_whole_read(guard):
    async with guard("Deny") as it:
        it.client.send(request(1, "resources/read", uri="x://all"))
        await it.server.line()
        it.server.send(response(1, {"contents": [{"uri": "a", "text": "fine"}, {"uri": "b", "text": "forbidden"}]}))
        answer = await it.client.receive()
    assert answer["error"]["code"] == -32010
    assert "fine" not in json.dumps(answer)


# -- output schemas


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


async def list_tools(it, schema=SCHEMA):
    it.client.send(request("list", "tools/list"))
    await it.server.line()
    listing = response("list", {"tools": [{"name": "t", "outputSchema": schema}, {"name": "u"}]})
    it.server.send(listing)
    assert await it.client.receive() == listing


async def test_a_change_that_breaks_the_output_schema_blocks_the_result(guard):
    async with guard("BreakStructured") as it:
        await list_tools(it)
        answer = await it.call("t", {}, text("3", structuredContent={"n": 3}))
        assert answer["result"]["isError"] is True
        assert answer["result"]["_meta"][VIOLATION]["code"] == "SCHEMA_BREAK"
        assert (await it.call("u", {}, text("3")))["result"] == text("3", structuredContent={"n": "three"})


async def test_or_takes_the_structured_content_out(guard):
    async with guard("BreakStructured", on_schema_break="drop_structured") as it:
        await list_tools(it)
        assert (await it.call("t", {}, text("3", structuredContent={"n": 3})))["result"] == text("3")


@pytest.mark.parametrize("schema", [{"$ref": "http://localhost:1/x"}, {"type": 7}, "text"], ids=str)
async def test_a_schema_that_cannot_be_used_counts_as_broken(guard, schema):
    async with guard("BreakStructured") as it:
        await list_tools(it, schema)
        assert (await it.call("t", {}, text("3")))["result"]["isError"] is True


async def test_a_change_that_keeps_the_output_schema_passes(guard):
    async with guard("Mask") as it:
        await list_tools(it)
        answer = await it.call("t", {}, text("Bob", structuredContent={"n": 3, "who": "Bob"}))
        assert answer["result"] == text("***", structuredContent={"n": 3, "who": "***"})


# -- questions before the result, in the protocol of 2026-07-28


QUESTION = {
    "resultType": "input_required",
    "inputRequests": {"q": {"method": "elicitation/create"}},
    "requestState": "s",
}


@pytest.mark.parametrize(
    ("method", "params"),
    [("tools/call", {"name": "t"}), ("prompts/get", {"name": "p"}), ("resources/read", {"uri": "x://y"})],
)
async def test_a_question_of_the_server_is_not_taken_for_a_result(guard, method, params):
    async with guard("Mask", "Deny") as it:
        it.client.send(request(1, method, **params, _meta=MODERN))
        await it.server.line()
        it.server.send(response(1, QUESTION))
        assert await it.client.receive() == response(1, QUESTION)


@pytest.mark.parametrize(
    ("method", "params"),
    [("tools/call", {"name": "t"}), ("prompts/get", {"name": "p"}), ("resources/read", {"uri": "x://y"})],
)
async def test_what_comes_back_with_the_retry_is_checked_as_the_calls_input(guard, method, params):
    async with guard("Mask") as it:
        retry = {
            "inputResponses": {"q": {"action": "accept", "content": {"who": "Bob"}}},
            "requestState": "s",
            **params,
        }
        it.client.send(request(2, method, **retry))
        retry["inputResponses"]["q"]["content"]["who"] = "***"
        assert await it.server.receive() == request(2, method, **retry)


async def test_a_refused_answer_to_a_question_does_not_reach_the_server(guard):
    async with guard("Deny") as it:
        answers = {"q": {"action": "accept", "content": {"who": "forbidden"}}}
        it.client.send(request(2, "tools/call", name="t", inputResponses=answers))
        assert (await it.client.receive())["result"]["isError"] is True
        await it.nothing_for_server()


# -- tasks


async def begin_task(it, task_result):
    it.client.send(request("begin", "tools/call", name="t", arguments={}, task={"ttl": 1}))
    await it.server.line()
    it.server.send(response("begin", task_result))
    assert await it.client.receive() == response("begin", task_result)


OLD_TASK = {"task": {"taskId": "a", "status": "working"}}
NEW_TASK = {"resultType": "task", "taskId": "a", "status": "working"}


async def test_the_result_of_a_task_is_checked(guard):
    async with guard("Mask") as it:
        await begin_task(it, OLD_TASK)
        it.client.send(request(2, "tasks/result", taskId="a"))
        await it.server.line()
        it.server.send(response(2, text("Bob")))
        assert await it.client.receive() == response(2, text("***"))


async def test_a_result_inside_a_tasks_state_is_checked(guard):
    async with guard("Mask") as it:
        await begin_task(it, NEW_TASK)
        it.client.send(request(2, "tasks/get", taskId="a"), request(3, "tasks/get", taskId="a"))
        await it.server.line()
        await it.server.line()
        it.server.send(response(2, NEW_TASK), response(3, {"status": "completed", "result": text("Bob")}))
        assert await it.client.receive() == response(2, NEW_TASK)
        assert await it.client.receive() == response(3, {"status": "completed", "result": text("***")})


async def test_what_a_task_asked_for_is_checked_as_the_calls_input(guard):
    async with guard("Mask") as it:
        await begin_task(it, NEW_TASK)
        it.client.send(request(2, "tasks/update", taskId="a", inputResponses={"q": {"who": "Bob"}}))
        got = await it.server.receive()
        assert got["params"] == {"taskId": "a", "inputResponses": {"q": {"who": "***"}}}


@pytest.mark.parametrize("method", ["tasks/result", "tasks/update"])
async def test_a_task_that_the_guard_did_not_see_begin_is_refused(guard, method):
    async with guard("Mask") as it:
        it.client.send(request(2, method, taskId="other"))
        assert (await it.client.receive())["error"]["data"]["code"] == "UNKNOWN_TASK"
        it.client.send(request(3, "tasks/get", taskId="other"))
        await it.server.line()
        it.server.send(response(3, {"result": text("Bob")}))
        assert (await it.client.receive())["error"]["data"]["code"] == "UNKNOWN_TASK"


async def test_a_task_notification_that_carries_a_result_is_dropped(guard):
    async with guard("Mask") as it:
        working = notification("notifications/tasks", taskId="a", status="working")
        it.server.send(notification("notifications/tasks", taskId="a", result=text("Bob")), working)
        assert await it.client.receive() == working


# -- what plugins do wrong


async def test_a_crashing_plugin_blocks_and_what_it_said_stays_inside(guard):
    async with guard("Crash") as it:
        it.client.send(request(1, "tools/call", name="t"))
        answer = await it.client.receive()
        await it.nothing_for_server()
        it.client.send(request(2, "resources/read", uri="x://y"))
        await it.server.line()
        it.server.send(response(2, {"contents": [{"uri": "x://y", "text": "Bob"}]}))
        error = (await it.client.receive())["error"]
    assert answer["result"]["_meta"][VIOLATION]["code"] == "PLUGIN_ERROR"
    assert error["code"] == -32011
    assert "Bob" not in json.dumps([answer, error]) + it.said()


async def test_a_plugin_error_that_is_raised_to_the_host_blocks(guard):
    async with guard("Crash") as it:
        config = json.loads(it.config.read_text()) | {"plugin_settings": {"fail_on_plugin_error": True}}
        it.config.write_text(json.dumps(config))
        it.process.send_signal(1)
        await it.says("the config was reloaded")
        it.client.send(request(1, "tools/call", name="t"))
        answer = await it.client.receive()
        await it.nothing_for_server()
    assert answer["result"]["_meta"][VIOLATION]["code"] == "GUARD_ERROR"
    assert "Bob" not in json.dumps(answer) + it.said()


async def test_a_plugin_that_hangs_is_timed_out_and_blocks(guard):
    plugin = {"name": "hang", "kind": "toys.Hang", "timeout": "100ms"}
    async with guard(plugin) as it:
        answer = await it.call("t", {}, text("Bob"))
    assert answer["result"]["_meta"][VIOLATION]["code"] == "PLUGIN_TIMEOUT"


async def test_what_is_not_json_does_not_get_on_the_wire(guard):
    async with guard("BadJSON") as it:
        it.client.send(request(1, "tools/call", name="nan"))
        before = (await it.client.receive())["result"]
        await it.nothing_for_server()
        after = (await it.call("t", {}, text("x")))["result"]
    assert before["isError"] is after["isError"] is True
    assert "The tool was not called" in before["content"][0]["text"]
    assert "its result is withheld" in after["content"][0]["text"]


@pytest.mark.parametrize("name", ["text", "nothing", "list", "number", "name"])
async def test_a_name_or_arguments_of_another_type_do_not_get_on_the_wire(guard, name):
    async with guard("Shapeless") as it:
        it.client.send(request(1, "tools/call", name=name, arguments={"q": 1}))
        result = (await it.client.receive())["result"]
        await it.nothing_for_server()
    assert result["isError"] is True
    assert result["_meta"][VIOLATION]["hook"] == "tool_pre_invoke"


@pytest.mark.parametrize("uri", ["x:uri", "x:input", "x:metadata"])
async def test_a_uri_or_further_input_of_another_type_do_not_get_on_the_wire(guard, uri):
    async with guard("Shapeless") as it:
        it.client.send(request(1, "resources/read", uri=uri, inputResponses={"a": {}}))
        error = (await it.client.receive())["error"]
        await it.nothing_for_server()
    assert error["data"]["hook"] == "resource_pre_fetch"


async def test_a_content_s_uri_of_another_type_does_not_get_on_the_wire(guard):
    async with guard({"name": "s", "kind": "toys.Shapeless", "hooks": ["resource_post_fetch"]}) as it:
        it.client.send(request(1, "resources/read", uri="x:y"))
        await it.server.line()
        it.server.send(response(1, {"contents": [{"uri": "x:y", "text": "t"}]}))
        error = (await it.client.receive())["error"]
    assert error["data"]["hook"] == "resource_post_fetch"
