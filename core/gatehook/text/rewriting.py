"""Texts one by one: the shortest way to write a plugin that changes some."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from gatehook.payloads import Payload
from gatehook.text.texts import Texts
from gatehook.text.tree import Tree
from gatehook.values import Path

P = TypeVar("P", bound=Payload)

Visit = Callable[[str, Path], str]
"""Takes a text and its path in the payload; returns the text to put there, or the same one to leave it."""


def rewrite(payload: P, visit: Visit, *, keys: bool = False, numbers: bool = False) -> P | None:
    """The payload with every text as ``visit`` returned it, or ``None`` if it replaced none.

    Which texts those are, and what is raised for a payload whose text cannot be seen: :class:`Texts`.
    """
    texts = Texts(payload, keys=keys, numbers=numbers)
    return texts.replaced({index: visit(text, texts.path(index)) for index, text in enumerate(texts.values)})


def walk_strings(value: Any, visit: Visit) -> Any:
    """``value``, which is JSON data, with every string in it as ``visit`` returned it; the same object if it replaced
    none.

    Raises:
        PayloadError: as :class:`Texts` does.
    """
    tree = Tree([value], None)
    visited = {index: visit(text, tree.path(index)[1:]) for index, text in enumerate(tree.values)}
    changed = {index: text for index, text in visited.items() if text != tree.values[index]}
    return tree.replaced(changed)[0]
