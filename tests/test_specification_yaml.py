"""Every YAML block of the specification is understood whole or refused: nothing in it is passed over in silence."""

import re
from pathlib import Path
from textwrap import dedent, indent

import pytest
import yaml
from click.testing import CliRunner
from gatehook.cli import commands
from gatehook.manifest import parse_manifests

ROOT = Path(__file__).parents[1]
SPECIFICATION = ROOT.parent / "shared/reference/000_01997a5ae9c1206f.txt"
BLOCKS = yaml.safe_load((ROOT / "tests/specification/blocks.yaml").read_text())

pytestmark = pytest.mark.skipif(not SPECIFICATION.exists(), reason="the specification is not in this checkout")


@pytest.fixture(scope="module")
def lines():
    return SPECIFICATION.read_text().splitlines()


@pytest.fixture
def check(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def check(text, *args, **environ):
        Path("gatehook.yaml").write_text(text)
        clean = {"PLUGIN_CONFIG_FILE": None, "PLUGINS_ENABLED": None, "AI_SERVICE_TOKEN": None}
        return CliRunner().invoke(commands, ["check", *args], env={**clean, **environ}).output

    return check


def text_of(block, lines):
    first, last = block["lines"]
    return dedent("\n".join(lines[first - 1 : last])) + "\n"


configs = [block for block in BLOCKS if block.get("as") != "manifest"]


@pytest.mark.parametrize("block", configs, ids=lambda block: block["name"])
def test_check_says_of_each_block_what_the_table_has(block, lines, check):
    text = text_of(block, lines)
    if block.get("as") == "entry":
        text = "plugins:\n  - name: pii_filter\n" + indent(text, "    ")
    assert check(text, "gatehook.yaml", **block.get("environ", {})) == block["says"]


def test_the_manifest_is_read_as_written(lines):
    (block,) = (block for block in BLOCKS if block.get("as") == "manifest")
    manifest = parse_manifests(text_of(block, lines), ["MyPlugin"], "the specification")["MyPlugin"]
    assert manifest.model_dump(exclude_defaults=True) == yaml.safe_load(block["says"])


def test_the_table_has_every_yaml_block(lines):
    covered = {number for block in BLOCKS for number in range(block["lines"][0], block["lines"][1] + 1)}
    top_level = {number for number, line in enumerate(lines, 1) if re.match(r"[a-z_]+:( |$)", line)}
    assert top_level - covered == set()


def test_the_environment_of_the_specification_names_the_config(lines, check):
    environ = dict(line.split("=") for line in lines if re.match(r"PLUGIN[A-Z_]*=", line))
    assert environ == {"PLUGINS_ENABLED": "true", "PLUGIN_CONFIG_FILE": "plugins/config.yaml"}
    Path("plugins").mkdir()
    Path("plugins/config.yaml").write_text("plugins:\n  - name: pii_filter\n")
    assert check("", **environ).endswith("plugins/config.yaml: 1 plugin at 6 hooks\n")
