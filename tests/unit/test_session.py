"""What a session expects of its options before it sends anything."""

from pathlib import Path

import pytest

from contracts.errors import ContractError, CouldNotTell, NotApplicable, UsageError
from tests.harness.config.access import Access, access_with
from tests.harness.config.settings import MOCK, Profile
from tests.harness.run.created_record import REQUESTS_PER_RECORD
from tests.harness.run.relations import missing_settings
from tests.harness.run.run_options import Options
from tests.harness.run.selection import NothingSelected, select
from tests.harness.run.session import STATUS_WRITES, Session
from tests.harness.run.set_up import CREATED_RECORDS
from tests.support.factories import CANCEL, CREATE, DOCUMENT, LIST, REQUIREMENTS, STATUS, TOKEN, UPDATE, table
from tests.support.suite_process import CONTRACT, GENERIC

INTEGRATION, EVENTS, LEAD = "PROPEXO_INTEGRATION_ID", "PROPEXO_EVENT_IDS", "PROPEXO_LEAD_ID"
URL = "http://127.0.0.1:9"


APPLICANT = DOCUMENT.operation("create_applicant_appointment_rentmanager")


def session(
    *operations: str, target: str = URL, contract: Path = CONTRACT, access: Access | None = None, **environment: str
) -> Session:
    given = {"PROPEXO_TOKEN": TOKEN} | environment
    return Session(Options(target, operations, Profile.QUICK, 1, contract, given, access=access))


CREATES = {INTEGRATION: "rm-1", LEAD: "l-1"}


@table(
    "operation, known, missing",
    {
        "cancellation": (CANCEL, {}, f"{INTEGRATION}, and {EVENTS} or {LEAD}"),
        "cancellation without its integration": (CANCEL, {EVENTS: "e-1"}, INTEGRATION),
        "cancellation of what nobody can create": (CANCEL, {INTEGRATION: "rm-1"}, f"{EVENTS} or {LEAD}"),
        "update of what nobody can create": (UPDATE, {INTEGRATION: "rm-1"}, f"{EVENTS} or {LEAD}"),
        "create": (CREATE, {}, f"{INTEGRATION} and {LEAD}"),
        "create for another": (CREATE, {INTEGRATION: "rm-1", "PROPEXO_RESIDENT_ID": "r-1"}, LEAD),
        "job status of nothing": (STATUS, {}, f"{EVENTS}, or PROPEXO_APPLICANT_ID and {INTEGRATION}"),
        "blank": (UPDATE, {EVENTS: " "}, f"{EVENTS}, or {INTEGRATION} and {LEAD}"),
        "no token": (LIST, {"PROPEXO_TOKEN": ""}, "PROPEXO_TOKEN"),
        "nothing": (CREATE, {"PROPEXO_TOKEN": ""}, f"PROPEXO_TOKEN and {INTEGRATION} and {LEAD}"),
    },
)
def test_what_is_missing_keeps_accepted_requests_away(operation, known, missing: str) -> None:
    found = session(operation.id, **known)
    for name, needed in (("RESP-01", Access.WRITE), ("AUTH-03", Access.TOKEN), ("AUTH-01", Access.NONE)):
        skip_reason = found.skip_reason(REQUIREMENTS[name], operation)
        if access_with(missing_settings(DOCUMENT, operation, found.target)).covers(needed):
            assert skip_reason is None
        else:
            assert isinstance(skip_reason, CouldNotTell)
            assert f"set {missing}." in str(skip_reason)
    assert isinstance(found.skip_reason(REQUIREMENTS["RESP-01"], operation), CouldNotTell)


@table(
    "operations, known",
    {
        "list": ([LIST.id], {}),
        "one that lacks nothing": ([CREATE.id, UPDATE.id], {EVENTS: "e-1"}),
        "cancellation of a known record": ([CANCEL.id], {INTEGRATION: "rm-1", EVENTS: "e-1"}),
        "cancellation of what the run creates": ([CANCEL.id], CREATES),
        "update of what the run creates": ([UPDATE.id], CREATES),
        "job status of what the run creates": ([STATUS.id], CREATES),
        "create without an employee": ([CREATE.id], CREATES),
    },
)
def test_session_may_write_where_one_operation_can_be_tried(operations, known) -> None:
    found = session(*operations, **known)
    assert (found.access, found.requests_sent) == (Access.WRITE, 0)


@table(
    "given, access",
    {
        "nothing": ({"PROPEXO_TOKEN": ""}, Access.NONE),
        "ids without a token": (CREATES | {"PROPEXO_TOKEN": ""}, Access.NONE),
        "token": ({}, Access.TOKEN),
        "token and too few ids": ({LEAD: "l-1"}, Access.TOKEN),
        "records to change": ({EVENTS: "e-1"}, Access.WRITE),
        "persons": (CREATES, Access.WRITE),
    },
)
def test_what_was_given_decides_the_level(given, access: Access) -> None:
    assert session(**given).access is access


