"""The operator's own expressions are run to their end, or not at all."""

import pytest
from gatehook_pii_filter.patterns import TooSlow, compile_pattern, spans
from hypothesis import given
from hypothesis import strategies as st


@given(
    st.sampled_from(["a", "a*", "(?:a|€)b?", "^a", "b$", "[^a]", "x?"]),
    st.lists(st.text(st.sampled_from("abé€\U0001d7cf \n"), max_size=9), min_size=1, max_size=3),
)
def test_matches_are_those_of_each_text_for_itself(pattern, texts):
    compiled = compile_pattern(pattern)
    expected, behind = [], 0
    for text in texts:
        expected += [(behind + match.start(), behind + match.end()) for match in compiled.finditer(text) if match[0]]
        behind += len(text) + 1
    assert spans(compiled, texts) == expected


def test_a_pattern_that_looks_far_ahead_after_each_match_is_given_up():
    with pytest.raises(TooSlow, match="processor time"):
        spans(compile_pattern("a(?:.*b)?"), ["a" * 500_000])
