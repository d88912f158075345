"""All samples: positives of each kind, the same in disguise, weak spots, benign texts, hard negatives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchmarks.detection import held_out, weak_spots
from benchmarks.detection.benign import benign
from benchmarks.detection.dice import Dice
from benchmarks.detection.disguises import DISGUISES, disguised
from benchmarks.detection.documents import documented
from benchmarks.detection.frames import framed
from benchmarks.detection.kinds import KINDS, Kind
from benchmarks.detection.negatives import NEGATIVES, negative
from benchmarks.detection.truth import Sample
from benchmarks.detection.values import Value

SEED = 2026


@dataclass(frozen=True)
class Size:
    positives: int
    """Of each kind."""
    disguised: int
    """Of each kind in each disguise."""
    held_out: int
    """Of each kind in other words."""
    benign: int
    negatives: int
    """Of each group."""


FULL = Size(positives=400, disguised=100, held_out=200, benign=2400, negatives=1000)
QUICK = Size(positives=300, disguised=30, held_out=100, benign=2000, negatives=340)


def corpus(size: Size, seed: int = SEED) -> list[Sample]:
    samples = [sample for kind in KINDS for sample in _positives(kind, size, seed)]
    samples += held_out.real(Dice(f"{seed} real"), size.negatives)
    samples += weak_spots.large(Dice(f"{seed} large"))
    dice = Dice(f"{seed} benign")
    samples += [benign(dice) for _ in range(size.benign)]
    for group in NEGATIVES:
        dice = Dice(f"{seed} {group}")
        samples += [negative(dice, group) for _ in range(size.negatives)]
    return samples


def values(kind: Kind, count: int, seed: int) -> Iterator[Value]:
    """Different ones."""
    dice, seen = Dice(f"{seed} {kind.name}"), set[str]()
    while len(seen) < count:
        value = kind.make(dice)
        if value.text not in seen:
            seen.add(value.text)
            yield value


def _positives(kind: Kind, size: Size, seed: int) -> Iterator[Sample]:
    dice = Dice(f"{seed} {kind.name} texts")
    made = list(values(kind, size.positives, seed))
    for number, value in enumerate(made):
        yield documented(dice, kind, value) if number % 3 == 0 else framed(dice, kind, value)
    others = Dice(f"{seed} {kind.name} held out")
    for value in made[: size.held_out]:
        yield held_out.held_out(others, kind.name, value)
    for number, value in enumerate(made[: size.disguised]):
        yield from weak_spots.placed(Dice(f"{seed} {kind.name} {number} places"), kind, value)
        yield from _in_disguise(kind, value, f"{seed} {kind.name} {number}")


def _in_disguise(kind: Kind, value: Value, seed: str) -> Iterator[Sample]:
    """The value in every disguise, and plain, in the same text: one seed, so that only the value differs."""
    make = documented if int(seed.rsplit(" ", 1)[1]) % 4 == 0 else framed
    shown = {"plain": value, **{name: disguised(Dice(f"{seed} {name}"), name, value) for name in DISGUISES}}
    for group, value_shown in shown.items():
        if value_shown is not None:
            yield replace(make(Dice(f"{seed} text"), kind, value_shown), group=group, twin=seed)
