"""The automaton finds what a plain search finds, and hostile texts come back."""

import unicodedata

import pytest
from gatehook.testing import tool_call
from gatehook.text import view
from gatehook_deny_list.words import Words
from hypothesis import assume, given, settings
from hypothesis import strategies as st

# Letters of several cases, disguises and scripts; what separates, what joins, and what is not seen.
LETTERS = ["a", "A", "b", "Ν", "ν", "а", "ｂ", "á", "a\u0301", "\u0301", "ﬁ", "ß", "1", "²", "禁"]
OTHERS = [" ", "\n", "\u00a0", "_", "-", "\u200b", "\0", "\ud800"]
TEXTS = st.lists(st.sampled_from(LETTERS + OTHERS), max_size=14).map("".join)
WORDS = TEXTS.map(lambda text: text.replace("\0", "")).filter(lambda text: view(text).text.strip())


class Plain:
    """The same as :class:`Words`, by trying every word at every place."""

    def __init__(self, lists, exceptions, *, whole, case, accents):
        self.whole, self.case, self.accents = whole, case, accents
        self.lists = [{form for word in words for form in self.forms(word)} for words in lists]
        self.exceptions = {form for word in exceptions for form in self.forms(word)}

    def seen(self, text):
        return view(text, case=self.case, accents=self.accents)

    def forms(self, word):
        cases = [word] if self.case else [word, word.lower(), word.upper(), word.title()]
        return [" ".join(self.seen(form).text.split()) for form in cases]

    def spans(self, text, word):
        """Where a text that was seen holds the word, with any white space for white space."""
        for start in range(len(text)):
            end = start
            for char in word:
                if char == " " and text[end : end + 1].isspace():
                    end += len(text[end:]) - len(text[end:].lstrip())
                elif text[end : end + 1] == char:
                    end += 1
                else:
                    break
            else:
                if not self.whole or not (self.joined(text, start) or self.joined(text, end)):
                    yield start, end

    @staticmethod
    def joined(text, at):
        return 0 < at < len(text) and all(
            unicodedata.category(char)[0] in "LNM" and char != "禁" for char in text[at - 1 : at + 1]
        )

    def find(self, texts):
        found = {}
        for number, text in enumerate(texts):
            seen = self.seen(text)
            excepted = [span for word in self.exceptions for span in self.spans(seen.text, word)]
            covered, lists = set(), 0
            for bit, words in enumerate(self.lists):
                for start, end in (span for word in words for span in self.spans(seen.text, word)):
                    if not any(start < last and first < end for first, last in excepted):
                        covered.update(range(*seen.span(start, end)))
                        lists |= 1 << bit
            if covered:
                found[number] = covered, lists
        return found


@settings(max_examples=400, deadline=None)
@given(
    lists=st.lists(st.lists(WORDS, max_size=5), min_size=1, max_size=3),
    exceptions=st.lists(WORDS, max_size=3),
    texts=st.lists(TEXTS, max_size=3),
    whole=st.booleans(),
    case=st.booleans(),
    accents=st.booleans(),
)
def test_the_automaton_finds_what_a_plain_search_finds(lists, exceptions, texts, **options):
    assume(any(lists))
    words = Words(lists, exceptions, **options)
    assume(not any(words.excepts(word) for each in lists for word in each))
    found = {}
    for number, regions in words.find(texts).items():
        covered = set().union(*(range(start, end) for start, end, _, _ in regions))
        held = 0
        for _, _, lists_of, _ in regions:
            held |= lists_of
        found[number] = covered, held
    assert found == Plain(lists, exceptions, **options).find(texts)


@settings(max_examples=60, deadline=None)
@given(
    before=st.text(),
    after=st.text(),
    word=st.sampled_from(["secret", "C++", "top secret", "ﬁne", "禁止", "ẞ"]),
    match=st.sampled_from(["word", "substring"]),
)
async def test_a_word_between_spaces_is_found_in_any_text(configured, before, after, word, match):
    async with configured(words=["x", word], match=match) as runner, runner.request() as request:
        assert (await request.run(tool_call(q=f"{before} {word} {after}"))).blocked


LADDER = ["a" * length for length in range(1, 201)]
STEPS = ["a" + " a" * length for length in range(100)]
HOSTILE = {
    "many": (["secret"], "secret " * 9000),
    "nearly": (["top secret plan"], "top secret " * 5957),
    "spaces": (["top secret"], "top" + " " * 65533),
    "line breaks": (["a b"], "a \n" * 21845),
    "invisible": (["secret"], "\u200b" * 21845),
    "long in view": (["secret"], "ﷺ" * 21845),
    "marks": (["a"], "a" + "\u0301" * 32767),
    "a ladder of words": (LADDER, "a" * 65536),
    "a ladder of phrases": (STEPS, "a " * 32768),
    "nearly a long word": (["a" * 199 + "b"], "a" * 65536),
    "a Chinese list": ([chr(0x4E00 + number) + "禁" for number in range(20_000)], "禁" * 65536),
    "escapes": (["secret"], '["' + "\\\\" * 32000 + '"]'),
    "keys": (["secret"], '{"secret": 0}' * 5000),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("match", ["word", "substring"])
@pytest.mark.parametrize(("words", "text"), HOSTILE.values(), ids=HOSTILE)
async def test_64_kilobytes_of_hostile_text_come_back(run, words, text, match):
    await run(tool_call(q=text), words=words, match=match, exceptions=["b a a a"])


@pytest.mark.parametrize("piece", ["a", "禁", " é"])
async def test_a_text_with_too_many_words_in_words_is_blocked_unsearched(run, piece):
    words = [piece * length for length in range(1, 50)]
    outcome = await run(tool_call(q=piece * 20_000), words=words, match="substring")
    assert outcome.blocked
    assert outcome.violation.code == "PLUGIN_ERROR"
    assert (await run(tool_call(q=piece * 200), words=words, match="substring")).violation.code == "DENIED_WORD"
