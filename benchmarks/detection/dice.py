"""Chance with a seed: the same seed gives the same corpus everywhere."""

from __future__ import annotations

import string
from collections.abc import Sequence
from functools import cached_property
from random import Random
from typing import TypeVar

from faker import Faker

T = TypeVar("T")

UPPER = string.ascii_uppercase
LOWER = string.ascii_lowercase
ALNUM = string.ascii_letters + string.digits
BASE64 = ALNUM + "+/"
BASE64URL = ALNUM + "-_"
HEX = "0123456789abcdef"


class Dice:
    def __init__(self, seed: str) -> None:
        self.random = Random(seed)  # noqa: S311  # meant to be predictable
        self._seed = seed

    @cached_property
    def faker(self) -> Faker:
        faker = Faker("en_US")  # a thousand times slower to make than the rest
        faker.seed_instance(self._seed)
        return faker

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self.random.random() * len(choices))]

    def number(self, least: int, most: int) -> int:
        return self.random.randint(least, most)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def chars(self, alphabet: str, count: int) -> str:
        return "".join(self.random.choices(alphabet, k=count))

    def digits(self, count: int) -> str:
        return self.chars(string.digits, count)

    def bytes(self, count: int) -> bytes:
        return self.random.randbytes(count)

    def fill(self, form: str) -> str:
        """``form`` with # as a digit, % as one but 0, @ as a capital letter, & as either."""
        kinds = {"#": string.digits, "%": "123456789", "@": UPPER, "&": UPPER + string.digits}
        return "".join(self.pick(kinds[char]) if char in kinds else char for char in form)
