"""Every fault of an entry has one clear message, with its line and the nearest name."""

import pytest

MODES = "must be 'enforce', 'permissive', 'audit' or 'disabled'"
DURATION = "must be a duration above zero: seconds, or text with a unit such as '500ms', '2s' or '1m'"
HAS = (
    "it has prompt_pre_fetch, prompt_post_fetch, tool_pre_invoke, tool_post_invoke, "
    "resource_pre_fetch, resource_post_fetch"
)
KIND = ":2: error: plugins[0].kind:"
GOOD = "plugins:\n  - name: deny_list\n    config: {words: [x]}\n"

# The file, then every line that `gatehook check` prints of it.
CASES = {
    "a text for an entry": (
        "plugins: [deny_list]\n",
        ":1: error: plugins[0]: must be a mapping, got 'deny_list'",
    ),
    "nothing for an entry": (
        "plugins:\n  -\n",
        ":2: error: plugins[0]: must be a mapping, got nothing",
    ),
    "no name": (
        "plugins:\n  - kind: deny_list\n",
        ":2: error: plugins[0]: the key 'name' is missing",
    ),
    "an empty name": (
        "plugins:\n  - name: ''\n",
        ":2: error: plugins[0].name: must have at least 1 character, got ''",
    ),
    "two entries of one name": (
        GOOD + "  - name: deny_list\n    config: {words: [y]}\n",
        ":4: error: plugins[1].name: the name 'deny_list' is taken by plugins[0]; names are unique",
    ),
    "a misspelt key of an entry": (
        "plugins:\n  - name: deny_list\n    prioritty: 1\n    config: {words: [x]}\n",
        ":3: error: plugins[0].prioritty: unknown key 'prioritty', did you mean 'priority'?",
    ),
    "a key that YAML takes for a boolean": (
        GOOD + "    on: true\n",
        ":4: error: plugins[0].on: unknown key 'on'",
    ),
    "a section that the kind does not have": (
        GOOD + "    mcp: {proto: STDIO}\n",
        ":4: error: plugins[0].mcp: unknown key 'mcp'",
    ),
    "a misspelt field of a condition": (
        GOOD + "    conditions:\n      - tenant_id: [x]\n",
        ":5: error: plugins[0].conditions[0].tenant_id: unknown key 'tenant_id', did you mean 'tenant_ids'?",
    ),
    "one condition instead of a list": (
        GOOD + "    conditions: {tools: [a]}\n",
        ":4: error: plugins[0].conditions: must be a list, got a mapping",
    ),
    "a text for a condition": (
        GOOD + "    conditions: [lookup]\n",
        ":4: error: plugins[0].conditions[0]: must be a mapping, got 'lookup'",
    ),
    "one tool instead of a list": (
        GOOD + "    conditions:\n      - tools: lookup\n",
        ":5: error: plugins[0].conditions[0].tools: must be a list, got 'lookup'",
    ),
    "a number for a tool": (
        GOOD + "    conditions:\n      - tools: [1]\n",
        ":5: error: plugins[0].conditions[0].tools[0]: must be text, got 1",
    ),
    "a word for a priority": (
        GOOD + "    priority: high\n",
        ":4: error: plugins[0].priority: must be a whole number, got 'high'",
    ),
    "a fraction for a priority": (
        GOOD + "    priority: 1.5\n",
        ":4: error: plugins[0].priority: must be a whole number, got 1.5",
    ),
    "true for a priority": (
        GOOD + "    priority: true\n",
        ":4: error: plugins[0].priority: must be a whole number, got true",
    ),
    "a date for a text": (
        GOOD + "    description: 2020-01-01\n",
        ":4: error: plugins[0].description: must be text, got 2020-01-01",
    ),
    "a misspelt mode": (
        GOOD + "    mode: enforced\n",
        f":4: error: plugins[0].mode: {MODES}, got 'enforced', did you mean 'enforce'?",
    ),
    "a mode that YAML takes for a boolean": (
        GOOD + "    mode: off\n",
        f":4: error: plugins[0].mode: {MODES}, got false",
    ),
    "two keys that contradict each other": (
        GOOD + "    mode: enforce_ignore_error\n    on_error: block\n",
        ":2: error: plugins[0]: mode enforce_ignore_error means on_error: allow, but on_error is 'block'",
    ),
    "a misspelt on_error": (
        GOOD + '    on_error: "opne"\n',
        ":4: error: plugins[0].on_error: must be 'block', 'allow' or 'disable', got 'opne'",
    ),
    "a duration in words": (
        GOOD + "    timeout: 5 minutes\n",
        f":4: error: plugins[0].timeout: {DURATION}, got '5 minutes'",
    ),
    "a negative duration": (
        GOOD + "    timeout: -1\n",
        f":4: error: plugins[0].timeout: {DURATION}, got -1",
    ),
    "a duration of nothing": (
        GOOD + "    timeout: 0s\n",
        f":4: error: plugins[0].timeout: {DURATION}, got '0s'",
    ),
    "an endless duration": (
        GOOD + "    timeout: .inf\n",
        f":4: error: plugins[0].timeout: {DURATION}, got inf",
    ),
    "one hook instead of a list": (
        GOOD + "    hooks: tool_pre_invoke\n",
        ":4: error: plugins[0].hooks: must be a list, got 'tool_pre_invoke'",
    ),
    "an empty list of hooks": (
        GOOD + "    hooks: []\n",
        ":4: error: plugins[0].hooks: `hooks` names no hook, so the plugin would never run",
    ),
    "a misspelt hook": (
        GOOD + "    hooks: [tool_pre_invok]\n",
        ":4: error: plugins[0].hooks[0]: there is no hook 'tool_pre_invok', did you mean 'tool_pre_invoke'?",
    ),
    "a hook that the plugin does not have": (
        "plugins:\n  - name: deny_list\n    hooks: [auth_pre_check]\n    config: {words: [x]}\n",
        f":3: error: plugins[0].hooks[0]: deny_list does not implement auth_pre_check; {HAS}",
    ),
    "a variable that is no mode": (
        GOOD + "    mode: ${MODE_SECRET}\n",
        f":4: error: plugins[0].mode: {MODES}",
    ),
    "a variable that is no number": (
        GOOD + "    priority: ${MODE_SECRET}\n",
        ":4: error: plugins[0].priority: must be a whole number",
    ),
    "nothing for a config": (
        "plugins:\n  - name: pii_filter\n    config:\n",
        ":3: error: plugins[0].config: must be a mapping, got nothing",
    ),
    "a misspelt key of the plugin's own": (
        "plugins:\n  - name: deny_list\n    config:\n      words: [x]\n      case_sensitve: true\n",
        ":5: error: plugins[0].config.case_sensitve: unknown key 'case_sensitve', did you mean 'case_sensitive'?",
    ),
    "a misspelt key deep in the plugin's own": (
        "plugins:\n  - name: search_replace\n    config:\n      words:\n        - {serch: a, replace: b}\n",
        ":5: error: plugins[0].config.words[0].serch: unknown key 'serch', did you mean 'search'?",
        ":5: error: plugins[0].config.words[0]: the key 'search' is missing",
    ),
    "a config that lacks what it must have": (
        "plugins:\n  - name: deny_list\n",
        ":2: error: plugins[0].config: the key 'words' is missing",
    ),
    "an empty list of words": (
        "plugins:\n  - name: deny_list\n    config: {words: []}\n",
        ":3: error: plugins[0].config.words: must not be empty",
    ),
    "a word instead of a list": (
        "plugins:\n  - name: deny_list\n    config: {words: x}\n",
        ":3: error: plugins[0].config.words: must be a list, got 'x'",
    ),
    "a word of white space": (
        "plugins:\n  - name: deny_list\n    config: {words: [' ']}\n",
        ":3: error: plugins[0].config.words[0]: a word must have at least one visible character, got ' '",
    ),
    "a misspelt kind": (
        "plugins:\n  - {name: a, kind: pii_filtr}\n",
        f"{KIND} no installed distribution provides 'pii_filtr', did you mean 'pii_filter'?",
    ),
    "a kind in no module": (
        "plugins:\n  - {name: a, kind: nix.da.X}\n",
        (
            f"{KIND} no installed distribution provides 'nix.da.X', and there is no module 'nix.da': "
            "for gatehook's commands it must stand beside the config, or be installed"
        ),
    ),
    "a kind that is no path": (
        "plugins:\n  - {name: a, kind: 'foo..bar'}\n",
        f"{KIND} no installed distribution provides 'foo..bar', and it is not a path such as pkg.mod.Class",
    ),
    "a number for a kind": (
        "plugins:\n  - {name: a, kind: 5}\n",
        f"{KIND} must be text, got 5",
    ),
    "a kind that is a function": (
        "plugins:\n  - {name: a, kind: json.dumps}\n",
        f"{KIND} cannot import it: json:dumps is a function; a plugin is a subclass of gatehook.Plugin",
    ),
    "a kind that is a module": (
        "plugins:\n  - {name: a, kind: os.path}\n",
        f"{KIND} cannot import it: os:path is a module; name the class in it",
    ),
    "a kind that is another class": (
        "plugins:\n  - {name: a, kind: collections.OrderedDict}\n",
        f"{KIND} cannot import it: collections:OrderedDict is not a subclass of gatehook.Plugin",
    ),
    "a kind that its module lacks": (
        "plugins:\n  - {name: a, kind: collections.OrderdDict}\n",
        f"{KIND} cannot import it: collections has no 'OrderdDict', did you mean 'OrderedDict'?",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_faulty_entry_is_refused_with_its_line(name, write, gatehook):
    text, *lines = CASES[name]
    write(text)
    result = gatehook("check", "gatehook.yaml", env={"MODE_SECRET": "hunter22"})
    problems = f"{len(lines)} problem{'' if len(lines) == 1 else 's'}"
    assert result.output.splitlines() == [*(f"gatehook.yaml{line}" for line in lines), f"gatehook.yaml: {problems}"]
    assert result.exit_code == 1
