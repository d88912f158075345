"""Properties that hold for whatever plugins do, and whatever operators configure."""

from __future__ import annotations

import asyncio
import copy
import fnmatch
import itertools
import logging
import sys
import types
from typing import Any

import pytest
from gatehook import Plugin, PluginResult, PluginViolation, Runner, ToolPostInvokePayload, ToolPreInvokePayload
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

KEYS = st.sampled_from(["a", "b", "c"])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([0.0, -0.0, 1.0, float("nan")])
    | st.sampled_from(["", "x"])
)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
ARGS = st.dictionaries(KEYS, JSON, max_size=3)


def same(one: Any, two: Any) -> bool:
    """Equal as on the wire: True is not 1, and NaN is NaN."""
    return repr(one) == repr(two)


def kind_of(cls: type) -> str:
    """The dotted kind of a class that a property makes; the module lives as long as the test."""
    module = types.ModuleType(f"gatehook_property_{cls.__name__.lower()}")
    setattr(module, cls.__name__, cls)
    sys.modules[module.__name__] = module
    return f"{module.__name__}.{cls.__name__}"


# -- whatever a plugin does in place changes nothing that it did not return


def places(value: Any) -> list[Any]:
    """Every dict and list inside."""
    found = [value] if isinstance(value, dict | list) else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found + [place for item in inner for place in places(item)]


def vandalize(value: Any, how: int) -> None:
    """Change one place inside, in one of several ways."""
    inside = places(value)
    place = inside[how % len(inside)]
    if isinstance(place, list):
        [place.clear, lambda: place.append("vandal"), place.reverse, lambda: place.insert(0, {"v": 1})][how % 4]()
    else:
        [place.clear, lambda: place.update(vandal=1), lambda: place.update(a=[how]), lambda: place and place.popitem()][
            how % 4
        ]()


class Vandal(Plugin):
    """Changes things in place, waits, changes more, and returns what it is told to return."""

    def __init__(self, config):
        super().__init__(config)
        self.plan = config.config["plan"]

    async def tool_pre_invoke(self, payload, context):
        for how in self.plan["changes"]:
            vandalize(payload.args, how)
            vandalize(context.request.state, how)
        if self.plan["waits"]:
            await asyncio.sleep(0)
            payload.name = "vandal"
        match self.plan["ends"]:
            case "silence":
                return None
            case "nothing":
                return PluginResult()
            case "advice":
                return PluginResult(violation=PluginViolation("r", details=payload.args))
            case "raise":
                raise ValueError
        return "nonsense"


class Sees(Plugin):
    seen: Any = None

    async def tool_pre_invoke(self, payload, context):
        type(self).seen = copy.deepcopy((payload.name, payload.args))


PLAN = st.fixed_dictionaries(
    {
        "changes": st.lists(st.integers(0, 40), max_size=4),
        "waits": st.booleans(),
        "ends": st.sampled_from(["silence", "nothing", "advice", "raise", "nonsense"]),
    }
)


@MANY
@given(
    args=ARGS,
    plans=st.lists(PLAN, min_size=1, max_size=3),
    parallel=st.booleans(),
    mode=st.sampled_from(["enforce", "permissive", "audit"]),
)
def test_whatever_a_plugin_does_in_place_changes_nothing_that_it_did_not_return(args, plans, parallel, mode):
    vandal, sees = kind_of(Vandal), kind_of(Sees)
    entries = [
        {
            "name": f"v{index}",
            "kind": vandal,
            "mode": mode,
            "on_error": "allow",
            "priority": 1,
            "config": {"plan": plan},
        }
        for index, plan in enumerate(plans)
    ]
    config = {"plugins": [*entries, {"name": "sees", "kind": sees, "priority": 2}]}
    config["plugin_settings"] = {"parallel_execution_within_band": parallel}
    payload, before = ToolPreInvokePayload("t", args), copy.deepcopy(args)

    async def main():
        async with Runner.from_config(config) as runner, runner.request(roles=("r",)) as request:
            outcome = await request.run(payload)
            return outcome, request.roles

    outcome, roles = asyncio.run(main())
    assert same(Sees.seen, ("t", before))
    assert outcome.payload is payload
    assert same(payload.args, before)
    assert roles == ("r",)


