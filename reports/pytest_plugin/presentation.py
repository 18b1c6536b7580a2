"""While a run goes on: what Allure and pytest show of each check."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import Any

import pytest

from contracts.model.result import Presentation
from contracts.model.verdict import Verdict
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from reports.pytest_plugin.rotation import has_full_turn
from reports.pytest_plugin.run_names import allure_check, redactor_of
from reports.pytest_plugin.stash import ALLURE, COMPARISON
from reports.render import last_requests
from reports.render.wording import failure_text, finding_text
from reports.run import known_issues
from reports.writers import allure_results
from tests.harness.pytest_plugin.collection import check_of
from tests.harness.pytest_plugin.not_run import named_check
from tests.harness.pytest_plugin.stash import SESSION
from tests.harness.pytest_plugin.workers import is_worker
from tests.harness.trial.requirement_test import RequirementTest


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Write Allure's result of each check as not run: a run that is killed leaves these."""
    if not session.config.option.collectonly and not is_worker(session.config):
        _write_planned(session.config, [check for item in session.items if (check := check_of(item))])
    return (yield)


class WorkersPlan:
    """Writes Allure's results as not run for what the workers have collected: all of them collect the same."""

    def __init__(self) -> None:
        """Write nothing yet."""
        self._written = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        """Write the results when the first worker has collected."""
        if self._written or SESSION not in node.config.stash:
            return
        self._written = True
        session = node.config.stash[SESSION]
        checks = (named_check(nodeid, session.requirements, session.operations) for nodeid in ids)
        _write_planned(node.config, [check for check in checks if check])


def _write_planned(config: pytest.Config, checks: Iterable[tuple[Requirement, Operation]]) -> None:
    if config.getoption("--alluredir", None) and SESSION in config.stash:
        planned = [allure_check(config, *check) for check in checks]
        config.stash[ALLURE].write_not_run(planned, allure_results.PLANNED)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Start the check of an item in Allure."""
    config = item.config
    if SESSION in config.stash and (check := check_of(item)):
        config.stash[ALLURE].start(allure_check(config, *check))


def pytest_conformance_verdict(config: pytest.Config, test: RequirementTest, verdict: Verdict) -> Presentation:
    """Give a verdict to Allure, and return its presentation."""
    session, comparison, strict = config.stash[SESSION], config.stash[COMPARISON], bool(config.getini("strict"))
    redactor, url = redactor_of(session), session.target.url
    trends = comparison.trends(verdict.findings)
    suppressed = known_issues.suppressed(verdict.findings, comparison.known_identities(verdict.findings), strict=strict)
    check = allure_check(config, test.requirement, test.operation)
    control = test.run.controls.first
    issues = comparison.issues.issues if has_full_turn(config, test.operation.id) else ()
    config.stash[ALLURE].add_verdict(verdict, check, url, redactor, control, trends, suppressed=suppressed)
    return Presentation(
        text=failure_text(verdict, test.requirement, test.operation, url, redactor, trends),
        suppressed=suppressed,
        stale_issues=known_issues.stale_issues(verdict, issues, str(session.options.profile)),
        finding_texts={finding.identity: finding_text(finding, url, redactor) for finding in verdict.findings},
        last_requests=tuple(last_requests.last_request(exchange, url, redactor) for exchange in verdict.last_requests),
    )
