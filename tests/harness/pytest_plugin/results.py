"""From pytest's reports to `ItemResult` values, which are collected in the process that the user started."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Sequence
from contextlib import nullcontext
from typing import Any

import pytest

from contracts.model.result import ItemResult, ProcessStats
from contracts.model.verdict import Status
from tests.harness.pytest_plugin.collection import demand_of, operation_of, requirement_of
from tests.harness.pytest_plugin.not_run import left_out, report_of
from tests.harness.pytest_plugin.outcomes import CouldNotTellOutcome, PytestOutcome, SuiteFailed
from tests.harness.pytest_plugin.stash import BEYOND_ACCESS, PRESENTATION, RESULTS, SESSION, VERDICT
from tests.harness.run.interruption import defer_sigint


def result_of(report: object) -> ItemResult | None:
    """Return the result that a pytest report carries; None for another phase, or an item that is no check."""
    value = getattr(report, "conformance", None)
    return None if value is None else ItemResult.from_json(value)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let a signal end the test of a check, and nothing around it: its reports come one by one, and would differ."""
    with nullcontext() if demand_of(item) is None else defer_sigint(lambda: False):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the text of an outcome in place of a traceback, and attach the result."""
    error = call.excinfo.value if call.excinfo is not None else None
    if call.excinfo is not None and isinstance(error, PytestOutcome):
        call.excinfo.traceback = call.excinfo.traceback[-1:]  # nobody reads it, and pytest would render all of it
    report = yield
    if isinstance(error, PytestOutcome):
        report.longrepr = str(error)
        if isinstance(error, (CouldNotTellOutcome, SuiteFailed)):
            report.when = "setup"  # pytest's error, in place of its failure
    if call.when == "call" and VERDICT in item.stash:
        session = item.config.stash[SESSION]
        result = ItemResult.of(
            requirement_of(item),
            operation_of(item),
            item.stash[VERDICT],
            item.stash[PRESENTATION],
            text="" if error is None else str(error),
            beyond_access=item.stash.get(BEYOND_ACCESS, False),
            stop=str(item.session.shouldstop or ""),
            process=ProcessStats(
                os.environ.get("PYTEST_XDIST_WORKER", ""), session.requests_sent, session.transport_stats
            ),
        )
        report.conformance = result.to_json()  # type: ignore[attr-defined] # JSON is what xdist can send
    return report


class ResultCollector:
    """Collects the results of all items, in the process that the user started."""

    def __init__(self, config: pytest.Config) -> None:
        """Collect into `config.stash[RESULTS]`."""
        self.config = config
        self.planned: list[str] = []
        """Pytest ids of the items that are going to run, also of items that are no checks under xdist."""
        self._nodes: dict[str, Any] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the checks that are going to run."""
        gc.freeze()  # whatever exists by now is left out of each later collection of garbage
        self.planned += [item.nodeid for item in session.items if demand_of(item) is not None]

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Note the items that are going to run in the workers, each of which collects all of them."""
        self.planned += [nodeid for nodeid in ids if nodeid not in self.planned]

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Count checks that were not run apart from skipped ones, without a letter in the progress line."""
        result = result_of(report)
        return (str(result.verdict), "", "") if result is not None and result.verdict is Status.NOT_RUN else None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the result of a check, or the crash of its item."""
        if hasattr(report, "node"):
            self._nodes[report.nodeid] = report.node
        results, result = self.config.stash[RESULTS], result_of(report)
        if result is not None:
            results.append(result)
        elif report.failed and "requirement" in report.keywords:
            crashed = ItemResult.crashed(report.nodeid)
            if crashed not in results:  # a worker that crashes is replaced, and may crash again
                results.append(crashed)

    def report_not_run(self, reason: str) -> None:
        """Report each planned check that has no result, as pytest reports what ran."""
        session, results = self.config.stash[SESSION], self.config.stash[RESULTS]
        for nodeid, result in [*left_out(self.planned, results, session.requirements, session.operations, reason)]:
            report = report_of(nodeid, result)
            if nodeid in self._nodes:  # JUnit distinguishes the reports of an item by the worker
                report.node = self._nodes[nodeid]  # type: ignore[attr-defined]
            self.config.hook.pytest_runtest_logreport(report=report)
