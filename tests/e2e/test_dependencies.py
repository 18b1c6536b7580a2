"""A requirement that depends on others has the same verdict alone, under -k, as in a run of everything."""

import pytest

from contracts.mock.http.api import MockApi
from tests.support.factories import CANCEL, CREATE, DOCUMENT, LIST, STATUS, UPDATE, conformance_tests
from tests.support.suite_process import FinishedRun, run, serving

DEPENDENT = {
    demand.requirement: demand.depends_on
    for _, demands in conformance_tests()
    for demand in demands
    if demand.depends_on
}
OPERATIONS = [option for one in (CREATE, UPDATE, CANCEL, LIST, STATUS) for option in ("--operation", one.id)]


def run_of(folder: pytest.TempPathFactory, *options: str) -> FinishedRun:
    with serving(MockApi(DOCUMENT)) as (arguments, environment):
        everything = (*arguments, *OPERATIONS, "--profile", "quick", *options)
        return run(folder.mktemp("run"), *everything, environment=environment)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """Run every requirement."""
    return run_of(tmp_path_factory)


@pytest.mark.parametrize("requirement", DEPENDENT)
def test_requirement_alone_has_the_verdict_of_the_whole_run(
    requirement: str, whole: FinishedRun, tmp_path_factory: pytest.TempPathFactory
) -> None:
    alone = run_of(tmp_path_factory, "-k", requirement)
    assert alone.verdicts == {name: word for name, word in whole.verdicts.items() if name.startswith(requirement)}
    assert alone.verdicts


def test_no_requirement_depends_on_one_that_depends_on_others() -> None:
    assert {needed for others in DEPENDENT.values() for needed in others} & {*DEPENDENT} == set()
