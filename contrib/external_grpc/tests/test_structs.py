"""JSON in a Struct and back."""

import math

import pytest
from gatehook import PayloadError
from gatehook_external_grpc.structs import fill, plain
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st

EXACT = st.integers(-(2**53), 2**53)
SCALARS = st.none() | st.booleans() | EXACT | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.dictionaries(
    st.text(),
    st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)),
    max_size=4,
)


def carried(data):
    struct = Struct()
    fill(struct, data)
    return Struct.FromString(struct.SerializeToString())


def types(value):
    if isinstance(value, dict):
        return {key: types(item) for key, item in value.items()}
    return [types(item) for item in value] if isinstance(value, list) else type(value)


@given(JSON)
def test_what_comes_back_unchanged_is_what_was_sent(data):
    back = plain(carried(data), data)
    assert back == data
    assert types(back) == types(data)
    assert list(back) == list(data)


@given(JSON, JSON)
def test_what_was_sent_gives_types_and_no_values(data, other):
    assert plain(carried(data), other) == data


@pytest.mark.parametrize(
    ("number", "ours", "expected"),
    [
        (7, None, 7),
        (7.0, None, 7),  # nobody knows what it was
        (7.0, 7.0, 7.0),
        (7, 7.0, 7.0),
        (7, 8.0, 7),
        (1, True, 1),
        (7.5, None, 7.5),
        (2**53, None, 2**53),
        (2**60, 2**60, 2**60),
        (2**60, None, 2.0**60),  # another integer may have been meant
        (1e300, None, 1e300),
        (0, None, 0),
    ],
)
def test_an_integral_number_is_an_integer_unless_ours_was_none(number, ours, expected):
    (back,) = plain(carried({"n": number}), {"n": ours}).values()
    assert (back, type(back)) == (expected, type(expected))


def test_a_negative_zero_stays_one():
    (back,) = plain(carried({"n": -0.0})).values()
    assert math.copysign(1, back) == -1


@pytest.mark.parametrize("number", [2**53 + 1, -(2**53) - 1, 10**400, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("wrap", [lambda item: item, lambda item: [item], lambda item: {"a": [{"b": item}]}])
def test_a_number_that_is_no_double_is_refused(number, wrap):
    with pytest.raises(PayloadError, match="numbers as doubles"):
        carried({"n": wrap(number)})


@pytest.mark.parametrize("data", [{"t": "\ud800"}, {"\udfff": 1}])
def test_half_a_surrogate_pair_is_refused(data):
    with pytest.raises(PayloadError, match="surrogate"):
        carried(data)


@pytest.mark.parametrize("data", [{1: "a"}, {"a": {1}}, {"a": b"a"}, {"a": {2.0: 1}}])
def test_what_is_no_json_is_refused(data):
    with pytest.raises(PayloadError, match="JSON"):
        carried(data)


@pytest.mark.parametrize("wrap", [lambda item: [item], lambda item: {"a": item}], ids=["lists", "objects"])
def test_whatever_is_not_refused_for_its_depth_can_be_read(wrap):
    item, refused = 1, 0
    for _ in range(60):
        item = wrap(item)
        try:
            assert plain(carried({"a": item})) == {"a": item}
        except PayloadError:
            refused += 1
    assert 0 < refused < 35


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_that_is_none_is_not_taken(number):
    struct = Struct()
    struct.fields["n"].number_value = number
    with pytest.raises(PayloadError, match="a number that is none"):
        plain(struct)


def test_a_value_without_a_kind_is_null():
    struct = Struct()
    struct.fields["n"].SetInParent()
    assert plain(struct) == {"n": None}
