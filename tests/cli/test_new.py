"""`gatehook new`: what it takes for a name, what it writes, and that what it writes works."""

import os
import pty
import random
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from gatehook.cli.names import names_of
from gatehook.cli.project import EXTERNAL, render
from gatehook.dry_run import HOOKS
from hypothesis import given, settings
from hypothesis import strategies as st

CORE = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())


@pytest.fixture
def new(gatehook):
    """`gatehook new` with nothing from the git of whoever runs the tests."""

    def new(*args, **options):
        author = () if "--author" in args else ("--author", "Ada <ada@example.org>")
        return gatehook("new", *args, *author, **options)

    return new


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


def ruff(*args):
    return subprocess.run([sys.executable, "-m", "ruff", *args], capture_output=True, text=True, check=False)


# -- names


@pytest.mark.parametrize("name", ["row_limit", "row-limit", "RowLimit", "rowLimit", "ROW_LIMIT", "gatehook-row-limit"])
def test_one_name_in_every_spelling(name):
    names = names_of(name)
    assert (names.plugin, names.distribution) == ("row_limit", "gatehook-row-limit")
    assert (names.module, names.cls, names.settings) == ("gatehook_row_limit", "RowLimitPlugin", "RowLimitSettings")


@pytest.mark.parametrize(
    ("name", "plugin", "cls"),
    [
        ("MyPlugin", "my_plugin", "MyPlugin"),
        ("my-plugin", "my_plugin", "MyPlugin"),
        ("PIIRules", "pii_rules", "PIIRulesPlugin"),
        ("secrets", "secrets", "SecretsPlugin"),  # of the standard library, which is no matter: the module has a prefix
        ("plugin", "plugin", "PluginPlugin"),
        ("b2b", "b2b", "B2bPlugin"),
        ("GatehookX", "x", "XPlugin"),
        ("gatehooks", "gatehooks", "GatehooksPlugin"),
    ],
)
def test_names_become(name, plugin, cls):
    assert (names_of(name).plugin, names_of(name).cls) == (plugin, cls)


BAD_NAMES = {
    "a/b": "cannot be a plugin's name: letters a to z and digits, joined by - or _; did you mean 'a_b'?",
    "../evil": "did you mean 'evil'?",
    "a\\b": "did you mean 'a_b'?",
    "my plugin": "did you mean 'my_plugin'?",
    "my.plugin": "did you mean 'my_plugin'?",
    "my--plugin": "did you mean 'my_plugin'?",
    "_private": "did you mean 'private'?",
    "1st": "did you mean 'st'?",
    "größe": "cannot be a plugin's name",
    "名": "cannot be a plugin's name",
    "": "cannot be a plugin's name",
    "gatehook": "is the framework's own name",
    "class": "is a word of Python or YAML",
    "None": "is a word of Python or YAML",
    "off": "is a word of Python or YAML, not a name; did you mean 'off_guard'?",
    "a" * 41: "is too long for a name: 41 characters; 40 at most",
    "deny_list": "the name 'deny_list' is taken by gatehook-deny-list 0.1.0 (",
    "audit_log": "the name 'audit_log' is taken by gatehook-audit-log",
    "guard": "the name 'guard' is taken by gatehook-guard",
}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(name, new, folder):
    result = new(name)
    assert BAD_NAMES[name] in result.output
    assert (result.exit_code, files_in(folder)) == (2, [])


def test_a_name_that_another_distribution_has_is_refused(toy, new, install):
    assert "the name 'toy' is taken by acme 1.0 (" in new("toy").output
    install("other", {"x": "gatehook_other:X"}, modules={"gatehook_other": ""})
    assert "the name 'other' is taken by the module gatehook_other" in new("other").output


def test_a_hook_that_does_not_exist_is_told_with_the_nearest(new, folder):
    result = new("row-limit", "--hook", "tool_pre_invok")
    assert result.output.endswith("did you mean 'tool_pre_invoke'?\n")
    assert (result.exit_code, files_in(folder)) == (2, [])


def test_a_server_is_for_hooks_that_its_protocol_has(new, folder):
    result = new("row-limit", "--external", "--hook", "tool_pre_invoke", "--hook", "auth_pre_check")
    assert "the protocol of external plugins has no auth_pre_check; it has prompt_pre_fetch, " in result.output
    assert (result.exit_code, files_in(folder)) == (2, [])


@pytest.mark.parametrize("text", ["two\nlines", "a\x00b", "a\x1b[31m"])
@pytest.mark.parametrize("option", ["--description", "--author"])
def test_a_text_that_does_not_fit_on_a_line_is_refused(option, text, new, folder):
    result = new("row-limit", option, text)
    assert f"'{option}': must be one line" in result.output
    assert (result.exit_code, files_in(folder)) == (2, [])


