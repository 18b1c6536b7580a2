"""A requirement that depends on others has the same verdict alone, under -k, as in a run of everything."""

from graphlib import TopologicalSorter
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Refusal
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


class RepeatedRejectionsHaveAnotherCode(MockApi):
    """A request that was rejected before gets another error code, which shows only if a body is sent twice."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Start without a rejected body."""
        super().__init__(*arguments, **options)
        self.rejected: set[bytes] = set()

    def answer(self, request: Request, body: bytes) -> Response:
        """Replace the code of a 400 to a body that was rejected before."""
        try:
            return super().answer(request, body)
        except Refusal as refusal:
            if refusal.status == HTTPStatus.BAD_REQUEST and body in self.rejected:
                refusal.code = "sent_again"
            self.rejected.add(body)
            raise


def test_last_failed_requirement_fails_again_with_its_dependencies_and_with_workers(tmp_path: Path) -> None:
    cached = ("-p", "cacheprovider", "-o", f"cache_dir={tmp_path / 'cache'}", "--strict", "-n", "2")
    results = []
    for options in ((), ("--lf",)):
        with serving(RepeatedRejectionsHaveAnotherCode(DOCUMENT)) as (arguments, environment):
            everything = (*arguments, *OPERATIONS, "--profile", "quick", *cached, *options)
            results.append(run(tmp_path, *everything, environment=environment))
    first, again = results
    assert "ERR-09" in first.named("failure"), first.output
    failed = {name: word for name, word in first.verdicts.items() if word == "failure"}
    assert (again.code, again.verdicts) == (1, failed), again.output


def test_no_requirement_depends_on_itself_through_others() -> None:
    TopologicalSorter(DEPENDENT).prepare()  # CycleError
