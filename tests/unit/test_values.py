"""Control requests: made of schemas, of values that the target knows, and of what a run itself found out."""

from typing import Any

import pytest

from contracts.openapi.parameters import Parameter
from tests.harness.config.settings import Secret, Target
from tests.harness.run.relations import (
    creator_for,
    first_values,
    job_sources,
    listing_for,
    missing_variables,
    required_variables,
    variables_beside_records,
)
from tests.harness.run.request_factory import control_body, request_for
from tests.harness.run.value_allocator import SPARE_VALUES, ValueAllocator
from tests.support.factories import (
    AVAILABILITY,
    CANCEL,
    CREATE,
    DOCUMENT,
    LIST,
    STATUS,
    TOKEN,
    UPDATE,
    objects,
    operation,
    table,
)

INTEGRATION, EVENTS, LEAD = "PROPEXO_INTEGRATION_ID", "PROPEXO_EVENT_IDS", "PROPEXO_LEAD_ID"
KNOWN = {INTEGRATION: ("rm-1",), EVENTS: ("evt-1", "evt-2", "evt-3"), LEAD: ("l-1",)}
TARGET = Target("url", "http://127.0.0.1:9", Secret(TOKEN), KNOWN)
CREATES = {INTEGRATION: ("rm-1",), LEAD: ("l-1",)}


def body(of: Any, index: int = 0, overrides: Any = None, known: Any = KNOWN) -> Any:
    return request_for(of, TARGET, known, index, overrides).json()


def test_record_goes_with_the_first_account() -> None:
    assert variables_beside_records(DOCUMENT) == {INTEGRATION}
    several = {INTEGRATION: ("rm-1", "rm-2"), EVENTS: ("evt-1", "evt-2"), LEAD: ("l-1", "l-2")}
    assert first_values(several, {INTEGRATION}) == several | {INTEGRATION: ("rm-1",)}


def test_request_holds_known_values() -> None:
    request = request_for(CANCEL, TARGET, KNOWN)
    assert (request.method, request.target) == (CANCEL.method, CANCEL.path)
    assert request.json() == {"integration_id": "rm-1", "event_id": "evt-1"}


def test_create_holds_what_the_document_gives_a_value_and_what_the_user_knows() -> None:
    sent = body(CREATE)
    assert (sent["lead_id"], sent["appointment_date"], sent["appointment_duration_minutes"]) == (
        "l-1",
        "2099-01-05",
        30,
    )
    assert "notes" in sent
    assert "employee_id" not in sent
    assert body(CREATE, known=KNOWN | {"PROPEXO_EMPLOYEE_ID": ("e-1",)})["employee_id"] == "e-1"


@table(
    "turn, event", {"first": (0, "evt-1"), "third": (2, "evt-3"), "after the last": (3, "evt-1"), "kept": (-1, "evt-3")}
)
def test_values_are_used_in_rotation(turn: int, event: str) -> None:
    assert body(CANCEL, turn)["event_id"] == event
    assert request_for(UPDATE, TARGET, KNOWN, turn).target.endswith(f"/{event}")


def test_value_goes_into_the_path_and_nowhere_else() -> None:
    request = request_for(UPDATE, TARGET, KNOWN)
    assert request.target == UPDATE.path.replace("{event_id}", "evt-1")
    assert "event_id" not in request.json()


@table(
    "given, path",
    {
        "plain": ("rec-1", "rec-1"),
        "to be encoded": ("a/b c?#\u00e9", "a%2Fb%20c%3F%23%C3%A9"),
        "a number": (7, "7"),
    },
)
def test_given_value_is_in_the_path(given: Any, path: str) -> None:
    assert request_for(STATUS, TARGET, {}, overrides={"root_job_id": given}).target == f"/v1/admin/write-status/{path}"
    assert request_for(UPDATE, TARGET, KNOWN, overrides={"event_id": given}).target.endswith(f"/{path}")


def test_given_value_is_in_the_body() -> None:
    assert body(CANCEL, overrides={"event_id": "rec-1"}) == {"integration_id": "rm-1", "event_id": "rec-1"}


def test_given_value_without_a_place_is_left_out() -> None:
    assert body(CANCEL, overrides={"other": 1}).keys() == {"integration_id", "event_id"}
    assert "other" not in request_for(LIST, TARGET, KNOWN, overrides={"other": 1}).target


@table(
    "of, headers",
    {
        "write": (CANCEL, {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}),
        "read": (STATUS, {"Authorization": f"Bearer {TOKEN}"}),
        "open to all": (operation(secured=False), {}),
    },
)
def test_headers_are_those_that_the_operation_needs(of, headers: dict[str, str]) -> None:
    sent = dict(request_for(of, TARGET, KNOWN, overrides={"root_job_id": "j"}).headers)
    assert {name: sent[name] for name in sent.keys() & {"Authorization", "Content-Type"}} == headers


def test_query_holds_only_what_is_required() -> None:
    text = {"type": "string", "example": "a b"}
    parameters = [
        Parameter("must", "query", required=True, schema=text),
        Parameter("may", "query", required=False, schema=text),
        Parameter("header", "header", required=True, schema=text),
    ]
    assert request_for(operation(parameters=tuple(parameters)), TARGET, {}).target == "/things?must=a%20b"
    assert request_for(LIST, TARGET, KNOWN).target == LIST.path


