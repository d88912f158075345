"""Verdicts that are neither true nor false."""

from __future__ import annotations

from typing import Annotated, Any, Self

from gatehook_external import ServiceError
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr, model_validator

Values = Annotated[list[StrictStr | StrictInt | StrictFloat | None], Field(min_length=1)]


class BlockedWhen(BaseModel):
    """Which values of ``blocked`` block, where the service says it otherwise than by true and false."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    one_of: Values | None = None
    """These do; all others pass."""
    none_of: Values | None = None
    """These pass; all others do."""
    at_least: StrictFloat | None = None
    """Numbers from this one on."""
    at_most: StrictFloat | None = None
    """Numbers up to this one."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        given = [self.one_of, self.none_of, self.at_least, self.at_most]
        if sum(value is not None for value in given) != 1:
            raise ValueError("needs one of `one_of`, `none_of`, `at_least` and `at_most`")
        return self

    def __call__(self, value: Any) -> bool:
        """
        Raises:
            ServiceError: the value is of a kind that the operator did not expect.
        """
        if self.at_least is not None:
            return _number(value) >= self.at_least
        if self.at_most is not None:
            return _number(value) <= self.at_most
        known = self.one_of or self.none_of or []
        if type(value) not in map(type, known):
            raise ServiceError(f"`blocked` finds a {type(value).__name__}, which `blocked_when` has none of")
        return (value in known) is (self.one_of is not None)


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ServiceError(f"`blocked` finds a {type(value).__name__}, and not a number")
    return value
