"""The quick look that saves the close one never misses what the close one would find."""

import json
import re

import pytest
from gatehook_pii_filter import scan
from gatehook_pii_filter.detectors import DETECTORS
from gatehook_pii_filter.findings import Joined
from gatehook_pii_filter.scan import Scan, Scanner, unescaped
from hypothesis import example, given
from hypothesis import strategies as st

PIECES = st.sampled_from(
    [*"0123456789aZé .-/()+:_=@,\n", "12", "1980", "555", "May ", "aaaaaaaaaa", "GB82", "AKIA", "fe80::", "\0"]
)


@given(st.lists(PIECES, max_size=60).map("".join))
@example("(415) 555-2671")
@example("x" * 30 + "1")
@example("5 May 1980")
@example("1.5. 2")
def test_there_is_no_place_without_a_quick_look_that_stops_before_it(text):
    seen = Scan(text, lambda position: "")
    for place in scan._PLACE.finditer(seen.classes):
        hit = scan._WORTH_A_LOOK.search(seen.ascii)
        assert hit is not None
        assert hit.start() < place.end()


@given(st.lists(PIECES, max_size=40).map("".join), st.integers(0, 5000))
def test_what_is_found_does_not_depend_on_how_much_stands_before_it(text, distance):
    scanner = Scanner([detector for group in DETECTORS.values() for detector in group], 0.5)

    def kinds(prefix):
        found = Joined([0], [prefix + text], lambda number: "").findings(scanner, None)
        return [(start - len(prefix), end - len(prefix), kind) for start, end, kind, _ in found]

    assert kinds("\n") == kinds("\n" * (distance + 1))


@pytest.mark.parametrize("detector", [detector for group in DETECTORS.values() for detector in group])
def test_each_detector_says_what_it_finds_and_by_which_source(detector):
    assert re.search(r"[a-z]{3}", detector.find.__doc__ or "")


@given(st.text(st.sampled_from('019/\\ué\U0001d7cf\ud800\n"'), max_size=8), st.integers(0, 3), st.booleans())
def test_json_is_not_taken_for_clean_because_of_how_it_is_escaped(text, times, slashes):
    written = text
    for _ in range(times):
        written = json.dumps([written]).replace("/", "\\/" if slashes else "/")
    scanner = Scanner([detector for group in DETECTORS.values() for detector in group], 0.5)
    assert scanner.may_find(unescaped(written)) or not scanner.may_find(text) or "\\" in text
