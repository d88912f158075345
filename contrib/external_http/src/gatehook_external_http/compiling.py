"""Policies as regopy takes them; as a program, whether it takes those on standard input.

The program needs no other module of this package, so that it starts quickly.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any


def compiled(policies: Sequence[tuple[str, str]], data: Sequence[str], document: str) -> tuple[Any, Any]:
    """An interpreter, and the bundle with which it finds what ``decision`` is.

    Args:
        policies: each with a name.
        data: JSON objects.
        document: such as ``data.mcp.decision``.

    Raises:
        regopy.RegoError: they cannot be compiled.
    """
    interpreter = import_module("regopy").Interpreter()  # an extra, and without types
    for text in data:
        interpreter.add_data_json(text)
    for name, text in policies:
        interpreter.add_module(name, text)
    # Asked for the document alone, regopy says "undefined" where it is false.
    return interpreter, interpreter.build(f"decision = {document}")


def _main() -> None:
    try:
        interpreter, bundle = compiled(*json.load(sys.stdin))
    except ImportError:
        sys.exit("there is no regopy; pip install 'gatehook-external-http[rego]'")
    except Exception:  # noqa: BLE001  # regopy has printed what is wrong, and its error is a syntax tree
        sys.exit(1)
    interpreter.set_input({})
    try:
        interpreter.query_bundle(bundle)
    except ValueError as error:  # not JSON: regopy answers with a syntax tree, as it does for unknown functions
        sys.exit(error.doc if isinstance(error, json.JSONDecodeError) else str(error))


if __name__ == "__main__":
    _main()
