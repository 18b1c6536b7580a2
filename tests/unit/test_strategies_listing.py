"""Orders, filters and pages of a listing, made from what its first page showed."""

from dataclasses import replace
from urllib.parse import parse_qsl

from contracts.checks.listing_pages import point_in_time
from contracts.openapi.operation import Operation
from strategies.request import listing, listing_filters
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
    assert asked(listing.orders(LIST, SHOWN))["by notes, which some lack"]["order-by"] == "notes:asc"
    full = [item | {"notes": "n"} for item in SHOWN]
    assert not any("lack" in name for name in asked(listing.orders(LIST, full)))


def test_pages_of_equals_share_out_the_list() -> None:
    mutations = listing.pages_of_ties(LIST, SHOWN)
    pages = [dict(parse_qsl(mutation.apply(control(LIST)).target.partition("?")[2])) for mutation in mutations]
    assert pages == [{"limit": "2", "offset": at, "order-by": f"{SHARED}:asc"} for at in ("0", "2")]


def test_there_are_no_pages_of_equals_where_all_differ() -> None:
    assert listing.pages_of_ties(LIST, [{"id": "r-1"}, {"id": "r-2"}]) == []


@table(
    "moment, bounds",
    {
        "a moment": ("2026-02-02T10:00:00Z", ["2026-02-01T22:01:00-12:00", "2026-02-02T21:59:00+12:00"]),
        "late in the day": ("2026-02-02T18:30:00Z", ["2026-02-02T06:31:00-12:00", "2026-02-03T06:29:00+12:00"]),
        "no zone": ("2026-02-02T10:00:00", []),
        "no moment": ("soon", []),
    },
)
def test_bound_leaves_a_record_out_and_its_text_does_not(moment: str, bounds: list[str]) -> None:
    queries = asked(listing_filters.filters(LIST, [item | {"updated_at": moment} for item in SHOWN]))
    reported = [query for name, query in queries.items() if name.endswith("in another time zone")]
    assert [next(iter(query.values())) for query in reported] == bounds
    # Compared as texts, both find the record.
    assert [bounds[:1] > [moment], bounds[1:] < [moment]] == ([False, False] if bounds else [False, True])


def test_order_is_asked_for_with_a_small_page() -> None:
    (query,) = [query for name, query in asked(listing.orders(LIST, SHOWN)).items() if name.startswith("the first by")]
    assert query == {"order-by": "created_at:asc", "limit": "1"}


def test_second_page_of_an_order_has_no_record_of_the_first() -> None:
    pages = [query for name, query in asked(listing.orders(LIST, SHOWN * 3)).items() if "by created_at, asc" in name]
    assert [(query["limit"], query.get("offset", "0")) for query in pages] == [("3", "0"), ("3", "3")]


def test_lower_bound_is_asked_for_as_the_upper_one_too() -> None:
    queries = asked(listing_filters.filters(LIST, [shown(day, "a", None) for day in range(1, 10)]))
    both = queries["between updated_at_gte and updated_at_lte"]
    assert queries["updated_at_lte as the lower bound was"] == {"updated_at_lte": both["updated_at_gte"]}


def test_two_bounds_of_a_field_are_one_request() -> None:
    shown_many = [shown(day, "a", None) for day in range(1, 10)]
    queries = asked(listing_filters.filters(LIST, shown_many))
    both = {"updated_at_gte": "2026-02-04T10:00:00Z", "updated_at_lte": "2026-02-06T10:00:00Z"}
    assert queries["between updated_at_gte and updated_at_lte"] == both
    assert "only updated_at_gte of a record" not in queries


def test_bounds_tell_the_time_that_they_are_of_from_others() -> None:
    old = [shown(day, "a", None) | {"last_seen": f"2026-02-{20 - day:02}T10:00:00Z"} for day in range(1, 6)]
    recent = [shown(day, "a", None) for day in range(20, 29)]
    queries = asked(listing_filters.filters(LIST, old + [item | {"last_seen": item["updated_at"]} for item in recent]))
    for name in ("last_seen_gte in another time zone", "between last_seen_gte and last_seen_lte"):
        bounds = [point_in_time(value) for value in queries[name].values()]
        within = [
            [bounds[0] <= point_in_time(item[one]) <= (bounds[1:] or [FAR])[0] for one in ("updated_at", "last_seen")]
            for item in old
        ]
        assert any(one is not other for one, other in within), name


FAR = point_in_time("2099-01-01T00:00:00Z")


def test_bounds_of_two_times_leave_out_other_records_each() -> None:
    times = [("01", "09"), ("02", "08"), ("03", "07"), ("07", "03"), ("08", "02"), ("09", "01")]
    items = [
        SHOWN[0] | {"updated_at": f"2026-01-{one}T00:00:00Z", "last_seen": f"2026-01-{other}T00:00:00Z"}
        for one, other in times
    ]
    queries = asked(listing_filters.filters(LIST, items))
    times = [query for query in queries.values() if all(name.endswith(("_gte", "_lte")) for name in query)]
    (both,) = [query for query in times if len({name.rpartition("_")[0] for name in query}) == 2]
    assert both == dict.fromkeys(("updated_at_gte", "last_seen_gte"), "2026-01-03T00:00:00Z")


