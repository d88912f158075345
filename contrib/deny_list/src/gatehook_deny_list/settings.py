"""What an operator may set: the ``config`` of a deny_list entry."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from gatehook_deny_list.words import plain


class DenyListSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    words: Annotated[list[str], Field(min_length=1)]
    """Words and phrases. White space in a phrase stands for any white space."""
    match: Literal["word", "substring"] = "word"
    """word: only as a word of its own (`cat` is not in `category`, but it is in `my_cat`). substring: anywhere."""
    case_sensitive: bool = False
    """Whether `Word` and `word` are different words."""

    @field_validator("words")
    @classmethod
    def _not_blank(cls, words: list[str]) -> list[str]:
        for index, word in enumerate(words):
            if not plain(word).strip():
                raise ValueError(f"[{index}]: a word must have at least one visible character")
        return words
