"""Answers that are used again, and by whom."""

import asyncio
import json

import pytest
from gatehook import PayloadError, PluginContext, Request
from gatehook.testing import prompt_call, tool_call
from gatehook_external import ServiceError, digest, principal
from gatehook_external.cache import MISSING, Cache
from hypothesis import assume, given
from hypothesis import strategies as st

atoms = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    atoms, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
)


def written(value):
    """As `digest` promises to tell values apart: by type and by content, not by the order of keys."""
    if isinstance(value, dict):
        return ("object", tuple((key, written(value[key])) for key in sorted(value)))
    if isinstance(value, list):
        return ("array", tuple(map(written, value)))
    return (type(value).__name__, repr(value))


@given(values, values)
def test_digests_are_equal_exactly_for_equal_json(one, other):
    assert (digest(one) == digest(other)) == (written(one) == written(other))


@given(values)
def test_a_digest_outlives_a_journey_and_another_order_of_keys(value):
    def turned(value):
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return [turned(item) for item in value] if isinstance(value, list) else value

    assert digest(json.loads(json.dumps(value))) == digest(turned(value)) == digest(value)


def test_values_that_python_takes_for_equal_have_digests_of_their_own():
    lookalikes = [1, 1.0, True, "1", [1], ["1"], {"1": 1}, 0, 0.0, -0.0, False, None, "", "null", [], {}, [[]]]
    assert len({digest(value) for value in lookalikes}) == len(lookalikes)


@given(st.text(), st.text())
def test_every_text_has_a_digest_of_its_own(one, other):
    assume(one != other)
    assert digest(one) != digest(other)
    assert digest(f"{one}\ud800") != digest(f"{one}\udc00")


@pytest.mark.parametrize(
    "value", [{1: "a"}, {"a": {None: 1}}, [{True: 1}], {"a": object()}, float("nan"), [float("inf")], {1, 2}, b"bytes"]
)
def test_what_is_no_json_has_no_digest(value):
    with pytest.raises(PayloadError):
        digest(value)


def test_what_holds_itself_has_no_digest():
    value = []
    value.append(value)
    with pytest.raises(PayloadError):
        digest(value)


def test_of_too_many_answers_the_one_not_used_for_longest_goes():
    cache = Cache(60, 2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.get("a")
    cache.put("c", 3)
    assert [cache.get(key) for key in "abc"] == [1, MISSING, 3]


def test_an_answer_may_be_none():
    cache = Cache(60, 2)
    cache.put("a", None)
    assert cache.get("a") is None


# -- in a service

ALICE = {"user": "alice", "tenant_id": "acme", "server_id": "crm", "roles": ["admin", "ops"]}


async def test_nothing_is_kept_unless_the_operator_says_so(desk, backend):
    async with desk() as plugin:
        assert [await plugin.ask(q=1), await plugin.ask(q=1)] == [1, 2]
        assert "cache" not in plugin.details


async def test_an_answer_is_used_again_for_the_same_content_alone(desk, backend):
    async with desk(cache_ttl_seconds=60) as plugin:
        assert [await plugin.ask(q=q) for q in (1, 1, 1.0, True, "1", 1)] == [1, 1, 2, 3, 4, 1]
        assert plugin.details["cache"] == {"answers": 4, "hits": 2, "misses": 4}


async def test_an_answer_at_one_hook_is_none_at_another(desk, backend):
    async with desk(cache_ttl_seconds=60) as plugin:
        assert await plugin.ask_as(ALICE, tool_call, q="1") == 1
        assert await plugin.ask_as(ALICE, prompt_call, q="1") == 2


async def test_an_answer_is_used_for_its_time(desk, backend):
    async with desk(cache_ttl_seconds="1ms") as plugin:
        await plugin.ask()
        backend.fault = ServiceError("it answered with status 503")
        await asyncio.sleep(0.01)
        assert (await plugin.ask()).error_type == "backend"


async def test_failures_are_not_kept(desk, backend):
    backend.fault = ServiceError("it answered with status 503")
    async with desk(cache_ttl_seconds=60) as plugin:
        await plugin.ask()
        backend.fault = None
        assert await plugin.ask() == 2


async def test_a_sick_service_is_not_asked_and_kept_answers_do_not_hide_it(desk, backend):
    async with desk(cache_ttl_seconds=60) as plugin:
        await plugin.ask()
        plugin.service.sick = "status 500"
        record = await plugin.ask()
        assert (record.error_type, record.effective) == ("backend", True)
        assert "its health check fails: status 500" in record.reason
        plugin.service.sick = ""
        assert await plugin.ask() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"user": "bob"},
        {"user": None},
        {"tenant_id": "umbrella"},
        {"server_id": "erp"},
        {"content_type": "text/html"},
        {"roles": ["admin"]},
        {"user": "acme", "tenant_id": "alice"},
    ],
    ids=str,
)
async def test_an_answer_never_goes_to_another_principal(desk, backend, other):
    async with desk(cache_ttl_seconds=60) as plugin:
        assert await plugin.ask_as(ALICE) == 1
        assert await plugin.ask_as(ALICE | other) == 2
        assert await plugin.ask_as(ALICE | {"roles": ["ops", "admin"]}) == 1


names = st.sampled_from([None, "", "alice", "acme", "None"])
askers = st.fixed_dictionaries(
    {
        "user": names,
        "tenant_id": names,
        "server_id": names,
        "content_type": names,
        "roles": st.frozensets(st.sampled_from(["", "alice", "acme"])).map(tuple),
    }
)


@given(askers, askers)
def test_principals_are_the_same_exactly_if_all_of_the_request_s_fields_are(one, other):
    first, second = (principal(PluginContext(Request(**asker))) for asker in (one, other))
    assert (first == second) == (one | {"roles": set(one["roles"])} == other | {"roles": set(other["roles"])})


async def test_an_answer_is_shared_between_principals_where_the_operator_says_so(desk, backend):
    async with desk(cache_ttl_seconds=60, cache_scope="shared") as plugin:
        assert await plugin.ask_as({"user": "alice", "tenant_id": "acme", "roles": ["admin"]}) == 1
        assert await plugin.ask_as({"user": "bob"}) == 1
        assert await plugin.ask_as({"user": "bob", "server_id": "crm"}) == 2
