"""Schemathesis's stateful testing over the links of the document, sent through our own client."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, reject, seed, settings
from hypothesis.errors import Flaky, Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.errors import NoLinksFound
from schemathesis.generation.stateful.state_machine import release_state_machines

from contracts.checks.jobs import job_is_finished
from contracts.errors import Inconclusive
from contracts.model.http import Exchange
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from strategies.generated import as_schemathesis_response, schema_of_operations
from tests.harness.run.operation_run import OperationRun
from tests.harness.run.request_factory import quoted

STEPS = 16
"""A write, its status, what the status leads to, and that one's status, with as many steps again and again left out."""
READS = 2
"""Of a job that has not ended: what it leads to is told at its end."""
SEED = 1
"""One walk for all runs: `derandomize` would choose another one whenever this file is edited."""
LINKED = "a value that a link leads to"


class Enough(Exception):
    """The allowance of the walk is spent, or the target gave no answer to go on from."""


def walk(run: OperationRun, at_most: int) -> list[Exchange]:
    """Follow links at random from write to status to what it leads to; return the exchanges that a link led to.

    Every value that the target has to know comes from a link or from what the target is known to know: a step that
    has neither is not sent.
    """
    schema = schema_of_operations(run.document, frozenset(run.context.selected))
    schema.config.generation.update(modes=[GenerationMode.POSITIVE])
    linked: list[Exchange] = []
    enough = max(0, run.budget.left - at_most)

    class Walk(schema.as_state_machine()):  # type: ignore[misc]
        begun = False

        def step(self, input: Any) -> Any:  # noqa: A002 - the name is Schemathesis's
            self.led = bool(input.applied_parameters)
            if self.begun and not self.led:
                return None  # what the first answer leads to comes first: a step that is not taken costs no request
            self.begun = not self.led
            return super().step(input)

        def call(self, case: Any, **_: Any) -> Any:
            if run.budget.left <= enough:
                raise Enough
            operation = run.document.operation(case.operation.definition.raw["operationId"])
            given = _linked(run, case) if self.led else {}
            if not (given or _can_start(operation)):
                reject()
            request = run.requests.request_for(operation, given)
            exchange = run.send(request, LINKED, operation=operation)
            if operation.job_status and exchange.accepted and not job_is_finished(operation, exchange):
                exchange = run.jobs.poll(request, max_reads=READS, operation=operation, mutation=LINKED)
            if given:
                linked.append(exchange)
            if exchange.response is None:
                raise Enough
            return as_schemathesis_response(exchange)

        def validate_response(self, *_: Any, **__: Any) -> None:
            """Leave the judgement to our own checks."""

    quiet = settings(
        max_examples=max(1, at_most),
        stateful_step_count=STEPS,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    seed(SEED)(Walk)
    # What a target answers differs from run to run, so Hypothesis may find its own replay inconsistent: the walk ends.
    try:
        with suppress(Enough, Inconclusive, Flaky, Unsatisfiable, NoLinksFound):
            Walk.run(settings=quiet)
    finally:
        release_state_machines(Walk)  # Hypothesis would keep it, and with it every exchange of the run
    return linked


def _linked(run: OperationRun, case: Any) -> dict[str, Json]:
    """Return what links gave to a generated case, as an answer told it; the rest of the case is not taken."""
    target = case.operation.definition.raw["operationId"]
    given = {**(case.body if isinstance(case.body, dict) else {}), **dict(case.path_parameters or {})}
    found = {}
    for exchange in run.exchanges:
        for link in run.document.operation(exchange.operation).links:
            told = link.follow(exchange.response.json()) if exchange.response else None
            # Schemathesis quotes what it puts into a path; so does our own request, which is made of what was told.
            if link.target == target and isinstance(told, str) and given.get(link.name) in (told, quoted(told)):
                found[link.name] = told
    return found


def _can_start(operation: Operation) -> bool:
    return operation.job_link is not None and operation.path_parameters.keys() <= operation.supplied_by.keys()
