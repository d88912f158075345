"""What an operator may set: the ``config`` of a deny_list entry."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from gatehook.text import view
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationInfo, model_validator

from gatehook_deny_list.files import WordFile, read_words

SEVERITIES: Final = ("low", "medium", "high", "critical")
UNNAMED: Final = "words"
"""What the list at the top, which has no name of its own, is called in violations."""
MAX_BYTES_OF_WORD: Final = 200
"""The automaton may take so many steps for one character of a text, where a word repeats itself (aaaaa … b)."""


def _visible(word: str) -> str:
    # As it looks without its accents: the least that may remain of it.
    if not view(word).text.strip():
        raise ValueError("a word must have at least one visible character")
    if "\0" in word:
        raise ValueError("a word must not have the character U+0000")
    return word


def _word(word: str) -> str:
    if (size := len(view(_visible(word), accents=True).text.encode("utf-8", "surrogatepass"))) > MAX_BYTES_OF_WORD:
        raise ValueError(f"a word has at most {MAX_BYTES_OF_WORD} bytes in UTF-8, and not {size}; deny a part of it")
    return word


def _words_of_file(path: Any, info: ValidationInfo) -> WordFile:
    if not isinstance(path, str):
        raise ValueError("must be the path of a file")
    file = read_words(path, (info.context or {}).get("folder", Path()))
    for line, word in file.words.items():
        try:
            _word(word)
        except ValueError as error:
            raise ValueError(f"{path}, line {line}: {error}") from None
    return file


Visible = Annotated[str, AfterValidator(_visible)]
Word = Annotated[str, AfterValidator(_word)]
PathOfWords = Annotated[WordFile, PlainValidator(_words_of_file, json_schema_input_type=str)]
"""The operator writes a path; once it is validated, it is what the file holds."""


def _words_unless(*others: str) -> dict[str, Any]:
    """JSON Schema for: ``words`` is needed, or one of the others."""
    return {"if": {"anyOf": [{"required": [key]} for key in others]}, "else": {"required": ["words"]}}


class WordList(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    words: Annotated[list[Word], Field(min_length=1)] = []
    """Words and phrases. White space in a phrase stands for any white space."""
    files: Annotated[list[PathOfWords], Field(min_length=1)] = []
    """Files of words: UTF-8, one word or phrase in each line; lines that begin with `#` are comments."""
    action: Literal["block", "mask"] = "block"
    """block: nothing that holds a word passes. mask: the word is replaced, the rest passes."""
    mask_text: Visible = "*"
    """What replaces a masked word; a single character stands for each of the word's."""
    severity: Literal["low", "medium", "high", "critical"] = "medium"
    """For whoever reads the violation, which has the highest one of what was found."""

    @model_validator(mode="after")
    def _is_used(self) -> Self:
        if self.action == "block" and "mask_text" in self.model_fields_set:
            raise ValueError("`mask_text` has no effect with `action: block`")
        return self

    @property
    def every_word(self) -> Iterator[str]:
        return chain(self.words, *(file.words.values() for file in self.files))

    @property
    def places(self) -> Iterator[str]:
        """Where each of these words stands."""
        yield from (f"words[{number}]" for number in range(len(self.words)))
        yield from (f"{file.path}, line {line}," for file in self.files for line in file.words)


class NamedList(WordList):
    model_config = ConfigDict(json_schema_extra=_words_unless("files"))

    name: Annotated[str, Field(min_length=1)]
    """What the list is called in violations."""

    @model_validator(mode="after")
    def _has_words(self) -> Self:
        if not (self.words or self.files):
            raise ValueError("needs `words` or `files`")
        return self


class DenyListSettings(WordList):
    model_config = ConfigDict(json_schema_extra=_words_unless("files", "lists"))

    lists: Annotated[list[NamedList], Field(min_length=1)] = []
    """Lists of words, each with its own action and severity."""
    exceptions: list[Word] = []
    """Words and phrases in which, or across which, a denied word is allowed."""
    match: Literal["word", "substring"] = "word"
    """word: only as a word of its own (`cat` is not in `category`, but it is in `my_cat`). substring: anywhere."""
    case_sensitive: bool = False
    """Whether `Word` and `word` are different words."""
    accent_sensitive: bool = False
    """Whether `café` and `cafe` are different words."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not (self.words or self.files or self.lists):
            raise ValueError("needs `words`, `files` or `lists`")
        if not (self.words or self.files):
            for key in sorted({"action", "mask_text", "severity"} & self.model_fields_set):
                raise ValueError(f"`{key}` has no effect without `words` or `files` beside it; lists have their own")
        taken = {UNNAMED}
        for number, words in enumerate(self.lists):
            if words.name in taken:
                other = "the list at the top" if words.name == UNNAMED else "a list before it"
                raise ValueError(f"lists[{number}] is called {words.name!r}, and so is {other}")
            taken.add(words.name)
        return self

    @property
    def every_list(self) -> dict[str, WordList]:
        """The lists that have words, by name."""
        unnamed = {UNNAMED: self} if self.words or self.files else {}
        return {**unnamed, **{item.name: item for item in self.lists}}
