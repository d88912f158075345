"""docs/serve.md says what is true."""

import json
from pathlib import Path

import pytest
from gatehook_plugin_server import tools
from gatehook_plugin_server.command import serve
from gatehook_plugin_server.settings import ServeSettings

PAGE = (Path(__file__).parents[2] / "docs" / "serve.md").read_text()


@pytest.mark.parametrize("name", ServeSettings.model_fields)
def test_every_setting_is_documented_with_its_default(name):
    field = ServeSettings.model_fields[name]
    default = "none" if field.default is None else f"`{json.dumps(field.default)}`"
    assert field.description is not None
    assert f"| `{name}` | {default} | {' '.join(field.description.split())} |" in PAGE


@pytest.mark.parametrize("option", [option for parameter in serve.params for option in parameter.opts])
def test_every_option_is_documented(option):
    assert f"`{option}" in PAGE


@pytest.mark.parametrize("tool", [tools.CONFIGS, tools.CONFIG, tools.INVOKE, tools.CONFIGURE])
def test_every_tool_is_documented(tool):
    assert f"`{tool['name']}`" in PAGE
