"""A text that is JSON is searched as data, and stays the same JSON but for what was replaced."""

import json

import pytest
from gatehook import ToolPreInvokePayload
from gatehook.text import MAX_NESTED_JSON, Texts, rewrite
from hypothesis import given
from hypothesis import strategies as st


def replaced(text, old="secret", new="*", **asked):
    """The one text of some arguments with a word replaced."""
    changed = rewrite(ToolPreInvokePayload("t", {"q": text}), lambda text, path: text.replace(old, new), **asked)
    return text if changed is None else changed.args["q"]


def values(text, **asked):
    return Texts(ToolPreInvokePayload("t", {"q": text}), **asked).values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":"secret","a":"secret"}', '{"a":"*","a":"*"}'),  # both of a repeated key
        ('\t[ "secret" ,1e5, 1.50,-0,\n 100000000000000000000000, true ]\n', None),
        (
            r'{"\u0061": "s\u0065cret", "b": "\u0041\/\ud800\ud83d\ude00"}',
            r'{"\u0061": "*", "b": "\u0041\/\ud800\ud83d\ude00"}',
        ),
        ('{"secret": "secret"}', '{"secret": "*"}'),  # keys stay
        ('{"a" : {"b" :\r\n["secret"]}}', None),
        ('["secret", NaN, -Infinity]', None),  # what Python writes
        ('["é secret"]', '["é *"]'),
        ("[" + "9" * 5000 + ', "secret"]', None),  # more digits than Python turns into a number
        ("[" * 300 + '"secret"' + "]" * 300, None),
        ('["secret\\\\", "\\"secret"]', None),
    ],
)
def test_all_but_what_is_replaced_stays_to_the_letter(text, expected):
    assert replaced(text) == (expected or text.replace("secret", "*"))


@pytest.mark.parametrize("new", ['"', "\\", "\n", "\0", "é", "👋", "\u2028", "\ud800"])
@pytest.mark.parametrize("text", ['["a secret"]', '["ä secret"]'])
def test_whatever_is_put_in_it_it_is_still_json_and_as_encodable_as_it_was(text, new):
    changed = replaced(text, new=new)
    assert json.loads(changed) == [text[2:4] + new]
    assert changed.encode()
    assert changed.isascii() or not text.isascii()


def nested(times):
    text = "secret"
    for level in range(times):
        text = json.dumps({"in": text} if level % 2 else [text])
    return text


def unnested(text):
    while text[0] in "[{":
        parsed = json.loads(text)
        text = parsed["in"] if isinstance(parsed, dict) else parsed[0]
    return text


@pytest.mark.parametrize("times", range(MAX_NESTED_JSON + 1))
def test_json_in_json_is_opened(times):
    assert values(nested(times)) == ["secret"]
    assert unnested(replaced(nested(times))) == "*"


def test_json_nested_deeper_is_a_plain_text():
    assert values(nested(MAX_NESTED_JSON + 2)) == [nested(2)]


@pytest.mark.parametrize(
    "text",
    [
        "{hello",
        "[1] see",
        "{call 415-555-2671}",
        "[",
        "{}x",
        "{'a': 'b'}",
        '["a",]',
        '"secret"',
        "12",
        " ",
        "[" * 70_000,
    ],
)
def test_what_only_looks_like_json_is_a_plain_text(text):
    assert values(text) == [text]


@pytest.mark.parametrize("text", ["{}", "[]", "[1, null, true, 1.5e-3]", " [ ] "])
def test_json_without_strings_has_no_texts(text):
    assert values(text) == []


def test_numbers_are_texts_as_they_are_written_if_asked():
    text = '{"a": 1e5, "b": [1.50, -0, 123456789012345678901234567890], "c": "7", "d1": true}'
    assert sorted(values(text, numbers=True)) == ["-0", "1.50", "123456789012345678901234567890", "1e5", "7"]
    assert replaced(text, "1.50", "2.0", numbers=True) == text.replace("1.50", "2.0")
    assert replaced(text, "1.50", "[N]", numbers=True) == text.replace("1.50", '"[N]"')


def test_a_repeated_key_stays_repeated_when_it_is_renamed():
    text = '{"ann": 1, "ann": 2, "x": {"ann": 3}}'
    assert replaced(text, "ann", "*", keys=True) == '{"*": 1, "* (2)": 2, "x": {"*": 3}}'


def test_many_keys_that_become_the_same_take_linear_time():
    text = json.dumps(dict.fromkeys(map(str, range(20_000)), 1))
    changed = rewrite(
        ToolPreInvokePayload("t", {"q": text}), lambda text, path: "*" if len(path) > 2 else text, keys=True
    )
    assert len(json.loads(changed.args["q"])) == 20_000


def test_texts_that_a_plugin_does_not_want_opened_are_plain_ones():
    assert values('["a"]', opens=lambda text: "secret" in text) == ['["a"]']
    assert values('["secret"]', opens=lambda text: "secret" in text) == ["secret"]


tokens = st.sampled_from(
    ["{", "}", "[", "]", ",", ":", '"', "\\", "\\u0041", "\\ud800", "a", "1", "e5", ".", " ", "\n", "é"]
)


@given(st.lists(tokens, max_size=14).map("".join))
def test_every_text_is_read_as_python_reads_json(text):
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    found = values(text)
    if isinstance(parsed, dict | list):
        strings = []
        json.loads(text, object_pairs_hook=lambda pairs: strings.extend(v for _, v in pairs if isinstance(v, str)))
        assert set(strings) - set(found) == {
            inner for inner in strings if inner.lstrip()[:1] in ("{", "[") and inner not in found
        }
        assert json.loads(replaced(text, "a", '"')) is not None
    else:
        assert found == [text]
