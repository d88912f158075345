"""Fields as operators write them, and paths as payloads have them."""

import pytest
from gatehook.text import check_field, check_fields, compile_fields, written
from hypothesis import given
from hypothesis import strategies as st

PATH = ("args", "people", 0, "mail")


@pytest.mark.parametrize(
    "glob",
    [
        "args",
        "args.people",
        "args.people[0]",
        "args.people[*].mail",
        "args.*[*].m*",
        "**.mail",
        "args.**",
        "**",
        "args.**.mail",
    ],
)
def test_a_field_is_where_its_glob_leads_and_all_that_is_in_it(glob):
    assert compile_fields([glob])(PATH)
    assert not compile_fields([], [glob])(PATH)


@pytest.mark.parametrize(
    "glob",
    ["args.people[1]", "args.people.mail", "args.mail", "args.people[0].mail.x", "*.mail", "arg", "args.peopl?s"],
)
def test_a_field_is_nowhere_else(glob):
    assert not compile_fields([glob])(PATH)
    assert compile_fields([], [glob])(PATH)


def test_no_fields_are_all_fields():
    assert compile_fields([])(PATH)


@given(
    st.lists(st.text("ab.", min_size=1, max_size=4).filter(lambda key: key.strip(".")) | st.integers(0, 9), min_size=1)
)
def test_every_path_is_its_own_field(path):
    assert compile_fields([written(tuple(path), lambda key: False)])(tuple(path))


@pytest.mark.parametrize("glob", ["args.[0", "args..x", ".args", "args[x]", ""])
def test_what_is_no_path_is_refused(glob):
    with pytest.raises(ValueError, match="is no field"):
        check_field(glob)


@pytest.mark.parametrize(("only", "but"), [([], ["**"]), (["args.a"], ["args.a"]), (["args.a"], ["args.b", "args.a"])])
def test_leaving_out_every_field_is_refused(only, but):
    with pytest.raises(ValueError, match="leaves no field"):
        check_fields(only, but)


def test_a_root_that_no_payload_has_is_refused():
    with pytest.raises(ValueError, match="is no field"):
        check_field("arguments.query")
    assert check_field("**.note") == "**.note"
