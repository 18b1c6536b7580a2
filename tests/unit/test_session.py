"""What a session expects of its options before it sends anything."""

from pathlib import Path

import pytest

from contracts.errors import ContractError, UsageError
from tests.harness.records import COST_OF_A_RECORD
from tests.harness.run import RECORDS_TO_START_WITH
from tests.harness.session import JOBS_TO_TELL_OF, MOCK, NothingSelected, Options, Session, select
from tests.harness.settings import Profile
from tests.unit.building import CANCEL, CREATE, DOCUMENT, LIST, STATUS, TOKEN, UPDATE, table
from tests.unit.running import CONTRACT, GENERIC

INTEGRATION, EVENTS, LEAD = "PROPEXO_INTEGRATION_ID", "PROPEXO_EVENT_IDS", "PROPEXO_LEAD_ID"
URL = "http://127.0.0.1:9"


def session(*operations: str, target: str = URL, contract: Path = CONTRACT, **environment: str) -> Session:
    given = {"PROPEXO_TOKEN": TOKEN} | environment
    return Session(Options(target, operations, Profile.QUICK, 1, contract, given))


CREATES = {INTEGRATION: "rm-1", LEAD: "l-1"}
NEEDS = "in the environment: --target url needs values that it knows."


@table(
    "operations, known, lacking",
    {
        "cancellation": ([CANCEL.id], {}, f"{EVENTS} and {INTEGRATION}"),
        "cancellation without its integration": ([CANCEL.id], {EVENTS: "e-1"}, INTEGRATION),
        "cancellation of what nobody can create": ([CANCEL.id], {INTEGRATION: "rm-1"}, EVENTS),
        "update of what nobody can create": ([UPDATE.id], {INTEGRATION: "rm-1"}, EVENTS),
        "create": ([CREATE.id], {}, f"{INTEGRATION} and {LEAD}"),
        "create for another": ([CREATE.id], {INTEGRATION: "rm-1", "PROPEXO_RESIDENT_ID": "r-1"}, LEAD),
        "job status of nothing": ([STATUS.id], {}, EVENTS),
        "the one of two that lacks least": ([CREATE.id, UPDATE.id], {}, EVENTS),
        "blank": ([UPDATE.id], {EVENTS: " "}, EVENTS),
    },
)
def test_session_does_not_start_where_no_operation_can_be_tried(operations, known, lacking: str) -> None:
    with pytest.raises(UsageError) as caught:
        session(*operations, **known)
    assert str(caught.value) == f"Set {lacking} {NEEDS}"


@table(
    "operations, known",
    {
        "list": ([LIST.id], {}),
        "some that need nothing": ([], {}),
        "one that lacks nothing": ([CREATE.id, UPDATE.id], {EVENTS: "e-1"}),
        "cancellation of a known record": ([CANCEL.id], {INTEGRATION: "rm-1", EVENTS: "e-1"}),
        "cancellation of what the run creates": ([CANCEL.id], CREATES),
        "update of what the run creates": ([UPDATE.id], CREATES),
        "job status of what the run creates": ([STATUS.id], CREATES),
        "create without an employee": ([CREATE.id], CREATES),
    },
)
def test_session_starts_where_one_operation_can_be_tried(operations, known) -> None:
    assert session(*operations, **known).requests_sent == 0


def test_embedded_mock_needs_no_setting() -> None:
    assert Session(Options(MOCK, [], Profile.QUICK, 1, CONTRACT, {})).selected == {o.id for o in DOCUMENT.operations}


@table(
    "operation, known, requests",
    {
        "records named": (CANCEL, {INTEGRATION: "rm-1", EVENTS: "e-1"}, 0),
        "records to be made": (CANCEL, CREATES, RECORDS_TO_START_WITH * (1 + COST_OF_A_RECORD)),
        "records to be updated made": (UPDATE, CREATES, RECORDS_TO_START_WITH * (1 + COST_OF_A_RECORD)),
        "creates": (CREATE, CREATES, 0),
        "list": (LIST, CREATES, 0),
        "jobs of writes that create nothing": (STATUS, CREATES | {EVENTS: "e-1"}, 0),
    },
)
def test_what_has_to_be_made_is_counted(operation, known, requests: int) -> None:
    assert session(**known).provisions(operation) == requests


def test_jobs_to_be_made_are_counted() -> None:
    assert session(STATUS.id, CREATE.id, **CREATES).provisions(STATUS) == JOBS_TO_TELL_OF * COST_OF_A_RECORD


def test_nothing_is_cleaned_up_where_nothing_was_sent() -> None:
    assert session(LIST.id).clean_up() == []


@table(
    "patterns, chosen",
    {
        "none": ([], [operation.id for operation in DOCUMENT.operations]),
        "an id": ([CANCEL.id], [CANCEL.id]),
        "a glob": (["cancel_*"], [o.id for o in DOCUMENT.operations if o.id.startswith("cancel_")]),
        "several, in the document's order": ([STATUS.id, CREATE.id], [CREATE.id, STATUS.id]),
        "one of two that matches": (["nothing", LIST.id], [LIST.id]),
    },
)
def test_operations_are_chosen_by_their_ids(patterns, chosen) -> None:
    assert [operation.id for operation in select(DOCUMENT.operations, patterns)] == chosen


def test_id_is_matched_with_its_case() -> None:
    with pytest.raises(NothingSelected, match="matches no operation: choose among create_lead"):
        select(DOCUMENT.operations, [CANCEL.id.upper()])


def test_another_document_has_its_own_operations() -> None:
    generic = session(target=MOCK, contract=GENERIC)
    assert "cancel_lead_appointment_generic" in generic.selected
    assert CANCEL.id not in generic.selected


def test_document_that_is_missing_is_a_fault_of_the_contract(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="cannot be read"):
        session(contract=tmp_path / "absent.yaml")
