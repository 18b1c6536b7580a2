"""Schemathesis's stateful testing over the links of the document, sent through our own client."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from hypothesis import HealthCheck, Phase, Verbosity, reject, seed, settings
from hypothesis.errors import Flaky, Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.errors import NoLinksFound
from schemathesis.generation.stateful.state_machine import release_state_machines

from contracts.checks.jobs import job_is_finished
from contracts.errors import CouldNotTell
from contracts.model.http import Exchange
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from contracts.openapi.parameters import encoded
from strategies.generated import as_schemathesis_response, schema_of_operations
from tests.harness.run.operation_run import OperationRun

STEPS: Final = 16
"""Per sequence: a write, its status, what the status links to, and that one's status, and as many that are not sent."""
READS_OF_A_JOB: Final = 2
"""Of one that is not finished: what it links to is in its final status."""
SEED: Final = 1
"""The same steps in every run: `derandomize` would choose others whenever this file is edited."""
LINKED: Final = "a value that a link leads to"


class StopExploration(Exception):
    """The requests for the exploration are spent, or the target gave no answer to go on from."""


def explore_links(run: OperationRun, max_requests: int) -> list[Exchange]:
    """Follow links at random, from a write to its status to what that links to; return the exchanges from a link.

    Every value comes from a link or from the target's test data: a step that has neither is not sent.
    """
    schema = schema_of_operations(run.document, run.context.selected)
    schema.config.generation.update(modes=[GenerationMode.POSITIVE])
    linked: list[Exchange] = []
    min_left = max(0, run.budget.left - max_requests)

    class Exploration(schema.as_state_machine()):  # type: ignore[misc]
        begun = False

        def step(self, input: Any) -> Any:  # noqa: A002 - the name is Schemathesis's
            self.from_link = bool(input.applied_parameters)
            if self.begun and not self.from_link:
                return None  # what the first answer links to comes first: a step that is not taken costs no request
            self.begun = not self.from_link
            return super().step(input)

        def call(self, case: Any, **_: Any) -> Any:
            if run.budget.left <= min_left:
                raise StopExploration
            operation = run.document.operation(case.operation.definition.raw["operationId"])
            overrides = _linked_values(run, case) if self.from_link else {}
            request = run.requests.request_for(operation, overrides)
            if not (overrides or _can_start(operation)) or run.writes.withholds(operation, request):
                reject()
            exchange = run.send(request, LINKED, operation=operation)
            if operation.job_status and exchange.accepted and not job_is_finished(operation, exchange):
                exchange = run.jobs.poll(request, max_reads=READS_OF_A_JOB, operation=operation, mutation=LINKED)
            if overrides:
                linked.append(exchange)
            if exchange.response is None:
                raise StopExploration
            return as_schemathesis_response(exchange)

        def validate_response(self, *_: Any, **__: Any) -> None:
            """Do nothing: the suite's own checks judge the exchanges."""

    quiet = settings(
        max_examples=max(1, max_requests),
        stateful_step_count=STEPS,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    seed(SEED)(Exploration)
    # What a target answers differs from run to run, so Hypothesis may find its own replay inconsistent: that ends it.
    try:
        with suppress(StopExploration, CouldNotTell, Flaky, Unsatisfiable, NoLinksFound):
            Exploration.run(settings=quiet)
    finally:
        release_state_machines(Exploration)  # Hypothesis would keep it, and with it every exchange of the run
    return linked


def _linked_values(run: OperationRun, case: Any) -> dict[str, Json]:
    """Return the values of a generated case that an answer's link gave; the rest of the case is not used."""
    target = case.operation.definition.raw["operationId"]
    generated = {**(case.body if isinstance(case.body, dict) else {}), **dict(case.path_parameters or {})}
    found = {}
    for exchange in run.exchanges:
        for link in run.document.operation(exchange.operation).links:
            value = link.follow(exchange.response.json()) if exchange.response else None
            # Schemathesis quotes what it puts into a path; the suite's own request quotes the value of the answer.
            if link.target == target and isinstance(value, str) and generated.get(link.name) in (value, encoded(value)):
                found[link.name] = value
    return found


def _can_start(operation: Operation) -> bool:
    """Return whether a sequence can begin with the operation: a write whose path parameters are all known."""
    return operation.job_link is not None and operation.path_parameters.keys() <= operation.supplied_by.keys()
