"""What makes a pattern, a checker or a parser slow, when there is much of it."""

from __future__ import annotations

import codecs
import json
import re

SIZE = 65_536

# Between spaces, each with the escapes of a Python string.
REPEATED = r"""
a 1 ( : @ . - + / = { [ " \\ \x20 \n e é 中 ﬁ \u200b \u0301 \U0001d7ce а ａ １
a@ a@a. @.. a. a-a. 1- 1\x20 1. 1: 1,\x20 00 0x x= =x= xx+y ab "' \\" \\u0041 &#49; %31 <a> aaaaaaaaab
123-45-678 123\x2045\x206789\x20 4111\x20 4111-1111-1111-111 411111111111111\x20
+1\x20 +1( (555)\x20 555-555- :: 1:: fe80: 255. 1.1.1.
GB29\x20 GB29NWBK DE89\x203704\x20 bc1q AKIA eyJ eyJ. eyJhbGciOiJI.eyJ ghp_ sk- xoxb-1-
-----BEGIN\x20 -----BEGIN\x20RSA\x20PRIVATE\x20KEY-----\n -----END\x20
api_key= api_key:\x20 token\x20 password=a\x20 ssn\x20 ssn:\x201 dob\x201/ passport\x20 passport\x20A1 born\x20on\x20
account\x20number\x20 MRN\x20 call\x20 January\x20 word\x20word\x20 [REDACTED]
{"a": [{"a":[ "a":1, 1\u200b a\u0301 a\u00ad@
"""


def texts() -> dict[str, str]:
    """By what they repeat; and a few that are nested."""
    made = {}
    for written in REPEATED.split():
        piece = re.sub(r"\\(?:x..|u....|U.{8}|n|\\)", lambda found: codecs.decode(found[0], "unicode_escape"), written)
        made[written.replace(r"\x20", " ")] = (piece * (SIZE // len(piece) + 1))[:SIZE]
    nested = '"x@y.z"'
    while len(nested) < SIZE // 2:
        nested = json.dumps({"a": nested})
    made["JSON in JSON"] = nested
    made["lists in lists"] = "[" * (SIZE // 2) + "]" * (SIZE // 2)
    made["objects, 500 deep"] = '{"a":' * 500 + '"bob@example.com"' + "}" * 500
    made["many e-mails"] = ("a@b.co " * SIZE)[:SIZE]
    made["many cards"] = ("4111111111111111 " * SIZE)[:SIZE]
    made["a list of strings"] = json.dumps(["1-1"] * (SIZE // 7))
    made["digits then letters"] = "1" * (SIZE // 2) + "a" * (SIZE // 2)
    return made
