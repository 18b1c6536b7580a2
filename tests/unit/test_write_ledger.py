"""Which records a session wrote to, and which record each mutation of an update goes to."""

import gzip
import json
from dataclasses import replace

from contracts.model.http import Exchange, Request
from strategies.core.mutation import Mutation
from tests.harness.config.settings import Secret, Target
from tests.harness.run.context import RunContext
from tests.harness.run.created_resources import CreatedResources
from tests.harness.run.request_factory import RequestFactory
from tests.harness.run.update_targets import UpdateTargets
from tests.harness.run.write_ledger import WriteLedger
from tests.support.factories import CANCEL, CREATE, DOCUMENT, STATUS, TOKEN, UPDATE, exchange, table

EVENTS = ("evt-1", "evt-2", "evt-3", "evt-4")
KNOWN = {"PROPEXO_INTEGRATION_ID": ("rm-1",), "PROPEXO_EVENT_IDS": EVENTS, "PROPEXO_LEAD_ID": ("l-1",)}
TARGET = Target("url", "http://127.0.0.1:9", Secret(TOKEN), KNOWN)
SENT = {"integration_id": "rm-1", "title": "Visit", "appointment_date": "2099-01-05", "appointment_time": "09:00:00"}
PLAIN = Request(UPDATE.method, "/plain", ())


def update(record: str = "evt-1", status: int = 200, number: int = 1) -> Exchange:
    target = UPDATE.path.replace("{event_id}", record)
    return exchange(status, operation=UPDATE.id, method="PUT", target=target, request_body=SENT, number=number)


def cancellation(record: str = "evt-1", status: int = 200, number: int = 1) -> Exchange:
    body = {"integration_id": "rm-1", "event_id": record}
    return exchange(status, operation=CANCEL.id, request_body=body, number=number)


def sending(seen: Exchange, body: bytes) -> Exchange:
    return replace(seen, request=replace(seen.request, body=body))


def packed(seen: Exchange) -> Exchange:
    return sending(seen, gzip.compress(seen.request.body))


def ledger(*exchanges: Exchange) -> WriteLedger:
    found = WriteLedger()
    for one in exchanges:
        found.observe(DOCUMENT, one)
    return found


@table(
    "expected, changed, status",
    {
        "a number for a text": ({str(2**70)}, {"title": 2**70}, 200),
        "an array for a text": ({'["a"]'}, {"title": ["a"]}, 200),
        "what a listing may show anyhow": (set(), {"title": None, "notes": False, "appointment_time": ""}, 200),
        "a good value": (set(), {"title": "Tour"}, 200),
        "what was rejected": (set(), {"title": 2**70}, 400),
    },
)
def test_invalid_values_of_accepted_writes_are_kept(expected, changed, status) -> None:
    body = json.dumps(SENT | changed).encode()
    assert ledger(sending(update(status=status), body)).invalid_values == expected


def test_update_is_kept_with_what_a_listing_shows_of_it_but_ids() -> None:
    writes = ledger(update(number=3)).since(2, ["evt-1"])["evt-1"]
    assert writes.updates == ({"title": "Visit", "appointment_date": "2099-01-05"},)
    assert (writes.numbers, writes.cancelled, writes.uncertain) == ((3,), False, False)


@table(
    "seen, updates, cancelled, uncertain",
    {
        "an update before the page": (update(number=2), 0, False, False),
        "of another record": (update("evt-2", number=3), 0, False, False),
        "rejected": (update(status=400, number=3), 0, False, False),
        "perhaps done": (update(status=500, number=3), 0, False, True),
        "packed, so that nobody knows what it sent": (packed(update(number=3)), 0, False, True),
        "packed, before the page": (packed(update(number=1)), 0, False, True),
        "of nothing": (sending(update(number=3), b"{}"), 1, False, False),
        "cancelled before the page": (cancellation(number=1), 0, True, False),
        "a cancellation that was rejected": (cancellation(status=409, number=3), 0, False, False),
        "a cancellation perhaps done": (cancellation(status=502, number=3), 0, True, False),
    },
)
def test_what_may_have_changed_a_record_is_known(seen, updates, *, cancelled, uncertain) -> None:
    writes = ledger(seen).since(2, ["evt-1"])["evt-1"]
    assert (len(writes.updates), writes.cancelled, writes.uncertain) == (updates, cancelled, uncertain)


