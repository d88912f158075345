"""What README and docs say is so: their examples run, their tables are the models', their links lead somewhere.

A page's examples run from top to bottom, in a folder of their own:

- a block whose first line is `# some.name` is written to the file of that name; in Markdown it is `<!-- some.name -->`;
- Python runs, with the names of the blocks before it, `await` included; a file is imported, and tests in it run, but in
  a folder of its own, such as `src/`, it is only written: commands run it;
- YAML is checked as a config, as keys of an entry, or as a manifest; where the page installs plugins, by its commands;
- commands after `$ ` run in a shell, and what is written below them is what they print (numbers and white space aside);
  a `cd` holds for the blocks after it; on a page that installs something they have a virtual environment of their own;
- a `text` block is what the Python block right before it printed, if it printed.

What cannot run has `<!-- not run: why -->` in the line above.
"""

import ast
import asyncio
import importlib
import inspect
import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

import gatehook
import pytest
import yaml
from gatehook import Payload
from gatehook.advice import advise
from gatehook.cli import commands
from gatehook.conditions import Condition
from gatehook.config import PluginSettings
from gatehook.dry_run import HOOKS as CORE_HOOKS
from gatehook.dry_run import dry_run
from gatehook.hooks import OBSERVER, HookSpecs, hooks_of
from gatehook.manifest import Manifest, parse_manifests
from gatehook.plugin import PluginConfig
from gatehook_external import CallSettings
from pydantic_core import PydanticUndefined

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md")), *sorted(ROOT.glob("contrib/*/README.md"))]
PROSE = sorted({*PAGES, *ROOT.glob("*.md"), *ROOT.glob("hosts/*/README.md"), *ROOT.glob("examples/*.md")})
FENCE = re.compile(
    r"(?:^ *<!-- not run: (?P<why>[^\n]+) -->\n)?^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
NAME = re.compile(r"(?:# |<!-- )([\w./-]+\.\w+)(?: -->)?\n")


@dataclass
class Block:
    page: Path
    line: int
    language: str
    text: str
    why: str | None
    """Why it is not run."""

    @property
    def where(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def file(self) -> str | None:
        found = NAME.match(self.text)
        return found[1] if found else None


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text()
    for found in FENCE.finditer(text):
        body = re.sub(f"^{found['indent']}", "", found["text"], flags=re.MULTILINE)
        line = text.count("\n", 0, found.start("language")) + 1
        yield Block(page, line, found["language"], body, found["why"])


class Example:
    """The examples of one page, in the middle of being run."""

    def __init__(self, folder: Path, venv: Path | None, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capture = folder, capture
        self._installs, self._scripts = venv is not None, venv or Path(sysconfig.get_path("scripts"))
        self._names: dict[str, Any] = {"__name__": "page"}
        self.printed: str | None = None

    def run(self, block: Block) -> None:
        if block.file:
            path = self.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
        printed, self.printed = self.printed, None
        match block.language:
            case "python":
                self._python(block)
            case "yaml":
                self._yaml(block)
            case "toml":
                tomllib.loads(block.text)
            case "json":
                json.loads(block.text)
            case "markdown":
                pass
            case "console":
                self._console(block)
            case "text":
                assert not printed or same(printed, block.text), f"{block.where}: what was printed is\n{printed}"
            case language:
                raise AssertionError(f"{block.where}: nobody checks blocks of {language or 'no language'}")

    def _python(self, block: Block) -> None:
        if block.file and "/" in block.file:
            return
        if block.file:
            sys.path.insert(0, str(self.folder))  # undone with that of the first folder
            importlib.invalidate_caches()
            self._names |= vars(importlib.import_module(Path(block.file).stem))
        else:
            source = "\n" * block.line + block.text  # so that a traceback shows the page's own lines
            code = compile(source, block.page, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            awaited = eval(code, self._names)
            if inspect.iscoroutine(awaited):
                asyncio.run(awaited)
        if (block.file or "").startswith("test_"):
            tests = [value for name, value in self._names.items() if name.startswith("test_")]
            assert tests, block.where
            for test in tests:
                test()
        self.printed = self._capture.readouterr().out

    def _yaml(self, block: Block) -> None:
        data = yaml.safe_load(block.text)
        if "available_hooks" in data:
            parse_manifests(block.text, ["example"], block.where)
            return
        if self._installs:
            return
        if not data.keys() & {"plugins", "plugin_settings"}:
            data = {"plugins": [{"name": "example", "kind": "pii_filter", **data}]}
        variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", block.text), "a secret of the reader's own")
        found = dry_run({"plugins": [], **data}, environ=variables | os.environ)
        assert [str(problem) for problem in found.problems] == [], block.where
        if block.file:
            advice = advise(found.config, found.entries, CORE_HOOKS, {})
            assert [str(item.problem) for item in advice if item.level == "warning"] == [], block.where

    def _console(self, block: Block) -> None:
        lines = block.text.splitlines()
        commands = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        assert commands, f"{block.where}: commands stand after `$ `; or say why it is not run"
        path = f"{self._scripts}{os.pathsep}{os.environ['PATH']}"
        ended = subprocess.run(
            ["bash", "-c", "\n".join([*commands, 'printf "\\n%s" "$PWD"'])],
            cwd=self.folder, env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60,
        )  # fmt: skip
        printed, _, folder = ended.stdout.rpartition("\n")
        self.folder = Path(folder)
        shown = "\n".join(line for line in lines if not line.startswith("$ "))
        assert same(printed, shown), f"{block.where}: what is printed is\n{printed}"


def same(printed: str, shown: str) -> bool:
    """Whether two texts are the same but for numbers and white space; `…` in what is shown stands for anything."""

    def plain(text: str) -> str:
        return " ".join(re.sub(r"\d+(\.\d+)?", "0", text).split())

    return bool(re.fullmatch(".*".join(map(re.escape, plain(shown).split("…"))), plain(printed)))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_example_runs(page, tmp_path, monkeypatch, capsys, spare_venv):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("PLUGINS_ENABLED", "PLUGIN_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    before = set(sys.modules)
    found = [block for block in blocks(page) if block.why is None]
    installs = any("$ pip install" in block.text for block in found)
    example = Example(tmp_path, spare_venv() if installs else None, capsys)
    try:
        for block in found:
            example.run(block)
    finally:
        for name in set(sys.modules) - before:
            if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
                del sys.modules[name]


def test_only_commands_are_not_run():
    assert {block.language for page in PAGES for block in blocks(page) if block.why} <= {"console"}


# -- the manual of the hooks

HOOKS = {hook.name: hook for hook in hooks_of(HookSpecs)}
IN_ORDER = [name for name in vars(HookSpecs) if name in HOOKS]


def sections(page: Path) -> dict[str, str]:
    """The text below each heading of the second or third level."""
    parts = re.split(r"^##+ (.+)$", page.read_text(), flags=re.MULTILINE)[1:]
    return {title.strip("`"): text for title, text in zip(parts[::2], parts[1::2], strict=True)}


def words(text: str) -> str:
    """Text as it reads, however it is broken into lines."""
    return " ".join(text.replace("``", "`").split())


def rows(text: str) -> dict[str, list[str]]:
    """The tables in a text: their rows by the first cell."""
    cells = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in text.splitlines()
        if line.lstrip().startswith("| `")
    ]
    return {first.strip("`"): rest for first, *rest in cells}


def test_the_manual_has_an_entry_for_every_hook_in_the_order_of_a_request_s_life():
    assert [title for title in sections(DOCS / "hooks.md") if title in HOOKS] == IN_ORDER


@pytest.mark.parametrize("name", IN_ORDER)
def test_the_manual_says_what_the_hook_s_docstring_says(name):
    entry = words(sections(DOCS / "hooks.md")[name])
    for paragraph in (inspect.getdoc(getattr(HookSpecs, name)) or "").split("\n\n"):
        assert words(paragraph) in entry


@pytest.mark.parametrize("name", IN_ORDER)
def test_the_manual_shows_the_hook_s_signature(name):
    hook = HOOKS[name]
    returned = "None" if name == OBSERVER else f"PluginResult[{hook.payload.__name__}] | None"
    parameters = get_type_hints(getattr(HookSpecs, name))
    taken = ", ".join(f"{key}: {spelt(parameters[key])}" for key in hook.parameters)
    assert f"`{name}({taken}) -> {returned}`" in words(sections(DOCS / "hooks.md")[name])


@pytest.mark.parametrize("name", [name for name in IN_ORDER if name != OBSERVER])
def test_the_manual_lists_the_fields_of_the_hook_s_payload(name):
    payload = HOOKS[name].payload
    hints = get_type_hints(payload)
    listed = rows(sections(DOCS / "hooks.md")[name])
    assert list(listed) == [item.name for item in fields(payload)]
    for field, (hint, *_) in listed.items():
        assert hint.strip("`").replace("` or `", " | ") == spelt(hints[field])


@pytest.mark.parametrize("name", [name for name in IN_ORDER if name != OBSERVER])
def test_the_manual_says_what_conditions_look_at_and_whether_a_plugin_may_answer(name):
    payload, entry = HOOKS[name].payload, words(sections(DOCS / "hooks.md")[name])
    assert (f"Subject: `{payload.subject_field}`" in entry) == (payload.subject_field is not None)
    assert (f"matched by `{payload.condition}`" in entry) == (payload.condition is not None)
    assert ("May answer." in entry) == payload.answerable


def spelt(hint: Any) -> str:
    """A type as people write it."""
    if isinstance(hint, type) and not getattr(hint, "__args__", None):
        return hint.__name__
    return re.sub(r"\b(gatehook|typing)\.([a-z]+\.)?", "", str(hint)).replace("~P", "Payload")


# -- the manual of the configuration


def written(default: Any) -> str:
    """A default as it would be written in YAML; empty for empty text."""
    if default is PydanticUndefined:
        return "required"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, float):
        return f"`{default:g}`"
    return f"`{default or json.dumps(default)}`" if default != "" else ""


def has_every_key(page: Path, title: str, model: Any) -> None:
    listed = {key: default for key, (default, *_) in rows(sections(page)[title]).items()}
    assert list(listed) == list(model.model_fields)
    for key, field in model.model_fields.items():
        if field.default is None:
            assert listed[key]  # what happens then, in words
        else:
            assert (key, listed[key]) == (key, written(field.default))


@pytest.mark.parametrize(
    ("title", "model"),
    [("Keys of a plugin", PluginConfig), ("Conditions", Condition), ("plugin_settings", PluginSettings)],
)
def test_the_configuration_page_lists_every_key_with_its_default(title, model):
    has_every_key(DOCS / "configuration.md", title, model)


def test_the_plugin_page_lists_every_key_of_a_manifest():
    has_every_key(DOCS / "authors-guide.md", "The manifest", Manifest)


def test_the_page_on_services_lists_every_key_of_their_calls():
    has_every_key(DOCS / "external.md", "Calls", CallSettings)


# -- names and links


def test_every_public_method_of_a_runner_stands_in_the_embedding_page():
    text = (DOCS / "embedding.md").read_text()
    public = [name for name, value in vars(gatehook.Runner).items() if callable(value) and not name.startswith("_")]
    assert [name for name in public if f"{name}(" not in text] == []


@pytest.mark.parametrize("name", sorted(commands.commands))
def test_the_command_line_page_has_every_command_with_all_its_options(name):
    text = sections(DOCS / "command-line.md")[f"gatehook {name}"]
    options = [option for parameter in commands.commands[name].params for option in parameter.opts if option[0] == "-"]
    everywhere = (DOCS / "command-line.md").read_text().partition("## ")[0]
    assert [option for option in options if f"`{option}" not in text + everywhere and f" {option} " not in text] == []


def test_every_error_stands_in_the_embedding_page():
    text = (DOCS / "embedding.md").read_text()
    errors = [name for name in gatehook.__all__ if name.endswith("Error")]
    assert [name for name in errors if name not in text] == []


def test_every_payload_stands_in_the_manual():
    text = (DOCS / "hooks.md").read_text()
    payloads = [name for name in gatehook.__all__ if issubclass(type(getattr(gatehook, name)), type)]
    payloads = [name for name in payloads if issubclass(getattr(gatehook, name), Payload) and name != "Payload"]
    assert [name for name in payloads if name not in text] == []


@pytest.mark.parametrize("page", PROSE, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target:
            file, _, anchor = target.partition("#")
            found = page.parent / file if file else page
            assert found.exists(), target
            assert not anchor or anchor in anchors(found), target


def anchors(page: Path) -> set[str]:
    return {slug(title) for title in re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)}


def slug(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-")


def test_every_page_is_in_the_navigation():
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    assert sorted(page for entry in nav for page in entry.values()) == sorted(path.name for path in DOCS.glob("*.md"))


def test_the_readme_has_one_command_for_the_tests():
    commands = re.findall(r"^python3 .*nox -s tests$", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    assert len(commands) == 1
