"""Bytes as lines."""

from gatehook_external_mcp.lines import Lines
from hypothesis import given
from hypothesis import strategies as st

PIECES = st.lists(st.text(alphabet="ab\n", min_size=1, max_size=8).map(str.encode), max_size=8)


@given(PIECES, st.integers(1, 6))
def test_lines_come_whole_or_cut_to_one_byte_over_the_limit(pieces, limit):
    lines = Lines(limit)
    found = [line for piece in pieces for line in lines.feed(piece)]
    *whole, rest = b"".join(pieces).split(b"\n")
    cut = [line[: limit + 1] for line in whole]
    assert found == cut + ([rest[: limit + 1]] if len(rest) > limit else [])
