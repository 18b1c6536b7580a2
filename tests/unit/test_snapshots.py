"""What a run knows of its records between two pages of a listing."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from contracts.mock.http.api import MockApi
from contracts.model.http import CONTROL, Exchange
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.harness.config.settings import Secret, Target
from tests.harness.run.context import RunContext
from tests.harness.run.created_resources import CreatedResources
from tests.harness.run.snapshots import Snapshots
from tests.harness.trial.listed_records import check_changes
from tests.harness.trial.requirement_test import RequirementTest
from tests.support.factories import CANCEL, CREATE, DOCUMENT, LIST, REQUIREMENTS, TOKEN, UPDATE, exchange
from tests.support.operation_runs import running

TARGET = Target("url", "http://127.0.0.1:9", Secret(TOKEN), {})
KNOWN = Target("url", "http://127.0.0.1:9", Secret(TOKEN), {"PROPEXO_EVENT_IDS": ("evt-1", "evt-2")})


def page() -> Exchange:
    return exchange(200, {"meta": {}, "results": []}, operation=LIST.id, method="GET", target=LIST.path, number=1)


@pytest.mark.parametrize("marked", [True, False], ids=["with a mark", "without one"])
def test_copy_cannot_be_told_from_a_record_whose_id_and_mark_are_not_known(marked) -> None:
    resources = CreatedResources(DOCUMENT)
    notes = f"Visit {resources.mark_of(CREATE)}" if marked else "Visit"
    sent = {"lead_id": "l-1", "title": "Tour of the house", "notes": notes}
    create = exchange(200, {"meta": {"job_id": "job-1"}}, operation=CREATE.id, request_body=sent, number=2)
    resources.observe(create, resources.begin(CREATE, create.request))
    context = RunContext(DOCUMENT, TARGET, None, frozenset(), resources)  # type: ignore[arg-type]
    snapshots = Snapshots(UPDATE, context, SimpleNamespace(operation=LIST), None)  # type: ignore[arg-type]
    snapshots.before = page()
    changes = snapshots.changes()
    assert changes is not None
    assert changes.shared is not marked


@pytest.mark.parametrize("shared", [True, False], ids=["beside other processes", "alone"])
def test_record_that_another_process_may_write_to_is_not_compared(shared) -> None:
    alone = RunContext(DOCUMENT, KNOWN, None, frozenset(), CreatedResources(DOCUMENT))  # type: ignore[arg-type]
    context = replace(alone, shared=shared)
    own = exchange(200, operation=CANCEL.id, request_body={"integration_id": "rm-1", "event_id": "evt-2"}, number=2)
    context.ledger.observe(DOCUMENT, own)
    snapshots = Snapshots(UPDATE, context, SimpleNamespace(operation=LIST), None)  # type: ignore[arg-type]
    snapshots.before = page()
    changes = snapshots.changes()
    assert changes is not None
    assert set(changes.writes) == ({"evt-2"} if shared else {"evt-1", "evt-2"})


class UpdatesOfOneEventAreLost(MockApi):
    def update(self, operation: Operation, value: Json) -> list[str]:
        return [] if self.state.events[5] in value.values() else super().update(operation, value)


def test_page_counts_that_no_request_is_left_to_read_again() -> None:
    with running(UPDATE, api=UpdatesOfOneEventAreLost) as run:
        for index in (5, 6):
            run.jobs.read_to_end(run.send(run.controls.request_at(index), CONTROL))
        test = RequirementTest(REQUIREMENTS["JOB-09"], run, [], 1, 1)
        run.budget.reserve({"ERR-01": 2})
        run.budget.spent = run.budget.total - 3
        check_changes(test)
        assert [one.violation.kind for one in test.occurrences] == ["an update is lost"]


class CancellationsTakeTheNotes(MockApi):
    def cancel(self, operation: Operation, value: Json) -> list[str]:
        errors = super().cancel(operation, value)
        self.state.records[value["event_id"]].sent.pop("notes", None)
        return errors


@pytest.mark.parametrize("api", [CancellationsTakeTheNotes, MockApi], ids=["notes are lost", "nothing is"])
def test_what_shows_in_the_middle_of_a_run_is_found_there(api: type[MockApi]) -> None:
    with running(CANCEL, api=api) as run:
        run.snapshots.read_between()
        middle = run.snapshots.between[0]
        test = RequirementTest(REQUIREMENTS["JOB-09"], run, [], 1, 1)
        check_changes(test)
        found = [occurrence.exchange.number for occurrence in test.occurrences]
        assert (middle.number in found) is (api is not MockApi)
