"""Numbers and names that people are known by."""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from benchmarks.detection.dice import HEX, Dice
from benchmarks.detection.values import Value

COUNTRIES = ("GB", "DE", "FR", "IT", "ES", "NL", "SE", "CH", "AT", "PL", "IN", "JP", "CN", "BR", "AU", "MX")
DOMAINS = (
    "example.com",
    "example.org",
    "mail.example.net",
    "acme-corp.co.uk",
    "uni-ulm.de",
    "sub.dept.example.edu",
    "startup.io",
    "firma.online",
    "post.museum",
    "x1.example.com.au",
)


def ssn(dice: Dice) -> Value:
    area = dice.pick([*range(1, 666), *range(667, 900)])
    parts = f"{area:03d}", f"{dice.number(1, 99):02d}", f"{dice.number(1, 9999):04d}"
    form = dice.pick(["hyphens", "hyphens", "hyphens", "compact", "spaces"])
    return Value({"hyphens": "-", "compact": "", "spaces": " "}[form].join(parts), form, form != "hyphens")


def email(dice: Dice) -> Value:
    first, last = dice.faker.first_name().lower(), dice.faker.last_name().lower()
    form = dice.pick(["plain", "dotted", "plus", "digits", "underscore", "hyphen", "capitals", "short"])
    local = {
        "plain": f"{first}{last}",
        "dotted": f"{first}.{last}",
        "plus": f"{first}+{dice.pick(['shop', 'news', 'test1'])}",
        "digits": f"{last}{dice.number(1, 9999)}",
        "underscore": f"{first}_{last}",
        "hyphen": f"{first}-{last}",
        "capitals": f"{first.title()}.{last.title()}",
        "short": f"{first[0]}{last[0]}{dice.number(0, 9)}",
    }[form]
    domain = dice.faker.free_email_domain() if dice.chance(0.4) else dice.pick(DOMAINS)
    return Value(f"{local}@{domain.upper() if form == 'capitals' and dice.chance(0.5) else domain}", form)


def phone(dice: Dice) -> Value:
    return _us_phone(dice) if dice.chance(0.35) else _other_phone(dice)


def _us_phone(dice: Dice) -> Value:
    number = _number(dice, "US")
    area, exchange, line = number[:3], number[3:6], number[6:]
    form = dice.pick(
        [
            "(a) e-l",
            "(a)e-l",
            "a-e-l",
            "a.e.l",
            "a e l",
            "+1 a e l",
            "+1-a-e-l",
            "+1ael",
            "+1 (a) e-l",
            "1-a-e-l",
            "ael",
        ]
    )
    text = form.replace("a", area).replace("e", exchange).replace("l", line)
    inner = (3 if form[2] in " -" else 2, len(text)) if form.startswith("+1") else None
    return Value(text, "US", form in ("ael", "a e l"), inner)


def _other_phone(dice: Dice) -> Value:
    country = dice.pick(COUNTRIES)
    number = phonenumbers.PhoneNumber(
        country_code=phonenumbers.country_code_for_region(country), national_number=int(_number(dice, country))
    )
    if country == "IT" and not str(number.national_number).startswith("3"):
        number.italian_leading_zero = True
    form = dice.pick(["international", "international", "e164", "dots", "hyphens", "(0)", "00", "national", "national"])
    international = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    code, _, rest = international.partition(" ")
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    rest = rest.replace("-", " ")
    match form:
        case "e164":
            text = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        case "dots":
            text = f"{code}.{rest.replace(' ', '.')}"
        case "hyphens":
            text = f"{code}-{rest.replace(' ', '-')}"
        case "(0)" if national.startswith("0") and country not in ("IT", "CN"):
            text = f"{code} (0){rest}"
        case "00":
            return Value(f"00{code[1:]} {rest}", country, True, (len(code) + 1, len(code) + 2 + len(rest)))
        case "national":
            return Value(national, country, True)
        case _:
            text = international
    return Value(text, country, inner=(len(code), len(text)))


