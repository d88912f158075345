"""Which words are found in which texts."""

import pytest
from gatehook.testing import tool_call

RUDE = ["cunt", "cialis", "skin", "ass", "penis", "cock", "tit"]
CLEAN = ["Scunthorpe", "specialist", "desk in", "assess", "Penistone", "cockpit"]


@pytest.fixture
def finds(run):
    async def finds(text, *words, **config):
        return (await run(tool_call(q=text), words=[*words], **config)).blocked

    return finds


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("secret", "secret"),
        ("secret", "(SECRET!)"),
        ("Secret", "the secret"),
        ("secret", "secret_key"),
        ("secret", "top-secret"),
        ("secret", "se\u200bcret"),  # a zero-width space
        ("secret", "ｓｅｃｒｅｔ"),
        ("secret", "ѕесrеt"),  # all but r and t are Cyrillic
        ("secret", "sécrèt"),
        ("secret", "这是secret的"),
        ("secret", "secret을"),
        ("pin 4", "pin ４"),
        ("straße", "STRASSE"),
        ("café", "cafe\u0301"),
        ("café", "cafe"),
        ("νίκη", "ΝΊΚΗ"),
        ("Νίκη", "νίκη"),
        ("top  secret", "top\n secret"),
        ("top secret", "top\u00a0\u2028\x1fsecret"),
        ("C++", "in C++17"),
        ("@everyone", "hi @everyone!"),
        ("禁止", "这是禁止的"),
        ("a.b", "a.b"),
        ("हिन्दी", "हिन्दी में"),
    ],
)
async def test_a_word_is_found_as(finds, word, text):
    assert await finds(text, word)


@pytest.mark.parametrize("text", [*CLEAN, "axb", "C plus plus", "tit\u0928\u093f", "2ass", "ass²"])
async def test_a_word_inside_another_is_not_a_word(finds, text):
    assert not await finds(text, *RUDE, "a.b", "C++")


@pytest.mark.parametrize("text", CLEAN)
async def test_exceptions_keep_innocent_words_where_any_place_counts(finds, text):
    assert await finds(text, *RUDE, match="substring") is (text != "desk in")
    assert not await finds(f"to {text.upper()}s", *RUDE, match="substring", exceptions=CLEAN)
    assert await finds(f"{text} is shit", *RUDE, "shit", match="substring", exceptions=CLEAN)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("secret santa", False),
        ("top secret santa", False),  # the exception reaches into the denied phrase
        ("top secret", True),
        ("secret santa, top secret", True),
        ("secret santa claus", True),  # what is denied of itself, beside the exception
        ("the secret santas", True),  # no exception, since the word is another one
    ],
)
async def test_an_exception_covers_what_it_overlaps(finds, text, found):
    words = ["top secret", "secret", "santa claus", "claus"]
    assert await finds(text, *words, exceptions=["Secret  Santa"]) is found


async def test_substring_finds_it_inside_another(finds):
    assert await finds("unsecretly", "secret", match="substring")
    assert not await finds("unsecretly", "secret")


async def test_case_sensitive_tells_cases_apart(finds):
    assert not await finds("a PIN", "pin", case_sensitive=True)
    assert await finds("a PIN", "PIN", case_sensitive=True)


async def test_accent_sensitive_tells_accents_apart(finds):
    assert not await finds("schwül", "schwul", accent_sensitive=True)
    assert not await finds("schwu\u0308l", "schwul", accent_sensitive=True)
    assert await finds("schwu\u0308l", "schwül", accent_sensitive=True)


@pytest.mark.parametrize("text", ["x ass", "class", "class ass"])
async def test_the_shorter_word_is_found_where_the_longer_is_none(finds, text):
    assert await finds(text, "s ass", "ass") is (text != "class")
