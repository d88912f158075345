"""The output schemas of the server's tools, so that a changed result still keeps their promise."""

from __future__ import annotations

from typing import Any


class OutputSchemas:
    """By tool name. A schema that cannot be used breaks every result: whether it would hold, nobody knows."""

    def __init__(self) -> None:
        self._schemas: dict[str, Any] = {}
        self._validators: dict[str, Any] = {}

    def remember(self, listing: Any) -> None:
        """Take note of the answer to tools/list, or of one page of it."""
        tools = listing.get("tools") if isinstance(listing, dict) else None
        for tool in tools if isinstance(tools, list) else ():
            if isinstance(tool, dict) and isinstance(name := tool.get("name"), str):
                self._validators.pop(name, None)
                if (schema := tool.get("outputSchema")) is None:
                    self._schemas.pop(name, None)
                else:
                    self._schemas[name] = schema

    def broken_by(self, tool: str, result: dict[str, Any]) -> bool:
        """Whether a result does not keep the promise of the tool's output schema. A tool's error has made none."""
        if tool not in self._schemas or result.get("isError") is True:
            return False
        if "structuredContent" not in result:
            return True
        try:
            return not self._validator(tool).is_valid(result["structuredContent"])
        except Exception:  # noqa: BLE001  # a server's schema may raise anything, from bad patterns to unknown references
            return True

    def _validator(self, tool: str) -> Any:
        if tool not in self._validators:
            from jsonschema.validators import Draft202012Validator, validator_for  # noqa: PLC0415  # few sessions need it
            from referencing import Registry  # noqa: PLC0415

            schema = self._schemas[tool]
            validator = validator_for(schema, default=Draft202012Validator)
            validator.check_schema(schema)
            # A registry of nothing: references of a server's schema are not fetched from the network.
            self._validators[tool] = validator(schema, registry=Registry())
        return self._validators[tool]