# -- where it goes


def test_it_writes_a_distribution(new, folder):
    result = new("row-limit")
    assert result.exit_code == 0
    assert files_in(folder) == [
        "gatehook-row-limit/.gitignore",
        "gatehook-row-limit/README.md",
        "gatehook-row-limit/noxfile.py",
        "gatehook-row-limit/plugin-manifest.yaml",
        "gatehook-row-limit/pyproject.toml",
        "gatehook-row-limit/src/gatehook_row_limit/__init__.py",
        "gatehook-row-limit/src/gatehook_row_limit/plugin.py",
        "gatehook-row-limit/src/gatehook_row_limit/py.typed",
        "gatehook-row-limit/src/gatehook_row_limit/settings.py",
        "gatehook-row-limit/tests/test_plugin.py",
    ]
    assert [path.name for path in folder.iterdir()] == ["gatehook-row-limit"]


def test_a_directory_may_be_named_and_may_exist_if_it_is_empty(new, folder, monkeypatch):
    assert new("row-limit", "--directory", "contrib").exit_code == 0
    (folder / "empty").mkdir()
    assert new("row-limit", "--directory", "empty").exit_code == 0
    (folder / "here").mkdir()
    monkeypatch.chdir("here")
    assert new("row-limit", "--directory", ".").exit_code == 0
    assert files_in("../contrib") == files_in("../empty") == files_in(Path.cwd()) != []


def test_what_is_there_is_left_alone(new, write, folder):
    write("mine", "gatehook-row-limit/notes.txt")
    write("mine", "file")
    for args, why in (
        ((), "gatehook-row-limit exists already and is not empty; nothing was written"),
        (("--directory", "file"), "file exists already; nothing was written"),
        (("--directory", "a/b"), "/a does not exist; nothing was written"),
        (("--directory", "file/b"), "/file does not exist; nothing was written"),
    ):
        result = new("row-limit", *args)
        assert result.output.endswith(f"{why}\n")
        assert (result.exit_code, files_in(folder)) == (2, ["file", "gatehook-row-limit/notes.txt"])


def test_a_folder_that_cannot_be_written_is_told(new, folder):
    result = new("row-limit", "--directory", "x" * 300)
    assert result.output.endswith("cannot be written: File name too long; nothing was written\n")
    assert (result.exit_code, list(folder.iterdir())) == (2, [])


def test_what_is_written_is_for_everybody_whom_the_umask_lets(new, folder):
    before = os.umask(0o022)
    try:
        new("row-limit")
    finally:
        os.umask(before)
    assert (folder / "gatehook-row-limit").stat().st_mode & 0o777 == 0o755
    assert (folder / "gatehook-row-limit/README.md").stat().st_mode & 0o777 == 0o644


# -- what it asks


def on_a_terminal(*args, typed):
    """What the command shows to somebody who types this."""
    parent, child = pty.openpty()
    words = [sys.executable, "-m", "gatehook", *args]
    with subprocess.Popen(words, stdin=child, stdout=child, stderr=child):
        os.close(child)
        os.write(parent, typed.encode())
        text = b""
        try:
            while chunk := os.read(parent, 65536):
                text += chunk
        except OSError:  # how Linux tells that the other side is closed
            pass
    os.close(parent)
    return text.decode()


def test_on_a_terminal_it_asks_for_what_is_not_given(folder):
    shown = on_a_terminal(
        "new", "row-limit", typed="tool_pre_invok\ntool_pre_invoke prompt_pre_fetch\ny\nCaps rows.\nAda\n"
    )
    assert "did you mean 'tool_pre_invoke'?" in shown
    manifest = yaml.safe_load((folder / "gatehook-row-limit/plugin-manifest.yaml").read_text())
    assert manifest["available_hooks"] == ["prompt_pre_fetch", "tool_pre_invoke"]
    assert (manifest["description"], manifest["author"]) == ("Caps rows.", "Ada")
    assert (folder / "gatehook-row-limit/src/gatehook_row_limit/server.py").exists()


def test_yes_asks_nothing(folder):
    assert "?" not in on_a_terminal("new", "row-limit", "--yes", typed="")
    assert files_in(folder)


