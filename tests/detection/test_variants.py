"""Every variant keeps what the vendor states, observed without the suite: a finding on one is a false alarm."""

# ruff: noqa: D103, PLR2004 - a test's name is its sentence, and 400 is 400

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from jsonschema import Draft202012Validator

from contracts.mock.data.state import EVENTS, PENDING
from contracts.model.json_value import Json
from contracts.openapi.loader import load_document
from contracts.openapi.operation import Operation
from tests.detection.catalogue import Variant
from tests.detection.defects import VARIANTS
from tests.detection.probe import MAX_READS, Answer, Probe

DOCUMENT: Final = load_document(Path(__file__).parents[2] / "contracts" / "appointments.yaml")
ATTEMPTS: Final = 3
PAUSE_SECONDS: Final = 0.1
RETRIABLE_STATUSES: Final = frozenset({429, 503})
DATE_SECONDS: Final = 1
"""The wait for a Retry-After that is a date."""

SCHEMA_VIOLATIONS: Final[tuple[Json, ...]] = ({}, {"event_id": "e"}, {"event_id": 1, "integration_id": None})
NO_JSON_OBJECTS: Final[tuple[Json, ...]] = ([], None, b"", b"{", b"\xff")
"""No JSON objects: the vendor leaves open with which status and body these are rejected."""

OUT_OF_BOUNDS: Final[tuple[dict[str, Json], ...]] = (
    {"title": "t" * 51},
    {"appointment_duration_minutes": 0},
    {"appointment_time": "25:00:00"},
    {"appointment_date": "next Monday"},
    {"notes": 1},
)
LIMIT: Final = 10
KNOWS_FEWER_EVENTS: Final = frozenset({"events-are-of-one-kind-of-person"})
"""Variants that are not given only events which they cancel."""
LOOKS_UP_FIRST: Final = frozenset({"events-are-looked-up-before-the-rest-is-validated"})
"""Variants that refuse an unknown event with 404, whatever else is wrong."""
UNKNOWN_CREDENTIALS: Final = (None, "Bearer nobody", "Bearer ", "Basic bm9ib2R5Og==", "nobody")

each_variant = pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)


@each_variant
def test_variant_queues_a_cancellation_and_reports_its_status(variant: Variant) -> None:
    with variant.serve(DOCUMENT) as served:
        probe = Probe(served, DOCUMENT)
        for event in served.test_data[EVENTS]:
            body = probe.valid_body(event_id=event)
            queued = answered(partial(probe.write, body))
            if variant.name in KNOWS_FEWER_EVENTS and queued.status == 404 and event != probe.events[0]:
                continue
            assert fits(queued, probe.write_operation, 200)
            assert queued.json["result"].items() >= body.items()
            assert fits(answered(partial(probe.status, queued.job_id)), probe.status_operation, 200)


@each_variant
def test_variant_rejects_what_breaks_the_schema(variant: Variant) -> None:
    with variant.serve(DOCUMENT) as served:
        probe = Probe(served, DOCUMENT)
        for body in SCHEMA_VIOLATIONS:
            answer = answered(partial(probe.write, body))
            if variant.name in LOOKS_UP_FIRST and body.get("event_id") == "e" and answer.status == 404:
                continue
            assert fits(answer, probe.write_operation, 400), body


@each_variant
def test_variant_rejects_what_is_no_json_object(variant: Variant) -> None:
    with variant.serve(DOCUMENT) as served:
        probe = Probe(served, DOCUMENT)
        for body in NO_JSON_OBJECTS:
            answer = answered(partial(probe.write, body))
            assert 400 <= answer.status < 500, body
            assert answer.job_id is None, body


@each_variant
def test_variant_rejects_unknown_credentials_and_leaks_no_data(variant: Variant) -> None:
    with variant.serve(DOCUMENT) as served:
        probe = Probe(served, DOCUMENT)
        job = answered(probe.write).job_id
        for value in UNKNOWN_CREDENTIALS:
            for ask in (probe.write, partial(probe.status, job), probe.create, probe.update, probe.page):
                answer = answered(partial(ask, headers={"authorization": value}))
                assert 400 <= answer.status < 500, value
                assert not [leak for leak in (b"job_id", b"write_status", b"results") if leak in answer.body], value


@each_variant
def test_variant_creates_updates_and_cancels(variant: Variant) -> None:
    with variant.serve(DOCUMENT) as served:
        probe = Probe(served, DOCUMENT)
        created = answered(probe.create)
        assert fits(created, probe.operation("create").stated_only, 200)
        event = settled(probe, created)
        updated = answered(partial(probe.update, event=event))
        assert fits(updated, probe.operation("update").stated_only, 200)
        settled(probe, updated)
        assert fits(answered(partial(probe.cancel, event or probe.events[0])), probe.write_operation, 200)


@each_variant
def test_variant_rejects_what_breaks_a_constraint(variant: Variant) -> None:
    with variant.serve(DOCUMENT) as served:
        probe = Probe(served, DOCUMENT)
        for changes in OUT_OF_BOUNDS:
            assert answered(partial(probe.create, probe.create_body(**changes))).status == 400, changes
            assert answered(partial(probe.update, probe.update_body(**changes))).status == 400, changes


@each_variant
def test_variant_lists_page_by_page(variant: Variant) -> None:
    with variant.serve(DOCUMENT) as served:
        probe = Probe(served, DOCUMENT)
        listing = probe.operation("list")
        assert fits(answered(probe.page), listing, 200)
        whole = answered(probe.page)
        pages = [
            answered(partial(probe.page, f"limit={LIMIT}&offset={offset}"))
            for offset in range(0, len(whole.json["results"]), LIMIT)
        ]
        if "LIST-01" not in variant.departs_from:  # what LIST-01 recommends is that equals keep their order
            assert [item for page in pages for item in page.json["results"]] == whole.json["results"]
        assert not [page for page in pages if not fits(page, listing, 200)]
        assert not whole.json["meta"].get("hasMore")


@each_variant
def test_variant_rejects_what_is_not_supported(variant: Variant) -> None:
    with variant.serve(DOCUMENT) as served:
        probe = Probe(served, DOCUMENT)
        for body in ({}, probe.valid_body()):
            assert answered(partial(probe.unsupported, body)).status == 405


def settled(probe: Probe, queued: Answer) -> str | None:
    """Return the id of the record that a job created, once it has ended."""
    for _ in range(MAX_READS):
        status = answered(partial(probe.status, str(queued.job_id)))
        assert fits(status, probe.status_operation, 200)
        if status.json["write_status"] != PENDING and status.json["created_record_id"]:
            return str(status.json["created_record_id"])
        if status.json["write_status"] == PENDING:
            time.sleep(PAUSE_SECONDS)
    return None


def answered(ask: Callable[[], Answer]) -> Answer:
    """Return the answer to a request, which is repeated if the server asks for that."""
    answer = ask()
    for _ in range(ATTEMPTS):
        if answer.status not in RETRIABLE_STATUSES:
            break
        delay = answer.headers["retry-after"]
        time.sleep(int(delay) if delay.isdigit() else DATE_SECONDS)
        answer = ask()
    return answer


def fits(answer: Answer, operation: Operation, status: int) -> bool:
    """Whether an answer has this status and the body that the document has for it."""
    validator = Draft202012Validator(operation.responses[str(status)])
    return answer.status == status and bool(validator.is_valid(answer.json))
