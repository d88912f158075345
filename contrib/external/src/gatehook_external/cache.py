"""Answers that are used again: what they are kept by, and for how long."""

from __future__ import annotations

import json
from collections.abc import Hashable
from hashlib import blake2b
from typing import Any, Final, Literal

from cachetools import TTLCache
from gatehook import PayloadError, PluginContext

MISSING: Final = object()
_LEAVES: Final = frozenset({str, int, float, bool, type(None)})
_encode = json.JSONEncoder(sort_keys=True, allow_nan=False, separators=(",", ":")).encode


class Cache:
    """Answers by key, each for ``ttl`` seconds; of more than ``entries``, the least recently used one goes."""

    def __init__(self, ttl: float, entries: int) -> None:
        self._answers: TTLCache[Hashable, Any] = TTLCache(entries, ttl)
        self.hits = self.misses = 0

    def get(self, key: Hashable) -> Any:
        """The answer, or ``MISSING``."""
        answer = self._answers.get(key, MISSING)
        if answer is MISSING:
            self.misses += 1
        else:
            self.hits += 1
        return answer

    def put(self, key: Hashable, answer: Any) -> None:
        self._answers[key] = answer

    def __len__(self) -> int:
        return len(self._answers)


def principal(context: PluginContext, scope: Literal["principal", "shared"] = "principal") -> tuple[Hashable, ...]:
    """The part of a key that says who asks, of what: an answer for one is none for another."""
    request = context.request
    place = (request.server_id, request.content_type)
    if scope == "shared":
        return place
    return (*place, request.tenant_id, request.user, frozenset(request.roles))


def digest(value: Any) -> str:
    """What tells JSON values apart: ``1``, ``1.0``, ``True`` and ``"1"`` are four; the order of keys is no matter.

    Raises:
        PayloadError: the value is no JSON.
    """
    try:
        _check_keys(value)
        text = _encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise PayloadError("the payload holds what is no JSON, nests too deep, or is cyclic") from error
    return blake2b(text.encode(), digest_size=20).hexdigest()


def _check_keys(value: Any) -> None:
    """JSON's encoder would write the key 1 as it writes the key "1"."""
    if isinstance(value, dict):
        "".join(value)  # raises TypeError for what is no text; the fastest way to ask
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for item in value:
        if type(item) not in _LEAVES:
            _check_keys(item)
