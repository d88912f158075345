"""Requests as operators write them: a YAML value whose texts are Jinja templates."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from gatehook import Payload, PluginContext, PromptResult, ResourceContent
from gatehook_external import ServiceError
from jinja2 import StrictUndefined, TemplateError, Undefined, UndefinedError, meta, nodes
from jinja2.environment import TemplateExpression
from jinja2.sandbox import ImmutableSandboxedEnvironment

NAMES: Final = (
    "text", "texts", "hook", "name", "payload",
    "user", "tenant_id", "server_id", "content_type", "roles",
)  # fmt: skip
"""What templates may speak of."""

_ENVIRONMENT: Final = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)  # JSON, no HTML
_MEANT: Final = re.compile(r"\{ *(\w+) *\}")
"""A template that lost its second braces, which would be sent as it is."""
_Fill = Callable[[Mapping[str, Any]], Any]


class Template:
    """A text that is one expression and nothing else (``"{{ texts }}"``) gives its value, which may be a list or an
    object; any other gives text. Keys, and what is no text, are sent as they are.

    Raises:
        ValueError: a text is no template, or speaks of what is not there; or all of them together speak of nothing.
    """

    def __init__(self, value: Any) -> None:
        self.names: set[str] = set()
        self._fill = self._compiled(value, "")
        if not self.names:
            raise ValueError("is the same for every call; write what it is to speak of as templates: `{{ texts }}`")

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """
        Raises:
            ServiceError: it cannot be filled in for this payload.
        """
        try:
            return self._fill(values)
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            # Its message may quote the payload.
            raise ServiceError(f"its request cannot be filled in ({type(error).__name__})", "payload") from error

    def _compiled(self, value: Any, at: str) -> _Fill:
        if isinstance(value, str):
            return self._text(value, at)
        if isinstance(value, dict):
            fields = {key: self._compiled(item, f"{at}.{key}" if at else key) for key, item in value.items()}
            return lambda values: {key: fill(values) for key, fill in fields.items()}
        if isinstance(value, list):
            items = [self._compiled(item, f"{at}[{index}]") for index, item in enumerate(value)]
            return lambda values: [fill(values) for fill in items]
        return lambda values: value

    def _text(self, source: str, at: str) -> _Fill:
        place = f"{at}: " if at else ""
        if (meant := _MEANT.fullmatch(source)) and meant[1] in NAMES:
            raise ValueError(f"{place}{source!r} is no template; write `{{{{ {meant[1]} }}}}`")
        try:
            parsed = _ENVIRONMENT.parse(source)
            names = meta.find_undeclared_variables(parsed)
            template = _ENVIRONMENT.from_string(source)
            expression = _expression(parsed)
        except TemplateError as error:
            raise ValueError(f"{place}no Jinja template: {error}") from None
        for name in sorted(names - set(NAMES)):
            raise ValueError(f"{place}there is no {name!r} in a request; there are {', '.join(NAMES)}")
        self.names |= names
        return template.render if expression is None else expression


def _expression(parsed: nodes.Template) -> _Fill | None:
    """The only thing in a template, if that is an expression."""
    match parsed.body:
        case [nodes.Output(nodes=[only])] if not isinstance(only, nodes.TemplateData):
            pass
        case _:
            return None
    # As Environment.compile_expression does, which takes the expression's text.
    assigned = nodes.Assign(nodes.Name("result", "store"), only, lineno=1)
    evaluate = TemplateExpression(
        _ENVIRONMENT.from_string(nodes.Template([assigned], lineno=1)), undefined_to_none=False
    )

    def value(values: Mapping[str, Any]) -> Any:
        found = evaluate(values)
        if isinstance(found, Undefined):
            raise UndefinedError
        return found

    return value


def values_of(payload: Payload, context: PluginContext) -> dict[str, Any]:
    """What templates may speak of, but for the texts."""
    request = context.request
    return {
        "hook": payload.hook,
        "name": payload.subject,
        "payload": as_json(payload),
        "user": request.user,
        "tenant_id": request.tenant_id,
        "server_id": request.server_id,
        "content_type": request.content_type,
        "roles": list(request.roles),
    }


def as_json(payload: Payload) -> dict[str, Any]:
    # A result or content may have a field that is called to_json.
    return {
        key: type(value).to_json(value) if isinstance(value, PromptResult | ResourceContent) else value
        for key, value in payload.to_dict().items()
    }
