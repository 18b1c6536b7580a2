"""What a run sends so that a listing, or a job, can show what became of it."""

from tests.harness.run.mutation_bases import UPDATED
from tests.support.factories import CANCEL, CREATE, LIST, STATUS, UPDATE
from tests.support.operation_runs import running


def test_what_is_to_be_rejected_holds_texts_of_its_own() -> None:
    with running(UPDATE) as run:
        requests = [run.control().request, run.prepare_rejection_base(), run.prepare_auth_rejection_base()]
    for name in ("title", "notes"):
        assert len({request.json()[name] for request in requests}) == 3
    first, *others = [request.json() | {"title": "", "notes": ""} for request in requests]
    assert others == [first, first]


def test_updates_that_are_to_be_rejected_share_a_record_that_no_accepted_one_names() -> None:
    with running(UPDATE) as run:
        accepted, *refused = run.control().request, run.prepare_rejection_base(), run.prepare_auth_rejection_base()
    assert len({request.target for request in refused}) == 1
    assert accepted.target not in {request.target for request in refused}


def test_update_that_is_to_be_rejected_has_a_record_of_its_own_where_the_run_makes_them() -> None:
    with running(UPDATE, without="PROPEXO_EVENT_IDS") as run:
        accepted = [run.control().request, *run.controls.send_second()]
        refused = run.prepare_rejection_base(), run.prepare_auth_rejection_base()
    assert len({request.target for request in accepted}) == 2
    assert len({request.target for request in refused} - {request.target for request in accepted}) == 1


def test_very_first_request_holds_the_texts_of_those_without_credentials() -> None:
    with running(CREATE) as run:
        run.control()
        assert run.unauthenticated_probe is not None
        assert run.unauthenticated_probe.request.json() == run.prepare_auth_rejection_base().json()


def test_what_no_listing_shows_is_not_marked() -> None:
    with running(CANCEL) as run:
        request = run.control().request
        assert run.listing.operation is None
        assert run.bases.tagged(request, UPDATED) == request


def test_texts_differ_from_run_to_run() -> None:
    titles = []
    for _ in range(2):
        with running(UPDATE) as run:
            titles.append(run.prepare_rejection_base().json()["title"])
    assert titles[0] != titles[1]


def test_listing_is_returned_as_it_was_read_last() -> None:
    with running(UPDATE) as run:
        assert run.listing.last is None
        pages = [run.listing.read() for _ in range(2)]
        assert run.listing.last is pages[-1]
    assert {page.operation for page in pages} == {LIST.id}


def test_job_of_an_update_fails_whose_path_names_nothing() -> None:
    with running(STATUS, UPDATE.id, STATUS.id) as run:
        reported = run.jobs.read_failing_job()
        assert reported is not None
        end = run.jobs.poll(reported.request, max_reads=8)
    assert end.response is not None
    assert end.response.json()["write_status"] == "FAILURE"


def test_job_of_a_write_with_only_what_is_required_is_read() -> None:
    with running(STATUS, UPDATE.id, STATUS.id, set_up=False) as run:
        assert run.jobs.read_minimal_write_job() is not None
        (write,) = [exchange for exchange in run.exchanges if exchange.operation == UPDATE.id]
    assert UPDATE.body is not None
    assert write.request.json().keys() == {*UPDATE.body["required"]}


def test_write_that_requires_all_has_nothing_to_leave_out() -> None:
    with running(STATUS, CANCEL.id, STATUS.id, set_up=False) as run:
        assert run.jobs.read_minimal_write_job() is None
        assert run.exchanges == []


def test_jobs_that_were_read_are_returned() -> None:
    with running(STATUS, UPDATE.id, STATUS.id) as run:
        run.control()
        unknown_job = run.send(run.requests.request_for(STATUS, {"root_job_id": "nobody"}), "control")
        read = run.jobs.reads()
    assert len({exchange.request for exchange in read}) == 2
    assert unknown_job not in read


def test_creates_after_the_first_two_are_other_writes() -> None:
    with running(CREATE) as run:
        run.control()
        assert run.controls.further_writes() == []
        third = run.send(run.prepare_control(), "another edit")
        assert run.controls.further_writes() == [third]