@table(
    "schema, sent",
    {
        "what is required": (objects({"a": {"type": "integer"}, "b": {"type": "integer"}}, ["a"]), {"a": 1}),
        "what has a value to send": (objects({"a": {"x-control": 7}, "b": {}}), {"a": 7}),
        "what the user knows": (objects({"a": {"x-supplied-by": LEAD}, "b": {"x-supplied-by": "OTHER"}}), {"a": "l-1"}),
        "what is required inside": (
            objects({"a": objects({"b": {"type": "boolean"}, "c": {}}, ["b"])}, ["a"]),
            {"a": {"b": True}},
        ),
        "what the user knows inside": (
            objects({"a": objects({"b": {"x-supplied-by": LEAD}})}, ["a"]),
            {"a": {"b": "l-1"}},
        ),
        "nothing": ({"type": "object"}, {}),
    },
)
def test_control_body(schema, sent) -> None:
    assert control_body(schema, KNOWN) == sent


@table(
    "of, variables",
    {
        "cancellation": (CANCEL, {INTEGRATION, EVENTS}),
        "create": (CREATE, {INTEGRATION, LEAD}),
        "update": (UPDATE, {EVENTS}),
        "list": (LIST, set()),
        "job status": (STATUS, set()),
        "not supported": (AVAILABILITY, set()),
    },
)
def test_needed_variables(of, variables: set[str]) -> None:
    assert required_variables(of) == variables


@table("of, name", {"cancellation": (CANCEL, "event_id"), "update": (UPDATE, "event_id")})
def test_record_comes_from_its_create(of, name: str) -> None:
    creator, link = creator_for(DOCUMENT, of)
    assert (creator, link.name, link.target) == (CREATE, name, of.id)


@pytest.mark.parametrize("of", [CREATE, LIST, STATUS, AVAILABILITY], ids=repr)
def test_what_works_on_no_record_has_no_create(of) -> None:
    assert creator_for(DOCUMENT, of) is None


@table(
    "of, known, lacking",
    {
        "a record that the run can create": (CANCEL, CREATES, []),
        "a record that another's create would make": (
            CANCEL,
            {INTEGRATION: ("rm-1",), "PROPEXO_RESIDENT_ID": ("r-1",)},
            [f"{EVENTS} or {LEAD}"],
        ),
        "an integration that no create makes": (CANCEL, {EVENTS: ("e-1",)}, [INTEGRATION]),
        "all": (CREATE, {}, [INTEGRATION, LEAD]),
        "nothing for a list": (LIST, {}, []),
        "a job that a write would be given": (STATUS, KNOWN, []),
        "what any write of a job needs": (
            STATUS,
            {INTEGRATION: ("rm-1",)},
            [f"PROPEXO_APPLICANT_ID or {EVENTS} or {LEAD} or PROPEXO_RESIDENT_ID"],
        ),
    },
)
def test_what_is_missing_variables(of, known, lacking: list[str]) -> None:
    assert missing_variables(DOCUMENT, of, known) == lacking


def sources(known: Any, *selected: str) -> list[str]:
    return [source.id for source, _ in job_sources(DOCUMENT, STATUS, known, selected)]


def test_job_comes_from_a_write_that_creates_nothing() -> None:
    found = sources(KNOWN)
    assert found[-1] == CREATE.id
    assert set(found[:-1]) == {o.id for o in DOCUMENT.operations if o.job_link and not o.record}


def test_job_comes_from_a_selected_write_first() -> None:
    assert sources(KNOWN, CREATE.id)[0] == CREATE.id
    assert sources(KNOWN, CREATE.id, CANCEL.id)[:2] == [CANCEL.id, CREATE.id]


def test_job_comes_from_no_write_whose_values_are_not_known() -> None:
    assert sources(CREATES) == [CREATE.id]
    assert sources({}) == []


def test_indexes_count_up() -> None:
    allocator = ValueAllocator()
    assert [allocator.next_index() for _ in range(3)] == [0, 1, 2]


def test_reserved_value_is_given_to_no_other_request() -> None:
    allocator = ValueAllocator()
    kept = [allocator.reserve(9), allocator.reserve(9)]
    assert kept == [-1, -2]
    assert {allocator.clamp(allocator.next_index(), 9) for _ in range(30)} == set(range(7))
    assert allocator.clamp(-1, 9) == -1


def test_one_value_is_reserved_for_all_requests_without_an_effect() -> None:
    allocator = ValueAllocator()
    assert [allocator.reserve_shared(9), allocator.reserve(9), allocator.reserve_shared(9)] == [-1, -2, -1]


def test_operation_that_lists_what_is_written() -> None:
    listers = [listing_for(DOCUMENT, operation) for operation in (CREATE, UPDATE, CANCEL, LIST)]
    assert listers == [LIST, LIST, None, None]


def test_nothing_is_reserved_where_few_values_are_left() -> None:
    allocator = ValueAllocator()
    assert allocator.reserve(SPARE_VALUES) is None
    assert allocator.reserve(SPARE_VALUES + 1) == -1
    assert allocator.reserve(SPARE_VALUES + 1) is None
    assert allocator.clamp(5, 1) == 0
