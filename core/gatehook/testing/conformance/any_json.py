"""Generated payloads: the smallest one that a plugin fails on, if it fails on any."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatehook.testing.conformance.samples import MARK, samples
from gatehook.testing.conformance.subject import Ran, Subject
from gatehook.testing.running import event_loop

# The same ones at each run, and nothing written to the author's folder.
_SETTINGS: Final = settings(
    max_examples=50, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
_TEXT: Final = st.text(st.characters(exclude_categories=()), max_size=20)
_LEAVES: Final = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
_JSON: Final = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3), max_leaves=8
)


class _UnansweredError(Exception):
    pass


def unanswered(subject: Subject) -> Ran | None:
    """Run generated payloads in one runner; what became of the smallest one that was not answered."""
    failed: list[Ran] = []
    words = st.sampled_from([MARK, *subject.secrets])

    with event_loop() as loop:
        running = subject.running()
        run_one = loop.run(running.__aenter__())

        @_SETTINGS
        @given(before=_TEXT, word=words, after=_TEXT, value=_LEAVES | _JSON)
        def answers(before: str, word: str, after: str, value: Any) -> None:
            for sample in samples(subject.hooks, "generated JSON", before + word + after, value):
                ran = loop.run(run_one(sample))
                if ran.failure:
                    failed.append(ran)  # the last one is the smallest: it is run once more in the end
                    raise _UnansweredError

        try:
            answers()
        except _UnansweredError:
            return failed[-1]
        finally:
            loop.run(running.__aexit__(None, None, None))
    return None