@table(
    "given, declared, sentence",
    {
        "no token": ({"PROPEXO_TOKEN": ""}, Access.TOKEN, "--access token needs PROPEXO_TOKEN: "),
        "no token to write with": ({"PROPEXO_TOKEN": ""}, Access.WRITE, "--access write needs PROPEXO_TOKEN"),
        "no ids": ({}, Access.WRITE, f"--access write needs {EVENTS}, or {INTEGRATION} and {LEAD}: "),
    },
)
def test_more_access_cannot_be_declared_than_was_given(given, declared: Access, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        session(access=declared, **given)
    assert str(caught.value).startswith(sentence)


def test_what_was_declared_away_does_not_apply() -> None:
    found = session(access=Access.TOKEN, **CREATES)
    assert (found.access, found.target.known) == (Access.TOKEN, {})
    assert str(found.skip_reason(REQUIREMENTS["RESP-01"], CREATE)) == (
        "it needs access write, and --access token was declared"
    )
    assert isinstance(found.skip_reason(REQUIREMENTS["RESP-01"], CREATE), NotApplicable)
    assert found.skip_reason(REQUIREMENTS["RESP-01"], LIST) is None


def test_value_that_is_missing_at_the_declared_level_could_not_be_reported() -> None:
    found = session(access=Access.WRITE, **CREATES)
    assert isinstance(found.skip_reason(REQUIREMENTS["RESP-01"], APPLICANT), CouldNotTell)


def test_embedded_mock_needs_no_setting() -> None:
    assert Session(Options(MOCK, [], Profile.QUICK, 1, CONTRACT, {})).selected == {o.id for o in DOCUMENT.operations}


@table(
    "operation, known, requests",
    {
        "records named": (CANCEL, {INTEGRATION: "rm-1", EVENTS: "e-1"}, 0),
        "records to be made": (CANCEL, CREATES, CREATED_RECORDS * (1 + REQUESTS_PER_RECORD)),
        "records to be updated made": (UPDATE, CREATES, CREATED_RECORDS * (1 + REQUESTS_PER_RECORD)),
        "creates": (CREATE, CREATES, 0),
        "list": (LIST, CREATES, 0),
        "jobs of writes that create nothing": (STATUS, CREATES | {EVENTS: "e-1"}, 0),
    },
)
def test_what_has_to_be_made_is_counted(operation, known, requests: int) -> None:
    assert session(**known).setup_requests(operation) == requests


def test_jobs_to_be_made_are_counted() -> None:
    assert session(STATUS.id, CREATE.id, **CREATES).setup_requests(STATUS) == STATUS_WRITES * REQUESTS_PER_RECORD


def test_nothing_is_cleaned_up_where_nothing_was_sent() -> None:
    found = session(LIST.id)
    found.clean_up()
    assert (found.left, found.requests_sent) == ([], 0)


@table(
    "patterns, chosen",
    {
        "none": ([], [operation.id for operation in DOCUMENT.operations]),
        "an id": ([CANCEL.id], [CANCEL.id]),
        "a glob": (["cancel_*"], [o.id for o in DOCUMENT.operations if o.id.startswith("cancel_")]),
        "several, in the document's order": ([STATUS.id, CREATE.id], [CREATE.id, STATUS.id]),
    },
)
def test_operations_are_chosen_by_their_ids(patterns, chosen) -> None:
    assert [operation.id for operation in select(DOCUMENT.operations, patterns)] == chosen


def test_id_is_matched_with_its_case() -> None:
    with pytest.raises(NothingSelected, match=f"matches no operation: did you mean {CANCEL.id}[?] Known: create_lead"):
        select(DOCUMENT.operations, [CANCEL.id.upper()])


def test_one_unknown_operation_among_others_is_refused_unless_it_is_that_of_an_earlier_run() -> None:
    with pytest.raises(NothingSelected, match=r"^--operation nothing matches no operation: choose among create_lead"):
        select(DOCUMENT.operations, [LIST.id, "nothing"])
    assert [one.id for one in select(DOCUMENT.operations, [LIST.id, "nothing"], may_be_gone=True)] == [LIST.id]
    with pytest.raises(NothingSelected):
        select(DOCUMENT.operations, ["nothing"], may_be_gone=True)


def test_another_document_has_its_own_operations() -> None:
    generic = session(target=MOCK, contract=GENERIC)
    assert "cancel_lead_appointment_generic" in generic.selected
    assert CANCEL.id not in generic.selected


def test_document_that_is_missing_is_a_fault_of_the_contract(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="cannot be read"):
        session(contract=tmp_path / "absent.yaml")
