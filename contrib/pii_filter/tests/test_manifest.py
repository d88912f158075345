"""The manifest tells the truth about the class."""

import tomllib
from pathlib import Path

import pytest
import yaml
from gatehook import Plugin
from gatehook_pii_filter import PIIFilterPlugin, PIIFilterSettings
from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parents[1]
MANIFEST = yaml.safe_load((FOLDER / "plugin-manifest.yaml").read_text())
PROJECT = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]


def essence(schema, named=False):
    """A schema without what pydantic adds for nobody (titles), and without the line breaks of descriptions.

    ``named``: its keys are names of properties, of which one may be "title".
    """
    if isinstance(schema, dict):
        return {
            key: " ".join(value.split())
            if key == "description" and not named
            else essence(value, key in ("properties", "$defs"))
            for key, value in schema.items()
            if named or key != "title"
        }
    return [essence(item) for item in schema] if isinstance(schema, list) else schema


def test_the_config_schema_is_that_of_the_settings():
    assert essence(MANIFEST["config_schema"]) == essence(PIIFilterSettings.model_json_schema())


def test_the_config_schema_is_a_schema_that_refuses_unknown_keys():
    Draft202012Validator.check_schema(MANIFEST["config_schema"])
    assert not Draft202012Validator(MANIFEST["config_schema"]).is_valid({"no_such_key": 1})


def test_the_default_config_is_what_the_settings_default_to():
    defaults = {name: field.default for name, field in PIIFilterSettings.model_fields.items()}
    assert MANIFEST.get("default_config", {}).items() <= defaults.items()


def test_the_hooks_are_the_methods_of_the_class():
    hooks = {name for name in vars(PIIFilterPlugin) if not name.startswith("_") and name not in vars(Plugin)}
    assert set(MANIFEST["available_hooks"]) == hooks


@pytest.mark.parametrize("key", ["version", "description"])
def test_version_and_description_are_those_of_the_distribution(key):
    assert MANIFEST[key] == PROJECT[key]


def test_the_readme_describes_every_key():
    readme = (FOLDER / "README.md").read_text()
    assert [key for key in PIIFilterSettings.model_fields if f"`{key}`" not in readme] == []
