"""The header of a column names what stands in it."""

import pytest
from gatehook import ToolPreInvokePayload

TABLES = [
    "name,ssn,dob\nAda,[536228145],[1980-05-12]\nBob,[219 09 9998],[1981-05-12]",
    "ssn,order\n[536228145],5552345678\n[219099998],5552345679",
    "phone,order,city\n[5552345678],5552345678,Rome",
    "name\tpassport\tssn\nAda\t[AB1234567]\t[536 22 8145]",
    "id;phone;note\n1;[5552345678];call 5552345678 x".replace("call 5552345678", "call [5552345678]"),
    'name,phone,order\n"Lovelace, Ada","[5552345678]",5552345678',
    "| Name | SSN | Order |\n|---|---|---|\n| Ada | [536228145] | 219099998 |\n| Bob | [219099998] | 536228145 |",
    "Here they are:\n\nname,ssn,order\nAda,[536228145],219099998\n",
    "People\nname,ssn,order\r\nAda,[536228145],219099998\r\n",
]


@pytest.mark.parametrize("marked", TABLES)
async def test_a_header_names_what_is_below_it(run, marked):
    text = marked.replace("[", "").replace("]", "")
    outcome = await run(ToolPreInvokePayload("t", {"csv": text, "other": "1,536228145,x\n2,536228145,y"}))
    assert outcome.payload.args == {
        "csv": "".join(
            piece if index % 2 == 0 else "[REDACTED]" for index, piece in enumerate(marked.replace("]", "[").split("["))
        ),
        "other": "1,536228145,x\n2,536228145,y",
    }


@pytest.mark.parametrize(
    "text",
    [
        "ssn,order\n536228145,1,2",  # another number of columns
        "ssn,order\n\n536228145,1",  # an empty line ends a table
        "ssn, and more\nof 1980, costs 536228145",
    ],
)
async def test_what_is_no_table_has_no_header(run, text):
    assert not (await run(ToolPreInvokePayload("t", {"q": text}))).modified