@MANY
@given(args=ARGS, returned=ARGS, how=st.lists(st.integers(0, 40), max_size=4), mine=st.booleans())
def test_what_a_plugin_returned_is_what_everybody_gets_and_nothing_it_does_later(args, returned, how, mine):
    class Writes(Plugin):
        async def tool_pre_invoke(self, payload, context):
            result = payload if mine else ToolPreInvokePayload("t", copy.deepcopy(returned))
            if mine:
                payload.args = copy.deepcopy(returned)
            type(self).kept = result.args
            return PluginResult(modified_payload=result)

    class Later(Sees):
        async def tool_pre_invoke(self, payload, context):
            for each in how:
                vandalize(Writes.kept, each)
            await super().tool_pre_invoke(payload, context)

    config = {"plugins": [{"name": "w", "kind": kind_of(Writes)}, {"name": "l", "kind": kind_of(Later)}]}
    payload, before = ToolPreInvokePayload("t", args), copy.deepcopy(args)

    async def main():
        async with Runner.from_config(config) as runner, runner.request() as request:
            return await request.run(payload)

    outcome = asyncio.run(main())
    assert same(normal(outcome.payload.args), normal(returned))
    assert same(Later.seen[1], outcome.payload.args)
    assert same(payload.args, before)
    assert outcome.modified is not same(normal(before), normal(returned))
    assert (outcome.payload is payload) is not outcome.modified


def normal(value: Any) -> Any:
    """The same value with sorted keys: the order of an object's keys is no part of it."""
    if isinstance(value, dict):
        return {key: normal(value[key]) for key in sorted(value)}
    return [normal(item) for item in value] if isinstance(value, list) else value


# -- a small interpreter of the design's words, and the runner, agree

# What a plugin says is a row of its config, so that the interpreter and the plugin read the same thing.
SAYS = st.sampled_from(
    [
        "nothing",
        "nothing",
        "block",
        "block bare",
        "advise",
        "set",
        "set block",
        "rename",
        "answer",
        "raise",
        "nonsense",
        "other hook",
    ]
)


class Scripted(Plugin):
    async def tool_pre_invoke(self, payload, context):
        script = self.config.config
        for _ in range(script["waits"]):
            await asyncio.sleep(0)
        violation = PluginViolation("r", code=self.name)
        changed = ToolPreInvokePayload(payload.name, {**payload.args, script["key"]: script["value"]})
        match script["says"]:
            case "block":
                return PluginResult(False, violation=violation)
            case "block bare":
                return PluginResult(False)
            case "advise":
                return PluginResult(violation=violation)
            case "set":
                return PluginResult(modified_payload=changed)
            case "set block":
                return PluginResult(False, changed, violation)
            case "rename":
                return PluginResult(modified_payload=ToolPreInvokePayload(script["to"], payload.args))
            case "answer":
                return PluginResult(response=self.name)
            case "raise":
                raise RuntimeError
            case "nonsense":
                return {"continue_processing": False}
            case "other hook":
                return PluginResult(modified_payload=ToolPostInvokePayload("t", {}))
        return None


VALUES = ["one", "two"]
CONDITION = st.fixed_dictionaries(
    {},
    optional={
        "tools": st.lists(st.sampled_from(["t", "u", "[tu]", "v*"]), max_size=2),
        "tenant_ids": st.lists(st.sampled_from(["acme", "a*", "other"]), max_size=2),
        "user_patterns": st.lists(st.sampled_from(["alice", "b?b"]), max_size=2),
        "prompts": st.lists(st.just("p"), max_size=1),
    },
)
ENTRY = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["enforce", "enforce", "permissive", "audit", "disabled"]),
        "priority": st.integers(1, 3),
        "conditions": st.lists(CONDITION, max_size=2),
        "config": st.fixed_dictionaries(
            {
                "says": SAYS,
                "waits": st.integers(0, 2),
                "key": st.sampled_from("ab"),
                "value": st.sampled_from(VALUES),
                "to": st.sampled_from("tuv"),
            }
        ),
    },
    optional={
        "on_error": st.sampled_from(["block", "allow"]),
        "when_unknown": st.sampled_from(["match", "skip", "block"]),
        "recheck": st.booleans(),
    },
)
ASKED = st.fixed_dictionaries(
    {"user": st.sampled_from([None, "alice", "bob", "eve"]), "tenant_id": st.sampled_from([None, "acme", "other"])}
)


