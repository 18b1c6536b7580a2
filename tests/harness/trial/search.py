"""Lets Hypothesis look for a request that violates a requirement, and shrink it."""

from __future__ import annotations

from functools import partial
from typing import Final

from hypothesis import HealthCheck, Phase, Verbosity, given, reject, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis.core.errors import SchemathesisError

from contracts.checks.base import CheckFunction
from contracts.model.http import Exchange, Request
from contracts.model.verdict import Decision, Violation
from tests.harness.http.retry_policy import TIMEOUT_FAULTS
from tests.harness.trial.deferred import DeferredOutage
from tests.harness.trial.requirement_test import CONFIRMATION_RETRIES, RequirementTest

SHRINKING_REQUESTS: Final = 12
GENERATED: Final = "generated body"


class CounterexampleFound(Exception):
    """A generated request violates the requirement."""


def search(trial: RequirementTest, requests: SearchStrategy[Request], check: CheckFunction) -> None:
    """Send generated requests until one violates the check, shrink that one, and have it checked.

    Sends `trial.extra_requests` requests at most while nothing is found, and `SHRINKING_REQUESTS` more to shrink what
    is. Each request is sent once, so that shrinking an intermittent fault cannot contradict itself.
    """
    sent: dict[Request, tuple[Exchange, Decision]] = {}
    max_sent = trial.extra_requests
    outage = DeferredOutage(reject)

    def attempt(request: Request) -> None:
        nonlocal max_sent
        if request not in sent:
            if len(sent) >= max_sent or trial.run.budget.left <= CONFIRMATION_RETRIES:
                return
            exchange = outage.send(lambda: trial.run.send(request, GENERATED, generated=True))
            sent[request] = exchange, check(trial.operation, exchange)
        exchange, decision = sent[request]
        if isinstance(decision, Violation):
            # To shrink a request that stays unanswered would take two deadlines each time.
            more = 0 if exchange.fault in TIMEOUT_FAULTS else SHRINKING_REQUESTS
            max_sent = min(max_sent, len(sent)) + more
            raise CounterexampleFound(request)

    quiet = settings(
        max_examples=max(trial.extra_requests, 1),
        phases=(Phase.generate, Phase.shrink),
        database=None,
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    smallest: Request | None = None
    try:
        seed(trial.random_seed)(quiet(given(requests.filter(partial(_may_be_sent, trial)))(attempt)))()
    except CounterexampleFound as counterexample:
        smallest = counterexample.args[0]
    except (Unsatisfiable, SchemathesisError):
        pass  # the schema admits everything, or nothing, or Schemathesis cannot generate from it
    for exchange, decision in sent.values():
        if decision is not None and not isinstance(decision, Violation):
            trial.decided.append(exchange)
    if smallest is not None:
        trial.check_exchange(sent[smallest][0], check)
    outage.raise_deferred()


def _may_be_sent(trial: RequirementTest, request: Request) -> bool:
    return not trial.run.writes.withholds(trial.operation, request)
