"""The mock's records over real HTTP: made, changed, removed, and listed page by page."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contracts.mock.data.state import EVENT_COUNT, State
from contracts.mock.http.api import MockApi
from contracts.openapi.operation import Operation
from tests.support.mock_client import CANCEL, CREATE, DOCUMENT, LIST, UPDATE, Caller, calling, issues_of

CREATES = [operation for operation in DOCUMENT.operations if operation.record]
MOMENTS = ("created_at", "updated_at", "last_seen")
FAILED = {"write_status": "FAILURE", "created_record_id": None}


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    with calling(MockApi(DOCUMENT)) as caller:
        yield caller


@pytest.fixture
def fresh() -> Iterator[Caller]:
    with calling(MockApi(DOCUMENT)) as caller:
        yield caller


# Writes


@pytest.mark.parametrize("create", CREATES, ids=lambda create: create.id)
def test_creation_ends_with_the_id_of_a_record_that_is_listed(caller: Caller, create: Operation) -> None:
    answer = caller.create(create, title="Viewing", notes="By the door")
    Draft202012Validator(create.responses["200"]).validate(answer.json())
    item = caller.item(caller.end_of(answer)["created_record_id"])
    assert (item["event_name"], item["notes"], item["appointment_datetime"]) == ("Viewing", "By the door", "2099-01-05")
    people = {name: item[f"associated_{name}_ids"] for name in ("lead", "applicant", "resident")}
    kind = create.id.split("_")[1]
    sent = caller.control(create)[f"{kind}_id"]
    assert people == {name: [sent] if name == kind else None for name in people}
    assert item["created_at"] == item["updated_at"] == item["last_seen"]


def test_creation_gives_back_null_for_what_was_not_sent(caller: Caller) -> None:
    assert caller.create().json()["result"] == {**caller.control(CREATE), "employee_id": None, "notes": None}


def test_newest_record_is_first_in_the_documented_order(caller: Caller) -> None:
    for _ in range(3):
        assert caller.created() == caller.listed(limit=1)[0]["id"]


@pytest.mark.parametrize("name", ["lead_id", "employee_id"])
def test_creation_for_an_unknown_person_fails_in_its_job(fresh: Caller, name: str) -> None:
    end = fresh.end_of(fresh.create(**{name: "nobody"}))
    assert end.items() >= FAILED.items()
    assert [name in error for error in end["errors"]] == [True]
    assert fresh.page().json()["meta"]["total"] == EVENT_COUNT


def test_creation_for_an_unknown_integration_is_rejected(caller: Caller) -> None:
    assert [issue["path"] for issue in issues_of(caller.create(integration_id="other"))] == [["integration_id"]]


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "x" * 51},
        {"appointment_duration_minutes": 0},
        {"appointment_date": "soon"},
        {"appointment_time": "noon"},
    ],
)
def test_value_out_of_bounds_is_named(caller: Caller, changes: dict[str, Any]) -> None:
    assert [issue["path"] for issue in issues_of(caller.create(**changes))] == [list(changes)]


def test_update_gives_back_the_id_of_the_path_and_nothing_that_was_not_sent(caller: Caller) -> None:
    event = caller.created()
    answer = caller.update(event)
    Draft202012Validator(UPDATE.responses["200"]).validate(answer.json())
    assert answer.json()["result"] == {"event_id": event, **caller.control(UPDATE)}


@pytest.mark.parametrize("event", ["a/b", "%2e", "Zoë", "x y", "a+b", "{}"])
def test_id_in_the_path_comes_back_as_it_was_meant(caller: Caller, event: str) -> None:
    assert caller.update(event).json()["result"]["event_id"] == event


def test_update_changes_what_was_sent_and_when(caller: Caller) -> None:
    event = caller.created(notes="stays")
    before = caller.item(event)
    assert caller.end_of(caller.update(event, title="Another"))["write_status"] == "SUCCESS"
    after = caller.item(event)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"event_name", "updated_at", "last_seen"}
    assert after["updated_at"] > before["updated_at"]


def test_update_of_an_unknown_record_fails_in_its_job(caller: Caller) -> None:
    assert caller.end_of(caller.update("nothing")).items() >= FAILED.items()


def test_update_does_not_use_a_record_up(caller: Caller) -> None:
    event = caller.created()
    ends = [caller.end_of(caller.update(event))["write_status"] for _ in range(2)]
    assert [*ends, caller.end_of(caller.cancel(event_id=event))["write_status"]] == ["SUCCESS"] * 3


def test_cancelled_record_stays_listed_as_it_was_and_takes_no_more_writes(caller: Caller) -> None:
    event = caller.created()
    before = caller.item(event)
    assert caller.end_of(caller.cancel(event_id=event)) == {
        "write_status": "SUCCESS",
        "errors": [],
        "created_record_id": None,
    }
    assert caller.item(event) == before
    for answer in (caller.cancel(event_id=event), caller.update(event)):
        assert caller.end_of(answer).items() >= FAILED.items()
    assert caller.item(event) == before


@pytest.mark.parametrize(
    "cancel", [DOCUMENT.operation(create.record.cancelled_by) for create in CREATES if create.record]
)
def test_each_cancellation_works_on_known_records(fresh: Caller, cancel: Operation) -> None:
    for event in fresh.events:
        answer = fresh.http.post(cancel.path, json=fresh.body(event_id=event))
        assert fresh.end_of(answer)["write_status"] == "SUCCESS"


def test_rejected_writes_change_nothing(fresh: Caller) -> None:
    before = fresh.page().json()
    fresh.create(title=1)
    fresh.update(fresh.events[0], title=1)
    fresh.http.post(CANCEL.path, json=fresh.body(foo=1))
    assert fresh.page().json() == before


def test_time_comes_from_the_clock_and_is_never_the_same() -> None:
    with calling(MockApi(DOCUMENT, state=State(clock=lambda: 1_800_000_000.5))) as caller:
        times = [caller.item(caller.created())["created_at"] for _ in range(2)]
    assert times == ["2027-01-15T08:00:00.500Z", "2027-01-15T08:00:00.501Z"]


# Pages


def test_listing_fits_the_document(caller: Caller) -> None:
    answer = caller.page()
    Draft202012Validator(LIST.responses["200"]).validate(answer.json())
    assert (
        answer.json()["meta"].items()
        >= {
            "offset": 0,
            "limit": 100,
            "orderBy": [{"field": "created_at", "direction": "desc"}],
        }.items()
    )


def test_known_records_differ_in_what_can_be_seen(fresh: Caller) -> None:
    items = fresh.listed()
    assert {item["id"] for item in items} == set(fresh.events)
    for name in ("created_at", "updated_at", "last_seen", "property_id", "notes", "event_name", "appointment_datetime"):
        assert len({item[name] for item in items}) > 2
    orders = {tuple(item["id"] for item in sorted(items, key=lambda item: item[name])) for name in MOMENTS}
    assert len(orders) == len(MOMENTS)
    assert all(item["created_at"] <= item["updated_at"] <= item["last_seen"] for item in items)


@pytest.mark.parametrize("size", [1, 5, 6, EVENT_COUNT, 250])
def test_pages_join(fresh: Caller, size: int) -> None:
    answers = [fresh.page(limit=size, offset=start).json() for start in range(0, EVENT_COUNT, size)]
    assert [item for answer in answers for item in answer["results"]] == fresh.listed()
    reported = [(answer["meta"]["hasMore"], answer["meta"]["total"]) for answer in answers]
    assert reported == [(answer is not answers[-1], EVENT_COUNT) for answer in answers]


@pytest.mark.parametrize(
    ("query", "count", "more"),
    [({"limit": 0}, 0, True), ({"offset": EVENT_COUNT}, 0, False), ({"offset": 10**30}, 0, False)],
)
def test_page_may_be_empty(fresh: Caller, query: dict[str, int], count: int, *, more: bool) -> None:
    answer = fresh.page(**query).json()
    assert (len(answer["results"]), answer["meta"]["hasMore"], answer["meta"]["total"]) == (count, more, EVENT_COUNT)


def test_nothing_is_null_where_null_is_allowed(caller: Caller) -> None:
    assert caller.page(limit="", offset="").json()["meta"].items() >= {"limit": 100, "offset": 0}.items()


def test_unknown_parameter_is_ignored_and_the_last_of_several_counts(caller: Caller) -> None:
    assert caller.page(foo="1").json() == caller.page().json()
    assert len(caller.http.get(LIST.path + "?limit=x&limit=2").json()["results"]) == 2


# Orders


@pytest.mark.parametrize(
    ("order", "field", "falls"),
    [
        ("updated_at", "updated_at", False),
        ("updated_at:asc", "updated_at", False),
        ("last_seen:desc", "last_seen", True),
    ],
)
def test_order_is_the_one_asked_for(fresh: Caller, order: str, field: str, *, falls: bool) -> None:
    values = [item[field] for item in fresh.listed(order_by=order)]
    assert values == sorted(values, reverse=falls)


def test_order_may_have_several_fields(fresh: Caller) -> None:
    answer = fresh.page(order_by="property_id:desc,created_at").json()
    assert answer["meta"]["orderBy"] == [
        {"field": "property_id", "direction": "desc"},
        {"field": "created_at", "direction": "asc"},
    ]
    for one, next_ in pairwise(answer["results"]):
        assert one["property_id"] > next_["property_id"] or one["created_at"] < next_["created_at"]


@pytest.mark.parametrize("field", list(LIST.responses["200"]["properties"]["results"]["items"]["properties"]))
def test_order_may_be_by_any_field(caller: Caller, field: str) -> None:
    assert caller.page(order_by=field).status_code == 200


# Filters


@pytest.mark.parametrize("name", [name for name, schema in LIST.query_parameters.items() if "x-filters" in schema])
def test_filter_selects_what_matches_and_nothing_else(fresh: Caller, name: str) -> None:
    schema = LIST.query_parameters[name]
    items = fresh.listed()
    chosen = next(item for item in items[6:] if item[schema["x-filters"]] is not None)

    def held(item: dict[str, Any], filtered: str) -> Any:
        value = item[LIST.query_parameters[filtered]["x-filters"]]
        return value[0] if isinstance(value, list) else value

    query = {one: held(chosen, one) for one in (name, *schema.get("x-needs", ()))}
    compare = {"gte": operator.ge, "lte": operator.le}.get(schema.get("x-compares", ""), operator.eq)
    expected = [item["id"] for item in items if all(compare(held(item, one), query[one]) for one in query)]
    assert chosen["id"] in expected
    assert [item["id"] for item in fresh.listed(**query)] == expected


def test_moments_are_compared_as_such(fresh: Caller) -> None:
    latest = max(item["updated_at"] for item in fresh.listed())
    elsewhere = latest.replace("Z", "+00:00")
    assert len(fresh.listed(updated_at_gte=elsewhere)) == 1
    assert fresh.listed(updated_at_gte="2999-01-01T00:00:00.000-12:00") == []
    assert len(fresh.listed(updated_at_lte="2999-01-01T00:00:00Z")) == EVENT_COUNT


def test_filter_that_nothing_matches_gives_an_empty_page(caller: Caller) -> None:
    answer = caller.page(lead_id="nobody").json()
    assert (answer["results"], answer["meta"]["total"], answer["meta"]["hasMore"]) == ([], 0, False)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=251", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.5", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("limit=%D9%A1", "limit"),
        ("offset=-1", "offset"),
        ("offset=x", "offset"),
        ("order-by=", "order-by"),
        ("order-by=nothing", "order-by"),
        ("order-by=id:up", "order-by"),
        ("order-by=id:", "order-by"),
        ("order-by=id,,id", "order-by"),
        ("integration_vendor=NOBODY", "integration_vendor"),
        ("updated_at_gte=yesterday", "updated_at_gte"),
        ("last_seen_lte=2026-01-01", "last_seen_lte"),
        ("last_seen_lte=2026-02-30T00:00:00Z", "last_seen_lte"),
        ("x_id=1001&integration_id=x", "x_property_id"),
        ("x_property_id=x", "integration_id"),
        ("offset=%ff%00", "offset"),
    ],
)
def test_parameter_that_does_not_fit_is_rejected_by_name(caller: Caller, query: str, name: str) -> None:
    assert {tuple(issue["path"]) for issue in issues_of(caller.http.get(f"{LIST.path}?{query}"))} == {(name,)}