class Interpreter:
    """The design's section "Semantics", read aloud: slow, and without anything worked out beforehand."""

    def __init__(self, entries, asked, parallel):
        self.steps = sorted(
            (entry for entry in entries if entry["mode"] != "disabled"),
            key=lambda entry: (entry["priority"], entries.index(entry)),
        )
        self.asked, self.parallel = asked, parallel
        self.name, self.args = "t", {}
        self.renamed = False
        self.seen: set[tuple[str, str]] = set()  # which step was shown, or itself chose, which name
        self.violation, self.violations, self.response = None, [], None
        self.verdicts: dict[str, str] = {}
        self.left: dict[str, tuple[str, dict[str, str]]] = {}  # what each that ran has seen or made

    # "Conditions"

    def applies(self, entry, tool):
        """run, skip or block"""
        named = [{name: values for name, values in one.items() if values} for one in entry["conditions"]]
        if any("tools" in one for one in named):
            named = [one for one in named if "tools" in one or "prompts" not in one]
        fits = [self.fits({name: values for name, values in one.items() if name != "prompts"}, tool) for one in named]
        if not fits or "match" in fits:
            return "run"
        if "unknown" in fits:
            return {"match": "run", "skip": "skip", "block": "block"}[entry.get("when_unknown", "match")]
        return "skip"

    def fits(self, one, tool):
        values = {"tools": tool, "tenant_ids": self.asked["tenant_id"], "user_patterns": self.asked["user"]}
        known = {name: patterns for name, patterns in one.items() if values[name] is not None}
        if not all(
            any(fnmatch.fnmatchcase(values[name], pattern) for pattern in patterns) for name, patterns in known.items()
        ):
            return "no"
        return "match" if len(known) == len(one) else "unknown"

    # "Results", "Modes", "Errors"

    def says(self, entry, name, args):
        """(error, blocks, code, changed to, response)"""
        if self.applies(entry, name) == "block":
            return (False, True, "CONDITION_UNKNOWN", None, None)
        script, own = entry["config"], entry["name"]
        changed = (name, {**args, script["key"]: script["value"]})
        return {
            "nothing": (False, False, None, None, None),
            "block": (False, True, own, None, None),
            "block bare": (False, True, "UNSPECIFIED", None, None),
            "advise": (False, False, own, None, None),
            "set": (False, False, None, changed, None),
            "set block": (False, True, own, changed, None),
            "rename": (False, False, None, (script["to"], args), None),
            "answer": (False, False, None, None, own),
        }.get(script["says"], (True, False, None, None, None))

    def fail(self, entry):
        default = "block" if entry["mode"] == "enforce" else "allow"
        self.verdicts[entry["name"]] = "error"
        if entry.get("on_error", default) == "block" and entry["mode"] != "audit" and self.violation is None:
            self.violation = "PLUGIN_ERROR"
            self.violations.append("PLUGIN_ERROR")

    def fold(self, entry, said, base, again=False):
        error, blocks, code, changed, response = said
        own = entry["name"]
        if not again:
            self.left[own] = base if self.parallel_now else (self.name, self.args)
            self.seen.add((own, base[0]))
        if error:
            return self.fail(entry)
        wants = changed is not None and changed != base
        if again and not blocks and (wants or response is not None):
            blocks, code = True, "RECHECK_FAILED"
        verdict = "violation" if code else "response" if response is not None else "modified" if wants else "ok"
        if wants and self.parallel_now and not again:
            merged = self.merged(base, changed)
            if merged is None:
                return self.fail(entry)
            if entry["mode"] != "audit":
                self.seen.add((own, changed[0]))
                self.left[own] = changed
            changed = merged
        self.verdicts[own] = verdict
        if entry["mode"] == "audit" or self.violation is not None:
            return None
        if code:
            self.violations.append(code)
        if blocks and entry["mode"] == "enforce":
            self.violation, self.response = code, None
            return None
        if wants and not again:
            self.name, self.args = changed
            if not self.parallel_now:
                self.left[own] = changed
                self.seen.add((own, changed[0]))
        if response is not None and not again and self.response is None:
            self.response = response
        return None

    # "Bands"

    def merged(self, base, changed):
        """The changes of one member laid over those of the ones before it; None if two differ in one leaf."""
        name, args = self.name, dict(self.args)
        if changed[0] != base[0]:
            if name not in (base[0], changed[0]):
                return None
            name = changed[0]
        for key, value in changed[1].items():
            if base[1].get(key) != value:
                if args.get(key) not in (base[1].get(key), value):
                    return None
                args[key] = value
        return name, args

    # "Order"

    def run(self):
        groups = (
            itertools.groupby(self.steps, key=lambda entry: entry["priority"])
            if self.parallel
            else ((0, [entry]) for entry in self.steps)
        )
        for _, group in groups:
            self.turn(list(group))
            if self.violation is not None:
                break
        else:
            self.look_again()
        if self.violation is not None:
            self.response = None
        return self

    def turn(self, group):
        base = (self.name, self.args)
        chosen = [entry for entry in group if self.applies(entry, self.name) != "skip"]
        self.parallel_now = len(chosen) > 1
        for entry, said in [(entry, self.says(entry, *base)) for entry in chosen]:
            self.fold(entry, said, base)
        self.renamed = self.renamed or self.name != base[0]

    # "The final subject"

    def look_again(self):
        final = (self.name, self.args)
        self.parallel_now = False
        for entry in self.steps:
            if entry["mode"] in ("permissive", "disabled") or self.applies(entry, self.name) == "skip":
                continue
            left = self.left.get(entry["name"])
            unseen = self.renamed and (entry["name"], self.name) not in self.seen
            changed = entry.get("recheck") and left is not None and left != final
            if unseen or changed:
                self.fold(entry, self.says(entry, *final), final, again=True)
                if self.violation is not None:
                    return


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(entries=st.lists(ENTRY, max_size=6), requests=st.lists(ASKED, min_size=3, max_size=6), parallel=st.booleans())
def test_a_small_interpreter_of_the_design_and_the_runner_agree(entries, requests, parallel):
    kind = kind_of(Scripted)
    entries = [{"name": f"p{index}", **entry} for index, entry in enumerate(entries)]
    config = {
        "plugins": [{**entry, "kind": kind} for entry in entries],
        "plugin_settings": {"parallel_execution_within_band": parallel},
    }

    async def main():
        outcomes = []
        async with Runner.from_config(config) as runner:
            for asked in requests:
                async with runner.request(**asked) as request:
                    outcomes.append(await request.run(ToolPreInvokePayload("t", {})))
        return outcomes

    for asked, got in zip(requests, asyncio.run(main()), strict=True):
        wanted = Interpreter(entries, asked, parallel).run()
        assert (got.payload.name, got.payload.args) == (wanted.name, wanted.args)
        assert (got.violation and got.violation.code) == wanted.violation
        assert [violation.code for violation in got.violations] == wanted.violations
        assert got.response == wanted.response
        first = {record.plugin: record.verdict.value for record in got.records if not record.recheck}
        ran = {name: verdict for name, verdict in first.items() if verdict != "skipped"}
        again = {record.plugin: record.verdict.value for record in got.records if record.recheck}
        assert {**ran, **again} == wanted.verdicts


@pytest.fixture(autouse=True)
def _no_modules_left():
    logging.disable(logging.WARNING)  # thousands of failures that are meant
    yield
    logging.disable(logging.NOTSET)
    for name in [name for name in sys.modules if name.startswith("gatehook_property_")]:
        del sys.modules[name]
