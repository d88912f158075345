"""What is planted: a value, whether something must name it, and which part of it identifies somebody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.detection.dice import Dice


@dataclass(frozen=True, slots=True)
class Value:
    text: str
    variant: str
    """What the score card may group by: a country, an issuer, a format."""
    named: bool = False
    """Whether only a label or a key beside it says what it is."""
    inner: tuple[int, int] | None = None
    """The part that identifies, if not all of it does: a country code or a PEM header does not."""
    label: str = ""
    """A label that only this variant has, such as ``aws_secret_access_key``; else one of its kind's."""

    @property
    def identifying(self) -> tuple[int, int]:
        return self.inner or (0, len(self.text))


Make = Callable[[Dice], Value]