def end(state: str, job: str = "job-1", number: int = 9) -> Exchange:
    body = {"write_status": state, "errors": [], "created_record_id": None}
    target = STATUS.path.replace("{root_job_id}", job)
    return exchange(200, body, operation=STATUS.id, method="GET", target=target, request_body=None, number=number)


@table(
    "removed, ends",
    {
        "its job succeeded": (1, [end("SUCCESS")]),
        "its job failed": (0, [end("FAILURE")]),
        "its job is under way": (0, [end("PENDING")]),
        "another job succeeded": (0, [end("SUCCESS", "job-2")]),
        "its job was not read": (0, []),
    },
)
def test_record_is_removed_once_a_job_confirmed_its_cancellation(removed, ends) -> None:
    assert ledger(cancellation(number=1), *ends).since(0, ["evt-1"])["evt-1"].removed == removed


def test_each_id_of_a_cancellation_is_removed_for_any_may_be_that_of_the_record() -> None:
    found = ledger(cancellation(number=3), end("SUCCESS")).since(0, ["evt-1", "rm-1"])
    assert [writes.removed for writes in found.values()] == [3, 3]


def test_first_cancellation_that_was_confirmed_counts() -> None:
    again = ledger(cancellation(number=1), end("SUCCESS"), cancellation(number=11), end("SUCCESS"))
    assert again.since(0, ["evt-1"])["evt-1"].removed == 1


def test_update_before_the_page_may_still_be_under_way() -> None:
    writes = ledger(update(number=2), update(number=3), update("evt-2", number=1)).since(2, ["evt-1"])["evt-1"]
    assert (len(writes.earlier), len(writes.updates)) == (1, 1)


def test_last_write_is_that_of_any_operation() -> None:
    create = exchange(200, operation=CREATE.id, request_body={"lead_id": "l-1"}, number=8)
    assert ledger(update(number=5), create, update(status=400, number=9)).last_write == 8


def targets(*exchanges: Exchange, values: tuple[str, ...] = EVENTS) -> UpdateTargets:
    context = RunContext(DOCUMENT, TARGET, None, frozenset(), CreatedResources(DOCUMENT))  # type: ignore[arg-type]
    for one in exchanges:
        context.ledger.observe(DOCUMENT, one)
    requests = RequestFactory(DOCUMENT, TARGET, KNOWN | {"PROPEXO_EVENT_IDS": values}, context.resources)
    return UpdateTargets(UPDATE, context, requests)


def records_of(chosen: UpdateTargets, number: int) -> list[str]:
    return [chosen.next_base(PLAIN).target.rpartition("/")[2] for _ in range(number)]


@table(
    "chosen, expected",
    {
        "in turn": (targets(), ["evt-4", "evt-3", "evt-2", "evt-1", "evt-4"]),
        "but for the cancelled": (targets(cancellation("evt-3")), ["evt-4", "evt-2", "evt-1", "evt-4", "evt-2"]),
        "only one is known": (targets(values=("evt-1",)), ["plain"] * 5),
        "none is known": (targets(values=()), ["plain"] * 5),
    },
)
def test_updates_go_to_the_known_records(chosen, expected) -> None:
    assert records_of(chosen, 5) == expected


def test_no_other_record_is_used_once_one_was_rejected() -> None:
    chosen = targets()
    chosen.stop()
    assert records_of(chosen, 2) == ["plain", "plain"]


@table(
    "expected, expects_success, status",
    {
        "accepted": (False, True, 200),
        "a good request rejected": (True, True, 400),
        "a bad request rejected": (False, False, 400),
        "crashed": (False, True, 500),
        "the record is not known": (True, False, 404),
    },
)
def test_rejection_may_be_about_the_record(expected, *, expects_success, status) -> None:
    mutation = Mutation("x", lambda request: request, expects_success=expects_success)
    assert targets().is_in_doubt(mutation, update(status=status)) is expected
