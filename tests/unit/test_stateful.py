"""The walk over the document's links: where it leads, and where it does not go."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from contracts.errors import TargetUnavailable
from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import serve
from tests.harness.config.settings import Profile
from tests.harness.run.operation_run import OperationRun
from tests.harness.run.run_options import Options
from tests.harness.run.session import Session
from tests.harness.trial.stateful import LINKED, explore_links
from tests.support.factories import CANCEL, CREATE, DOCUMENT, STATUS, table
from tests.support.sockets import ServerConnection, serving
from tests.support.suite_process import CONTRACT


@dataclass(frozen=True)
class Walked:
    """A walk's run, and the mock that it was at."""

    run: OperationRun
    session: Session
    api: MockApi


@contextmanager
def walking(*operations: str) -> Iterator[Walked]:
    """Give the run of a job status, with these operations selected, against a mock that names all of its values."""
    mock = MockApi(DOCUMENT)
    with serve(mock) as server:
        known = {variable: ",".join(values) for variable, values in server.known.items()}
        session = session_at(server.url, *operations, PROPEXO_TOKEN=server.token, **known)
        try:
            yield Walked(session.run(STATUS), session, mock)
        finally:
            session.close()


def session_at(url: str, *operations: str, **environment: str) -> Session:
    return Session(Options(url, operations, Profile.DEEP, 1, CONTRACT, environment))


def test_link_exploration_leads_from_a_write_to_its_status() -> None:
    with walking() as walked:
        linked = explore_links(walked.run, 60)
        known = walked.api.state.jobs.keys() | (walked.api.state.records.keys() - {*walked.api.state.events})
    assert STATUS.id in {seen.operation for seen in linked}
    for seen in linked:
        operation = DOCUMENT.operation(seen.operation)
        named = {*operation.path_values(seen.request.target).values()}
        named |= {seen.request.json().get("event_id")} if operation.body else set()
        assert named & known, "no response of the target leads to it"
    assert all(seen.accepted and seen.mutation == LINKED for seen in linked)


def test_link_exploration_leads_on_to_operations_on_the_record() -> None:
    with walking() as walked:
        linked = {seen.operation for seen in explore_links(walked.run, 60)}
    assert linked - {STATUS.id}


def test_few_requests_are_enough_to_follow_a_link() -> None:
    with walking() as walked:
        assert explore_links(walked.run, 8)


@table(
    "operations",
    {
        "write and status": ([CANCEL.id, STATUS.id],),
        "create and status": ([CREATE.id, STATUS.id],),
        "one person's": (["*_lead_*", STATUS.id],),
        "status alone": ([STATUS.id],),
    },
)
def test_link_exploration_stays_within_the_selected_operations(operations: list[str]) -> None:
    with walking(*operations) as walked:
        explore_links(walked.run, 30)
    assert {seen.operation for seen in walked.run.exchanges} <= walked.session.selected


@pytest.mark.parametrize("at_most", [0, 1, 8, 30])
def test_link_exploration_stays_within_its_number_of_requests(at_most: int) -> None:
    with walking() as walked:
        before = walked.run.budget.left
        explore_links(walked.run, at_most)
        assert len(walked.run.exchanges) <= at_most
        assert before - walked.run.budget.left <= at_most + 3, "what was created last is to be cancelled, too"


def test_record_that_the_link_exploration_created_is_cancelled() -> None:
    with walking(CREATE.id, STATUS.id) as walked:
        explore_links(walked.run, 30)
        created = [r for r in walked.api.state.records.values() if r.id not in walked.api.state.events]
        assert created
        walked.session.clean_up()
        assert walked.session.left == []
        assert all(record.removed for record in created)


def test_link_exploration_ends_where_nothing_is_answered() -> None:
    def hangs_up(client: ServerConnection) -> None:
        client.receive()

    with serving(hangs_up) as server:
        session = session_at(server.url, PROPEXO_TOKEN="tok-1-of-a-walk", PROPEXO_EVENT_IDS="evt-1")
        run = session.run(STATUS)
        with pytest.raises(TargetUnavailable, match="stopped answering"):
            explore_links(run, 30)
        session.close()
    (in_flight,) = run.exchanges
    assert in_flight.fault == "connection dropped; no request was answered after it"
