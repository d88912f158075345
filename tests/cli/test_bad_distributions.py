"""What is wrong with an installed plugin is told by name, and harms only those who enable it."""

import json
from pathlib import Path

import pytest

MANIFEST = """
description: A toy.
version: "{version}"
available_hooks: [tool_pre_invoke]
"""
PLUGIN = """
from gatehook import Plugin

class Toy(Plugin):
    def tool_pre_invoke(self, payload): ...
"""
FILE = "acme 1.0: plugin-manifest.yaml"
ENABLED = """
plugins:
  - name: toy
"""


@pytest.fixture
def problems(write, gatehook):
    """What `gatehook check` says of a config that enables `toy`, but for the place."""

    def check(config=ENABLED):
        lines = gatehook("check", write(config)).output.splitlines()
        assert "problem" in lines[-1], lines
        return [line.removeprefix("gatehook.yaml:2: error: ") for line in lines[:-1]]

    return check


MANIFESTS = {
    "none": (None, f"{FILE}: missing, both in the distribution's metadata and beside the package's __init__.py"),
    "no YAML": (
        "description: [",
        f"{FILE}:2: not YAML: while parsing a flow node did not find expected node content",
    ),
    "a list": ("- a\n", f"{FILE}: a manifest is a mapping, got a list"),
    "a misspelt key": (
        MANIFEST + "acces: read\n",
        f"{FILE}:4: acces: unknown key 'acces', did you mean 'access'?",
    ),
    "no hooks": (
        "description: A toy.\nversion: '1.0'\n",
        f"{FILE}:1: the key 'available_hooks' is missing",
    ),
    "another version": (
        MANIFEST.replace("{version}", "0.9"),
        "the manifest of acme says version 0.9, but the distribution is 1.0",
    ),
    "a hook that does not exist": (
        MANIFEST.replace("tool_pre_invoke", "tool_pre_hook"),
        "its manifest advertises the hook 'tool_pre_hook', which does not exist, did you mean 'tool_pre_invoke'?",
    ),
    "a hook that the class lacks": (
        MANIFEST.replace("tool_pre_invoke", "tool_pre_invoke, tool_post_invoke"),
        "its manifest advertises tool_post_invoke, which its class does not implement",
    ),
    "another hook than the class has": (
        MANIFEST.replace("tool_pre_invoke", "tool_post_invoke"),
        "its manifest advertises tool_post_invoke, which its class does not implement",
    ),
    "an access that does not exist": (
        MANIFEST + "access: reed\n",
        f"{FILE}:4: access: must be 'read' or 'write', got 'reed', did you mean 'read'?",
    ),
    "a schema that is none": (
        MANIFEST + "config_schema: {type: objekt}\n",
        (f"{FILE}:4: config_schema: config_schema is not a JSON Schema: 'objekt' is not valid under any of the "
        "given schemas"),
    ),
    "a schema of a section that is none": (
        MANIFEST + "sections: {mcp: {type: objekt}}\n",
        (f"{FILE}:4: sections.mcp: mcp is not a JSON Schema: 'objekt' is not valid under any of the "
        "given schemas"),
    ),
    "a schema of a dialect that is none": (
        MANIFEST + "config_schema: {$schema: [1]}\n",
        (f"{FILE}:4: config_schema: config_schema is not a JSON Schema: TypeError: unhashable type: 'list'"),
    ),
    "a schema that refers to nothing": (
        MANIFEST + "config_schema: {$ref: '#/$defs/none'}\n",
        (
            "its manifest's schema of `config` cannot be applied: PointerToNowhere: '/$defs/none' does not exist "
            "within {'$ref': '#/$defs/none'}"
        ),
    ),
    "a schema that refers to another place": (
        MANIFEST + "config_schema: {$ref: 'http://127.0.0.1:9/none'}\n",
        "its manifest's schema of `config` cannot be applied: Unresolvable: http://127.0.0.1:9/none",
    ),
    "a range that is none": (
        MANIFEST + "requires: newest\n",
        "its manifest's `requires` is no version range: 'newest'",
    ),
    "a later gatehook": (MANIFEST + "requires: '>=99'\n", "it requires gatehook >=99; this is 0.1.0"),
    "several plugins as one": (
        "{a: {available_hooks: []}, b: {available_hooks: []}}",
        f"{FILE}: describes a, b, but the distribution has toy",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_that_lies_is_told_by_its_distribution(name, install, problems):
    manifest, message = MANIFESTS[name]
    install("acme", {"toy": "acme_toy:Toy"}, modules={"acme_toy": PLUGIN}, manifest=manifest)
    assert problems() == [f"plugins[0]: {message}"]


def test_a_manifest_that_is_not_text_is_told_by_its_distribution(folder, install, problems):
    install("acme", {"toy": "acme_toy:Toy"}, modules={"acme_toy": PLUGIN})
    (folder / "site/acme-1.0.dist-info/extra_metadata/plugin-manifest.yaml").write_bytes(b"\xff")
    (message,) = problems()
    assert message.startswith(f"plugins[0]: {FILE}: cannot be read: 'utf-8' codec can't decode")


def test_defaults_that_the_schema_refuses_are_told(install, problems):
    manifest = MANIFEST + "default_config: {limit: many}\nconfig_schema: {properties: {limit: {type: integer}}}\n"
    install("acme", {"toy": "acme_toy:Toy"}, modules={"acme_toy": PLUGIN}, manifest=manifest)
    assert problems() == ["plugins[0].config.limit: must be a whole number, got 'many'"]


MODULES = {
    "a syntax error": ("def", "importing acme_toy raised SyntaxError: invalid syntax (acme_toy.py, line 1)"),
    "a library that is missing": (
        "import acme_nix",
        "importing acme_toy needs the module 'acme_nix', which is not installed",
    ),
    "an error": ("raise ValueError('boom')", "importing acme_toy raised ValueError: boom"),
    "an exit": ("raise SystemExit(3)", "importing acme_toy raised SystemExit: 3"),
    "no such class": ("Toi = None", "acme_toy has no 'Toy', did you mean 'Toi'?"),
    "a function": ("def Toy(config): ...", "acme_toy:Toy is a function; a plugin is a subclass of gatehook.Plugin"),
    "a module": ("import json as Toy", "acme_toy:Toy is a module; name the class in it"),
    "a foreign class": ("class Toy: ...", "acme_toy:Toy is not a subclass of gatehook.Plugin"),
    "an instance": (
        PLUGIN + "\nfrom gatehook import PluginConfig\nToy = Toy(PluginConfig(name='toy'))",
        "acme_toy:Toy is an instance; name its class Toy",
    ),
    "an abstract class": (
        PLUGIN.replace("(Plugin):", "(Plugin, ABC):").replace("    def", "    @abstractmethod\n    def"),
        "acme_toy:Toy is abstract: tool_pre_invoke is not implemented",
    ),
    "a class without hooks": ("from gatehook import Plugin\nclass Toy(Plugin): ...", "Toy implements no hook"),
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_a_module_that_has_no_plugin_is_told_with_the_reason(name, install, problems):
    text, message = MODULES[name]
    if "abstractmethod" in text:
        text = f"from abc import ABC, abstractmethod\n{text}"
    install("acme", {"toy": "acme_toy:Toy"}, modules={"acme_toy": text})
    assert problems() == [f"plugins[0].name: cannot import it: {message}"]


NO_HOOK = "cannot register it: Toy.tool_pre_invoke cannot be a hook"
CLASSES = {
    "a constructor that raises": (
        "    def __init__(self, config): raise RuntimeError('no licence')",
        "cannot construct it: Toy() raised RuntimeError: no licence",
    ),
    "a constructor that exits": (
        "    def __init__(self, config): raise SystemExit(1)",
        "cannot construct it: Toy() raised SystemExit: 1",
    ),
    "a constructor that forgets its base": (
        "    def __init__(self, config): pass",
        "cannot construct it: Toy.__init__ does not call super().__init__(config)",
    ),
    "a hook with another parameter": (
        "    def tool_pre_invoke(self, request): ...",
        f"{NO_HOOK}: it takes 'request'; expected any of (payload, context)",
    ),
    "a hook with a default": (
        "    def tool_pre_invoke(self, payload=None): ...",
        (
            f"{NO_HOOK}: its parameter 'payload' has a default, so it would never be filled; "
            "expected any of (payload, context) without defaults"
        ),
    ),
    "a hook that yields": (
        "    async def tool_pre_invoke(self, payload): yield",
        f"{NO_HOOK}: it contains `yield`; a hook returns its result",
    ),
    "a hook that is misspelt": (
        "    def tool_pre_invok(self, payload, context): ...",
        "cannot register it: Toy.tool_pre_invok looks like a hook; did you mean 'tool_pre_invoke'?",
    ),
}


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_that_cannot_be_a_plugin_is_told_with_the_reason(name, install, problems):
    body, message = CLASSES[name]
    install("acme", {"toy": "acme_toy:Toy"}, modules={"acme_toy": f"{PLUGIN}\n{body}"})
    assert problems() == [f"plugins[0].name: {message}"]


def test_what_the_settings_model_refuses_is_told_with_its_line(install, write, gatehook):
    model = "from pydantic import BaseModel\nclass Settings(BaseModel, extra='forbid'):\n    limit: int = 0\n"
    install("acme", {"toy": "acme_toy:Toy"}, modules={"acme_toy": f"{model}{PLUGIN}\n    settings_model = Settings"})
    write("plugins:\n  - name: toy\n    config:\n      limit: many\n      limt: 3\n")
    assert gatehook("check", "gatehook.yaml").output.splitlines() == [
        "gatehook.yaml:4: error: plugins[0].config.limit: must be a whole number, got 'many'",
        "gatehook.yaml:5: error: plugins[0].config.limt: unknown key 'limt', did you mean 'limit'?",
        "gatehook.yaml: 2 problems",
    ]


def test_a_secret_is_masked_in_what_a_plugin_says_of_it(install, write, gatehook):
    body = "    def __init__(self, config): raise ValueError('bad key ' + config.config['key'])"
    install("acme", {"toy": "acme_toy:Toy"}, modules={"acme_toy": f"{PLUGIN}\n{body}"})
    write("plugins:\n  - {name: toy, config: {key: 'id:${TOY_KEY}'}}\n")
    output = gatehook("check", "gatehook.yaml", env={"TOY_KEY": "hunter22"}).output
    assert "Toy() raised ValueError: bad key id:********" in output
    assert "hunter22" not in output


def test_two_distributions_that_claim_a_name_are_both_told(folder, toy, install, problems):
    install("rival", {"toy": "acme_toy:Toy"})
    site = folder / "site"
    (message,) = problems()
    assert sorted([f"acme 1.0 ({site})", f"rival 1.0 ({site})"]) == sorted(
        message.removeprefix("plugins[0]: 'toy' is claimed by ").partition(";")[0].split(" and ")
    )
    assert message.endswith("; uninstall one, or pin one with `distribution:`")


def test_a_pin_decides_between_two_distributions(toy, install, write, gatehook):
    install("rival", {"toy": "rival_toy:Toy"}, modules={"rival_toy": "raise ValueError"})
    result = gatehook("check", write("plugins:\n  - {name: toy, distribution: Acme}\n"), "--json")
    assert json.loads(result.output)["hooks"]["tool_pre_invoke"][0]["distribution"] == "acme"


def test_a_copy_that_another_one_shadows_is_told(folder, toy, install, problems):
    install("acme", {"toy": "acme_toy:Toy"}, version="2.0", site="elsewhere")
    (message,) = problems()
    assert f"acme 2.0 ({folder}/elsewhere) and acme 1.0 ({folder}/site)" in message


def test_two_distributions_that_claim_an_alias_are_both_told(install, problems):
    for name in ("acme", "rival"):
        manifest = f"{MANIFEST}aliases: [plugins.toy.Toy]\n"
        install(name, {name: "acme_toy:Toy"}, modules={"acme_toy": PLUGIN}, manifest=manifest)
    (message,) = problems("plugins:\n  - {name: toy, kind: plugins.toy.Toy}\n")
    assert message.startswith("plugins[0]: 'plugins.toy.Toy' is claimed by ")


DAMAGES = {
    "entry points that cannot be parsed": ("entry_points.txt", b"[gatehook.plugins\nnonsense\n= =\n"),
    "entry points that are not text": ("entry_points.txt", b"[gatehook.plugins]\n\xff = m:C\n"),
    "metadata that are empty": ("METADATA", b""),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_distribution_that_nobody_enabled_harms_nobody(name, toy, install, write, gatehook):
    install("damaged", {"other": "damaged_other:Other"})
    file, text = DAMAGES[name]
    Path("site/damaged-1.0.dist-info", file).write_bytes(text)
    assert gatehook("check", write(ENABLED)).exit_code == 0
    assert gatehook("list").exit_code == 0


def test_a_plugin_without_name_and_version_is_told_by_its_place(folder, install, problems):
    install("acme", {"toy": "acme_toy:Toy"}, modules={"acme_toy": PLUGIN})
    (folder / "site/acme-1.0.dist-info/METADATA").unlink()
    assert problems() == [
        f"plugins[0]: a distribution in {folder}/site is damaged: no name and version in its metadata"
    ]