def _number(dice: Dice, country: str) -> str:
    """A national number that its plan allows."""
    kind = PhoneNumberType.MOBILE if dice.chance(0.5) else PhoneNumberType.FIXED_LINE
    known = phonenumbers.example_number_for_type(country, kind)
    assert known is not None
    example = str(known.national_number)
    code = phonenumbers.country_code_for_region(country)
    while True:
        kept = dice.number(0, 3) if country == "US" else dice.number(2, 4)
        digits = example[:kept] + dice.digits(len(example) - kept)
        leading_zero = country == "IT" and not digits.startswith("3")
        number = phonenumbers.PhoneNumber(code, int(digits), italian_leading_zero=leading_zero or None)
        if digits[0] != "0" and phonenumbers.is_valid_number_for_region(number, country):
            return digits


def ip_address(dice: Dice) -> Value:
    if dice.chance(0.6):
        form = dice.pick(["public", "public", "private"])
        first = dice.pick([(10,), (192, 168), (172, 20)]) if form == "private" else (dice.pick([5, 23, 81, 93, 203]),)
        return Value(".".join(map(str, [*first, *(dice.number(1, 254) for _ in range(4 - len(first)))])), "v4")
    groups = [dice.chars(HEX, dice.number(2, 4)).lstrip("0") or "1" for _ in range(8)]
    groups[0] = dice.pick(["2001", "2a02", "2606", "fd00", "2400"])
    match dice.pick(["full", "zeros", "short", "link-local"]):
        case "full":
            return Value(":".join(group.zfill(4) for group in groups), "v6 full")
        case "zeros":
            return Value(":".join(groups), "v6 full")
        case "short":
            return Value(f"{':'.join(groups[: dice.number(2, 4)])}::{':'.join(groups[-dice.number(1, 2) :])}", "v6 ::")
        case _:
            return Value(f"fe80::{':'.join(groups[4:])}", "v6 ::")


def date_of_birth(dice: Dice) -> Value:
    born = dice.faker.date_of_birth(minimum_age=18, maximum_age=90)
    day = born.day
    ordinal = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    form = dice.pick(
        [
            "%Y-%m-%d",
            "%m/%d/%Y",
            "%m-%d-%Y",
            "%d.%m.%Y",
            "%d/%m/%Y",
            "%B %d, %Y",
            "%d %B %Y",
            "%b %d, %Y",
            "%d-%b-%Y",
            "%Y/%m/%d",
            "%m/%d/%y",
            "%Y%m%d",
            "%d %b %Y",
            "%dth of %B %Y",
            "%B %dth, %Y",
        ]
    )
    return Value(born.strftime(form.replace("%dth", f"{day}{ordinal}")), form, named=True)


PASSPORTS = {
    "US": ("#########", "@########"),
    "GB": ("5########",),
    "DE": ("C0&X&0&T&",),
    "FR": ("##@@#####",),
    "IN": ("@#######",),
    "CA": ("@@######",),
    "IT": ("Y@#######",),
    "AU": ("P@#######",),
}


def passport(dice: Dice) -> Value:
    country = dice.pick(list(PASSPORTS))
    return Value(dice.fill(dice.pick(PASSPORTS[country])), country, named=True)


# Source of the formats: the states' licensing offices, as NTSI collects them; DVLA for the United Kingdom.
LICENCES = {
    "CA": "@#######",
    "FL": "@###-###-##-###-0",
    "NY": "### ### ###",
    "TX": "########",
    "IL": "@###-####-####",
    "WA": "WDL&&&&##&&#",
    "NJ": "@#### ##### #####",
    "OH": "@@######",
    "MI": "@ ### ### ### ###",
    "PA": "########",
    "GB": "@@@@@6##%%#@@#@@",
}


def driver_license(dice: Dice) -> Value:
    state = dice.pick(list(LICENCES))
    return Value(dice.fill(LICENCES[state]), state, named=True)


def medical_record(dice: Dice) -> Value:
    form = dice.pick(
        ["######", "#######", "########", "##########", "@#######", "@@######", "###-##-##", "00######", "###-####"]
    )
    return Value(dice.fill(form), form, named=True)
