"""`mandatory` is for hosts with a management API; where none is installed, that is told."""

from types import SimpleNamespace

import pytest
from gatehook import advice
from gatehook.dry_run import HOOKS, dry_run

ENTRY = {"name": "deny_list", "config": {"words": ["x"]}, "hooks": ["tool_pre_invoke"]}
TOLD = ["has no effect without a management API, and no installed host has one"]


@pytest.mark.parametrize(
    ("sections", "mandatory", "told"),
    [(["guard"], True, TOLD), ([], True, TOLD), (["admin"], True, []), ([], False, [])],
)
def test_it_is_told_where_it_has_no_effect(monkeypatch, sections, mandatory, told):
    monkeypatch.setattr(advice, "contributions", lambda group: [SimpleNamespace(name=name) for name in sections])
    run = dry_run({"plugins": [{**ENTRY, "mandatory": mandatory}]}, {})
    found = advice.advise(run.config, run.entries, HOOKS, {})
    assert [item.problem.message for item in found if item.problem.path[-1] == "mandatory"] == told
