"""Single flight: the same question is under way once, and nobody suffers for having joined."""

import asyncio
import gc
from time import monotonic

import pytest
from gatehook_external import ServiceError
from gatehook_external.flights import Flights


@pytest.fixture
def asking(desk):
    return lambda **keys: desk(cache_ttl_seconds=60, **keys)


async def started(coroutine):
    """A task that has come as far as it can by itself."""
    task = asyncio.create_task(coroutine)
    for _ in range(10):
        await asyncio.sleep(0)
    return task


async def test_many_who_ask_the_same_are_one_call(asking, backend):
    backend.gate.clear()
    async with asking() as plugin:
        tasks = [await started(plugin.ask(q=1)) for _ in range(10)]
        backend.gate.set()
        assert await asyncio.gather(*tasks) == [1] * 10
        assert backend.calls == 1


async def test_other_questions_and_other_principals_are_calls_of_their_own(asking, backend):
    backend.gate.clear()
    async with asking() as plugin:
        tasks = [await started(plugin.ask(**args)) for args in ({"q": 1}, {"q": 2}, {"q": 1, "user": "bob"})]
        backend.gate.set()
        assert sorted(await asyncio.gather(*tasks)) == [1, 2, 3]


async def test_nothing_is_shared_where_nothing_is_kept(desk, backend):
    backend.gate.clear()
    async with desk() as plugin:
        tasks = [await started(plugin.ask(q=1)) for _ in range(3)]
        backend.gate.set()
        assert sorted(await asyncio.gather(*tasks)) == [1, 2, 3]


async def test_a_cancelled_leader_does_not_fail_its_followers(asking, backend):
    backend.gate.clear()
    async with asking() as plugin:
        leader, *followers = [await started(plugin.ask(q=1)) for _ in range(3)]
        leader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leader
        backend.gate.set()
        assert await asyncio.gather(*followers) == [1, 1]
        assert backend.cancelled == 0


async def test_a_cancelled_follower_disturbs_nobody(asking, backend):
    backend.gate.clear()
    async with asking() as plugin:
        leader, follower = [await started(plugin.ask(q=1)) for _ in range(2)]
        follower.cancel()
        with pytest.raises(asyncio.CancelledError):
            await follower
        backend.gate.set()
        assert await leader == 1


async def test_a_call_that_nobody_waits_for_any_more_is_cancelled(asking, backend):
    backend.gate.clear()
    async with asking() as plugin:
        tasks = [await started(plugin.ask(q=1)) for _ in range(2)]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert backend.cancelled == 1
        backend.gate.set()
        assert await plugin.ask(q=1) == 2
        assert plugin.details["failures"] == 0


async def test_who_asks_while_a_call_is_being_cancelled_has_one_of_its_own(asking, backend):
    backend.gate.clear()
    async with asking() as plugin:
        leader = await started(plugin.ask(q=1))
        leader.cancel()
        newcomer = await started(plugin.ask(q=1))
        assert backend.calls == 2
        backend.gate.set()
        assert await newcomer == 2
        with pytest.raises(asyncio.CancelledError):
            await leader


async def test_a_failure_is_shared_by_those_who_wait_and_by_nobody_else(asking, backend):
    backend.gate.clear()
    backend.fault = ServiceError("it answered with status 503")
    async with asking() as plugin:
        tasks = [await started(plugin.ask(q=1)) for _ in range(3)]
        backend.gate.set()
        records = await asyncio.gather(*tasks)
        assert ["status 503" in record.reason for record in records] == [True] * 3
        assert (backend.calls, plugin.details["failures"]) == (1, 1)
        backend.fault = None
        assert await plugin.ask(q=1) == 2


# -- time, which differs between callers when a chain's other plugins used up some of it


class Call:
    """Ends once it may, in the time that it is given."""

    def __init__(self):
        self.times = []
        self.may_end, self.begun_again = asyncio.Event(), asyncio.Event()

    async def __call__(self, until):
        self.times.append(until)
        if len(self.times) > 1:
            self.begun_again.set()
        async with asyncio.timeout(until - monotonic()):
            await self.may_end.wait()
        return "answer"


def joined(flights, call, seconds):
    return started(flights.join("key", monotonic() + seconds, call))


async def test_a_follower_waits_no_longer_than_its_own_time():
    flights, call = Flights(), Call()
    leader, follower = await joined(flights, call, 60), await joined(flights, call, 0.02)
    with pytest.raises(TimeoutError):
        await follower
    assert not leader.done()
    call.may_end.set()
    assert await leader == "answer"
    assert len(call.times) == 1


async def test_a_follower_with_more_time_is_not_failed_by_a_leader_with_less():
    flights, call = Flights(), Call()
    leader, *followers = [await joined(flights, call, seconds) for seconds in (0.02, 50, 60)]
    with pytest.raises(TimeoutError):
        await leader
    await call.begun_again.wait()
    call.may_end.set()
    assert await asyncio.gather(*followers) == ["answer"] * 2
    assert call.times[1] > call.times[0] + 50  # the latest of them all
    assert len(call.times) == 2


async def test_when_all_run_out_of_time_nothing_is_left_under_way():
    flights, call = Flights(), Call()
    tasks = [await joined(flights, call, seconds) for seconds in (0.02, 0.03, 0.03)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [TimeoutError] * 3
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_call_that_cancels_itself_is_a_failure_and_no_cancellation_of_the_callers():
    async def gives_up(until):
        raise asyncio.CancelledError

    with pytest.raises(ServiceError):
        await Flights().join("key", monotonic() + 60, gives_up)


async def test_a_call_that_fails_while_it_is_cancelled_is_no_complaint_of_asyncio(caplog):
    async def stumbles(until):
        try:
            await asyncio.sleep(60)
        finally:
            raise ServiceError("it hung up")

    leader = await started(Flights().join("key", monotonic() + 60, stumbles))
    leader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leader
    del leader
    gc.collect()
    assert caplog.records == []
