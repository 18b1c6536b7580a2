"""Runs what a requirement depends on before its own test, where -k, --lf or a node id left that out."""

from __future__ import annotations

from contextlib import suppress

import pytest

from contracts.errors import CouldNotTell, NotApplicable, NotReached
from contracts.openapi.operation import Operation
from tests.harness.pytest_plugin.outcomes import is_underfunded
from tests.harness.pytest_plugin.stash import BUDGET_SHARES, CATALOGUE, SESSION, STARTED
from tests.harness.trial.requirement_test import RequirementTest


def requirement_test(config: pytest.Config, operation: Operation, requirement: str) -> RequirementTest:
    """Return the test of a requirement, by its id, on an operation, with its share of the request budget."""
    session, share = config.stash[SESSION], config.stash[BUDGET_SHARES][operation.id][requirement]
    run = session.run(operation)
    return RequirementTest(
        requirement=session.requirements[requirement],
        run=run,
        mutations=share.mutations,
        # Beside mutations, it is controls that are sent.
        extra_requests=0 if run.missing_settings else share.extra_requests,
        random_seed=session.options.random_seed,
        underfunded=share.underfunded,
        sends=share.sends,
    )


def run_dependencies(config: pytest.Config, trial: RequirementTest) -> None:
    """Run each test that the requirement depends on and that has not run on this operation; drop its verdict.

    A dependency that does not apply to the operation, or that would be skipped, sends nothing.
    """
    started = config.stash[STARTED]
    for name in config.stash[CATALOGUE][trial.requirement.id].demand.depends_on:
        key = trial.operation.id, name
        if key not in started and _is_run(config, trial.operation, name):
            dependency = requirement_test(config, trial.operation, name)
            run_dependencies(config, dependency)
            with suppress(NotApplicable, NotReached, CouldNotTell):
                config.stash[CATALOGUE][name].function(dependency)
        if key in started:
            trial.dependencies.append(started[key])
    started[trial.operation.id, trial.requirement.id] = trial
    trial.run.begin_requirement(trial.requirement)


def forget(config: pytest.Config, operation: Operation) -> None:
    """Drop the tests of an operation, and with them its exchanges."""
    for key in [key for key in config.stash[STARTED] if key[0] == operation.id]:
        del config.stash[STARTED][key]


def _is_run(config: pytest.Config, operation: Operation, name: str) -> bool:
    """Return whether a run of everything would run the test of a requirement on an operation."""
    session = config.stash[SESSION]
    requirement = session.requirements[name]
    if not requirement.applies(operation) or session.skip_reason(requirement, operation):
        return False
    return not is_underfunded(config, requirement, operation)
