"""What pydantic and JSON Schema find wrong with a value, in one language for operators: wanted, got, nearest name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from gatehook.errors import ManifestError, nearest
from gatehook.values import Path

IsSecret = Callable[[Path], bool]
Fault = tuple[str, Path]
"""A message, and the path of what it is about."""

LONGEST: Final = 60
"""Characters of a value that are quoted."""
_WANTED: Final = {
    "bool": "true or false",
    "dict": "a mapping",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "model": "a mapping",
    "string": "text",
    "tuple": "a list",
}
"""By the first word of the kind of error that pydantic reports: ``int_parsing``, ``int_type``, …"""
_INTERNAL: Final = re.compile(r"(function-|constrained-|(list|dict|tuple)\[)|^(int|str|float|bool)$")
_TYPES: Final = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "number": "a number",
    "object": "a mapping",
    "string": "text",
}


def shown(value: Any) -> str:
    """A value as whoever wrote it in YAML knows it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float | date):
        text = repr(value) if isinstance(value, str) else str(value)
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return f"a {type(value).__name__}"


def unknown_key(key: Any, known: Iterable[str]) -> str:
    return f"unknown key {key!r}{nearest(str(key), known)}"


def model_faults(model: type[BaseModel], error: ValidationError, is_secret: IsSecret) -> Iterator[Fault]:
    """Everything that pydantic says, each with its path in the value."""
    for fault in error.errors(include_url=False):
        path = path_of(fault)
        kind = fault["type"]
        if kind == "extra_forbidden":
            yield unknown_key(path[-1], known_keys(model, path[:-1])), path
        elif kind == "missing":
            yield f"the key {path[-1]!r} is missing", path[:-1]
        else:
            yield worded(fault, is_secret(path)), path


def path_of(fault: Any) -> Path:
    """The path of one of pydantic's errors, without the names of validators and types that pydantic puts there."""
    return tuple(part for part in fault["loc"] if isinstance(part, int) or not _INTERNAL.match(part))


def worded(fault: Any, secret: bool = False) -> str:
    """What one of pydantic's errors, but for missing and unknown keys, demands."""
    kind, value = fault["type"], fault["input"]
    if kind == "value_error":  # in the words of whoever wrote the model
        message = str(fault["msg"]).removeprefix("Value error, ")
        return message if secret or isinstance(value, dict | list) else f"{message}, got {shown(value)}"
    if kind in ("enum", "literal_error"):
        wanted = fault["ctx"]["expected"]
        return _must(f"be {wanted}", value, secret, re.findall(r"'([^']+)'", wanted))
    noun = _WANTED.get(kind.partition("_")[0]) if kind.endswith(("_type", "_parsing", "_from_float")) else None
    if noun:
        return _must(f"be {noun}", value, secret)
    return _must(re.sub(r"^\w+ should ", "", fault["msg"]), value, secret)


def _must(demand: str, value: Any, secret: bool, known: Iterable[str] = ()) -> str:
    if secret:
        return f"must {demand}"
    return f"must {demand}, got {shown(value)}{nearest(value, known) if isinstance(value, str) else ''}"


