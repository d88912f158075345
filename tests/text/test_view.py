"""A view shows what a reader sees, and what matches in it can be cut out of the original exactly."""

import sys
import unicodedata
from itertools import pairwise

import pytest
from gatehook.text import view
from hypothesis import example, given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Plain ASCII", "plain ascii"),
        ("４１５－５５５", "415-555"),  # full-width
        ("4\u200b1\u200d5\u2060\ufeff", "415"),  # zero-width
        ("𝐬𝓮𝕔𝙧𝖊𝚝", "secret"),  # mathematical
        ("ⓢⓔⓒⓡⓔⓣ ①", "secret 1"),
        ("sесrеt", "secret"),  # Cyrillic е and с
        ("ΡΑSSWΟRD", "password"),  # Greek
        ("1️⃣2️⃣", "12"),  # keycaps
        ("ﬁnd oﬀ", "find off"),
        ("Straße", "strasse"),
        ("İstanbul", "istanbul"),
        ("ΟΔΟΣ", "oδoo"),
        ("οδος", "oδoo"),
        ("БАР бар", "6ap 6ap"),
        ("ᎪᏴꭺᏼ", "abab"),
        ("pa\u0301ss w\u0308o\u0336rd", "pass word"),
        ("café CAFE\u0301", "cafe cafe"),
        ("٤١٥ ४१५", "415 415"),  # digits of other scripts
        ("½", "1/2"),
        ("a\u00a0b\u3000c", "a b c"),
        ("“quoted” — it’s", '"quoted" - it\'s'),
        ("\u1112\u1161\u11ab", "한"),  # Hangul jamo
        ("\u1112\u200b\u1161", "하"),
        ("ｶﾞ", "ガ"),  # half-width, with its voice mark apart
        ("a\0b\ud800", "a\0b\ud800"),
        ("x\U000e0073\U000e0065y", "xy"),  # tags
        ("👨\u200d👩\u200d👧", "👨👩👧"),
        ("", ""),
    ],
)
def test_a_text_is_seen_as(text, seen):
    assert view(text).text == seen
    assert view(text).original == text


def test_case_and_accents_matter_if_asked():
    assert view("Café Ünï", case=True).text == "Cafe Uni"
    assert view("Café Ünï", accents=True).text == "café ünï"
    assert view("Cafe\u0301", case=True, accents=True).text == "Café"
    assert view("İ", accents=True).text == "i̇"


def test_a_text_of_which_all_is_seen_is_not_copied():
    for text in ("plain ASCII", "中文"):
        assert view(text, case=True).text is text


@pytest.mark.parametrize(
    ("text", "match", "cut"),
    [
        ("my 4\u200b1\u200b5.", "415", "4\u200b1\u200b5"),
        ("ｍｙ ４１５。", "415", "４１５"),
        ("a ﬁg", "f", "ﬁ"),  # half of what is one character is the whole of it
        ("Straße 5", "5", "5"),
        ("cafe\u0301s", "cafe", "cafe\u0301"),
        ("x 𝟒𝟏𝟓 y", "415", "𝟒𝟏𝟓"),
        ("\u1112\u1161\u11ab 5", "5", "5"),
        ("1️⃣2️⃣ x", "12", "1️⃣2️⃣"),
        ("\u200b\u200b5\u200b", "5", "5\u200b"),  # what cannot be seen belongs to the character before
        ("½ x", "x", "x"),
    ],
)
def test_what_matches_is_cut_out_of_the_original(text, match, cut):
    seen = view(text)
    start = seen.text.index(match)
    first, behind = seen.span(start, start + len(match))
    assert text[first:behind] == cut


disguises = st.text(
    st.sampled_from(
        "aAeE1.@- \n\0Ł"
        "éßİıΣσςﬁﬀ½①１Ａ𝟒𝐚ſKÅ"
        "БбРеᎪꭺ中한"
        "\u0301\u0308\u0327\u0345\u0336\u20e3\ufe0f"
        "\u200b\u200d\u00ad\u034f\ufeff\U000e0041"
        "\u1100\u1161\u11a8\u3131\u314fｶﾞ\u09c7\u09be\u0f73\u05b7"
        "\ud800\udc00👋🏽"
    )
)
everything = disguises | st.text(st.characters(codec=None)) | st.text()
matters = st.fixed_dictionaries({"case": st.booleans(), "accents": st.booleans()})


@given(text=everything, matters=matters)
@example("e\u200b\u0301", {"case": False, "accents": True})
def test_a_view_seen_again_is_the_same(text, matters):
    seen = view(text, **matters).text
    assert view(seen, **matters).text == seen


@given(text=everything, matters=matters, data=st.data())
def test_the_view_of_a_cut_is_the_cut_of_the_view_widened_to_whole_characters(text, matters, data):
    seen = view(text, **matters)
    if not seen.text:
        return
    start = data.draw(st.integers(0, len(seen.text) - 1))
    end = data.draw(st.integers(start + 1, len(seen.text)))
    first, behind = seen.span(start, end)
    while start and seen.span(start - 1, start)[1] > first:
        start -= 1
    while end < len(seen.text) and seen.span(end, end + 1)[0] < behind:
        end += 1
    assert view(text[first:behind], **matters).text == seen.text[start:end]


@given(text=everything, matters=matters)
def test_spans_go_forward_and_overlap_in_whole_characters_only(text, matters):
    seen = view(text, **matters)
    spans = [seen.span(index, index + 1) for index in range(len(seen.text))]
    assert all(0 <= first < behind <= len(text) for first, behind in spans)
    assert all(before == after or before[1] <= after[0] for before, after in pairwise(spans))


@given(text=everything)
def test_what_compatibility_and_case_tell_apart_looks_the_same(text):
    seen = view(text).text
    assert view(unicodedata.normalize("NFKC", text)).text == seen
    assert view(unicodedata.normalize("NFD", text)).text == seen
    assert view(text.lower()).text == seen


def _is_assigned(char):
    return unicodedata.category(char) not in ("Cn", "Co", "Cs")


def test_a_view_of_any_character_alone_is_final():
    for char in filter(_is_assigned, map(chr, range(sys.maxunicode + 1))):
        seen = view(char).text
        assert view(seen).text == seen


@pytest.mark.parametrize("mark", ["\u0301", "\u200b", "\u05b7", "\u1161", "\U000e0041", "\u0301\u200b"])
def test_a_flood_of_marks_hides_nothing_around_it(mark):
    text = "secret" + mark * 20_000 + " secret"
    seen = view(text)
    assert seen.text.startswith("secret" if mark != "\u1161" else "secre")
    first, behind = seen.span(len(seen.text) - 6, len(seen.text))
    assert text[first:behind] == "secret"
