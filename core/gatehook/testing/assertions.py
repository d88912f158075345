"""Assertions on outcomes. Each tells on failure all that the runner recorded, and none takes a plugin that failed, was
skipped or never ran for one that let the call pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn

from gatehook.errors import dotted
from gatehook.payloads import Payload
from gatehook.results import Outcome, PluginViolation, Record, Verdict
from gatehook.values import MISSING, Model, Path, differences

REMOVED: Final = MISSING
"""In :func:`assert_changed`: the key is gone."""

_FAILURES: Final = (Verdict.ERROR, Verdict.TIMEOUT)
_NO_ANSWER: Final = {Verdict.ERROR: "failed", Verdict.TIMEOUT: "ran out of time", Verdict.SKIPPED: "was skipped"}


def assert_allowed(outcome: Outcome[Any]) -> None:
    """The call goes on, as it is or changed: every plugin ran, none failed, objected or answered in its place."""
    __tracebackhide__ = True
    _goes_on(outcome, "be allowed")
    if objecting := _objecting(outcome):
        _fail(outcome, "be allowed", f"{objecting[0].plugin} objected ({objecting[0].code}), without effect")


def assert_unchanged(outcome: Outcome[Any]) -> None:
    """The call goes on as it came: allowed, and nothing was changed."""
    __tracebackhide__ = True
    assert_allowed(outcome)
    if outcome.modified:
        _fail(outcome, "pass unchanged", f"{', '.join(_changes(outcome))} changed")


def assert_changed(outcome: Outcome[Any], changes: Mapping[str, Any] | None = None) -> Any:
    """The call goes on with a changed payload, which is returned.

    Args:
        changes: what is new, by path, as records write paths: ``{"args.q": "[REDACTED]"}``. These and no others must
            have changed; values are compared with their types. :data:`REMOVED` stands for a key that is gone.
    """
    __tracebackhide__ = True
    _goes_on(outcome, "be changed")
    if not outcome.modified:
        _fail(outcome, "be changed", "it is as it came")
    if changes is not None:
        _same_changes(outcome, changes)
    return outcome.payload


def assert_blocked(outcome: Outcome[Any], code: str | None = None) -> PluginViolation:
    """A plugin blocked the call, with this code if one is given. Returns the violation.

    A plugin that failed blocks, too: that passes only where its code, ``PLUGIN_ERROR`` or ``PLUGIN_TIMEOUT``, is given.
    """
    __tracebackhide__ = True
    expected = "be blocked" + (f" with {code}" if code else "")
    _is_outcome(outcome)
    violation = outcome.violation
    if violation is None:
        _fail(outcome, expected, "it goes on")
    failed = [record for record in outcome.records if record.verdict in _FAILURES and record.effective]
    if failed and code != violation.code:
        _fail(outcome, expected, f"{failed[0].plugin} failed, and that blocked it")
    if code is not None and violation.code != code:
        _fail(outcome, expected, f"the code is {violation.code}")
    return violation


def assert_advised(outcome: Outcome[Any], code: str | None = None) -> None:
    """The call goes on although a plugin objects: advice, or a violation in mode permissive or audit."""
    __tracebackhide__ = True
    expected = "go on with an objection" + (f" {code}" if code else "")
    _goes_on(outcome, expected)
    codes = [record.code for record in _objecting(outcome)]
    if not codes or code not in (None, *codes):
        _fail(outcome, expected, f"it met {', '.join(codes) or 'none'}")


def assert_answered(outcome: Outcome[Any], response: Any = ...) -> Any:
    """A plugin answered the call in the server's place, with ``response`` if one is given. Returns the response."""
    __tracebackhide__ = True
    _is_outcome(outcome)
    if outcome.blocked or outcome.response is None:
        _fail(outcome, "be answered by a plugin", "it is blocked" if outcome.blocked else "it goes on to the server")
    if response is not ... and (wrong := list(differences(response, outcome.response))):
        path, wanted, got = wrong[0]
        _fail(outcome, "be answered", f"{dotted(('response', *path))} is {got!r}, not {wanted!r}")
    return outcome.response


