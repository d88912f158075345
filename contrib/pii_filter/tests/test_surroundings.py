"""What stands around data neither hides them nor is masked with them."""

import pytest
from gatehook import ToolPreInvokePayload

CUT_OUT = [
    "mailto:[ada@example.com]?subject=hello",
    "https://shop.example/users/[ada@example.com]/orders",
    "https://my-shop.example/?page=2&email=[ada@example.com]&x=1",
    "https://shop.example/?email=[ada%40example.com]&x=1",
    "email=[ada@example.com]; to=[bob@example.com]",
    "`[ada@example.com]` |[bob@example.com]| {[eve@example.com]}",
    "[bounces+ada=example.com@lists.example.org] bounced",
    "write to [ada＠example.com] or [bob﹫example.com]",
    "postgres://app:[correct horse]@db.example.com/shop".replace(" ", "-"),
    "redis://:[correcthorse]@localhost:6379",
    "postgres://app:[p%40ssw0rd]@db.example.com/shop",
]


def without_brackets(text):
    return text.replace("[", "").replace("]", "")


@pytest.mark.parametrize("marked", CUT_OUT)
async def test_data_are_cut_out_exactly(run, marked):
    text = without_brackets(marked)
    outcome = await run(ToolPreInvokePayload("t", {"q": text}), mask_strategy="remove")
    pieces = marked.replace("]", "[").split("[")
    assert outcome.payload.args["q"] == "".join(pieces[::2])


@pytest.mark.parametrize(
    "text", ["systemd[1]: Started getty@tty1.service and user@1000.service.", "po/en@quot.po", "icon@2x.png"]
)
async def test_a_file_with_an_at_sign_is_no_address(run, text):
    assert not (await run(ToolPreInvokePayload("t", {"q": text}))).modified


async def test_an_address_in_an_assignment_is_whitelisted_and_hashed_like_any_other(run):
    text = "email=ada@example.com"
    allowed = await run(ToolPreInvokePayload("t", {"q": text}), whitelist_patterns=["ada@example.com"])
    assert not allowed.modified
    hashed = await run(
        ToolPreInvokePayload("t", {"q": f"{text} ada@example.com"}),
        mask_strategy="hash",
        hash_key="a key of sixteen characters",
    )
    first, second = hashed.payload.args["q"].split()
    assert first == f"email={second}"


async def test_the_password_of_a_url_is_a_secret_and_no_address(run):
    outcome = await run(
        ToolPreInvokePayload("t", {"q": "postgres://ada:s3cr3tPw@db.example.com/x"}),
        mask_strategy="partial",
        audit_detections=True,
    )
    assert outcome.metadata["pii_filter"]["detections"] == {"api_keys": 1}
    assert outcome.payload.args["q"] == "postgres://ada:[REDACTED]@db.example.com/x"


SIDE_BY_SIDE = [
    "ssn: [536 22 8145] [4111-1111-1111-1111]",
    "ssn: [536 22 8145] [+44 20 7946 0958]",
    "SSNs [536-22-8145], [219099998] and [219 09 9997]",
    "SSN: [536-22-8145]/[219-09-9998]",
    "MRN [12345678] [(415) 555-2671]",
    "born [1980-05-12] [(415) 555-2671]",
    "[415-555-2671]/[415-555-2672]",
    "[4111-1111-1111-1111] [5555-5555-5555-4444]",
    "[4111111111111111]/[5555555555554444]",
    "[GB82 WEST 1234 5698 7654 32] [+44 20 7946 0958]",
    "phone [415 555 2671] 2nd floor",
    "account number [12345678901] 2nd holder",
]


@pytest.mark.parametrize("marked", SIDE_BY_SIDE)
async def test_numbers_side_by_side_are_found_each(run, marked):
    outcome = await run(ToolPreInvokePayload("t", {"q": without_brackets(marked)}), mask_strategy="remove")
    assert outcome.payload.args["q"] == "".join(marked.replace("]", "[").split("[")[::2])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("birthDate", "1980-05-12T00:00:00.000Z"),
        ("phones", ["5552345678"]),
        ("ssns", ["536228145"]),
        ("note", "DOB May 12 1980"),
        ("note", "número de seguro social: 536228145"),
    ],
)
async def test_a_name_is_known_in_many_forms(run, key, value):
    assert (await run(ToolPreInvokePayload("t", {key: value}))).modified


@pytest.mark.parametrize(
    "text",
    [
        'points="1040,277.764 1035,267.764 1040,270.264"',
        "as defined in clause 252.227-7013 of DFARS",
        "Fix license.\n\n2016-12-26  Ada",
        "account opened\n2018-12-01 (3.26.0)",
        "Telephone Corporation, 2012-2022",
        "one call\n2002-08-31 (2.7.1)",
        "https://user:password@shop.example and postgres://user:pass@localhost",
    ],
)
async def test_what_stands_before_a_number_does_not_make_it_more(run, text):
    assert not (await run(ToolPreInvokePayload("t", {"q": text}))).modified
