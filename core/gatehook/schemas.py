"""The JSON Schemas of our own documents, for editors. Run time uses the models that they are made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from gatehook.config import Topmost
from gatehook.faults import schema_faults
from gatehook.manifest import Manifest
from gatehook.plugin import PluginConfig

Schema = dict[str, Any]
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_VARIABLE: Final[Schema] = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}"}
"""What may stand in place of any value that is not text: it is a string until the config is read."""


def manifest_schema(hooks: Sequence[str]) -> Schema:
    """The schema of ``plugin-manifest.yaml``: one plugin, or a map from entry points to several."""
    schema = _schema_of(Manifest)
    definitions = schema.pop("$defs", {})
    schema["properties"]["available_hooks"]["items"] = {"enum": [*hooks]}
    several = {"type": "object", "additionalProperties": {"type": "object", "required": ["available_hooks"]}}
    return {
        "$schema": _DIALECT,
        "title": "gatehook plugin manifest",
        "if": several | {"minProperties": 1},
        "then": {"additionalProperties": {"$ref": "#/$defs/Manifest"}},
        "else": {"$ref": "#/$defs/Manifest"},
        "$defs": {**definitions, "Manifest": schema},
    }


def config_schema(
    hooks: Sequence[str],
    kinds: Mapping[str, Manifest | None],
    sections: Mapping[str, type[BaseModel] | None],
) -> Schema:
    """The schema of a config.

    Args:
        hooks: the names that ``hooks:`` may hold.
        kinds: plugins by name, for completion and, where there is a manifest, to check ``config`` and sections by it.
        sections: further top-level keys, with the models of those that are known.
    """
    schema = {"$schema": _DIALECT, **_with_variables(_schema_of(Topmost))}
    definitions = schema["$defs"]
    _shape_entries(definitions, hooks, kinds)
    definitions["Variable"] = {"description": "${NAME} or ${NAME:-default}, from the environment.", **_VARIABLE}
    schema["properties"]["plugin_settings"] = _or_nothing(schema["properties"]["plugin_settings"])
    for name, model in sections.items():
        place = f"section.{name}"
        body = {"type": "object"} if model is None else _with_variables(_schema_of(model, place))
        schema["properties"][name] = _or_nothing({"$ref": f"#/$defs/{place}"})
        definitions[place] = body
    return schema


def _shape_entries(definitions: Schema, hooks: Sequence[str], kinds: Mapping[str, Manifest | None]) -> None:
    """What the model of an entry cannot say: names of hooks and kinds, and what each kind adds."""
    entry, properties = definitions["PluginConfig"], definitions["PluginConfig"]["properties"]
    definitions["Hook"] = {"enum": [*hooks]}
    for choice in properties["hooks"]["anyOf"]:
        if choice.get("type") == "array":
            choice |= {"items": _or_variable({"$ref": "#/$defs/Hook"}), "minItems": 1}
    definitions["PluginMode"]["anyOf"][0]["enum"].append("enforce_ignore_error")
    aliases = [alias for manifest in kinds.values() if manifest for alias in manifest.aliases]
    properties["kind"]["anyOf"].insert(0, {"enum": [*kinds, *aliases]})
    properties["name"] = _apart(properties["name"], lambda rest: {"anyOf": [{"enum": [*kinds]}, rest]})
    entry["additionalProperties"] = {"type": "object"}  # a section of a kind that is not known here
    entry["allOf"] = [
        {
            "if": {"properties": {"mode": {"const": "enforce_ignore_error"}}, "required": ["mode"]},
            "then": {"properties": {"on_error": {"enum": ["allow", None]}}},
        },
        *(_of_kind(name, manifest, definitions) for name, manifest in kinds.items() if manifest is not None),
    ]


def _of_kind(name: str, manifest: Manifest, definitions: Schema) -> Schema:
    """What holds for enabled entries of one kind."""
    schemas = {**manifest.sections}
    then: Schema = {"propertyNames": {"enum": [*PluginConfig.model_fields, *manifest.sections]}, "properties": {}}
    if manifest.config_schema is not None:
        lacking = [key for key in manifest.config_schema.get("required", ()) if key not in manifest.default_config]
        schemas["config"] = manifest.config_schema | {"required": lacking}
    # What is needed may be said by other rules than `required`, too.
    given = {"config": manifest.default_config}
    then["required"] = [
        key
        for key, schema in [("config", manifest.config_schema or {}), *manifest.sections.items()]
        if any(schema_faults(given.get(key, {}), schema, lambda place: False))
    ]
    for key, schema in schemas.items():
        place = f"kind.{name}.{key}"
        own = {word: rule for word, rule in schema.items() if word not in ("$schema", "$id")}
        definitions[place] = _moved(own, place)
        then["properties"][key] = {"$ref": f"#/$defs/{place}"}
    names = {"enum": [name, *manifest.aliases]}
    has_kind = {"properties": {"kind": {"type": "string"}}, "required": ["kind"]}
    is_kind = {"properties": {"kind": names}, "required": ["kind"]}
    is_named = {"properties": {"name": names}, "required": ["name"], "not": has_kind}
    disabled = {"properties": {"mode": {"const": "disabled"}}, "required": ["mode"]}
    return {"if": {"anyOf": [is_kind, is_named], "not": disabled}, "then": then}


def _moved(schema: Any, place: str) -> Any:
    """A schema with its references to itself changed to where it will stand."""
    if isinstance(schema, list):
        return [_moved(item, place) for item in schema]
    if not isinstance(schema, dict):
        return schema
    moved = {key: _moved(item, place) for key, item in schema.items()}
    target = schema.get("$ref")
    if isinstance(target, str) and (target == "#" or target.startswith("#/")):
        moved["$ref"] = f"#/$defs/{place}{target[1:]}"
    return moved


class _WithoutTitles(GenerateJsonSchema):
    """Titles that repeat the key only stand between an editor's user and the description."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _schema_of(model: type[BaseModel], place: str = "") -> Schema:
    template = f"#/$defs/{place}/$defs/{{model}}" if place else "#/$defs/{model}"
    return model.model_json_schema(ref_template=template, schema_generator=_WithoutTitles)


def _with_variables(schema: Schema) -> Schema:
    """The schema with a variable allowed wherever a value is no free text."""
    if schema.keys() & {"enum", "const", "pattern"} or schema.get("type") in ("integer", "number", "boolean"):
        return _apart(schema, _or_variable)
    changed = dict(schema)
    for key in ("properties", "$defs"):
        if key in schema:
            changed[key] = {name: _with_variables(inner) for name, inner in schema[key].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            changed[key] = _with_variables(schema[key])
    choices = schema.get("anyOf", [])
    if choices and {"type": "string"} not in choices:
        changed["anyOf"] = [_with_variables(choice) for choice in choices]
    return changed


def _apart(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """``change`` applied to what a schema demands, with what it tells left on the outside, where editors look."""
    told: Schema = {key: schema[key] for key in ("title", "description", "default") if key in schema}
    return {**told, **change({key: rule for key, rule in schema.items() if key not in told})}


def _or_variable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"$ref": "#/$defs/Variable"}]}


def _or_nothing(schema: Schema) -> Schema:
    """A section of which only the name is written is an empty one."""
    return _apart(schema, lambda rest: {"anyOf": [rest, {"type": "null"}]})
