"""Every fault of a file has one clear message, with its line and the nearest name."""

import pytest

GOOD = "plugins:\n  - name: deny_list\n    config: {words: [x]}\n"

# The file, then every line that `gatehook check` prints of it.
CASES = {
    "a misspelt top-level key": (
        "plugin: []\n",
        ":1: error: the key 'plugins' is missing",
        ":1: error: plugin: unknown key 'plugin', did you mean 'plugins'?",
    ),
    "a misspelt second section": (
        GOOD + "plugin_setings: {}\n",
        ":4: error: plugin_setings: unknown key 'plugin_setings', did you mean 'plugin_settings'?",
    ),
    "a list at the top": (
        "- a\n",
        ":1: error: a config is a mapping with `plugins:`, got a list",
    ),
    "a text at the top": (
        "hello\n",
        ":1: error: a config is a mapping with `plugins:`, got 'hello'",
    ),
    "a number as a key": (
        "1: b\nplugins: []\n",
        ":1: error: 1: unknown key '1'",
    ),
    "a list as a key": (
        "? [a]\n: b\nplugins: []\n",
        ":1: error: a key must be plain text",
    ),
    "an empty file": (
        "",
        ": error: the file is empty; it needs at least `plugins:`",
    ),
    "only a comment": (
        "# nothing\n",
        ": error: the file is empty; it needs at least `plugins:`",
    ),
    "a key written twice": (
        "plugins:\n  - name: a\n    name: b\n",
        ":3: error: plugins[0]: the key 'name' stands here a second time; first in line 2",
        ":3: error: plugins[0].name: no installed distribution provides 'b'",
    ),
    "a tab as indentation": (
        "plugins:\n\t- name: a\n",
        ":2: error: not YAML: the line begins with a tab; YAML indents with spaces",
    ),
    "crooked indentation": (
        "plugins:\n  - name: a\n   kind: b\n",
        ":3: error: not YAML: while parsing a block collection did not find expected '-' indicator",
    ),
    "a bracket that is never closed": (
        "plugins: [\n",
        ":2: error: not YAML: while parsing a flow node did not find expected node content",
    ),
    "two documents": (
        GOOD + "---\nplugins: []\n",
        ":4: error: not YAML: expected a single document in the stream but found another document",
    ),
    "a tag for a list": (
        "plugins: !!python/object:os.system []\n",
        ":1: error: plugins: the tag tag:yaml.org,2002:python/object:os.system means nothing here",
    ),
    "an alias without an anchor": (
        "plugins: *nix\n",
        ":1: error: not YAML: found undefined alias",
    ),
    "anchors that multiply": (
        (
            "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
            "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
            "plugins: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n"
        ),
        ":3: error: plugins[7][8]: more than 100,000 values (do anchors refer to each other?)",
    ),
    "an anchor in itself": (
        "plugins: &p\n  - *p\n",
        ":1: error: plugins[0]: an anchor that contains itself",
    ),
    "a mapping merged into itself": (
        "plugins:\n  - &p\n    name: a\n    <<: *p\n",
        ":2: error: plugins[0]: an anchor that contains itself",
    ),
    "lists nested too deep": (
        "plugins: " + "[" * 3000 + "]" * 3000 + "\n",
        ":1: error: plugins[0][0]: more than 200 levels (do anchors refer to each other?)",
    ),
    "a control character": (
        'plugins: "\x00"\n',
        ": error: not YAML: the character 0x0 cannot stand in it",
    ),
    "half a character": (
        'plugins: "\\ud800"\n',
        ":1: error: not YAML: while parsing a quoted scalar found invalid Unicode character escape code",
    ),
    "no plugins": (
        "plugins:\n",
        ":1: error: plugins: must be a list of entries, got nothing",
    ),
    "a mapping of plugins": (
        "plugins: {name: a}\n",
        ":1: error: plugins: must be a list of entries, got a mapping",
    ),
    "a variable that is not set": (
        "plugins:\n  - name: deny_list\n    config: {words: ['${NIX}']}\n",
        ":3: error: plugins[0].config.words[0]: the environment has no variable NIX; set it, or write ${NIX:-default}",
    ),
    "a variable without a name": (
        "plugins:\n  - name: deny_list\n    config: {words: ['${NO-PE}']}\n",
        ":3: error: plugins[0].config.words[0]: '${' does not begin a variable; write $${ for the text itself",
    ),
    "a misspelt section": (
        GOOD + "gard: {}\n",
        ":4: error: gard: unknown key 'gard', did you mean 'guard'?",
    ),
    "a section of a host that is not installed": (
        GOOD + "admin: {}\n",
        ":4: error: admin: the section 'admin' belongs to gatehook-admin, which is not installed",
    ),
    "a misspelt key of a host": (
        GOOD + "guard:\n  violation_a: error\n",
        ":5: error: guard.violation_a: unknown key 'violation_a', did you mean 'violation_as'?",
    ),
    "false for a section": (
        GOOD + "guard: false\n",
        ":4: error: guard: must be a mapping, got false",
    ),
    "a misspelt choice of a host": (
        GOOD + "guard: {violation_as: eror}\n",
        ":4: error: guard.violation_as: must be 'result' or 'error', got 'eror', did you mean 'error'?",
    ),
    "a misspelt setting": (
        GOOD + "plugin_settings:\n  plugin_timeot: 30\n",
        ":5: error: plugin_settings.plugin_timeot: unknown key 'plugin_timeot', did you mean 'plugin_timeout'?",
    ),
    "a list of settings": (
        GOOD + "plugin_settings: []\n",
        ":4: error: plugin_settings: must be a mapping, got a list",
    ),
    "what looks like a date": (
        GOOD + "    description: 2024-13-45\n",
        ":4: error: plugins[0].description: YAML cannot read '2024-13-45' as a date; put text into quotes",
    ),
    "what looks like a number and is too long": (
        GOOD + f"    description: {'1' * 5000}\n    author: 0x{'f' * 5000}\n",
        f":4: error: plugins[0].description: YAML cannot read '{'1' * 58}… as a whole number; put text into quotes",
        f":5: error: plugins[0].author: YAML cannot read '0x{'f' * 56}… as a whole number; put text into quotes",
    ),
    "values that are not what their tags say": (
        GOOD + "    tags: [&a !!int abc, *a, !!int '', !!bool maybe, !!float x, !!timestamp x]\n",
        ":4: error: plugins[0].tags[0]: YAML cannot read 'abc' as a whole number; put text into quotes",
        ":4: error: plugins[0].tags[1]: YAML cannot read 'abc' as a whole number; put text into quotes",
        ":4: error: plugins[0].tags[2]: YAML cannot read '' as a whole number; put text into quotes",
        ":4: error: plugins[0].tags[3]: YAML cannot read 'maybe' as true or false; put text into quotes",
        ":4: error: plugins[0].tags[4]: YAML cannot read 'x' as a number; put text into quotes",
        ":4: error: plugins[0].tags[5]: YAML cannot read 'x' as a date; put text into quotes",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_faulty_file_is_refused_with_its_line(name, write, gatehook):
    text, *lines = CASES[name]
    write(text)
    result = gatehook("check", "gatehook.yaml", env={"MODE_SECRET": "hunter22"})
    problems = f"{len(lines)} problem{'' if len(lines) == 1 else 's'}"
    assert result.output.splitlines() == [*(f"gatehook.yaml{line}" for line in lines), f"gatehook.yaml: {problems}"]
    assert result.exit_code == 1
