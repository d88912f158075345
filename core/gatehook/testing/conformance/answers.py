"""What a plugin makes of payloads, and what it says about them."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from gatehook.errors import dotted
from gatehook.results import Outcome, Verdict
from gatehook.testing.conformance.overheard import fragment_in, overheard
from gatehook.testing.conformance.samples import MARK, Sample
from gatehook.testing.conformance.subject import Checks, Ran, Subject, fail, json_of, run
from gatehook.text import PROTOCOL_WORDS
from gatehook.values import MISSING, Path, differences


class AnswerChecks(Checks):
    def test_every_hook_answers(self) -> None:
        self.subject.answered(self.subject.ordinary())

    def test_hostile_text_is_answered_like_any_other(self) -> None:
        failures = [
            f"{ran.sample.label}: {ran.failure}" for ran in self.subject.run(self.subject.hostile()) if ran.failure
        ]
        if failures:
            fail("it fails, so that whoever makes the call decides whether it runs", failures)

    def test_any_json_is_answered(self) -> None:
        from gatehook.testing.conformance.any_json import unanswered  # noqa: PLC0415  # imports hypothesis, which is slow

        self.subject.skip_unless_it_starts()
        if (ran := unanswered(self.subject)) is not None:
            example = json.dumps(json_of(ran.sample.payload.to_dict()))
            fail(f"{ran.sample.payload.hook} fails ({ran.failure}) on", [example])

    def test_what_it_changes_in_place_it_returns(self) -> None:
        if self.subject.entry.reads:
            pytest.skip("it changes nothing: its manifest says access: read, which another check holds it to")
        given = list(self.subject.ordinary())
        before = [copy.deepcopy(sample.payload) for sample in given]
        with overheard() as heard:
            self.subject.run(given, verify_access=True)
        lost = [record.getMessage() for record in heard.records if "in place" in str(record.msg)]
        if lost:
            fail("a change that is not returned is lost", lost)
        if touched := [sample.label for sample, was in zip(given, before, strict=True) if sample.payload != was]:
            fail("the host's own payload is changed", touched)

    def test_it_changes_nothing_but_text(self) -> None:
        wrong = [
            f"{ran.sample.label}: {what}"
            for ran in self.subject.run([*self.subject.ordinary(), *self.subject.hostile()])
            for what in self._broken(ran)
        ]
        if wrong:
            fail(
                "keys, numbers, types and unknown fields are to be kept",
                wrong,
                "What it changes on purpose is said by path: changes=['args.limit', 'result.*'].",
            )

    def _broken(self, ran: Ran) -> Iterator[str]:
        for path, old, new in differences(ran.sample.payload.to_dict(), ran.outcome.payload.to_dict()):
            place = dotted(path)
            if any(fnmatchcase(place, pattern) for pattern in self.subject.changes):
                continue
            if type(old) is not str or type(new) is not str:
                yield f"{place} was {_kind(old)} and is {_kind(new)}"
            elif _is_protocol(path):
                yield f"{place} is a word of the protocol, and is changed"
            elif broken := _broken_json(old, new):
                yield f"{place} was JSON, and {broken}"

    def test_all_that_it_says_is_json(self) -> None:
        wrong = []
        for ran in self.subject.answered(self.subject.ordinary()):
            parts = {"payload": json_of(ran.outcome.payload.to_dict()), **_said(ran.outcome)}
            wrong += [f"{ran.sample.label}: {dotted(path)} is {what}" for path, what in _not_json(parts, ())]
        if wrong:
            fail("what goes to hosts, logs and wires is JSON", wrong)

    def test_what_it_says_holds_no_text_of_the_payload(self) -> None:
        self._say_nothing_of({"the text": MARK}, self.subject.ordinary())

    def test_what_it_says_holds_nothing_that_it_found(self) -> None:
        self.subject.skip_unless_it_starts()
        if not self.subject.secrets:
            pytest.skip("give `secrets`, texts that it finds with this config")
        for number, secret in enumerate(self.subject.secrets):
            given = list(self.subject.holding(number, secret))
            found = [ran for ran in self.subject.answered(given) if _noticed(ran.outcome)]
            if not found:
                fail(f"secrets[{number}] is found at no hook, so nothing shows that it would not be told")
            self._say_nothing_of({f"secrets[{number}]": secret}, given)

    def _say_nothing_of(self, secrets: dict[str, str], given: Iterable[Sample]) -> None:
        leaks = [
            f"{ran.sample.label}: {place} holds {len(part)} characters of {name}"
            for ran, told in _told(self.subject, given)
            for name, secret in secrets.items()
            for place, text in told.items()
            if (part := fragment_in(json.dumps(text, ensure_ascii=False, default=repr), secret))
        ]
        if leaks:
            fail("say a path, a kind, a count, never the text itself", leaks)

    def test_its_own_output_is_left_alone(self) -> None:
        self.subject.skip_unless_it_starts()
        if not self.subject.idempotent:
            pytest.skip("it does not claim so: idempotent=True")
        changed = [ran for ran in self.subject.answered(self.subject.ordinary()) if ran.outcome.modified]
        if not changed:
            pytest.skip("it changed nothing: give `secrets` or `payloads` in which it changes something")
        again = self.subject.answered(Sample(ran.sample.label, ran.outcome.payload) for ran in changed)
        wrong = [f"{ran.sample.label}: {_verdicts(ran.outcome)}" for ran in again if _noticed(ran.outcome)]
        if wrong:
            fail("it has something to say about what it made itself", wrong)


def _told(subject: Subject, given: Iterable[Sample]) -> list[tuple[Ran, dict[str, Any]]]:
    """What becomes of samples, and all that is said of each, the log and the terminal included."""

    async def listen() -> list[tuple[Ran, dict[str, Any]]]:
        found = []
        async with subject.running() as run_one:
            for sample in given:
                with overheard() as heard:
                    ran = await run_one(sample)
                found.append((ran, {**_said(ran.outcome), "log": heard.lines, "output": heard.output}))
        return found

    subject.skip_unless_it_starts()
    return run(listen())


def _said(outcome: Outcome[Any]) -> dict[str, Any]:
    """All that plugins say beside the payload and the response, by where it stands."""
    return {
        "violations": [violation.to_dict() for violation in [outcome.violation, *outcome.violations] if violation],
        "metadata": dict(outcome.metadata),
        "records": [
            [record.reason, record.code, record.error_type, list(record.changes)] for record in outcome.records
        ],
    }


def _noticed(outcome: Outcome[Any]) -> bool:
    return any(record.verdict in (Verdict.MODIFIED, Verdict.VIOLATION) for record in outcome.records)


def _verdicts(outcome: Outcome[Any]) -> str:
    return ", ".join(f"{record.verdict} {', '.join(record.changes)}" for record in outcome.records)


def _is_protocol(path: Path) -> bool:
    return path[0] in ("result", "content") and path[-1] in PROTOCOL_WORDS and "structuredContent" not in path


def _kind(value: Any) -> str:
    return "absent" if value is MISSING else "None" if value is None else type(value).__name__


def _broken_json(old: str, new: str) -> str:
    before = _parsed(old)
    if not isinstance(before, dict | list):
        return ""
    after = _parsed(new)
    if after is None:
        return "is JSON no longer"
    for path, was, became in differences(before, after):
        if type(was) is not str or type(became) is not str:
            return f"{dotted(path) or 'all'} in it was {_kind(was)} and is {_kind(became)}"
    return ""


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _not_json(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if type(key) is str:
                yield from _not_json(item, (*path, key))
            else:
                yield path, f"an object with the key {key!r}, which is no text"
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _not_json(item, (*path, index))
    elif isinstance(value, float) and not math.isfinite(value):
        yield path, repr(value)
    elif not isinstance(value, str | int | float | None):
        yield path, f"a {type(value).__name__}"
