"""Nightly runs with a budget over one history, as `make nights` makes them of a large API: here of a small one."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.harness.config.settings import Profile
from tests.harness.trial.rotation import Depth
from tests.nights.large_document import large_document
from tests.nights.measures import Scenario
from tests.nights.night_runs import Night, NightRuns
from tests.nights.simulation import Simulation

OPERATIONS = 10
TURNS = 4
"""Full turns that the budget of a night pays for."""
NIGHTS = 5
SCENARIO = Scenario.of(NIGHTS)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Simulation, list[Night]]:
    """Simulate five nights, with a fault from the second to the fourth and a changed contract in the third."""
    runs = NightRuns(tmp_path_factory.mktemp("nights"), TURNS * Profile.NIGHTLY.budget)
    simulation = Simulation(runs, large_document(OPERATIONS), SCENARIO)
    return simulation, list(simulation.nights())


def test_nights_keep_what_their_plans_promise(simulated: tuple[Simulation, list[Night]]) -> None:
    simulation, nights = simulated
    assert simulation.failures() == [], "\n".join(night.text for night in nights)


def test_each_operation_has_its_turn_before_any_has_a_second(simulated: tuple[Simulation, list[Night]]) -> None:
    simulation, nights = simulated
    assert [full for _, full in simulation.curve()[:3]] == [4, 8, OPERATIONS]
    turns = Counter(name for night in nights[:2] for name, depth in night.depths.items() if depth == Depth.FULL)
    assert set(turns.values()) == {1}


def test_run_says_what_stands_from_which_night(simulated: tuple[Simulation, list[Night]]) -> None:
    _, nights = simulated
    first, second = (" ".join(night.text.split()) for night in nights[:2])
    assert "Tried: 4 of 10 operations (4 in full)" in first
    assert "From earlier runs: 6 operations not tried in full yet: " in first
    assert (
        "From earlier runs: 4 operations stand from earlier runs, the oldest is get_write_status of 2031-01-01;"
        in second
    )
