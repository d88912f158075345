"""The texts around a value: prose, lists, logs, tables, mail, chat and configuration."""

from __future__ import annotations

from benchmarks.detection.dice import Dice
from benchmarks.detection.kinds import Kind
from benchmarks.detection.truth import TEXT_PATH, Sample, Span, text_result
from benchmarks.detection.values import Value

VALUE = "\ue000"
"""Stands for the value until its place in the finished text is known."""

SEPARATORS = (": ", ": ", " ", " is ", "=", " = ", ":", ":\n", "\t")
PREPOSITIONS = ("on", "to", "from", "passport", "Bearer", "host")

# X is a phrase: the value with its label, if it has one.
FRAMES: tuple[tuple[str, str], ...] = (
    ("prose", "X"),
    ("prose", "Hello, please add this to my file: X. Thanks a lot!"),
    ("prose", "The applicant told us over lunch that X, and we wrote it down."),
    ("prose", "I moved last week. X. Could you change that for me before the end of the month?"),
    ("prose", "As agreed, here it is – X – so that you can go on with the order."),
    ("prose", "Nothing else has changed; X!"),
    ("prose", "Is this still right? X?"),
    ("prose", "Für die Unterlagen, wie besprochen: X. Viele Grüße aus Köln"),
    ("brackets", "Ada Smith (X) asked for a refund."),
    ("brackets", "See the entry [X] in the register, second page."),
    ("brackets", "<note>X</note>"),
    ("quotes", 'She wrote "X" on the form and left.'),
    ("quotes", "The clerk read: “X”, then stamped it."),
    ("quotes", "Use 'X' when they ask for it."),
    ("list", "Open points:\n- the contract is not signed\n- X\n- the keys are with the neighbour"),
    ("list", "1. X\n2. shipping is paid\n3. nothing else"),
    ("list", "* **X**\n* see above"),
    ("log", "2026-03-14T09:12:33Z INFO  [worker-3] customer record updated, X"),
    ("log", "Mar 14 09:12:33 web app[812]: request done status=200 X duration=12ms"),
    ("log", "[2026-03-14 09:12:33,120] {scheduler.py:88} WARNING - retrying after X"),
    ("mail", "Subject: your request\n\nDear Mr Smith,\n\nwe have on file: X\n\nKind regards\nThe team"),
    ("mail", "> can you send it again?\n\nSure, X.\n\nBest,\nJo"),
    ("chat", "jo: what was it again?\nada: X\njo: thx"),
    ("chat", "ok so X lol"),
    ("table", "| name | what |\n|---|---|\n| Ada Smith | X |"),
    ("config", "# settings\nregion = eu-west\nX\nretries = 3\n"),
)
ROWS = (
    "id,name,value,status\n17,Ada Smith,X,open\n18,Jo Miller,,closed\n",
    '"17";"Ada Smith";"X";"open"',
    "17\tAda Smith\tX\topen",
    "Ada Smith,X",
)


def phrase(dice: Dice, kind: Kind, value: Value) -> str:
    """The value with a label before it, after it, or none where it needs none."""
    if value.label:
        return f"{value.label}{dice.pick(SEPARATORS)}{VALUE}"
    place = dice.random.random()
    if place < 0.35 and not value.named:
        return VALUE
    if place < 0.5 and kind.after:
        return f"{VALUE} {dice.pick(kind.after)}"
    label = dice.pick(kind.labels)
    separator = " " if label.split()[-1] in PREPOSITIONS else dice.pick(SEPARATORS)
    return f"{label}{separator}{VALUE}"


def framed(dice: Dice, kind: Kind, value: Value) -> Sample:
    """A sample with the value in some text."""
    said = phrase(dice, kind, value)
    if said == VALUE and dice.chance(0.25):
        form, frame = "csv", dice.pick(ROWS)
    else:
        form, frame = dice.pick(FRAMES)
    return planted(frame.replace("X", said, 1), kind, value, form)


def planted(template: str, kind: Kind, value: Value, form: str, group: str = "positive") -> Sample:
    """A sample whose text is ``template`` with the value in its place."""
    start = template.index(VALUE)
    span = spanning(kind, value, start)
    return Sample(group, value.variant, form, text_result(template.replace(VALUE, value.text)), (span,))


def spanning(kind: Kind, value: Value, start: int) -> Span:
    first, last = value.identifying
    return Span(TEXT_PATH, start, start + len(value.text), kind.name, (start + first, start + last), value.text)