def account(outcome: Outcome[Any]) -> str:
    """What became of a call, for people: the outcome, and one line for each record."""
    said = "allowed, as changed" if outcome.modified else "allowed"
    if outcome.violation is not None:
        said = f"blocked: {outcome.violation.code}: {outcome.violation.reason}"
    elif outcome.response is not None:
        said = "answered by a plugin"
    return "\n".join([f"{outcome.payload.hook}: {said}", *(f"  {_line(record)}" for record in outcome.records)])


def _line(record: Record) -> str:
    what = ", ".join(filter(None, [record.code, record.error_type, record.reason, ", ".join(record.changes)]))
    again = " again" if record.recheck else ""
    effect = " (in effect)" if record.effective else ""
    return f"{record.plugin} ({record.mode}){again}: {record.verdict}{effect}{': ' if what else ''}{what}"


# -- what is common to them


def _is_outcome(outcome: Any) -> None:
    __tracebackhide__ = True
    if not isinstance(outcome, Outcome):
        hint = "; `await` it in an async test" if hasattr(outcome, "__await__") else ""
        raise TypeError(f"an outcome is asserted upon, got {type(outcome).__name__}{hint}")


def _goes_on(outcome: Outcome[Any], expected: str) -> None:
    """Every plugin ran and answered, none blocked, and the server is asked."""
    __tracebackhide__ = True
    _is_outcome(outcome)
    if outcome.violation is not None:
        _fail(outcome, expected, f"it is blocked with {outcome.violation.code}")
    if outcome.response is not None:
        _fail(outcome, expected, "a plugin answered it, so the server is not asked")
    if not outcome.records:
        _fail(outcome, expected, "no plugin is on this hook, so nothing was tested")
    for record in outcome.records:
        if record.verdict in _NO_ANSWER:
            _fail(outcome, expected, f"{record.plugin} {_NO_ANSWER[record.verdict]}: {record.reason}")


def _objecting(outcome: Outcome[Any]) -> list[Record]:
    return [record for record in outcome.records if record.verdict is Verdict.VIOLATION]


def _changes(outcome: Outcome[Any]) -> list[str]:
    found = (path for record in outcome.records if record.effective for path in record.changes)
    return list(dict.fromkeys(found))


def _same_changes(outcome: Outcome[Any], changes: Mapping[str, Any]) -> None:
    __tracebackhide__ = True
    changed = _changes(outcome)
    values = {dotted(path): value for path, value in _values(outcome.payload)}
    for path, wanted in changes.items():
        got = values.get(path, MISSING)
        if any(differences(wanted, got)):
            _fail(outcome, f"have {path} changed to {_shown(wanted)}", f"it is {_shown(got)}")
        if not any(_touch(path, other) for other in changed):
            _fail(outcome, f"have {path} changed", "it was like that before")
    if more := [path for path in changed if not any(_touch(path, other) for other in changes)]:
        _fail(outcome, f"change at {', '.join(changes)} only", f"{', '.join(more)} changed, too")


def _touch(path: str, other: str) -> bool:
    """Whether one is the other, or lies within it."""
    return path == other or any(a.startswith((f"{b}.", f"{b}[")) for a, b in ((path, other), (other, path)))


def _shown(value: Any) -> str:
    return "removed" if value is MISSING else repr(value)


def _values(payload: Payload) -> Iterator[tuple[Path, Any]]:
    """Everything in a payload, leaves and what they are in, by path."""
    for name, value in payload.to_dict().items():
        yield from _within(value, (name,))


def _within(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    yield path, value
    inner = value.__dict__ if isinstance(value, Model) else value
    if isinstance(inner, dict):
        for key, item in inner.items():
            yield from _within(item, (*path, key))
    elif isinstance(inner, list):
        for index, item in enumerate(inner):
            yield from _within(item, (*path, index))


def _fail(outcome: Outcome[Any], expected: str, found: str) -> NoReturn:
    __tracebackhide__ = True
    raise AssertionError(f"the call should {expected}, but {found}\n{account(outcome)}")
