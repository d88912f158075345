"""When a plugin runs: the operator's conditions, compiled for one hook.

An entry's fields are ANDed, the values of a field ORed, the entries ORed. A value is exact or a glob (``*``, ``?``,
``[…]``).
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

WhenUnknown = Literal["match", "skip", "block"]


class Condition(BaseModel):
    """One entry of ``conditions:``. A field that is left out or empty means any."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    server_ids: list[str] = []
    """The MCP server that the request goes to."""
    tenant_ids: list[str] = []
    """The tenant that the request belongs to."""
    tools: list[str] = []
    """Names of tools; concerns the tool hooks."""
    prompts: list[str] = []
    """Names of prompts; concerns the prompt hooks."""
    resources: list[str] = []
    """URIs of resources; concerns the resource hooks."""
    user_patterns: list[str] = []
    """The user on whose behalf the request is made."""
    content_types: list[str] = []
    """Media types; compared without case and without parameters."""


REQUEST_FIELDS: Final = {
    "server_ids": "server_id",
    "tenant_ids": "tenant_id",
    "user_patterns": "user",
    "content_types": "content_type",
}
"""Condition fields that are looked up in the request, and the request's attribute."""
SUBJECT_FIELDS: Final = frozenset({"tools", "prompts", "resources"})
"""Condition fields that concern the subject of one kind of hook only."""


class Fit(StrEnum):
    """Whether conditions hold for a request."""

    MATCH = "match"
    UNKNOWN = "unknown"
    NO_MATCH = "no match"


@dataclass(frozen=True, slots=True)
class Match:
    """``field`` is the one that decided against a match, or whose value is unknown."""

    fit: Fit
    field: str = ""


ALWAYS: Final = Match(Fit.MATCH)


def fields_for(conditions: Sequence[Condition], condition_field: str | None) -> list[list[tuple[str, list[str]]]]:
    """What each entry asks of a hook whose subject is matched by ``condition_field``: its ``(field, values)`` pairs.

    A field that does not concern the hook is ignored; an entry which names only other subjects is passed over when
    another entry names this hook's. No pairs in an entry means that it always matches.
    """
    named = [{name: values for name, values in entry if values} for entry in conditions]
    if any(condition_field in entry for entry in named):
        named = [entry for entry in named if condition_field in entry or not entry.keys() & SUBJECT_FIELDS]
    other_subjects = SUBJECT_FIELDS - {condition_field}
    return [[(name, values) for name, values in entry.items() if name not in other_subjects] for entry in named]


def compile_conditions(
    conditions: Sequence[Condition], condition_field: str | None
) -> tuple[tuple[str, ...], Callable[[Sequence[str | None]], Match]] | None:
    """The fields that the conditions look at, and a function of those fields' values, in that order.

    ``None`` if they hold always. ``condition_field`` is the field that concerns the hook's subject, such as ``tools``.
    """
    entries = fields_for(conditions, condition_field)
    if not entries or any(not entry for entry in entries):
        return None
    names = tuple(dict.fromkeys(name for entry in entries for name, _ in entry))
    compiled = [
        [(names.index(name), name, compile_values(values, name == "content_types")) for name, values in entry]
        for entry in entries
    ]

    def match(values: Sequence[str | None]) -> Match:
        best = Match(Fit.NO_MATCH)
        for entry in compiled:
            found = _match_entry(entry, values)
            if found.fit is Fit.MATCH:
                return found
            if found.fit is Fit.UNKNOWN or not best.field:
                best = found
        return best

    return names, match


def _match_entry(entry: list[tuple[int, str, Callable[[str], bool]]], values: Sequence[str | None]) -> Match:
    unknown = ""
    for index, name, accepts in entry:
        value = values[index]
        if value is None:
            unknown = unknown or name
        elif not accepts(value):
            return Match(Fit.NO_MATCH, name)
    return Match(Fit.UNKNOWN, unknown) if unknown else ALWAYS


def compile_values(patterns: Sequence[str], media_types: bool = False) -> Callable[[str], bool]:
    """A function that tells whether a value is one of ``patterns``, exactly or by glob, in linear time.

    :func:`fnmatch.translate` writes each ``*`` as an atomic group, which never backtracks.
    """
    if media_types:
        patterns = [_media_type(pattern) for pattern in patterns]
    exact = frozenset(patterns)
    globs = [re.compile(fnmatch.translate(pattern)) for pattern in patterns if has_glob(pattern)]

    def accepts(value: str) -> bool:
        if media_types:
            value = _media_type(value)
        return value in exact or any(glob.match(value) for glob in globs)

    return accepts


def never_both(one: Sequence[dict[str, list[str]]], other: Sequence[dict[str, list[str]]]) -> bool:
    """Whether two lists of entries surely hold for no request in common, as far as exact values tell."""

    def apart(a: dict[str, list[str]], b: dict[str, list[str]]) -> bool:
        shared = a.keys() & b.keys()
        return any(not {*a[name]} & {*b[name]} and not any(map(has_glob, (*a[name], *b[name]))) for name in shared)

    return bool(one and other) and all(apart(a, b) for a in one for b in other)


def has_glob(pattern: str) -> bool:
    return any(character in pattern for character in "*?[")


def _media_type(text: str) -> str:
    return text.partition(";")[0].strip().lower()
