"""The fixture of conformance tests: a requirement on an operation, with its share of the request budget."""

from __future__ import annotations

import gc

import pytest

from contracts.openapi.operation import Operation
from tests.harness.pytest_plugin.collection import demand_of, operation_of, requirement_of
from tests.harness.pytest_plugin.stash import PLAN, SESSION
from tests.harness.trial.requirement_test import RequirementTest


@pytest.fixture
def test(request: pytest.FixtureRequest, operation: Operation) -> RequirementTest:
    """Return the test of the cited requirement on one operation."""
    session, cited = request.config.stash[SESSION], requirement_of(request.node)
    share = request.config.stash[PLAN][operation.id][cited.id]
    run = session.run(operation)
    run.begin_requirement(cited)
    return RequirementTest(
        requirement=cited,
        run=run,
        mutations=share.mutations,
        extra_requests=0
        if run.missing_settings
        else share.extra_requests,  # beside mutations, it is controls that are sent
        random_seed=session.options.random_seed,
    )


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """Set the operation up before the first of its tests that is not skipped: `BudgetSkips` comes before."""
    test = pyfuncitem.funcargs.get("test")
    if isinstance(test, RequirementTest):
        test.run.set_up()
        test.run.send_shared_mutations()


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Release an operation's exchanges with the last of its items."""
    if demand_of(item) and (nextitem is None or operation_of(nextitem) is not operation_of(item)):
        item.config.stash[SESSION].release(operation_of(item))
        gc.collect()  # exchanges refer to each other in circles, and would pile up in a long run
