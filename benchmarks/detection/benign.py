"""Ordinary texts without personal data of any kind here: letters, chats, news, manuals, results of tools."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from benchmarks.detection.dice import Dice
from benchmarks.detection.truth import Sample, object_result, text_result

SUBJECTS = (
    "The team",
    "Our customer",
    "The board",
    "My neighbour",
    "The new driver",
    "Nobody",
    "The printer on the third floor",
    "The council",
    "A reader",
    "The museum",
    "The database",
    "This release",
    "The engine",
    "Her sister",
    "The weather",
    "Chapter {small}",
    "The {ordinal} candidate",
)
VERBS = (
    "sold",
    "repaired",
    "forgot",
    "mentioned",
    "replaced",
    "painted",
    "moved",
    "described",
    "counted",
    "shipped",
    "tested",
    "measured",
    "cancelled",
    "confirmed",
    "explained",
    "missed",
    "opened",
    "closed",
)
OBJECTS = (
    "{small} boxes of tea",
    "the old bridge",
    "a letter to the editor",
    "{percent} % of the seats",
    "the plan for {year}",
    "two of the {small} windows",
    "the account of the journey",
    "a mobile kitchen",
    "the driving lesson",
    "the birthday cake",
    "a card from the seaside",
    "the social security debate",
    "the passport photo booth",
    "the phone line",
    "the e-mail about lunch",
    "the bank by the river",
    "a licence for the song",
    "the record player joke",
    "{amount} dollars",
    "the key under the mat",
    "the wallet on the shelf",
    "a token of thanks",
    "the address of the theatre",
    "the secret recipe",
)
ENDS = (
    "at {time}",
    "in {year}",
    "on page {page}",
    "for the {ordinal} time",
    "before the meeting",
    "because it rained",
    "without asking",
    "at room {page}",
    "on day {small}",
    "with {small} others",
    "near {city}",
    "for {amount} euros",
    "in {small} minutes",
    "by {percent} percent",
    "as usual",
    "on bus {page}",
    "at {small}:{minute} pm",
)
OTHER_LANGUAGES = (
    "Der Zug um {time} fällt aus, der nächste fährt in {small} Minuten von Gleis {small}.",
    "Il reste {small} places pour le concert de {year}.",
    "La reunión empieza a las {time} en la sala {page}.",
    "会議は{small}時に始まります。",
    "Встреча в комнате {page}, этаж {small}.",
    "Het museum telt {amount} werken.",
    "Na stronie {page} jest wykres z {year} roku.",
)


def sentence(dice: Dice) -> str:
    form = (
        dice.pick(OTHER_LANGUAGES)
        if dice.chance(0.05)
        else f"{dice.pick(SUBJECTS)} {dice.pick(VERBS)} {dice.pick(OBJECTS)} {dice.pick(ENDS)}."
    )
    return form.format(
        small=dice.number(2, 40),
        minute=dice.number(10, 59),
        year=dice.number(1820, 2030),
        page=dice.number(2, 940),
        percent=f"{dice.number(1, 99)}.{dice.number(0, 9)}",
        amount=f"{dice.number(1, 99)},{dice.number(100, 999)}",
        time=f"{dice.number(6, 22)}:{dice.number(10, 59)}",
        ordinal=f"{dice.number(4, 19)}th",
        city=dice.faker.city(),
    )


def paragraph(dice: Dice, sentences: int) -> str:
    return " ".join(sentence(dice) for _ in range(sentences))


def _letter(dice: Dice) -> str:
    said, fake = paragraph(dice, dice.number(2, 5)), dice.faker
    return f"Dear {fake.name()},\n\n{said}\n\nKind regards,\n{fake.name()}\n{fake.job()}"


def _chat(dice: Dice) -> str:
    names = [dice.faker.first_name() for _ in range(2)]
    return "\n".join(
        f"{dice.number(8, 20)}:{dice.number(10, 59)} {dice.pick(names)}: {sentence(dice)}"
        for _ in range(dice.number(2, 6))
    )


def _list(dice: Dice) -> str:
    return f"{dice.faker.catch_phrase()}\n" + "\n".join(
        f"{place}. {sentence(dice)}" for place in range(1, dice.number(3, 9))
    )


def _address(dice: Dice) -> str:
    """Postal addresses are no kind here, and their numbers are none either."""
    fake = dice.faker
    return f"{fake.name()}\n{fake.street_address()}\n{fake.city()}, {fake.state_abbr()} {fake.zipcode()}"


def _csv(dice: Dice) -> str:
    rows = [
        dice.fill(f"{number},{dice.faker.last_name()},%#,%##.##,{dice.pick(('open', 'paid'))}")
        for number in range(1, dice.number(4, 12))
    ]
    return "id,name,count,price,status\n" + "\n".join(rows)


def _report(dice: Dice) -> dict[str, Any]:
    return {
        "title": dice.faker.catch_phrase(),
        "author": dice.faker.name(),
        "year": dice.number(1990, 2030),
        "score": round(dice.random.random() * 100, 3),
        "sections": [
            {"number": place, "text": paragraph(dice, 2), "pages": [place, place + 3]}
            for place in range(1, dice.number(2, 5))
        ],
        "status": dice.pick(("ok", "draft", None)),
        "phone_support": "weekdays only",
        "account_type": dice.pick(("basic", "premium")),
    }


TEXTS: tuple[Callable[[Dice], str], ...] = (
    lambda dice: sentence(dice),
    lambda dice: paragraph(dice, dice.number(2, 4)),
    lambda dice: paragraph(dice, dice.number(5, 12)),
    _letter,
    _chat,
    _list,
    _address,
    _csv,
    lambda dice: json.dumps(_report(dice), indent=dice.pick((None, 2))),
)


def benign(dice: Dice) -> Sample:
    if dice.chance(0.1):
        return Sample("benign", "object", "object", object_result(_report(dice)))
    make = dice.pick(TEXTS)
    return Sample("benign", make.__name__.strip("_<>"), "text", text_result(make(dice)))
