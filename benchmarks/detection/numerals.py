"""Numbers and codes that are nobody's: times, hashes, products, amounts, places."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from benchmarks.detection import checksums
from benchmarks.detection.dice import ALNUM, BASE64, HEX, UPPER, Dice

IN_TEXT = (
    "{} ",
    "The job wrote {} and stopped.",
    "Reference {}, see the page.",
    "- {}\n- done",
    "({})",
    "2026-03-14 INFO state={}",
    '"{}"',
    "Is {} the right one?",
    "row 7 | {} | ok",
    "name,value\nlast,{}\n",
)


def epoch(unit: int) -> Callable[[Dice], str]:
    def make(dice: Dice) -> str:
        moment = str(dice.number(1_000_000_000, 1_999_999_999)) + dice.digits(unit)
        frame = dice.pick(
            (
                *IN_TEXT,
                "ts={}",
                "created_at: {}",
                "iat {} exp",
                "expires {}",
                "/metrics 200 {}",
                "at {} UTC",
                "timestamp {}",
                "since {}",
            )
        )
        return frame.replace("{}", f"{moment[:10]}.{dice.digits(3)}" if unit == 0 and dice.chance(0.1) else moment)

    return make


def any_uuid(dice: Dice) -> str:
    moment = dice.number(10**17, 10**18)
    seven = (
        (dice.number(1_500_000_000_000, 1_900_000_000_000) << 80) | (7 << 76) | (2 << 62) | dice.number(0, 2**62 - 1)
    )
    made = dice.pick(
        (
            uuid.UUID(
                fields=(
                    moment & 0xFFFFFFFF,
                    moment >> 32 & 0xFFFF,
                    moment >> 48 & 0xFFF | 1 << 12,
                    0x80,
                    dice.number(0, 255),
                    dice.number(0, 2**48 - 1),
                )
            ),
            uuid.UUID(bytes=dice.bytes(16), version=4),
            uuid.UUID(int=seven),
        )
    )
    text = dice.pick((str(made), str(made), str(made).upper(), made.hex, made.urn))
    return dice.pick((*IN_TEXT, "request_id={}", "trace {}", "/orders/{}/items", "id: {}", "session {}")).replace(
        "{}", text
    )


def any_hash(dice: Dice) -> str:
    text = dice.chars(HEX, dice.pick((7, 12, 32, 40, 40, 64, 128)))
    return dice.pick(
        (
            *IN_TEXT,
            "commit {}",
            "sha256:{}",
            "md5 {}  setup.py",
            "etag: {}",
            "git checkout {}",
            "digest={}",
            "index {}..{}",
            "fixed in {}",
        )
    ).replace("{}", text)


def isbn(dice: Dice) -> str:
    if dice.chance(0.4):
        digits = f"{dice.number(0, 3)}{dice.digits(8)}"
        digits += checksums.isbn10(digits)
        text = dice.pick(
            (
                digits,
                f"{digits[0]}-{digits[1:4]}-{digits[4:9]}-{digits[9]}",
                f"{digits[0]} {digits[1:5]} {digits[5:9]} {digits[9]}",
            )
        )
    else:
        digits = f"{dice.pick(('978', '979'))}{dice.digits(9)}"
        digits += checksums.ean(digits)
        text = dice.pick(
            (
                digits,
                f"{digits[:3]}-{digits[3]}-{digits[4:7]}-{digits[7:12]}-{digits[12]}",
                f"{digits[:3]} {digits[3]} {digits[4:8]} {digits[8:12]} {digits[12]}",
            )
        )
    return dice.pick(
        ("ISBN {}", "ISBN: {}", "isbn={}", "Second edition, ISBN-13 {}.", "{} (ISBN)", "the book {}", *IN_TEXT)
    ).replace("{}", text)


def ean(dice: Dice) -> str:
    digits = dice.pick(("40", "50", "76", "30", "87")) + dice.digits(10)
    text = digits + checksums.ean(digits)
    return dice.pick(("EAN {}", "barcode: {}", "GTIN {}", "article {} in stock", *IN_TEXT)).replace("{}", text)


def part(dice: Dice) -> str:
    text = dice.fill(
        dice.pick(
            (
                "@@-####-###",
                "###-##-####@",
                "@@@######",
                "####-####-@@",
                "@##-###-####",
                "@@##-@@##-@@##",
                "&&&&-&&&&-&&&&",
                "##-####-##",
                "PN ###-####",
                "@####/##",
                "SKU-########",
                "@@@-##-###-@",
            )
        )
    )
    return dice.pick(
        ("part no. {}", "SKU {}", "model {} is sold out", "replace filter {}", "Serial number {}", "P/N {}", *IN_TEXT)
    ).replace("{}", text)


def version(dice: Dice) -> str:
    text = dice.fill(
        dice.pick(
            (
                "#.%#.#",
                "v#.#.#-rc.#",
                "%#.#.#+build.###",
                "#.#.#.#",
                "10.0.%####.%###",
                "v%#.#.#.##",
                "20##.#.%#",
                "#.#.##.##",
                "1.%##.%##.%#",
                "%.#.#-beta.#+exp.sha.5114f85",
            )
        )
    )
    return dice.pick(
        (
            "version {}",
            "upgrade to {} today",
            "requires foo>={}",
            "release {} is out",
            "foo-{}.tar.gz",
            "nginx/{}",
            "Chrome/{} Safari",
            "FileVersion: {}",
            "package foo {}",
            "see section {} of the manual",
        )
    ).replace("{}", text)


def amount(dice: Dice) -> str:
    text = dice.fill(
        dice.pick(
            (
                "$%,###.##",
                "€ %##.###,##",
                "%##,###,### USD",
                "£%#,###",
                "-%##.##",
                "%####.##",
                "CHF %'###'###.##",
                "%## ### ###",
                "%###############",
                "1,###,###.##",
            )
        )
    )
    return dice.pick(
        (
            "total {}",
            "revenue of {} in 2025",
            "the balance is {}",
            "Price: {} plus tax",
            "{} views",
            "we sold {} units",
            "paid {} by cash",
            "population {}",
            "amount={}",
        )
    ).replace("{}", text)


def order(dice: Dice) -> str:
    text = dice.fill(
        dice.pick(
            (
                "##########",
                "ORD-########",
                "###-#######-#######",
                "INV-20##-#####",
                "1Z&&&&&&&&########",
                "#### #### ####",
                "########",
                "RR#########DE",
                "#########",
                "############",
                "R-#####-####",
                "PO ######",
            )
        )
    )
    return dice.pick(
        (
            "order number {}",
            "Invoice {}",
            "invoice no. {} is overdue",
            "tracking number {}",
            "Your parcel {} is on its way",
            "ticket #{}",
            "case {} was closed",
            "order={}",
            "PO number: {}",
            "customer no. {}",
        )
    ).replace("{}", text)


def date(dice: Dice) -> str:
    day = dice.faker.date_between("-20y", "+2y")
    text = day.strftime(
        dice.pick(
            (
                "%Y-%m-%d",
                "%m/%d/%Y",
                "%m-%d-%Y",
                "%d.%m.%Y",
                "%d %B %Y",
                "%B %d, %Y",
                "%d-%b-%Y",
                "%Y/%m/%d",
                "%Y%m%d",
                "%Y-%m-%dT10:11:12Z",
            )
        )
    )
    return dice.pick(
        (
            "due {}",
            "The meeting is on {}.",
            "invoice of {}",
            "valid until {}",
            "Released {}",
            "updated_at: {}",
            "from {} on",
            "deadline {}, noon",
            "expires {}",
            "The company was founded on {}.",
            "date: {}",
            "Copyright {}",
            "backup-{}.tar",
            "last login {}",
        )
    ).replace("{}", text)


def coordinates(dice: Dice) -> str:
    north, east = f"{dice.number(-89, 89)}.{dice.digits(6)}", f"{dice.number(-179, 179)}.{dice.digits(6)}"
    return dice.pick(
        (
            f"{north}, {east}",
            f"lat={north} lon={east}",
            f"geo:{north},{east}",
            f"[{east}, {north}]",
            f"POINT({east} {north})",
            dice.fill("%#°%#'%#.##\"N %##°%#'%#\"E"),
            f"zoom 14 at {north}/{east}",
        )
    )


def colour_or_mac(dice: Dice) -> str:
    mac = dice.chars(HEX, 12)
    parts = [mac[at : at + 2] for at in range(0, 12, 2)]
    return dice.pick(
        (
            f"color: #{dice.chars(HEX, 6)};",
            f"#{dice.chars(HEX, 8)}",
            f"background:#{dice.digits(6)}",
            f"link/ether {':'.join(parts)} brd ff:ff:ff:ff:ff:ff",
            f"MAC {'-'.join(parts).upper()}",
            f"{mac[:4]}.{mac[4:8]}.{mac[8:]}",
            f"rgb({dice.number(0, 255)}, {dice.number(0, 255)}, {dice.number(0, 255)})",
            f'fill="#{dice.digits(3)}"',
            f"EUI-64 {':'.join(parts)}:ff:fe",
        )
    )


def table(dice: Dice) -> str:
    """Measurements side by side, of as many digits as parts of a phone or card number."""
    forms = dice.pick(
        (
            ("###", "###", "####"),
            ("####", "####", "####", "####"),
            ("###", "##", "####"),
            ("####", "######", "#####"),
            ("%##.#", "###.##", "####"),
        )
    )
    gap = dice.pick((" ", "  ", "\t", " | ", ", ", ";"))
    rows = [
        gap.join(dice.fill(form) for form in (*forms, *forms[: dice.number(1, 2)])) for _ in range(dice.number(2, 4))
    ]
    return "\n".join([dice.pick(("length width depth", "run 1 2 3", "x y z", "Jan Feb Mar")), *rows])


def long_number(dice: Dice) -> str:
    """Ids of databases and networks, and 16 digits whose check digit is no card's."""
    digits = dice.pick(("4", "51", "37", "6011", "9")) + dice.digits(13)
    digits += (
        str((int(checksums.luhn(digits[:15].ljust(15, "0"))) + dice.number(1, 9)) % 10)
        if len(digits) == 15
        else dice.digits(1)
    )
    return dice.pick(
        (
            f"id {dice.number(10**17, 10**18)}",
            f"snowflake={dice.number(10**18, 2 * 10**18)}",
            f"row {dice.digits(9)}",
            f"object {dice.chars(HEX, 24)}",
            f"oid 1.3.6.1.4.1.{dice.digits(5)}.{dice.number(1, 20)}.{dice.number(1, 20)}",
            f"DOI 10.{dice.digits(4)}/{dice.digits(7)}.{dice.digits(7)}",
            f"ULID {dice.chars('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 26)}",
            f"nanoid {dice.chars(ALNUM, 21)}",
            f"IMEI-like {dice.digits(3)}.{dice.digits(3)}",
            f"patent US {dice.digits(1)},{dice.digits(3)},{dice.digits(3)}",
            f"bitmask {dice.chars('01', 32)}",
            f"VIN {dice.chars('ABCDEFGHJKLMNPRSTUVWXYZ0123456789', 17)}",
            f"random {dice.chars(BASE64, 27)}=",
            f"code {dice.chars(UPPER, 9)}",
        )
    )
