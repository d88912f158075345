"""What an operator may set: the ``config`` of a deny_list entry."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gatehook_deny_list.words import plain


def _visible(word: str) -> str:
    if not plain(word).strip():
        raise ValueError("a word must have at least one visible character")
    return word


class DenyListSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    words: Annotated[list[Annotated[str, AfterValidator(_visible)]], Field(min_length=1)]
    """Words and phrases. White space in a phrase stands for any white space."""
    match: Literal["word", "substring"] = "word"
    """word: only as a word of its own (`cat` is not in `category`, but it is in `my_cat`). substring: anywhere."""
    case_sensitive: bool = False
    """Whether `Word` and `word` are different words."""
