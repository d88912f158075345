"""The README's example works as it stands."""

import re
from pathlib import Path

import pytest
from gatehook.testing import assert_allowed, assert_blocked, open_runner, tool_call

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.fixture
def example():
    async def allowed(args, seconds):
        return args["q"] != "secret"

    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {"__name__": "example", "allowed": allowed}
    exec(code, names)
    return names["Asks"]


async def test_the_example_asks_and_tells(example):
    async with (
        open_runner(example, config={"cache_ttl_seconds": 60}) as runner,
        runner.request(user="alice") as request,
    ):
        for _ in range(2):
            assert_allowed(await request.run(tool_call(q="hello")))
        assert_blocked(await request.run(tool_call(q="secret")))
        (status,) = runner.plugins()
    assert status.details["circuit"] == "closed"
    assert status.details["cache"] == {"answers": 2, "hits": 1, "misses": 2}
