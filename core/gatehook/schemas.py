"""JSON Schema: checking what people wrote against a plugin's schema, and the schemas of our own documents, for editors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from gatehook.errors import nearest
from gatehook.values import Path


def schema_faults(value: Any, schema: dict[str, Any], is_secret: Callable[[Path], bool]) -> Iterator[tuple[str, Path]]:
    """Everything in which ``value`` departs from ``schema``: ``(message, path)``. Secret values are not quoted."""
    from jsonschema.validators import validator_for  # noqa: PLC0415  # a slow import that only checking needs

    for error in sorted(
        validator_for(schema)(schema).iter_errors(value), key=lambda error: list(map(str, error.absolute_path))
    ):
        path: Path = tuple(error.absolute_path)
        known = list(error.schema.get("properties", ())) if isinstance(error.schema, dict) else []
        if error.validator == "additionalProperties" and isinstance(error.instance, dict):
            for key in [key for key in error.instance if key not in known]:
                yield f"unknown key {key!r}{nearest(str(key), known)}", (*path, key)
        elif error.validator == "required":
            for key in [key for key in error.validator_value if key not in error.instance]:
                yield f"the key {key!r} is missing", path
        elif error.validator == "type":
            wanted = (
                error.validator_value if isinstance(error.validator_value, str) else " or ".join(error.validator_value)
            )
            yield f"must be of type {wanted}{_got(error.instance, is_secret(path))}", path
        elif error.validator == "enum":
            wanted = ", ".join(map(str, error.validator_value))
            hint = nearest(str(error.instance), map(str, error.validator_value))
            yield f"must be one of {wanted}{_got(error.instance, is_secret(path))}{hint}", path
        else:
            yield (
                (
                    f"does not satisfy {error.validator}: {error.validator_value!r}"
                    if is_secret(path)
                    else error.message
                ),
                path,
            )


def _got(value: Any, secret: bool) -> str:
    if secret or not isinstance(value, str | int | float | bool | None):
        return f", got {type(value).__name__}"
    return f", got {value!r}"
