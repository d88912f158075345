r"""The part of Rego that regopy evaluates as OPA does, and no more than that.

Found by comparing regopy 1.5 with another implementation of Rego in some 4,000 evaluations. regopy keeps texts of a
policy as they are written, so ``"\n"`` equals no line break; its regular expressions and globs see bytes, and know no
flags; ``lower`` knows ASCII letters only; values of two types have another order than Rego's; ``json.unmarshal`` is
undefined for most texts; ``walk`` ends in an error. Where it is wrong, it says nothing, and a rule just does not apply.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

KNOWN: Final = frozenset(
    {
        "abs", "array.concat", "ceil", "concat", "contains", "count", "endswith", "floor", "indexof", "intersection",
        "is_array", "is_boolean", "is_null", "is_number", "is_object", "is_set", "is_string", "object.get",
        "object.keys", "replace", "round", "split", "sprintf", "startswith", "strings.any_prefix_match",
        "strings.any_suffix_match", "substring", "sum", "trim_prefix", "trim_suffix", "type_name", "union",
    }
)  # fmt: skip
"""Built-in functions that may be called."""

_TOKEN: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`|#[^\n]*')
_ESCAPED: Final = re.compile(r'[\\\n]|(?<!^)"(?!$)')
_CALL: Final = re.compile(r"\b([a-zA-Z_][\w.]*)\s*\(")
_ORDER: Final = re.compile(r"[<>]=?")


def outside(policy: str, is_builtin: Callable[[str], bool]) -> Iterator[tuple[int, str]]:
    """What of a policy regopy does not evaluate as OPA does: lines, and what stands there."""
    for token in _TOKEN.finditer(policy):
        if token[0][0] != "#" and _ESCAPED.search(token[0]):
            yield _line(policy, token.start()), "a text with quotes, backslashes or line breaks in it"
    code = _TOKEN.sub(lambda token: re.sub(r"[^\n]", " ", token[0]), policy)
    for call in _CALL.finditer(code):
        if call[1] not in KNOWN and is_builtin(call[1]):
            yield _line(code, call.start()), call[1]
    for order in _ORDER.finditer(code):
        yield _line(code, order.start()), order[0]


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
