"""The same plugins say the same of the same payloads, whichever framework asks and whichever runs them."""

from collections.abc import Callable

import pytest

from tests.interop.cases import CASES, Case
from tests.interop.conftest import Outcomes

TITLES = [case.title for case in CASES]
Played = Callable[[str], Outcomes]


@pytest.mark.parametrize("case", CASES, ids=TITLES)
@pytest.mark.parametrize("alone", ["cpex_alone", "gatehook_alone"])
def test_the_case_does_what_it_says(played: Played, alone: str, case: Case) -> None:
    assert played(alone)[case.title][-1]["said"] == case.said


@pytest.mark.parametrize("case", CASES, ids=TITLES)
def test_a_plugin_says_the_same_when_it_is_written_for_gatehook(played: Played, case: Case) -> None:
    assert played("gatehook_alone")[case.title] == played("cpex_alone")[case.title]


@pytest.mark.parametrize("case", CASES, ids=TITLES)
@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_gatehook_hears_from_a_service_of_cpex_what_its_plugins_say(played: Played, transport: str, case: Case) -> None:
    assert played(f"cpex_{transport}_to_gatehook")[case.title] == played("cpex_alone")[case.title]


@pytest.mark.parametrize("case", CASES, ids=TITLES)
def test_gatehook_hears_over_grpc_what_cpex_does(played: Played, case: Case) -> None:
    """There the plugins themselves get doubles for whole numbers, and some tell."""
    through = played("cpex_grpc_to_gatehook")[case.title]
    if case.as_doubles:
        assert through == played("cpex_grpc_to_cpex")[case.title]
    else:
        assert through == [{"said": "failed"}]  # refused rather than rounded


@pytest.mark.parametrize("case", CASES, ids=TITLES)
@pytest.mark.parametrize("transport", ["stdio", "http", "grpc"])
def test_cpex_hears_from_a_service_of_gatehook_what_its_plugins_say(played: Played, transport: str, case: Case) -> None:
    if transport == "grpc" and not case.as_doubles:
        pytest.skip("cpex rounds before it sends")
    assert played(f"gatehook_{transport}_to_cpex")[case.title] == played("gatehook_alone")[case.title]


def test_whole_numbers_stay_whole_over_grpc(played: Played) -> None:
    (through,), (alone,) = (played(way)["numbers"] for way in ("cpex_grpc_to_gatehook", "cpex_alone"))
    assert repr(through["payload"]) == repr(alone["payload"])
