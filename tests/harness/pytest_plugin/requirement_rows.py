"""Conformance tests as data: a row names a requirement, what is sent for it, and the check of the exchanges.

    test_wrong_type_is_refused = rejects("ERR-02", type_mutations.wrong_types, errors.malformed_body_rejected)

A test that sends or decides anything of its own is a function under `requirement`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from contracts.checks.base import CheckFunction, SeriesCheckFunction, per_exchange
from contracts.checks.errors import documents_400
from contracts.checks.http_methods import accepted
from contracts.errors import NotApplicable
from contracts.model.http import Request
from strategies.core.mutation import MutationSource
from tests.harness.pytest_plugin.collection import requirement
from tests.harness.run.operation_run import OperationRun
from tests.harness.trial.requirement_test import RequirementTest

ConformanceTest: TypeAlias = Callable[[RequirementTest], None]
Base: TypeAlias = Callable[[OperationRun], Request]
"""The request to mutate."""


def rejects(
    name: str, mutations: MutationSource, check: CheckFunction, *, base: Base = OperationRun.prepare_rejection_base
) -> ConformanceTest:
    """Return the test that the target rejects each mutation of the base, as the check says."""

    @requirement(name, mutations=mutations)
    def send_and_check(test: RequirementTest) -> None:
        for exchange in test.send_rejected_mutations(base=lambda: base(test.run)):
            test.check_exchange(exchange, check)

    return send_and_check


def rejects_with_400(name: str, mutations: MutationSource, check: CheckFunction) -> ConformanceTest:
    """Return the test that the target rejects each mutation with 400; not applicable where the document has no 400."""

    @requirement(name, mutations=mutations)
    def send_and_check(test: RequirementTest) -> None:
        for exchange in test.send_rejected_mutations(base=test.run.prepare_rejection_base):
            test.check_exchange(exchange, check)
        require_400(test)

    return send_and_check


def require_400(test: RequirementTest) -> None:
    """Raise NotApplicable if nothing was decided, and the document describes no 400 of the operation."""
    if not test.decided and not documents_400(test.operation):
        raise NotApplicable("the document describes no 400 of this operation")


def accepts(
    name: str, mutations: MutationSource, check: CheckFunction = accepted, *, expects_success: bool = True
) -> ConformanceTest:
    """Return the test that the target accepts each mutation of a control; `expects_success` as in `requirement`."""

    @requirement(name, mutations=mutations, expects_success=expects_success)
    def send_and_check(test: RequirementTest) -> None:
        for exchange in test.send_mutations(base=test.run.prepare_control):
            test.check_exchange(exchange, check)

    return send_and_check


def holds_for_each_exchange(
    name: str,
    check: CheckFunction,
    *,
    mutations: MutationSource | None = None,
    expects_success: bool = False,
    depends_on: tuple[str, ...] = (),
) -> ConformanceTest:
    """Return the test that each exchange of the operation passes the check; `mutations` are sent for it before."""
    return _holds(name, per_exchange(check), mutations, depends_on, expects_success=expects_success, compares=False)


def holds_for_all_exchanges(
    name: str,
    check: SeriesCheckFunction,
    *,
    mutations: MutationSource | None = None,
    expects_success: bool = False,
    depends_on: tuple[str, ...] = (),
) -> ConformanceTest:
    """Return the test that the exchanges of the operation, compared with each other, pass the check."""
    return _holds(name, check, mutations, depends_on, expects_success=expects_success, compares=True)


def _holds(
    name: str,
    check: SeriesCheckFunction,
    mutations: MutationSource | None,
    depends_on: tuple[str, ...],
    *,
    expects_success: bool,
    compares: bool,
) -> ConformanceTest:
    @requirement(name, mutations=mutations, expects_success=expects_success, depends_on=depends_on, compares=compares)
    def check_exchanges(test: RequirementTest) -> None:
        test.check_all_exchanges(check)

    return check_exchanges
