"""Dates of birth."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

from gatehook_pii_filter.scan import Scan, Span

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero gennaio",
            "feb february februar fevrier febrero febbraio",
            "mar march marz mars marzo",
            "apr april avril abril aprile",
            "may mai mayo maggio",
            "jun june juni juin junio giugno",
            "jul july juli juillet julio luglio",
            "aug august aout agosto",
            "sep sept september septembre septiembre settembre",
            "oct october oktober octobre octubre ottobre okt",
            "nov november novembre noviembre",
            "dec december dezember decembre diciembre dicembre dez",
        ),
        1,
    )
    for name in names.split()
}
_MONTH = r"(?P<{0}>[A-Za-z]{{3,10}})\.?"
_DATE = re.compile(
    rf"""(?<![\w.])(?:
        (?P<first>\d{{1,4}})(?P<gap>[-/. ])(?P<second>\d{{1,2}})(?P=gap)(?P<third>\d{{4}}|\d\d)
      | (?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?[ -](?:of[ ]|de[ ])?
        {_MONTH.format("month")}(?:,|[ ]de)?[ -](?P<year>\d{{4}})
      | {_MONTH.format("month2")}[ ](?P<day2>\d{{1,2}})(?:st|nd|rd|th)?,?[ ](?P<year2>\d{{4}})
      | (?P<compact>(?:19|20)\d{{6}})
      | (?P<only>(?:19|20)\d\d)-(?P<month3>\d\d)(?!-?\d)
    )(?:(?=[Tt]\d\d:)|(?!\w)(?![-/]\d))""",
    re.VERBOSE,
)
_NUMERIC = re.compile(
    r"(?<![0a])00?[ ]0{4}(?!0)|(?<![0a.])(?:00?|0{4})[-/. ]00?[-/. ]00(?:00)?(?!0)|(?<![0a])(?:0{8}|0{4}-00)(?!0)"
)
_LONGEST_MONTH = 14
# Behind a day, before or after its month: classes as in :class:`Scan`.
_YEAR_BEHIND = re.compile(r"(?:aa)?(?:[ -]?(?:aa )?a{3,10}\.?(?:,| aa)?[ -]|,? )0000")


def may_hold_date(classes: str) -> bool:
    """A day alone is only looked at before the name of a month."""
    return classes.count("0") <= 2 or _NUMERIC.search(classes) is not None


def find_births(scan: Scan, start: int, end: int) -> list[Span]:
    """Dates that exist, from 1900 to today, where a word says that somebody was born then.

    Year first (ISO 8601), day or month first, with two digits or four for the year, or with the month's name.
    """
    found: list[Span] = []
    if _NUMERIC.search(scan.classes, start, end) is None and _YEAR_BEHIND.match(scan.classes, end) is None:
        return found
    for match in _DATE.finditer(scan.text, max(0, start - _LONGEST_MONTH), min(len(scan.text), end + 26)):
        near = match.start() <= end and match.end() > start
        if near and _is_date(match) and "date_of_birth" in scan.names(*match.span()):
            found.append(match.span())
    return found


def _is_date(match: re.Match[str]) -> bool:
    part = match.groupdict()
    if part["first"]:
        return _is_numeric(part["first"], part["second"], part["third"])
    if part["compact"]:
        return _exists(int(part["compact"][:4]), int(part["compact"][4:6]), int(part["compact"][6:]))
    if part["only"]:
        return _exists(int(part["only"]), int(part["month3"]), 1)
    month = _MONTHS.get((part["month"] or part["month2"]).lower())
    return month is not None and _exists(int(part["year"] or part["year2"]), month, int(part["day"] or part["day2"]))


def _is_numeric(first: str, second: str, third: str) -> bool:
    if len(first) == 4:
        return len(third) == 2 and _exists(int(first), int(second), int(third))
    if len(first) == 3:
        return False
    year = int(third) if len(third) == 4 else 2000 + int(third)
    return any(
        _exists(candidate, *month_and_day)
        for candidate in (year, year - 100 * (len(third) == 2))
        for month_and_day in ((int(first), int(second)), (int(second), int(first)))
    )


def _exists(year: int, month: int, day: int) -> bool:
    try:
        return year >= 1900 and date(year, month, day) <= datetime.now(UTC).date()
    except ValueError:
        return False
