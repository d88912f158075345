"""Words as one regular expression, and texts as it reads them."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable

import re2  # type: ignore[import-untyped]  # it ships no types

# Soft hyphen, zero-width space and joiners, directional marks, word joiner, byte order mark: nobody sees them.
_INVISIBLE = [0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF]
# A lone surrogate has no UTF-8, which RE2 reads.
_READ_AS = dict.fromkeys(_INVISIBLE) | dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)
# Thai and Lao, Burmese, Khmer, kana, CJK ideographs, Hangul: written without spaces, or with particles attached.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)


def plain(text: str) -> str:
    """``text`` without what tells apart texts that look alike: compatibility forms (NFKC) and invisible characters."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text.translate(_READ_AS))


def compile_words(words: Iterable[str], whole: bool) -> Callable[[str], bool]:
    """A function that tells whether a text holds any of the words; only as words of their own if ``whole``.

    A word's neighbours must not be letters or digits; ``_`` separates. An edge of the word that is itself neither, as
    in ``C++``, or that is of a script without spaces, may have any neighbour. The time is linear in the text, and
    hardly depends on the number of words.
    """
    by_edges: dict[tuple[str, str], list[str]] = defaultdict(list)
    for word in words:
        parts = word.split()
        before = r"(?:^|[^\pL\pN])" if whole and _has_edge(parts[0][0]) else ""
        after = r"(?:$|[^\pL\pN])" if whole and _has_edge(parts[-1][-1]) else ""
        by_edges[before, after].append(r"[\s\pZ]+".join(map(re2.escape, parts)))
    pattern = "|".join(f"{before}(?:{'|'.join(found)}){after}" for (before, after), found in by_edges.items())
    compiled = re2.compile(pattern, options=_options())
    return lambda text: compiled.search(text.encode()) is not None


def _has_edge(char: str) -> bool:
    return char.isalnum() and not _UNSPACED.match(char)


def _options() -> re2.Options:
    options = re2.Options()
    options.never_capture = True
    options.log_errors = False
    options.max_mem = 1 << 30  # a bound, of which 100,000 words take a tenth
    return options
