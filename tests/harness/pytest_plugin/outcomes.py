"""From an exception in a test to a verdict, and from a verdict to the outcome that pytest shows.

violated -> failure; inconclusive -> error; a should not met -> skip with the reason (failure with --strict); what
follows from another violation -> skip;
not applicable, or not reached in the request budget -> skip with the reason; suppressed by known issues -> skip;
a known issue that is no longer violated -> failure.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

import pytest

from contracts.errors import CouldNotTell, NotApplicable, NotReached, TargetUnavailable
from contracts.model.result import Presentation
from contracts.model.verdict import Status, Verdict
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from contracts.untrusted import sanitize
from tests.harness.config.access import Access, how_to_supply
from tests.harness.http.send_result import TargetDown
from tests.harness.pytest_plugin.stash import (
    BEYOND_ACCESS,
    BUDGET_SHARES,
    IMPLYING,
    INTERRUPTION,
    PRESENTATION,
    SESSION,
    VERDICT,
)
from tests.harness.rate_limit.shared_counter import CountUnavailable
from tests.harness.run.budget import BudgetSpent
from tests.harness.run.interruption import defer_sigint
from tests.harness.trial.requirement_test import RequirementTest
from tests.harness.trial.verdicts import early_verdict, internal_error_verdict, is_beyond_access, verdict_of


class PytestOutcome(Exception):
    """An outcome of a check that is no pass and no skip; its text stands in place of a traceback."""


class Violated(PytestOutcome, AssertionError):
    """A must is violated, or with --strict a should is not met."""


class StaleKnownIssue(PytestOutcome):
    """A known issue is no longer violated."""


class CouldNotTellOutcome(PytestOutcome):
    """The requirement could not be judged: an error for pytest, no failure."""


class SuiteFailed(PytestOutcome):
    """The suite itself failed in an item: an error for pytest, and the rest of the run goes on."""


class BudgetSkips:
    """Skips the checks that need more access, and the recommendations that the profile has no requests for."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> None:
        """Raise the reason instead of running the test. A gating check runs with what requests there are."""
        test = pyfuncitem.funcargs.get("test")
        if not isinstance(test, RequirementTest):
            return
        if skip_reason := pyfuncitem.config.stash[SESSION].skip_reason(test.requirement, test.operation):
            pyfuncitem.stash[BEYOND_ACCESS] = True
            raise skip_reason
        if is_underfunded(pyfuncitem.config, test.requirement, test.operation):
            profile = pyfuncitem.config.stash[SESSION].options.profile
            raise NotReached(f"it needs more requests than profile {profile} has to spare: choose a larger one")


