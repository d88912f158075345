"""JSON that two parsers could read in two ways is no JSON here."""

import json

import pytest
from gatehook_external.strict_json import decode
from hypothesis import given
from hypothesis import strategies as st

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b'{"continue_processing":false,"continue_processing":true}', "an object repeats a key"),
        (b'[{"a":{"b":1,"\\u0062":2}}]', "an object repeats a key"),
        (b'{"timeout":NaN}', "NaN is no number"),
        (b"-Infinity", "-Infinity is no number"),
        (b"1e999", "a number is too large"),
        (b"1" * 5000, "a number has too many digits"),
        (b"[" * 100_000, "it nests too deep"),
        (b"\xff", "it is not UTF-8"),
        (b'{"secret"}', "Expecting ':' delimiter at character 9"),
        (b"", "Expecting value at character 0"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(data, fault):
    with pytest.raises(ValueError, match="^" + fault):
        decode(data)


@given(VALUES)
def test_what_was_written_as_json_is_read(value):
    assert decode(json.dumps(value).encode()) == decode(json.dumps(value)) == value
