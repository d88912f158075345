"""JSON objects as ``google.protobuf.Struct``, whose only numbers are doubles, and back.

https://protobuf.dev/reference/protobuf/google.protobuf/#struct
"""

from __future__ import annotations

from collections.abc import Mapping
from math import copysign, isfinite
from typing import Any, Final

from gatehook import PayloadError
from google.protobuf.struct_pb2 import ListValue, NullValue, Struct, Value

_MOST_LEVELS: Final = 100
"""How deep readers of messages go: protobuf's own limit. An object takes three of them, a list two."""
_OUTERMOST: Final = 5
"""The level of the values in the Struct that lies deepest, ``InvokeHookRequest.context.global_context.state``."""
_EXACT: Final = 2**53
"""Up to here, every integer is a double of its own."""


def fill(struct: Struct, data: Mapping[str, Any]) -> None:
    """Write an object into an empty Struct.

    Raises:
        PayloadError: it holds what a Struct cannot: an integer that is no double, NaN, an infinity, half a surrogate
            pair, what is no JSON, or about 30 levels of objects.
    """
    try:
        _fill(struct, data, _OUTERMOST)
    except UnicodeEncodeError:
        raise PayloadError("gRPC cannot carry a text with half a surrogate pair") from None
    struct.SetInParent()


def _fill(struct: Struct, data: Mapping[str, Any], level: int) -> None:
    fields = struct.fields
    for key, item in data.items():
        if type(key) is not str:
            raise PayloadError(f"gRPC carries JSON alone, whose keys are texts, and not {type(key).__name__}")
        _put(fields[key], item, level)


def _extend(target: ListValue, data: list[Any] | tuple[Any, ...], level: int) -> None:
    for item in data:
        _put(target.values.add(), item, level)


def _put(target: Value, item: Any, level: int) -> None:
    if level > _MOST_LEVELS:
        raise PayloadError("it nests deeper than gRPC messages may")
    if isinstance(item, str):
        target.string_value = item
    elif item is None:
        target.null_value = NullValue.NULL_VALUE
    elif isinstance(item, bool):
        target.bool_value = item
    elif isinstance(item, int | float):
        target.number_value = _double(item)
    elif isinstance(item, Mapping):
        target.struct_value.SetInParent()
        _fill(target.struct_value, item, level + 3)
    elif isinstance(item, list | tuple):
        target.list_value.SetInParent()
        _extend(target.list_value, item, level + 2)
    else:
        raise PayloadError(f"gRPC carries JSON alone, and {type(item).__name__} is none")


def _double(number: float) -> float:
    try:
        double = float(number)
    except OverflowError:
        double = float("inf")
    if double != number or not isfinite(double):
        raise PayloadError("gRPC carries numbers as doubles, and it holds one that is none, such as 2**53 + 1 or NaN")
    return double


def plain(struct: Struct, sent: Any = None) -> dict[str, Any]:
    """The object that a Struct holds. Integral numbers are integers, but for those that were floats in what was sent.

    Args:
        sent: what our side sent where this is the answer: its keys come first and in its order, since a Struct has
            none, and a number that is equal at the same place keeps its type.

    Raises:
        PayloadError: it holds a number that is none, such as NaN.
    """
    fields = struct.fields
    known = {}
    if isinstance(sent, Mapping):
        known = {key: _value(fields[key], ours) for key, ours in sent.items() if key in fields}
    return known | {key: _value(fields[key], None) for key in sorted(fields.keys() - known.keys())}


def _value(value: Value, ours: Any) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "number_value":
            return _number(value.number_value, ours)
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return plain(value.struct_value, ours)
        case "list_value":
            known = ours if isinstance(ours, list | tuple) else ()
            items = value.list_value.values
            return [_value(item, known[at] if at < len(known) else None) for at, item in enumerate(items)]
        case _:
            return None


def _number(number: float, ours: Any) -> int | float:
    if type(ours) in (int, float) and ours == number:
        return ours  # type: ignore[no-any-return]
    if not isfinite(number):
        raise PayloadError("it holds a number that is none: NaN, or an infinity")
    if number.is_integer() and abs(number) <= _EXACT and (number or copysign(1, number) > 0):
        return int(number)
    return number
