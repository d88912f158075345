"""Putting together what the members of a band changed, leaf by leaf."""

from __future__ import annotations

from typing import Any

from gatehook.payloads import Payload
from gatehook.values import Path, copy_value, describe, differences, put


class Conflict(Exception):
    """Two steps of a band gave one leaf of the payload two different values."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(describe(path))


def merge(base: Payload, merged: Payload, adopted: Payload) -> Payload:
    """``merged`` with the leaves that ``adopted`` changed in ``base``, by value.

    Raises:
        Conflict: ``merged`` changed one of these leaves, or one above or below it, to something else.
    """
    before, after = dict(_leaves(base, merged)), dict(_leaves(base, adopted))
    result = object.__new__(type(merged))
    result.__dict__.update(copy_value(merged.to_dict()))
    above = {path[:end] for path in before for end in range(len(path))}
    for path, value in after.items():
        if path in before and not any(differences(before[path], value)):
            continue
        if path in above or any(path[:end] in before for end in range(len(path) + 1)):
            raise Conflict(path)
        put(result.__dict__, path, value)
    return result


def _leaves(base: Payload, changed: Payload) -> list[tuple[Path, Any]]:
    return [(path, after) for path, _, after in differences(base.to_dict(), changed.to_dict())]