def is_underfunded(config: pytest.Config, requirement: Requirement, operation: Operation) -> bool:
    """Return whether the profile has too few requests for a recommendation that sends its own."""
    if requirement.gates or requirement.checks_all_exchanges:
        return False
    return config.stash[BUDGET_SHARES][operation.id][requirement.id].underfunded


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Run the test, have the verdict reported, and raise its outcome."""
    test = pyfuncitem.funcargs.get("test")
    if not isinstance(test, RequirementTest):
        return (yield)
    result: object = None
    try:
        with defer_sigint(lambda: True):  # what follows is a verdict, which all reports have or none
            result = yield
            verdict = verdict_of(test)
    except CountUnavailable as error:  # says nothing of the target
        pyfuncitem.config.stash[INTERRUPTION].end(str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the result of this item and of no other
        verdict = _verdict_after(error, test)
        if isinstance(error, TargetUnavailable):
            # One error of the run, not one of each item that remains.
            pyfuncitem.session.shouldstop = sanitize.line(str(error))
    verdict = replace(verdict, observations=(*verdict.observations, *test.run.sender.take_observations()))
    if verdict.status is Status.COULD_NOT_TELL and is_beyond_access(test):
        pyfuncitem.stash[BEYOND_ACCESS] = True
        declared = pyfuncitem.config.stash[SESSION].options.access is not None
        verdict = _without_access(verdict, test.run.missing_settings, declared=declared)
    verdict = replace(verdict, follows_from=_followed(pyfuncitem.config, test, verdict))
    presentation = pyfuncitem.ihook.pytest_conformance_verdict(config=pyfuncitem.config, test=test, verdict=verdict)
    presentation = presentation or Presentation(verdict.reason)
    _keep(pyfuncitem, test, verdict, presentation)
    _raise_outcome(verdict, presentation, strict=bool(pyfuncitem.config.getini("strict")))
    return result


def _verdict_after(error: Exception, test: RequirementTest) -> Verdict:
    """Return the verdict where a test ended with an exception."""
    match error:
        case NotApplicable():
            return early_verdict(test, Status.NOT_APPLICABLE, str(error))
        case NotReached():
            return early_verdict(test, Status.NOT_REACHED, str(error))
        case TargetDown():
            verdict = early_verdict(test, Status.COULD_NOT_TELL, str(error))
            return replace(verdict, last_requests=test.run.client.last.exchanges)
        case BudgetSpent() if test.decided:
            return verdict_of(test)
        case BudgetSpent() if not test.gates:
            return early_verdict(test, Status.NOT_REACHED, str(error))
        case TargetUnavailable() | CouldNotTell():
            return early_verdict(test, Status.COULD_NOT_TELL, str(error))
        case _:
            return internal_error_verdict(test, error)


def _without_access(verdict: Verdict, missing_settings: Sequence[str], *, declared: bool) -> Verdict:
    """Return the verdict of a check that needs an accepted request, which the access does not allow."""
    reason = f"a rejection counts only if the unmodified request was accepted, which needs access {Access.WRITE}"
    if not declared:
        reason += f": {how_to_supply(missing_settings)}"
    return replace(verdict, status=Status.NOT_APPLICABLE if declared else verdict.status, reason=reason)


def _followed(config: pytest.Config, test: RequirementTest, verdict: Verdict) -> str:
    """Return the requirement whose violation on the operation implies this one, and that follows from none itself.

    Note the verdict for those to come: a requirement is tested after those that imply it.
    """
    earlier = config.stash.setdefault(IMPLYING, {})
    broken = {Status.VIOLATED: (Status.VIOLATED,), Status.NOT_MET: (Status.VIOLATED, Status.NOT_MET)}
    implying = broken.get(verdict.status, ())
    named = (earlier.get((test.operation.id, name), (Status.HELD, "")) for name in test.requirement.implied_by)
    root = next((root for status, root in named if status in implying), "")
    earlier[test.operation.id, test.requirement.id] = verdict.status, root or test.requirement.id
    return root


def _keep(item: pytest.Function, test: RequirementTest, verdict: Verdict, presentation: Presentation) -> None:
    """Keep the verdict for the report of the item, and its properties for JUnit."""
    item.stash[VERDICT], item.stash[PRESENTATION] = verdict, presentation
    item.user_properties += [
        ("requirement", verdict.requirement),
        ("level", test.requirement.level),
        ("operation", verdict.operation),
        ("verdict", str(verdict.status)),
        *(("finding", finding.identity) for finding in verdict.findings),
    ]


def _raise_outcome(verdict: Verdict, presentation: Presentation, *, strict: bool) -> None:
    text = presentation.text
    if presentation.stale_issues:
        raise StaleKnownIssue(presentation.stale_issues)
    if verdict.follows_from or presentation.suppressed:
        reason = f"follows from {verdict.follows_from}" if verdict.follows_from else "known issue"
        pytest.skip(f"{reason}: {text}")
    match verdict.status:
        case Status.VIOLATED:
            raise Violated(text)
        case Status.NOT_MET if strict:
            raise Violated(text)
        case Status.NOT_MET:
            pytest.skip(f"recommendation not met: {text}")
        case Status.NOT_APPLICABLE:
            pytest.skip(f"not applicable: {text}")
        case Status.NOT_REACHED:
            pytest.skip(f"not reached in this budget: {text}")
        case Status.COULD_NOT_TELL:
            raise CouldNotTellOutcome(text)
        case Status.INTERNAL_ERROR:
            raise SuiteFailed(text)