def test_bound_without_a_zone_is_asked_for_alone_where_nothing_lies_between() -> None:
    plain = [item | {"updated_at": str(item["updated_at"]).removesuffix("Z")} for item in SHOWN]
    queries = asked(listing_filters.filters(LIST, plain))
    assert queries["only updated_at_gte of a record"] == {"updated_at_gte": "2026-02-02T10:00:00"}
    assert not any(name.startswith("between") for name in queries)
    assert "only updated_at_gte of a record" not in asked(listing_filters.filters(LIST, SHOWN))


def test_second_page_of_a_filter_is_all_that_is_left_in_an_order() -> None:
    several = [item | {"property_id": place} for item, place in zip(SHOWN * 2, "ppqpqq", strict=True)]
    queries = asked(listing_filters.filters(LIST, several))
    second = {"property_id": "p", "limit": "2", "offset": "1", "order-by": "created_at:asc"}
    assert queries["the second page of a property_id"] == second


def test_value_without_letters_has_no_other_case() -> None:
    cases = [
        name for value in ("p", "7") for name in asked(listing_filters.filters(LIST, placed(value))) if "case" in name
    ]
    assert cases == ["property_id in the other case"]


def placed(value: str) -> list[dict[str, str | None]]:
    return [SHOWN[0] | {"property_id": value}, SHOWN[1] | {"property_id": None}]


def test_page_keeps_the_rest_of_the_query_as_it_was_sent() -> None:
    request = replace(control(LIST), target="/things?region=a&region=b%2Cc&limit=7&offset=0")
    page = listing.with_query(limit=2)(request)
    assert page.target == "/things?region=a&region=b%2Cc&offset=0&limit=2"


HELD = {
    "property_id": "prop-1",
    "integration_id": "int-1",
    "x_property_id": "xp-1",
    "x_id": "1024",
    "integration_vendor": "RENTMANAGER",
}


def test_each_filter_has_the_start_of_a_value_and_what_it_needs() -> None:
    queries = asked(listing_filters.filters(LIST, [SHOWN[0] | HELD, SHOWN[1] | dict.fromkeys(HELD, "another")]))
    starts = {name: query for name, query in queries.items() if name.startswith("the start of")}
    assert starts == {
        "the start of a property_id": {"property_id": "prop-"},
        "the start of a integration_id": {"integration_id": "int-"},
        "the start of a x_property_id": {"x_property_id": "xp-", "integration_id": "int-1"},
        "the start of a x_id": {"x_id": "102", "integration_id": "int-1", "x_property_id": "xp-1"},
    }


def test_filter_by_the_one_value_that_there_is_is_asked_for_another() -> None:
    queries = asked(listing_filters.filters(LIST, [SHOWN[0] | HELD, SHOWN[1]]))
    names = list(queries)
    assert names.index("a property_id of no record, from the second on") < names.index("the start of a property_id")
    value, offset = queries["a property_id of no record, from the second on"].values()
    assert offset == "1"
    assert value not in HELD["property_id"]
    assert HELD["property_id"] not in value


def test_choice_that_no_record_has_is_asked_for() -> None:
    queries = asked(listing_filters.filters(LIST, [SHOWN[0] | HELD | {"integration_vendor": "APPFOLIO"}]))
    of_a_record = next(query for name, query in queries.items() if name.startswith("every filter"))
    assert queries["a integration_vendor of no record"] == of_a_record | {"integration_vendor": "BUILDIUM"}
    assert of_a_record.keys() > {"integration_vendor", "property_id"}


def test_filter_whose_needs_no_record_fills_is_not_asked_for() -> None:
    queries = asked(listing_filters.filters(LIST, [SHOWN[0] | {"x_id": "1024", "integration_id": "int-1"}]))
    assert not any("x_id" in name for name in queries if not name.startswith("every filter"))


def test_all_filters_that_fit_a_record_are_used_by_as_few_records_as_it_takes() -> None:
    lead, resident = ({f"associated_{kind}_ids": [f"{kind}-17"]} for kind in ("lead", "resident"))
    queries = asked(listing_filters.filters(LIST, [SHOWN[0] | HELD | lead, SHOWN[1] | HELD | resident]))
    fitting = [query for name, query in queries.items() if name.startswith("every filter of a record")]
    assert fitting == [HELD | {"lead_id": "lead-17"}, HELD | {"x_id": "1024", "resident_id": "resident-17"}]


def test_page_of_no_records_is_asked_for_where_the_schema_admits_it() -> None:
    assert asked(listing.single_pages(LIST, 3))["a limit of 0"] == {"limit": "0"}