def test_the_author_is_whom_git_knows(gatehook, write, folder):
    config = write("[user]\nname = Ada Lovelace\nemail = ada@example.org\n", "gitconfig")
    gatehook("new", "row-limit", env={"GIT_CONFIG_GLOBAL": str(folder / config), "GIT_CONFIG_NOSYSTEM": "1"})
    project = tomllib.loads((folder / "gatehook-row-limit/pyproject.toml").read_text())["project"]
    assert project["authors"] == [{"name": "Ada Lovelace", "email": "ada@example.org"}]


def test_without_git_there_is_no_author(gatehook, folder):
    assert gatehook("new", "row-limit", env={"PATH": ""}).exit_code == 0
    project = tomllib.loads((folder / "gatehook-row-limit/pyproject.toml").read_text())["project"]
    assert "authors" not in project


# -- what stands in the files

lines = st.text(st.characters(codec="utf-8")).map(str.strip).filter(str.isprintable)


def subsets(hooks, number):
    """Each hook alone, all, and some subsets more, the same ones every time."""
    dice = random.Random(7)
    yield from ([hook] for hook in hooks)
    yield hooks
    yield from (dice.sample(hooks, dice.randrange(2, len(hooks))) for _ in range(number))


def test_any_choice_of_hooks_is_formatted_and_free_of_lint(folder):
    lengths = (1, 13, 26, 40)
    for external, hooks in ((False, list(HOOKS)), (True, list(EXTERNAL))):
        for number, chosen in enumerate(subsets(hooks, 40)):
            name = f"{'e' if external else 'i'}{'x' * (lengths[number % 4] - 1)}"
            for path, text in render(names_of(name), chosen, external=external).items():
                place = folder / f"{external}{number}" / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text)
    for found in (ruff("format", "--no-cache", "--diff", folder), ruff("check", "--no-cache", folder)):
        assert found.returncode == 0, found.stdout


@settings(max_examples=30, deadline=None)
@given(description=lines, person=lines.filter(lambda text: "<" not in text), address=st.sampled_from(["", "a@b.c"]))
def test_any_text_stands_in_the_metadata_as_it_was_given(description, person, address):
    files = render(names_of("row_limit"), ["tool_pre_invoke"], description, f"{person} <{address}>")
    project = tomllib.loads(files["pyproject.toml"])["project"]
    manifest = yaml.safe_load(files["plugin-manifest.yaml"])
    assert project["description"] == manifest["description"] == (description or "Refuses long texts.")
    (author,) = project.get("authors", [{}])
    assert (author.get("name", ""), author.get("email", "")) == (person, address)
    assert manifest.get("author", "") == person


def test_requirements_are_those_of_the_core():
    project = tomllib.loads(render(names_of("row_limit"), list(HOOKS), "", "")["pyproject.toml"])
    assert project["build-system"] == CORE["build-system"]
    assert project["project"]["requires-python"] == CORE["project"]["requires-python"]
    assert set(project["project"]["dependencies"]) - set(CORE["project"]["dependencies"]) == {"gatehook>=0.1,<0.2"}
    for group in ("types", "lint", "release"):
        assert set(project["dependency-groups"][group]) <= set(CORE["dependency-groups"][group])


# -- that it works


CHOICES = {
    "requests": ["tool_pre_invoke"],
    "answers": ["prompt_post_fetch", "resource_post_fetch"],
    "observer": ["hook_finished"],
    "everything": list(HOOKS),
    "server": EXTERNAL,
}


def options(name):
    return [*(f"--hook={hook}" for hook in CHOICES[name]), "--external" if name == "server" else "--in-process"]


def succeeds(*words, **options):
    ended = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


@pytest.fixture(scope="module")
def scripts(spare_venv):
    return spare_venv()


@pytest.mark.parametrize("name", CHOICES)
def test_it_installs_is_listed_and_passes_its_tests(name, new, folder, scripts):
    new(name, *options(name))
    project = folder / f"gatehook-{name}"
    succeeds(scripts / "pip", "install", "--quiet", project)
    (row,) = (line for line in succeeds(scripts / "gatehook", "list").splitlines() if f"gatehook-{name}" in line)
    assert row.split()[:3] == [name, f"gatehook-{name}", "0.1.0"]
    (folder / "gatehook.yaml").write_text(f"plugins: [{{name: {name}}}]")
    succeeds(scripts / "gatehook", "check", "gatehook.yaml")
    passed = succeeds(scripts / "pytest", "-p", "no:cacheprovider", "-rs", cwd=project)
    assert ("give `secrets`, texts that it finds" in passed) == (name == "observer")


def test_it_is_typed(new, folder):
    for name in CHOICES:
        new(name, *options(name))
    sources = [f"gatehook-{name}/src/gatehook_{name}" for name in CHOICES]
    succeeds(sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.devnull, *sources, cwd=folder)
