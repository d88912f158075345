"""No answer is read further than the operator allows."""

import pytest
from gatehook_external import ServiceError, capped
from hypothesis import given
from hypothesis import strategies as st


class Body:
    """Chunks that come over the network, and how many of them were read."""

    def __init__(self, *chunks):
        self.chunks = chunks
        self.read = 0

    async def __aiter__(self):
        for chunk in self.chunks:
            self.read += 1
            yield chunk


async def content(body, limit, declared=None):
    return b"".join([chunk async for chunk in capped(body, limit, declared)])


@given(st.lists(st.binary(max_size=20), max_size=10), st.integers(0, 100))
def test_an_answer_is_whole_or_refused(chunks, limit):
    coroutine = content(Body(*chunks), limit)
    with pytest.raises((StopIteration, ServiceError)) as ended:
        coroutine.send(None)
    whole = b"".join(chunks)
    assert isinstance(ended.value, StopIteration) == (len(whole) <= limit)
    assert len(whole) > limit or ended.value.value == whole


async def test_it_is_not_read_on_once_it_is_too_large():
    body = Body(*[b"x" * 100] * 1000)
    with pytest.raises(ServiceError, match="over 250 bytes"):
        await content(body, 250)
    assert body.read == 3


async def test_what_says_that_it_is_too_large_is_not_read_at_all():
    body = Body(b"x")
    with pytest.raises(ServiceError):
        await content(body, 250, "251")
    assert body.read == 0


@pytest.mark.parametrize("declared", [None, "250", "1", "", "-1", "many", "1,1"])
async def test_what_it_says_is_not_believed(declared):
    assert await content(Body(b"x" * 250), 250, declared) == b"x" * 250
    with pytest.raises(ServiceError):
        await content(Body(b"x" * 251), 250, declared)


async def test_the_limit_is_told_and_is_no_timeout():
    with pytest.raises(ServiceError) as failed:
        await content(Body(b"x" * 2_000_000), 2**20)
    assert failed.value.error_type == "backend"
    assert "1,048,576 bytes (max_response_size_mb)" in failed.value.reason
