"""What an operator may set: the ``config`` of a search_replace entry."""

from __future__ import annotations

from typing import Annotated, Self

from gatehook.text import check_field, check_fields
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gatehook_search_replace.rules import compile_rule

FieldGlob = Annotated[str, AfterValidator(check_field)]


class Rule(BaseModel):
    """What to look for, what to put in its place, and where."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    search: Annotated[str, Field(min_length=1)]
    r"""A regular expression of RE2, or with `regex: false` the text itself. `(?i)` at its start ignores case."""
    replace: str
    r"""What to put there: `\1` to `\99` and `\g<name>` are groups of the expression, `\n` and `\t` a line break and a
    tab, `\\` a backslash. With `regex: false`, the text itself."""
    regex: bool = True
    """Whether `search` is a regular expression."""
    fields: list[FieldGlob] = []
    """Only in these and what is in them: paths such as `args.query` and `result.content[*].text`, where `*` stands for
    any key or index and `**` for any number of them. Everywhere if empty."""
    except_fields: list[FieldGlob] = []
    """Not in these, nor in what is in them."""

    @model_validator(mode="after")
    def _compilable(self) -> Self:
        compile_rule(self.search, self.replace, self.regex)
        check_fields(self.fields, self.except_fields)
        return self


class SearchReplaceSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    words: Annotated[list[Rule], Field(min_length=1)]
    """The rules. Each works on what the ones before it left."""
