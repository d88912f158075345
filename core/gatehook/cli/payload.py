"""A payload from JSON that somebody typed: checked here, at the border, since inside nobody checks again."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from gatehook.cli.output import Fault
from gatehook.errors import PayloadError, dotted, nearest
from gatehook.faults import path_of, shown, worded
from gatehook.payloads import Payload
from gatehook.values import Model


def read_payload(kind: type[Payload], given: str) -> Payload:
    """The payload that ``given`` holds: JSON, ``@`` and a file's name, or ``-`` for standard input.

    Raises:
        Fault: with everything that is wrong with it.
    """
    data = _parse(_read(given))
    if not isinstance(data, dict):
        raise Fault(f"the payload must be a mapping, got {shown(data)}")
    faults: list[str] = []
    taken = dict(_fields(kind, data, faults))
    if faults:
        wanted = ", ".join(f"{item.name}" + ("" if _required(item) else " (optional)") for item in fields(kind))  # type: ignore[arg-type]  # every payload is a dataclass
        raise Fault("\n".join([*(f"the payload: {fault}" for fault in faults), f"{kind.hook} has {wanted}"]))
    return kind(**taken)


def _read(given: str) -> str:
    try:
        if given == "-":
            return sys.stdin.buffer.read().decode("utf-8")
        return Path(given[1:]).read_text(encoding="utf-8") if given.startswith("@") else given
    except (OSError, UnicodeDecodeError) as error:
        raise Fault(f"the payload cannot be read: {error}") from None


def _parse(text: str) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise Fault(f"the payload is not JSON: {error}") from None


def _fields(kind: type[Payload], data: dict[str, Any], faults: list[str]) -> Iterator[tuple[str, Any]]:
    known = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]  # every payload is a dataclass
    hints = get_type_hints(kind)
    faults += [f"unknown field {name!r}{nearest(name, known)}" for name in data if name not in known]
    faults += [f"the field {name!r} is missing" for name, item in known.items() if name not in data and _required(item)]
    for name in [name for name in known if name in data]:
        try:
            yield name, _value(hints[name], data[name])
        except ValidationError as error:
            found = error.errors(include_url=False)
            faults += dict.fromkeys(f"{dotted((name, *path_of(fault)))}: {worded(fault)}" for fault in found)
        except PayloadError as error:
            faults.append(f"{name}: {error}")


def _value(hint: Any, value: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, Model):
        return hint.from_json(value)  # type: ignore[attr-defined]  # those models that payloads hold have it
    return TypeAdapter(hint).validate_python(value, strict=True)


def _required(item: Any) -> bool:
    return item.default is MISSING and item.default_factory is MISSING
