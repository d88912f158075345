"""The plugin that is held against the checks, and the running of samples through it."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, NoReturn, TypeVar

import pytest
from pydantic import BaseModel

from gatehook.dry_run import HOOKS
from gatehook.entries import Entry
from gatehook.errors import GatehookError
from gatehook.hooks import OBSERVER
from gatehook.manifest import Manifest
from gatehook.payloads import Payload
from gatehook.plugin import Plugin
from gatehook.results import Outcome, Verdict
from gatehook.runner import Runner
from gatehook.testing.conformance.samples import HOSTILE_TEXTS, HOSTILE_VALUES, MARK, Sample, samples
from gatehook.testing.running import event_loop, open_runner
from gatehook.values import Model

T = TypeVar("T")


class Ran(NamedTuple):
    """What became of a sample. ``failure`` says why the plugin did not answer; empty if it did."""

    sample: Sample
    outcome: Outcome[Any]
    failure: str


@dataclass(frozen=True)
class Subject:
    """A plugin with what its author says of it; see :func:`gatehook.testing.conformance`."""

    plugin: str | type[Plugin]
    keys: Mapping[str, Any]
    secrets: Sequence[str]
    payloads: Sequence[Payload]
    changes: Sequence[str]
    idempotent: bool

    def runner(self, config: Mapping[str, Any] | None = None, **settings: Any) -> Runner:
        """A runner with nothing but the plugin. ``config`` is laid over the one to test with."""
        keys = {
            **self.keys,
            "config": {**self.keys.get("config", {}), **(config or {})},
            "settings": {**self.keys.get("settings", {}), **settings},
        }
        return open_runner(self.plugin, **keys)

    @cached_property
    def started(self) -> Entry | GatehookError:
        """The plugin as it was once it was up, or why it did not come up."""

        async def start() -> Entry:
            async with self.runner() as runner:
                return runner.generation.entries[0]  # type: ignore[no-any-return]  # a generation is Any to a runner

        try:
            return run(start())
        except GatehookError as error:
            return error

    @property
    def entry(self) -> Entry:
        """The plugin as it was once it was up."""
        if isinstance(self.started, GatehookError):
            pytest.skip("it does not start, which another check says")
        return self.started

    def skip_unless_it_starts(self) -> None:
        """For a check that has nothing to say of a plugin that does not."""
        _ = self.entry

    @property
    def manifest(self) -> Manifest:
        manifest = self.entry.manifest
        if manifest is None:
            pytest.skip("it has no manifest")
        return manifest

    @property
    def cls(self) -> type[Plugin]:
        assert self.entry.plugin is not None, "what was up has a plugin"  # noqa: S101  # states a fact for mypy
        return type(self.entry.plugin)

    @property
    def settings_model(self) -> type[BaseModel]:
        if self.cls.settings_model is None:
            pytest.skip("its class has no settings_model")
        return self.cls.settings_model

    @cached_property
    def hooks(self) -> list[str]:
        """Those that it is given samples of: its own; an observer watches those of all."""
        own = self.entry.hooks or ()
        return [hook for hook in HOOKS if hook != OBSERVER and (hook in own or OBSERVER in own)]

    # -- what it is given

    def ordinary(self) -> Iterator[Sample]:
        """Samples as on any day, those that the plugin finds something in, and the author's."""
        yield from samples(self.hooks, "ordinary text", f"Meet {MARK} at noon, room 5.", {"n": 1, "none": None})
        for number, secret in enumerate(self.secrets):
            yield from self.holding(number, secret)
        for number, payload in enumerate(self.payloads):
            yield Sample(f"payloads[{number}]", copy.deepcopy(payload))

    def holding(self, number: int, secret: str) -> Iterator[Sample]:
        label = f"secrets[{number}]"
        yield from samples(self.hooks, label, f"Please note: {secret}", {"note": secret, "n": 1})
        yield from samples(self.hooks, f"{label} in JSON text", json.dumps({"note": secret, "n": [1, None, True]}))

    def hostile(self) -> Iterator[Sample]:
        for label, text in HOSTILE_TEXTS.items():
            yield from samples(self.hooks, label, text)
        for label, value in HOSTILE_VALUES.items():
            yield from samples(self.hooks, label, "ordinary text", value)
        for number, secret in enumerate(self.secrets):
            text = f"\ud800{secret}\x00\u200f😀 {secret}\udfff"
            yield from samples(self.hooks, f"secrets[{number}] among hostile characters", text)

    # -- and what becomes of it

    @asynccontextmanager
    async def running(self, **settings: Any) -> AsyncIterator[Callable[[Sample], Coroutine[Any, Any, Ran]]]:
        """A function that runs a sample in a request of its own, in a runner that all share."""
        async with self.runner(**settings) as runner:

            async def run_one(sample: Sample) -> Ran:
                before = _errors(runner)
                async with runner.request(user="alice", tenant_id="acme", server_id="crm") as request:
                    outcome = await request.run(sample.payload)
                failure = failure_of(outcome) or ("" if _errors(runner) == before else "the observer failed")
                return Ran(sample, outcome, failure)

            yield run_one

    def run(self, given: Iterable[Sample], **settings: Any) -> list[Ran]:
        """Run samples, one after the other."""
        self.skip_unless_it_starts()

        async def run_all() -> list[Ran]:
            async with self.running(**settings) as run_one:
                return [await run_one(sample) for sample in given]

        return run(run_all())

    def answered(self, given: Iterable[Sample]) -> list[Ran]:
        """Run samples all of which the plugin must answer, or nothing could be said of its answers."""
        found = self.run(given)
        if failures := [f"{ran.sample.label}: {ran.failure}" for ran in found if ran.failure]:
            fail("it does not answer", failures)
        return found


class Checks:
    """The base of all checks: methods whose names say what is true of a plugin that passes."""

    subject: ClassVar[Subject]


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    with event_loop() as loop:
        return loop.run(coroutine)


def failure_of(outcome: Outcome[Any]) -> str:
    for record in outcome.records:
        if record.verdict in (Verdict.ERROR, Verdict.TIMEOUT, Verdict.SKIPPED):
            return f"{record.verdict}: {record.reason}"
    return ""


def _errors(runner: Runner) -> int:
    return sum(sum(stats["errors"].values()) for hooks in runner.stats().values() for stats in hooks.values())


def json_of(value: Any) -> Any:
    """Models as the JSON that they stand for, at any depth."""
    if isinstance(value, Model):
        return {key: json_of(item) for key, item in vars(value).items()}
    if isinstance(value, dict):
        return {key: json_of(item) for key, item in value.items()}
    return [json_of(item) for item in value] if isinstance(value, list | tuple) else value


_MOST = 10
"""How many examples a message has."""


def fail(what: str, where: Iterable[str] = (), hint: str = "") -> NoReturn:
    """Fail a check: what is wrong, where, and what to do about it."""
    places = list(dict.fromkeys(where))
    shown = [f"  {place}" for place in places[:_MOST]]
    if len(places) > _MOST:
        shown.append(f"  and {len(places) - _MOST} more")
    pytest.fail("\n".join([what + (":" if shown else ""), *shown, *filter(None, [hint])]), pytrace=False)