def known_keys(model: type[BaseModel], path: Path) -> list[str]:
    """The fields of ``model``, or of the model nested in it at ``path``; none where that cannot be told."""
    for part in path:
        if isinstance(part, int):
            continue
        item = model.model_fields.get(part)
        types = (item.annotation, *getattr(item.annotation, "__args__", ())) if item else ()
        inner = [kind for kind in types if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if not inner:
            return []
        model = inner[0]
    return list(model.model_fields)


def schema_faults(value: Any, schema: dict[str, Any], is_secret: IsSecret) -> Iterator[Fault]:
    """Everything in which ``value`` departs from a JSON Schema, each with its path in the value.

    Raises:
        ManifestError: the schema cannot be applied: a ``$ref`` that leads nowhere, say. None is fetched.
    """
    from jsonschema.validators import validator_for  # noqa: PLC0415  # a slow import that only checking needs
    from referencing import Registry  # noqa: PLC0415

    try:
        errors: list[Any] = list(validator_for(schema)(schema, registry=Registry()).iter_errors(value))
    except Exception as fault:
        raise ManifestError(f"cannot be applied: {str(fault) or type(fault).__name__}") from fault
    errors = [leaf for error in errors for leaf in _meant(error)]
    for error in sorted(errors, key=lambda error: list(map(str, error.absolute_path))):
        path: Path = tuple(error.absolute_path)
        rule, demand, got = error.validator, error.validator_value, error.instance
        secret = is_secret(path) or bool(error.schema.get("writeOnly"))
        if rule == "additionalProperties" and isinstance(got, dict):
            known = list(error.schema.get("properties", ()))
            yield from ((unknown_key(key, known), (*path, key)) for key in got if key not in known)
        elif rule == "required":
            yield from ((f"the key {key!r} is missing", path) for key in demand if key not in got)
        elif rule == "type":
            yield _must(f"be {' or '.join(_TYPES[name] for name in _names(demand))}", got, secret), path
        elif rule in ("anyOf", "oneOf") and (wanted := _types(error)):
            yield _must(f"be {wanted}", got, secret), path
        elif rule == "oneOf" and isinstance(got, dict) and "discriminator" in error.schema:
            yield _unchosen(error, is_secret)
        elif rule == "enum":
            names = [str(choice) for choice in demand]
            yield _must(f"be one of {', '.join(map(shown, demand))}", got, secret, names), path
        elif rule in ("minItems", "minLength") and demand == 1:
            yield "must not be empty", path
        elif rule == "minLength":
            yield _must(f"have at least {demand} characters", got, secret), path
        else:
            told = f"does not satisfy {rule}: {demand!r}"
            yield (told if secret else error.message), path


def _meant(error: Any) -> Iterator[Any]:
    """What is wrong by the one choice of an ``anyOf`` or ``oneOf`` that was meant, if that can be told: the only one of
    the right type, and with the right word where choices are told apart by one."""
    choices: dict[Any, list[Any]] = {}
    for inner in error.context or ():
        choices.setdefault(inner.relative_schema_path[0], []).append(inner)
    if error.validator in ("anyOf", "oneOf"):
        meant = [faults for faults in choices.values() if not any(map(_is_of_another, faults))]
        if len(meant) == 1:
            for inner in meant[0]:
                yield from _meant(inner)
            return
    yield error


def _is_of_another(error: Any) -> bool:
    return error.validator == "const" or (error.validator == "type" and not error.relative_path)


def _types(error: Any) -> str:
    """The types that the choices want, if it is for its type that a value fits none of them."""
    wrong = [inner for inner in error.context if inner.validator == "type" and not inner.relative_path]
    if len(wrong) < len({inner.relative_schema_path[0] for inner in error.context}):
        return ""
    return " or ".join(dict.fromkeys(_TYPES[name] for inner in wrong for name in _names(inner.validator_value)))


def _unchosen(error: Any, is_secret: IsSecret) -> Fault:
    """What is wrong with the word that tells choices apart: https://spec.openapis.org/oas/v3.1.0#discriminator-object"""
    key, names = error.schema["discriminator"]["propertyName"], [*error.schema["discriminator"]["mapping"]]
    path: Path = (*error.absolute_path, key)
    if key not in error.instance:
        return f"the key {key!r} is missing", path[:-1]
    return _must(f"be one of {', '.join(map(shown, names))}", error.instance[key], is_secret(path), names), path


def _names(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types


def literal_secrets(value: Any, schema: dict[str, Any], is_secret: IsSecret) -> Iterator[Fault]:
    """The secrets in ``value``, by a JSON Schema, that did not come from a variable."""
    for path in dict.fromkeys(secret_places(value, schema, schema)):
        if not is_secret(path):
            yield "a secret does not stand in the file; take it from a variable: ${NAME}", path


def secret_places(value: Any, schema: Any, root: dict[str, Any], path: Path = ()) -> Iterator[Path]:
    """Where in ``value`` there is text that a JSON Schema calls secret: ``writeOnly``."""
    if not isinstance(schema, dict):
        return
    if isinstance(value, str) and value and schema.get("writeOnly"):
        yield path
    for rule in ("anyOf", "oneOf", "allOf"):
        for choice in schema.get(rule, ()):
            yield from secret_places(value, choice, root, path)
    reference = str(schema.get("$ref", ""))
    if reference.startswith("#/$defs/"):
        yield from secret_places(value, root.get("$defs", {}).get(reference.removeprefix("#/$defs/")), root, path)
    if isinstance(value, dict):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        for key, item in value.items():
            yield from secret_places(item, properties.get(key, others), root, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from secret_places(item, schema.get("items"), root, (*path, index))
