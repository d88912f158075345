"""Which patterns would be slow, found out by trying them on texts made to be slow for them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement, islice
from time import thread_time
from typing import Final

from gatehook_search_replace.patterns import Pattern

_SIZE: Final = 65_536
_MATCHES: Final = 1000  # one that looks far ahead after each is slow by then
_CHARS: Final = 8
_SECONDS: Final = 0.04
_NOISE: Final = random.Random(0).randbytes(_SIZE)  # noqa: S311  # the same texts each time, no secrets
_FOREIGN: Final = "".join(
    chr(0x80 + (high * 256 + low) % 0xCF00) for high, low in zip(_NOISE[::3], _NOISE[1::3], strict=False)
).encode()  # characters of many scripts

_TOKEN: Final = re.compile(r"[^\W\d_]+|\d|\\.|.", re.DOTALL)
_SAMPLES: Final = {r"\d": "0", r"\w": "a", r"\s": " ", r"\b": " ", ".": "x"}


def refuse_slow(pattern: Pattern) -> None:
    """
    Raises:
        ValueError: the pattern is slow on one of the texts.
    """
    for text in _texts(pattern.search):
        if all(_is_slow(pattern, text) for _ in range(3)):  # not just because a busy machine was
            raise ValueError(
                r"search takes too long on some texts of 64 kB: it looks far ahead for something optional, as"
                r" 'a(.*b)?' and '(\w+ )?\d' do, or counts far in many places at once, as 'a.{0,500}b' does;"
                r" make what is optional short, '(\w{1,20} )?\d', or a rule of its own, and write '*' for a high count"
            )


def _texts(search: str) -> Iterator[bytes]:
    """All that the pattern speaks of, mixed; letters of the world; each of its characters, and each two of them."""
    tokens = [_SAMPLES.get(token, token.removeprefix("\\")) for token in _TOKEN.findall(search)]
    chars = sorted(dict.fromkeys("".join(tokens) + "x0 "), key=lambda char: not char.isalnum())[:_CHARS]
    yield _mixed(tokens)
    yield _FOREIGN
    for char, other in combinations_with_replacement(chars, 2):
        yield _mixed([char, other])


def _mixed(tokens: Sequence[str]) -> bytes:
    encoded = [token.encode() for token in tokens]
    size = sum(map(len, encoded))
    if size == len(encoded):
        return _NOISE.translate((b"".join(encoded) * 256)[:256])
    return b"".join([encoded[number % len(encoded)] for number in _NOISE[: _SIZE * len(encoded) // size]])


def _is_slow(pattern: Pattern, text: bytes) -> bool:
    begin = thread_time()
    for _ in islice(pattern.matches(text), _MATCHES):
        if thread_time() - begin > _SECONDS:
            return True
    return thread_time() - begin > _SECONDS
