"""Paths and texts in the form that others can take."""

import pytest
from gatehook.text import encodable, written
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("args", "people", 0, "note"), "args.people[0].note"),
        (("result", 0, 1), "result[0][1]"),
        (("args", "bob@example.com", "x"), "args.*.x"),
        ((), ""),
    ],
)
def test_a_path_is_written_without_the_keys_that_must_not_be_shown(path, expected):
    assert written(path, lambda key: "@" in key) == expected


@given(st.text(st.characters(codec=None)))
def test_what_is_encodable_can_be_encoded_and_keeps_its_length(text):
    assert len(encodable(text)) == len(text)
    assert encodable(text).encode().decode() == encodable(text)


def test_a_text_that_is_encodable_is_not_copied():
    text = "é👋"
    assert encodable(text) is text
