"""A rule that cannot be honoured is refused at load, with its place, the reason, and what to write instead."""

import re

import pytest
from gatehook import GatehookError

REFUSED = [
    ({}, "words"),
    ({"words": []}, "words"),
    ({"words": [{"search": "", "replace": "x"}]}, "search"),
    ({"words": [{"search": "a"}]}, "replace"),
    ({"words": [{"search": "a", "replace": "b", "ignore_case": True}]}, "ignore_case"),
    ({"words": [{"search": "a", "replace": "b", "fields": ["arg.query"]}]}, "'arg.query' is no field.*args"),
    ({"words": [{"search": "a", "replace": "b", "except_fields": ["query"]}]}, "'query' is no field"),
    ({"rules": [{"search": "a", "replace": "b"}]}, "rules"),
]


@pytest.mark.parametrize(("config", "said"), REFUSED, ids=[said for _, said in REFUSED])
async def test_a_config_is_refused(configured, config, said):
    with pytest.raises(GatehookError, match=said):
        async with configured(**config):
            pass


@pytest.mark.parametrize(
    ("search", "replace", "said"),
    [
        ("(a", "", r"missing \).*regex: false"),
        ("a(?=b)", "", r"look-ahead.*'a\(b\)' with \\1"),
        ("a(?!b)", "", "look-ahead"),
        ("(?<=a)b", "", r"look-behind.*'\(a\)b' with \\1"),
        ("(?<!a)b", "", "look-behind"),
        (r"(a)\1", "", "a back-reference.*write out"),
        ("(?P<x>a)(?P=x)", "", "a back-reference"),
        (r"(?<x>a)\k<x>", "", "a back-reference"),
        ("a++", "", "possessive.*leave out"),
        ("a{2}+", "", "possessive"),
        ("(?>a|ab)c", "", r"atomic.*'\(\?:'"),
        ("(a)?(?(1)b|c)", "", "conditional.*alternative"),
        (r"a\Z", "", r"\\z for the end"),
        (r"\N{BULLET}", "", r"x\{00E9\}"),
        (r"\u00e9", "", r"x\{00E9\}"),
        ("(?x) a b", "", "verbose"),
        ("a(?#note)", "", "comment"),
        (r"\h", "", "only Perl"),
        ("a{,3}b", "", r"\{0,n\}"),
        (r"\C", "", r"half a character"),
        ("a{1001}", "", "1,000"),
        ("((a{100}){100}){100}", "", "1,000"),
        (r"((((((\pL{10}){10}){10}).){10}.){10}.)", "", "RE2"),
        ("x*", "", "nothing at all"),
        (r"\b", "-", "nothing at all"),
        ("^", "-", "nothing at all"),
        ("a|$", "-", "nothing at all"),
        (r"\bкот\b", "", "ASCII letters only"),
        ("a", r"\1", "names the group 1"),
        ("a", r"\g<x>", "names the group x"),
        ("a", r"\d", "means nothing"),
        ("a", "\\", "means nothing"),
        ("a(?:.*b)?", "", "takes too long.*optional"),
        (r"(?:\w+\s+)?\d{4}", "", "takes too long"),
        ("x|y.*z", "", "takes too long"),
        ("a[ab]{900}c", "", "takes too long"),
        (".{0,1000}a.{0,900}b", "", "takes too long"),
    ],
)
async def test_a_rule_is_refused_with_its_place_and_what_to_write_instead(configured, search, replace, said):
    words = [{"search": "ok", "replace": ""}, {"search": search, "replace": replace}]
    with pytest.raises(GatehookError, match=said) as refused:
        async with configured(words=words):
            pass
    assert re.search(r"words(\.1|\[1\])", str(refused.value))


@pytest.mark.parametrize(
    "search",
    [
        r"\\Z",
        r"\\\\1",
        r"a\+\+b",
        r"a\{,3}",
        r"\Qa++\E",
        "(?P<x>a)b",
        "(?<x>a)b",
        r"(?i)\bcrap\b",
        r"(\w{1,20} )?\d",
        "a.*b",
        "[?=!]",
    ],
)
async def test_what_only_looks_like_it_is_taken(configured, search):
    async with configured(words=[{"search": search, "replace": ""}]) as runner:
        assert runner.has_hooks("tool_pre_invoke")
