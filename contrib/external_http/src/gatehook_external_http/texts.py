"""The texts of a payload that a service is asked about, each of them once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, Final, Generic, TypeVar

from gatehook import Payload, ResourcePreFetchPayload
from gatehook.text import Texts, encodable, written

P = TypeVar("P", bound=Payload)

_MOST_PATHS: Final = 50
"""How many places a report names; it counts all."""
_NAME: Final = re.compile(r"[A-Za-z_][\w-]{0,39}", re.ASCII)


class Asked(Generic[P]):
    """``texts`` are what goes out: every text that applies and that anyone could read, without repetitions.

    The URI of a resource about to be read is one of them, but it cannot be replaced.
    """

    def __init__(self, payload: P, applies: Callable[[tuple[str | int, ...]], bool] | None) -> None:
        self._all = Texts(payload)
        values = list(self._all.values)
        if isinstance(payload, ResourcePreFetchPayload):
            values.append(payload.uri)
        self._places: dict[str, list[int]] = {}
        for index, text in enumerate(values):
            if text.strip() and (applies is None or applies(self._path(index))):
                self._places.setdefault(encodable(text), []).append(index)
        self.texts = list(self._places)

    def _path(self, index: int) -> tuple[str | int, ...]:
        return self._all.path(index) if index < len(self._all) else ("uri",)

    def replaced(self, texts: Mapping[str, str]) -> P | None:
        """The payload with other texts in the place of these, or ``None`` if each is as it was.

        Raises:
            Unreplaceable: one of them is the URI, with which another resource would be read.
        """
        by_place = {index: new for old, new in texts.items() if new != old for index in self._places[old]}
        if len(self._all) in by_place:
            raise Unreplaceable
        return self._all.replaced(by_place)

    def report(self, texts: Iterable[str]) -> dict[str, Any]:
        """Where these texts stand, for a violation: paths, without keys that may be content, and their count."""
        places = sorted(index for text in texts for index in self._places[text])
        paths = dict.fromkeys(written(self._path(index), _may_be_content) for index in islice(places, _MOST_PATHS))
        return {"paths": list(paths), "count": len(places)}


class Unreplaceable(Exception):
    pass


def _may_be_content(key: str) -> bool:
    return not _NAME.fullmatch(key)
