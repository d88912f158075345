"""What a plugin is built from and what it inherits: :class:`PluginConfig` and :class:`Plugin`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from gatehook.conditions import Condition, WhenUnknown
from gatehook.results import PluginMode

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)?\s*")
_SECONDS = {"ms": 0.001, "s": 1.0, None: 1.0, "m": 60.0, "h": 3600.0}


def parse_seconds(value: Any) -> float:
    """Seconds from a number, or from a string with a unit: ``"500ms"``, ``"2s"``, ``"1.5m"``, ``"1h"``."""
    if isinstance(value, str) and (match := _DURATION.fullmatch(value)):
        value = float(match[1]) * _SECONDS[match[2]]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ValueError("must be a duration above zero: seconds, or text with a unit such as '500ms', '2s' or '1m'")
    return float(value)


Seconds = Annotated[
    float,
    BeforeValidator(
        parse_seconds,
        json_schema_input_type=Annotated[float, Field(gt=0)]
        | Annotated[str, Field(pattern=r"^\s*(?=.*[1-9])\d+(\.\d+)?\s*(ms|s|m|h)?\s*$")],
    ),
]


def _not_a_switch(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a whole number")  # which Python takes `true` for
    return value


Whole = Annotated[int, BeforeValidator(_not_a_switch)]
Count = Annotated[int, Field(gt=0), BeforeValidator(_not_a_switch)]
# YAML reads `version: 1.0` as a number; people mean the text.
Text = Annotated[
    str,
    BeforeValidator(
        lambda value: str(value) if type(value) in (int, float) else value, json_schema_input_type=str | float
    ),
]


class PluginConfig(BaseModel):
    """One entry of ``plugins:``. Keys that are no fields here are kept for its kind, which may declare them."""

    model_config = ConfigDict(extra="allow", validate_by_name=True, use_attribute_docstrings=True, frozen=True)

    _folder: Path = PrivateAttr(Path())
    _in_file: bool = PrivateAttr(False)
    _is_secret: Callable[[tuple[str | int, ...]], bool] = PrivateAttr(default_factory=lambda: lambda path: False)

    name: Annotated[str, Field(min_length=1)]
    """A name that is unique in the file. Without `kind` it is also the plugin's entry point."""
    kind: str | None = None
    """What to run: an entry point such as `pii_filter`, an alias of one, or the dotted path of a local class."""
    distribution: str | None = None
    """Pins the distribution that must provide `kind`, when several claim it."""
    description: str = ""
    """For people."""
    version: Text = ""
    """The version of this entry, for people."""
    author: str = ""
    """For people."""
    namespace: str = ""
    """For people."""
    tags: list[str] = []
    """Words to search and group by."""
    hooks: list[str] | None = None
    """Narrows what the class implements; left out, the hooks of the plugin's manifest."""
    mode: PluginMode = PluginMode.ENFORCE
    """enforce: may block and modify. permissive: may modify, violations are only recorded. audit: nothing takes effect,
    all is recorded. disabled: not even imported. `enforce_ignore_error` means enforce with `on_error: allow`."""
    priority: Whole = 100
    """Ascending; ties run in the order of the file."""
    conditions: list[Condition] = []
    """When to run: any of these entries must match. An empty list means always."""
    when_unknown: WhenUnknown | None = None
    """What a condition does when the request has no value for its field: match, skip or block.
    Left out: match, or skip for a plugin that grants something."""
    config: dict[str, Any] = {}
    """The plugin's own settings, checked against its schema."""
    on_error: Literal["block", "allow", "disable"] | None = None
    """What a failure of the plugin does. Left out: block in mode enforce, allow otherwise."""
    disable_after: Count = 3
    """With `on_error: disable`: so many failures in a row take the plugin out."""
    cool_down: Seconds = 30.0
    """With `on_error: disable`: seconds until one call tries the plugin again."""
    timeout: Seconds | None = None
    """Seconds for one call; left out, `plugin_timeout`."""
    recheck: bool = False
    """Look once more when a later plugin changed what this one let pass."""
    access: Literal["write"] | None = None
    """`write` forces a copy of the payload although the manifest promises `access: read`."""
    mandatory: bool = False
    """Must not be switched below this entry's mode at run time."""

    @property
    def folder(self) -> Path:
        """Where relative paths in the entry begin: the folder of the config's file, or the working directory."""
        return self._folder

    @property
    def in_file(self) -> bool:
        """Whether the entry stands in a file, where no secret belongs."""
        return self._in_file

    def is_secret(self, path: tuple[str | int, ...]) -> bool:
        """Whether what is at ``path`` in the entry came from a variable."""
        return self._is_secret(path)

    def placed_in(self, folder: Path, is_secret: Callable[[tuple[str | int, ...]], bool], in_file: bool = True) -> Self:
        """The same entry in a config file of that folder, or as one that is laid over such an entry."""
        placed = self.model_copy()
        placed._folder, placed._is_secret, placed._in_file = folder, is_secret, in_file
        return placed

    @model_validator(mode="before")
    @classmethod
    def _enforce_ignore_error(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("mode") == "enforce_ignore_error":
            if data.get("on_error") not in (None, "allow"):
                raise ValueError(
                    f"mode enforce_ignore_error means on_error: allow, but on_error is {data['on_error']!r}"
                )
            return {**data, "mode": "enforce", "on_error": "allow"}
        return data

    @property
    def sections(self) -> dict[str, Any]:
        """The keys of the entry that are not the framework's own, such as ``mcp``."""
        return self.model_extra or {}

    @property
    def errors(self) -> Literal["block", "allow", "disable"]:
        """``on_error``, with its default."""
        return self.on_error or ("block" if self.mode is PluginMode.ENFORCE else "allow")


class Plugin:
    """The base of all plugins: a subclass has one method for each hook that it implements.

    A method is the hook's implementation when it bears the hook's name. It may be ``def`` or ``async def``, take any of
    the parameters ``payload`` and ``context``, and return a :class:`~gatehook.PluginResult` or ``None``::

        class NoDeletes(Plugin):
            def tool_pre_invoke(self, payload: ToolPreInvokePayload) -> ToolPreInvokeResult | None:
                if payload.name == "delete":
                    violation = PluginViolation("deleting is not allowed", code="NO_DELETES")
                    return ToolPreInvokeResult(continue_processing=False, violation=violation)
                return None

    With ``settings_model`` (a pydantic model) the entry's ``config`` is validated and found in ``self.settings``.
    Validators find the config's folder, from which relative paths go out, in ``info.context["folder"]``.
    """

    settings_model: ClassVar[type[BaseModel] | None] = None
    settings: Any
    hooks: Sequence[str] | None = None
    """Set in :meth:`initialize` by a plugin that learns only there at which of its hooks it has to run."""
    health_interval: float | None = None
    """Seconds between two looks at its health, where they are not those of ``plugin_health_check_interval``."""

    def __init__(self, config: PluginConfig) -> None:
        self.config = config
        if self.settings_model is not None:
            self.settings = self.settings_model.model_validate(config.config, context={"folder": config.folder})

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def mode(self) -> PluginMode:
        return self.config.mode

    @property
    def priority(self) -> int:
        return self.config.priority

    async def initialize(self) -> None:
        """Called once, before the first hook: connect, load, warm up. An exception keeps the plugin out.

        What is wrong with its entry may be told as for any other config error: the paths in a :class:`ConfigError` that
        is raised here, or by the constructor, begin in the entry, such as ``("config", "words", 2)``.
        """

    async def shutdown(self) -> None:
        """Called once, after the last hook, if :meth:`initialize` was."""

    async def health(self) -> bool | str:
        """``True``, or what is wrong. Polled every ``plugin_health_check_interval`` seconds and shown in the status."""
        return True

    def details(self) -> dict[str, Any]:
        """What else an operator may want to know of it, as JSON data without content or secrets; for the status."""
        return {}
