"""The fixture of conformance tests: a requirement on an operation, with its share of the request budget."""

from __future__ import annotations

import gc

import pytest

from contracts.openapi.operation import Operation
from tests.harness.pytest_plugin.collection import demand_of, operation_of, requirement_of
from tests.harness.pytest_plugin.dependencies import forget, requirement_test, run_dependencies
from tests.harness.pytest_plugin.stash import LAST_ITEMS, SESSION
from tests.harness.trial.requirement_test import RequirementTest


@pytest.fixture
def test(request: pytest.FixtureRequest, operation: Operation) -> RequirementTest:
    """Return the test of the cited requirement on one operation."""
    begun = requirement_test(request.config, operation, requirement_of(request.node).id)
    begun.run.begin_requirement(begun.requirement)  # also where it is skipped: nobody waits for its requests any more
    return begun


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """Begin a test that is not skipped: set its operation up if it is the first, and run what it depends on."""
    test = pyfuncitem.funcargs.get("test")
    if isinstance(test, RequirementTest):
        test.run.set_up()
        test.run.send_shared_mutations()
        run_dependencies(pyfuncitem.config, test)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Note the last item of each operation: others may run between its items."""
    last = {operation_of(item).id: item for item in session.items if demand_of(item)}
    session.config.stash[LAST_ITEMS] = frozenset(last.values())


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Release an operation's exchanges with the last of its items."""
    if item in item.config.stash[LAST_ITEMS]:
        item.config.stash[SESSION].release(operation_of(item))
        forget(item.config, operation_of(item))
        gc.collect()  # exchanges refer to each other in circles, and would pile up in a long run
