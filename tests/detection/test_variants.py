"""Every variant keeps what the vendor states, seen without the suite: a finding on one would be a false alarm."""

# ruff: noqa: D103, PLR2004 - a test's name is its sentence, and 400 is 400

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from jsonschema import Draft202012Validator

from contracts.document import Json, Operation, load_document
from contracts.mock.state import EVENTS
from tests.detection.catalogue import Variant
from tests.detection.defects import VARIANTS
from tests.detection.probe import Answer, Probe

DOCUMENT: Final = load_document(Path(__file__).parents[2] / "contracts" / "appointments.yaml")
ATTEMPTS: Final = 3
PASSING: Final = frozenset({429, 503})
DATE_SECONDS: Final = 1
"""How far away a Retry-After is that is a date."""

BROKEN: Final[tuple[Json, ...]] = (
    {},
    {"event_id": "e"},
    {"event_id": 1, "integration_id": None},
    [],
    None,
    b"",
    b"{",
    b"\xff",
)
STRANGERS: Final = (None, "Bearer nobody", "Bearer ", "Basic bm9ib2R5Og==", "nobody")

each_variant = pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)


@each_variant
def test_variant_queues_a_cancellation_and_tells_of_it(variant: Variant) -> None:
    with variant.serve(DOCUMENT) as served:
        probe = Probe(served, DOCUMENT)
        for event in served.known[EVENTS]:
            body = probe.good(event_id=event)
            queued = answered(partial(probe.write, body))
            assert fits(queued, probe.writing, 200)
            assert queued.json["result"].items() >= body.items()
            assert fits(answered(partial(probe.status, queued.job_id)), probe.reading, 200)


@each_variant
def test_variant_refuses_what_breaks_the_schema(variant: Variant) -> None:
    with variant.serve(DOCUMENT) as served:
        probe = Probe(served, DOCUMENT)
        for body in BROKEN:
            assert fits(answered(partial(probe.write, body)), probe.writing, 400), body


@each_variant
def test_variant_tells_strangers_nothing(variant: Variant) -> None:
    with variant.serve(DOCUMENT) as served:
        probe = Probe(served, DOCUMENT)
        job = answered(probe.write).job_id
        for value in STRANGERS:
            for ask in (probe.write, partial(probe.status, job)):
                answer = answered(partial(ask, headers={"authorization": value}))
                assert 400 <= answer.status < 500, value
                assert b"job_id" not in answer.body, value
                assert b"write_status" not in answer.body, value


def answered(ask: Callable[[], Answer]) -> Answer:
    """Return the answer to a request, which is sent again where the server asks for that."""
    answer = ask()
    for _ in range(ATTEMPTS):
        if answer.status not in PASSING:
            break
        delay = answer.headers["retry-after"]
        time.sleep(int(delay) if delay.isdigit() else DATE_SECONDS)
        answer = ask()
    return answer


def fits(answer: Answer, operation: Operation, status: int) -> bool:
    """Whether an answer has this status and the body that the document has for it."""
    validator = Draft202012Validator(operation.responses[str(status)])
    return answer.status == status and bool(validator.is_valid(answer.json))
