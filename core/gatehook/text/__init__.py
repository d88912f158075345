"""The text inside payloads: find every string that people wrote, match it however it is disguised, replace it in place.

Only values are visited, never keys, numbers or the protocol's own words (``type``, ``mimeType``, ids, base64 data),
unless asked for. What is not replaced is shared with the original, so a text without anything to find is never copied.
"""

from gatehook.text.fields import check_field, check_fields, compile_fields
from gatehook.text.rewriting import Visit, rewrite, walk_strings
from gatehook.text.texts import Texts
from gatehook.text.tree import MAX_NESTED_JSON, PROTOCOL_WORDS
from gatehook.text.view import View, view
from gatehook.text.writing import encodable, written

__all__ = [
    "MAX_NESTED_JSON",
    "PROTOCOL_WORDS",
    "Texts",
    "View",
    "Visit",
    "check_field",
    "check_fields",
    "compile_fields",
    "encodable",
    "rewrite",
    "view",
    "walk_strings",
    "written",
]
