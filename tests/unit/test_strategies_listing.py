"""Orders, filters and pages of a listing, made from what its first page showed."""

from dataclasses import replace
from urllib.parse import parse_qsl

from contracts.openapi.operation import Operation
from strategies.request import listing
from tests.support.factories import LIST, control, table


def shown(number: int, x_id: str, notes: str | None) -> dict[str, str | None]:
    day = f"{number:02}T10:00:00Z"
    reported = {"created_at": f"2026-01-{day}", "updated_at": f"2026-02-{day}"}
    return {"id": f"r-{number}", "x_id": x_id, "notes": notes} | reported


SHOWN = [shown(1, "a", None), shown(2, "a", "n"), shown(3, "b", "n")]
SHARED = "x_id"


def asked(mutations, of: Operation = LIST) -> dict[str, dict[str, str]]:
    request = control(of)
    sent = ((mutation.name, mutation.apply(request).target.partition("?")[2]) for mutation in mutations)
    return {name: dict(parse_qsl(query)) for name, query in sent}


def test_two_fields_are_ordered_by_both_ways() -> None:
    queries = [query["order-by"] for query in asked(listing.orders(LIST, SHOWN)).values()]
    first = LIST.query_parameters["order-by"]["default"].partition(":")[0]
    assert {f"{SHARED}:desc,{first}", f"{SHARED}:desc,{first}:desc"} <= set(queries)


def test_field_that_some_lack_is_ordered_by() -> None:
    assert asked(listing.orders(LIST, SHOWN))["by notes, which some lack"] == {"order-by": "notes:asc"}
    full = [item | {"notes": "n"} for item in SHOWN]
    assert not any("lack" in name for name in asked(listing.orders(LIST, full)))


def test_pages_of_equals_share_out_the_list() -> None:
    mutations = listing.pages_of_ties(LIST, SHOWN)
    pages = [dict(parse_qsl(mutation.apply(control(LIST)).target.partition("?")[2])) for mutation in mutations]
    assert pages == [{"limit": "2", "offset": at, "order-by": f"{SHARED}:asc"} for at in ("0", "2")]


def test_there_are_no_pages_of_equals_where_all_differ() -> None:
    assert listing.pages_of_ties(LIST, [{"id": "r-1"}, {"id": "r-2"}]) == []


@table(
    "moment, elsewhere",
    {
        "a moment": ("2026-02-02T10:00:00Z", "2026-02-02T22:00:00+12:00"),
        "late in the day": ("2026-02-02T18:30:00Z", "2026-02-03T06:30:00+12:00"),
        "no zone": ("2026-02-02T10:00:00", None),
        "no moment": ("soon", None),
    },
)
def test_moment_is_written_in_another_time_zone(moment: str, elsewhere: str | None) -> None:
    queries = asked(listing.filters(LIST, [item | {"updated_at": moment, "last_seen": moment} for item in SHOWN]))
    reported = [query for name, query in queries.items() if name.endswith("in another time zone")]
    assert [next(iter(query.values())) for query in reported] == ([elsewhere] if elsewhere else [])


def test_order_is_asked_for_with_a_small_page() -> None:
    (query,) = [query for name, query in asked(listing.orders(LIST, SHOWN)).items() if name.startswith("the first by")]
    assert query == {"order-by": "created_at:asc", "limit": "1"}


def test_two_bounds_of_a_field_are_one_request() -> None:
    shown_many = [shown(day, "a", None) for day in range(1, 10)]
    queries = asked(listing.filters(LIST, shown_many))
    both = {"updated_at_gte": "2026-02-04T10:00:00Z", "updated_at_lte": "2026-02-06T10:00:00Z"}
    assert queries["between updated_at_gte and updated_at_lte"] == both
    assert "only updated_at_gte of a record" not in queries


def test_bounds_are_asked_for_alone_where_nothing_lies_between() -> None:
    queries = asked(listing.filters(LIST, SHOWN))
    assert "only updated_at_gte of a record" in queries
    assert not any(name.startswith("between") for name in queries)


def test_second_page_of_a_filter_is_all_that_is_left() -> None:
    several = [item | {"property_id": place} for item, place in zip(SHOWN * 2, "ppqpqq", strict=True)]
    queries = asked(listing.filters(LIST, several))
    assert queries["the second page of a property_id"] == {"property_id": "p", "limit": "2", "offset": "1"}


def test_value_without_letters_has_no_other_case() -> None:
    cases = [name for value in ("p", "7") for name in asked(listing.filters(LIST, placed(value))) if "case" in name]
    assert cases == ["property_id in the other case"]


def placed(value: str) -> list[dict[str, str | None]]:
    return [SHOWN[0] | {"property_id": value}, SHOWN[1] | {"property_id": None}]


def test_page_keeps_the_rest_of_the_query_as_it_was_sent() -> None:
    request = replace(control(LIST), target="/things?region=a&region=b%2Cc&limit=7&offset=0")
    page = listing.with_query(limit=2)(request)
    assert page.target == "/things?region=a&region=b%2Cc&offset=0&limit=2"


def test_part_of_an_id_in_a_list_selects_nothing() -> None:
    name = next(name for name in LIST.query_parameters if name.endswith("lead_id"))
    items = [SHOWN[0] | {LIST.query_parameters[name]["x-filters"]: ["lead-17"]}, *SHOWN[1:]]
    queries = asked(listing.filters(LIST, items))
    (parts,) = [query for name, query in queries.items() if name.startswith("a part of a ")]
    assert parts == {name: "ead-1"}
