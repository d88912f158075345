"""What an operator may set for a plugin that calls a service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Self

from gatehook import Seconds
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WrapValidator


def _not_a_switch(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a number")  # which Python takes `true` for
    return value


Number = Annotated[float, Field(gt=0, allow_inf_nan=False), BeforeValidator(_not_a_switch)]
Count = Annotated[int, Field(gt=0), BeforeValidator(_not_a_switch)]


def _or_never(value: Any, seconds: Callable[[Any], float]) -> float:
    return 0.0 if value == 0 and not isinstance(value, bool) else seconds(value)


SecondsOrNever = Annotated[Seconds, WrapValidator(_or_never, json_schema_input_type=Seconds | Literal[0])]


class CallSettings(BaseModel):
    """The keys of ``config`` that are the caller's own; what else stands there is the plugin's or the service's."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    timeout_ms: Number | None = None
    """Milliseconds for one call with all its attempts; left out, the entry's `timeout` alone."""
    retry_attempts: Annotated[int, Field(ge=0), BeforeValidator(_not_a_switch)] = 2
    """So many further attempts, after a growing wait, of a call that surely did not reach the service."""
    circuit_breaker_enabled: bool = True
    """Whether calls fail at once while the service keeps failing."""
    circuit_breaker_failure_threshold: Count = 5
    """So many failures in a row open the circuit."""
    circuit_breaker_timeout: Seconds = 60.0
    """Seconds until one call tries the service again, while the others go on failing at once."""
    cache_ttl_seconds: SecondsOrNever = 0.0
    """Seconds for which an answer is used again for the same content at the same hook; 0: never."""
    cache_max_entries: Count = 1024
    """So many answers are kept; then the one that was not used for longest goes."""
    cache_scope: Literal["principal", "shared"] = "principal"
    """principal: an answer is for one tenant, user and set of roles. shared: for all of them."""
    allowed_response_codes: Annotated[list[Annotated[int, Field(ge=200, le=599)]], Field(min_length=1)] = [
        200,
        201,
        202,
        204,
    ]
    """Over HTTP: with any other status, an answer is a failure. Redirects are never followed."""
    max_response_size_mb: Number = 10
    """Mebibytes that one answer may have; it is not read any further."""
    connection_pool_size: Count = 10
    """Over HTTP: so many connections at once."""

    @classmethod
    def split(cls, config: Mapping[str, Any]) -> tuple[Self, dict[str, Any]]:
        """A plugin's ``config`` as the settings of its calls, and what is left.

        Raises:
            pydantic.ValidationError: for what the settings cannot be.
        """
        own = {key: value for key, value in config.items() if key in cls.model_fields}
        return cls.model_validate(own), {key: value for key, value in config.items() if key not in own}

    @property
    def max_response_bytes(self) -> int:
        return int(self.max_response_size_mb * 2**20)
