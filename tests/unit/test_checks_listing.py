"""LIST: pages, orders and filters; each check accepts the good, refuses the bad for its reason, and is silent else."""

from typing import Any
from urllib.parse import urlencode

from contracts.checks import listed_records, listing_orders, listing_pages, listing_queries
from contracts.model.http import Exchange
from contracts.model.json_value import Json
from contracts.model.verdict import NOT_CONCERNED, PASS, Violation
from tests.support.factories import ABSENT, CANCEL, CREATE, LIST, all_decided, decided, exchange, table

DEFAULT_LIMIT = 100


def records(*numbers: int, **fields: Any) -> list[dict[str, Any]]:
    """Return records with these numbers in their ids, and the same fields."""
    return [{"id": f"r-{number}"} | fields for number in numbers]


def page(results: Any, total: Any = ABSENT, more: Any = ABSENT, status: int | None = 200, **query: Any) -> Exchange:
    """Return the answer with these results; it tells a total, and whether there are more, where that is given."""
    asked = {name.replace("order_by", "order-by"): value for name, value in query.items()}
    reported = {"limit": query.get("limit", DEFAULT_LIMIT), "offset": query.get("offset", 0), "orderBy": []}
    meta = reported | {name: value for name, value in (("total", total), ("hasMore", more)) if value is not ABSENT}
    return answered({"meta": meta, "results": results}, status, asked)


def answered(body: Any, status: int | None = 200, query: dict[str, Any] | None = None, **fields: Any) -> Exchange:
    target = f"{LIST.path}?{urlencode(query)}" if query else LIST.path
    given = {"operation": LIST.id, "method": "GET", "target": target, "request_body": None} | fields
    return exchange(status, body, **given)


def page_with_meta(meta: dict[str, Any], **query: Any) -> Exchange:
    return answered({"meta": meta, "results": records(1, 2)}, query=query)


NO_PAGE = {
    "a refusal": (NOT_CONCERNED, page(records(1, 2, 3), status=400, limit=2)),
    "no answer": (NOT_CONCERNED, page([], status=None)),
    "another operation": (NOT_CONCERNED, answered({"meta": {}, "results": []}, operation=CANCEL.id)),
    "another path": (NOT_CONCERNED, answered({"meta": {}, "results": []}, target=LIST.path.rstrip("/"))),
    "no results": (NOT_CONCERNED, answered({"meta": {}})),
    "results that are no list": (NOT_CONCERNED, answered({"results": {"id": "r-1"}})),
    "results that are no records": (NOT_CONCERNED, answered({"results": ["r-1"]})),
    "no JSON": (NOT_CONCERNED, answered(b"<html>")),
}
DISAGREE = "total and results disagree"
TWICE = "a record twice on a page"


@table(
    "expected, seen",
    {
        "all on one page": (PASS, page(records(1, 2), total=2, more=False)),
        "nothing at all": (PASS, page([], total=0, more=False)),
        "a full page": (PASS, page(records(1, 2), total=5, more=True, limit=2)),
        "the last page": (PASS, page(records(5), total=5, more=False, limit=2, offset=4)),
        "the last page, full": (PASS, page(records(4, 5), total=5, more=False, limit=2, offset=3)),
        "behind the end": (PASS, page([], total=5, more=False, limit=2, offset=9)),
        "no total told": (PASS, page(records(1, 2), limit=2)),
        "total not told as a number": (PASS, page(records(1, 2), total=None, more=None, limit=2)),
        "more results than asked for": ("more results than the limit", page(records(1, 2, 3), limit=2)),
        "more results than the default": ("more results than the limit", page(records(*range(101)))),
        "results although none were asked for": ("more results than the limit", page(records(1), limit=0)),
        "none, as asked for": (PASS, page([], total=5, more=True, limit=0)),
        "one result twice": (TWICE, page(records(1, 2, 1))),
        "two results without an id": (PASS, page([{"x_id": "1"}, {"x_id": "1"}])),
        "as many as the default": (PASS, page(records(*range(100)))),
        "another limit told": ("another limit told", page_with_meta({"limit": 100}, limit=2)),
        "another offset told": ("another offset told", page_with_meta({"offset": 0}, limit=2, offset=3)),
        "limit told as a text": ("another limit told", page_with_meta({"limit": "2"}, limit=2)),
        "another limit told that nobody asked for": (PASS, page_with_meta({"limit": 50, "offset": 3})),
        "neither limit nor offset told": (PASS, page_with_meta({}, limit=2, offset=3)),
        "fewer results than there are": (DISAGREE, page(records(1), total=5, limit=2)),
        "results although there are none": (DISAGREE, page(records(1), total=0)),
        "results behind the end": (DISAGREE, page(records(1), total=5, limit=2, offset=9)),
        "fewer on the last page": (DISAGREE, page([], total=5, limit=2, offset=4)),
        "no more although there are": ("more and total disagree", page(records(1, 2), total=5, more=False, limit=2)),
        "more although there are none": ("more and total disagree", page(records(1, 2), total=2, more=True, limit=2)),
        "limit that is none": (PASS, page_with_meta({"total": 5}, limit="two")),
        **NO_PAGE,
    },
)
def test_page_is_as_asked(expected, seen) -> None:
    assert decided(listing_pages.page_matches_query(LIST, seen)) == expected


def test_page_that_differs_is_described() -> None:
    violation = listing_pages.page_matches_query(LIST, page(records(1), total=5, more=True, limit=2, offset=1))
    assert (violation.expected, violation.observed) == ("2 of 5 results", "1 results")
    violation = listing_pages.page_matches_query(LIST, page(records(1, 2), total=5, more=False, limit=2))
    assert violation.observed == "no more after 2 of 5"


CONFIRMATION_RETRIES, OUT = "a record on two pages", "pages leave records out"


def pages(*numbers: list[int], total: Any = 5, limit: int = 2) -> list[Exchange]:
    return [page(records(*some), total=total, limit=limit, offset=place * limit) for place, some in enumerate(numbers)]


@table(
    "expected, seen",
    {
        "join": ([PASS] * 3, pages([1, 2], [3, 4], [5])),
        "join to a page behind the end": ([PASS] * 4, pages([1, 2], [3, 4], [5], [])),
        "tell no total": ([PASS, PASS], pages([1, 2], [3], total=None)),
        "overlap": ([PASS, CONFIRMATION_RETRIES, PASS, OUT], pages([1, 2], [2, 3], [4])),
        "are the same": ([PASS, CONFIRMATION_RETRIES, CONFIRMATION_RETRIES, OUT], pages([1, 2], [1, 2], [1])),
        "hold one twice": ([TWICE, PASS, PASS, OUT], pages([1, 1], [3, 4], [5])),
        "leave one out": ([PASS, PASS, PASS, OUT], pages([1, 2], [3], [5])),
        "hold one more than there are": ([PASS, PASS, PASS, OUT], pages([1, 2], [3, 4], [5, 6])),
        "end before the last": ([PASS, PASS], pages([1, 2], [3, 4])),
        "told of a new record in between": ([], [*pages([1, 2]), *pages([1, 2], [2, 3], total=6)]),
        "refused in between": ([], [*pages([1, 2]), page([], status=400), *pages([1, 2], [2, 3])]),
        "none": ([], []),
    },
)
def test_pages_join(expected, seen) -> None:
    assert all_decided(listing_pages.pages_are_contiguous(LIST, seen)) == expected


MOMENTS = {1: "2024-03-01T00:00:00Z", 2: "2024-02-01T00:00:00Z", 3: "2024-02-01T00:00:00Z", 4: "2024-01-01T00:00:00Z"}


def of_moments(*numbers: int) -> list[dict[str, Json]]:
    return [{"id": f"r-{number}", "created_at": MOMENTS[number]} for number in numbers]


@table(
    "gates, seen",
    {
        "equals on two pages": ([False, False], (of_moments(1, 2), of_moments(2, 4))),
        "one that nothing equals": ([True, False], (of_moments(1, 2), of_moments(1, 3))),
    },
)
def test_order_of_equals_never_gates(gates: list[bool], seen) -> None:
    asked = [page(one, total=4, limit=2, offset=2 * number) for number, one in enumerate(seen)]
    whole = page(of_moments(1, 2, 3, 4), total=4)
    decisions = [decision for _, decision in listing_pages.pages_are_contiguous(LIST, asked, [whole])]
    assert [one.gates for one in decisions if isinstance(one, Violation)] == gates


@table(
    "gates, shown",
    {"equals in another order": (False, (1, 3)), "another one": (True, (1, 4)), "in another order": (True, (2, 1))},
)
def test_page_that_differs_by_the_order_of_equals_does_not_gate(gates, shown) -> None:
    whole = page(of_moments(1, 2, 3, 4), total=4)
    decision = listing_pages.page_is_part_of(whole)(LIST, page(of_moments(*shown), total=4, limit=2))
    assert decision.gates is gates


def test_operation_that_lists_nothing_has_no_pages() -> None:
    seen = page(records(1, 2, 3), limit=2)
    assert listing_pages.page_matches_query(CANCEL, seen) is NOT_CONCERNED
    assert list(listing_pages.pages_are_contiguous(CANCEL, [seen])) == []
    assert listing_orders.page_is_ordered(CANCEL, seen) is NOT_CONCERNED
    assert listing_pages.items(CANCEL, seen) is None


STRETCH = "another stretch of the list"
WHOLE = page(records(1, 2, 3, 4, 5), total=5)


@table(
    "expected, seen",
    {
        "the start": (PASS, page(records(1, 2), total=5, limit=2)),
        "the middle": (PASS, page(records(3, 4), total=5, limit=2, offset=2)),
        "the end": (PASS, page(records(5), total=5, limit=2, offset=4)),
        "behind the end": (PASS, page([], total=5, limit=2, offset=7)),
        "the start in place of the middle": (STRETCH, page(records(1, 2), total=5, limit=2, offset=2)),
        "another order": (STRETCH, page(records(2, 1), total=5, limit=2)),
        "others": (STRETCH, page(records(8, 9), total=5, limit=2)),
        "after a new record": (NOT_CONCERNED, page(records(6, 1), total=6, limit=2)),
        **NO_PAGE,
    },
)
def test_page_is_a_slice_of_the_whole_list(expected, seen) -> None:
    assert decided(listing_pages.page_is_part_of(WHOLE)(LIST, seen)) == expected


def test_page_is_compared_as_far_as_the_first_page_went() -> None:
    first = page(records(1, 2), total=5, more=True, limit=2)
    check = listing_pages.page_is_part_of(first)
    assert check(LIST, page(records(2, 3), total=5, limit=2, offset=1)) is PASS
    assert check(LIST, page(records(4, 5), total=5, limit=2, offset=3)) is PASS
    assert decided(check(LIST, page(records(3, 2), total=5, limit=2, offset=1))) == STRETCH


def test_list_that_was_not_shown_compares_with_nothing() -> None:
    assert (
        listing_pages.page_is_part_of(page([], status=400))(LIST, page(records(1), total=5, limit=1)) is NOT_CONCERNED
    )


def ordered(order: str, *values: Any, field: str = "created_at") -> Exchange:
    return page([{"id": f"r-{place}", field: value} for place, value in enumerate(values)], order_by=order)


RISING, FALLING = "created_at not ascending", "created_at not descending"


@table(
    "expected, seen",
    {
        "ascending": (PASS, ordered("created_at:asc", "2024-01-01", "2024-01-02")),
        "ascending by default": (PASS, ordered("created_at", "2024-01-01", "2024-01-02")),
        "descending": (PASS, ordered("created_at:desc", "2024-01-02", "2024-01-01")),
        "some alike": (PASS, ordered("created_at:desc", "b", "b", "a")),
        "numbers": (PASS, ordered("created_at:asc", 2, 10)),
        "descending for ascending": (RISING, ordered("created_at:asc", "b", "a")),
        "descending by default": (RISING, ordered("created_at", "b", "a")),
        "ascending for descending": (FALLING, ordered("created_at:desc", "a", "b")),
        "one out of order": (RISING, ordered("created_at:asc", "a", "c", "b", "d")),
        "null first": (PASS, ordered("created_at:asc", None, "a", "b")),
        "null in between": (PASS, ordered("created_at:asc", "a", None, "b", "c")),
        "null last": (PASS, ordered("created_at:desc", "b", "a", None)),
        "out of order before null": (RISING, ordered("created_at:asc", "b", "a", None)),
        "out of order around null": (NOT_CONCERNED, ordered("created_at:asc", "b", None, "a")),
        "by the first of two fields": (PASS, ordered("created_at:asc,id:desc", "a", "b")),
        "not by the first of two fields": (RISING, ordered("created_at:asc,id:desc", "b", "a")),
        "alike, by the second field": (PASS, ordered("created_at:asc,id:asc", "a", "a")),
        "alike, not by the second field": ("id not descending", ordered("created_at:asc,id:desc", "a", "a")),
        "all alike": (NOT_CONCERNED, ordered("created_at:asc", "a", "a")),
        "only one with a value": (NOT_CONCERNED, ordered("created_at:asc", "a", None)),
        "values of two types": (NOT_CONCERNED, ordered("created_at:asc", "a", 1)),
        "field that no record has": (NOT_CONCERNED, ordered("created_at:asc", "b", "a", field="other")),
        "no order asked for": (NOT_CONCERNED, page([{"created_at": "b"}, {"created_at": "a"}])),
        "an empty order": (NOT_CONCERNED, ordered("", "b", "a")),
        **NO_PAGE,
    },
)
def test_order_is_as_asked(expected, seen) -> None:
    assert decided(listing_orders.page_is_ordered(LIST, seen)) == expected


def by_vendor(*moments: str, order: str = "vendor,created_at") -> Exchange:
    return page([{"vendor": "RM", "created_at": moment} for moment in moments], order_by=order)


EARLY, LATE = "2026-01-01T10:00:00Z", "2026-01-01T10:00:00.5Z"
LATER = "2026-01-01T10:00:01Z"


@table(
    "expected, seen",
    {
        "points in time": (True, ordered("created_at:asc", LATER, EARLY)),
        "the second of two fields": (True, by_vendor(LATER, EARLY)),
        "numbers": (True, ordered("size:asc", 10, 2, field="size")),
        "plain ids": (True, ordered("x_id:asc", "c1b", "c1a", field="x_id")),
        "dates without a time": (True, ordered("day:asc", "2026-01-02", "2026-01-01", field="day")),
        "times without a zone": (False, ordered("created_at:asc", "2026-01-02T10:00", "2026-01-01T10:00")),
        "texts of people": (False, ordered("title:asc", "Viewing", "Tour", field="title")),
        "choices, which a database may order as they are listed": (False, ordered("v:asc", "RM", "AF", field="v")),
        "behind times that may differ by less than is shown": (
            False,
            page([{"created_at": EARLY, "size": size} for size in (2, 1)], order_by="created_at,size"),
        ),
        "texts first, then points in time": (
            True,
            page(
                [
                    {"title": title, "created_at": at}
                    for title, at in (("B", LATE), ("A", EARLY), ("A", LATER), ("A", EARLY))
                ],
                order_by="title,created_at",
            ),
        ),
    },
)
def test_order_gates_where_all_databases_agree(expected, seen) -> None:
    assert listing_orders.page_is_ordered(LIST, seen).gates is expected


@table(
    "seen",
    {
        "times with and without fractions": ((EARLY, LATE),),
        "times in two zones": (("2026-01-01T10:00:00+02:00", "2026-01-01T09:00:00Z"),),
    },
)
def test_points_in_time_may_be_ordered_as_such_or_as_texts(seen: tuple[str, str]) -> None:
    for values in (seen, seen[::-1]):
        assert listing_orders.page_is_ordered(LIST, ordered("created_at:asc", *values)) is NOT_CONCERNED


def test_texts_that_a_collation_takes_for_equal_stand_in_any_order() -> None:
    for values in ((" ", "   "), ("   ", " "), ("Tour", "tour"), ("tour", "Tour"), ("a-b", "ab")):
        assert listing_orders.page_is_ordered(LIST, ordered("notes:asc", *values, field="notes")) is NOT_CONCERNED


def test_numerals_may_be_ordered_as_numbers_or_as_texts() -> None:
    for values in (("9", "10"), ("10", "9"), ("r-9", "r-10"), ("r-10", "r-9")):
        assert listing_orders.page_is_ordered(LIST, ordered("x_id:asc", *values, field="x_id")) is NOT_CONCERNED


REJECTED = "order or filter rejected"


@table(
    "expected, gates, seen",
    {
        "accepted": (PASS, None, ordered("created_at:asc", "a")),
        "the usual order": (REJECTED, True, page([], status=400, order_by="created_at:asc", limit=8)),
        "the usual order, as an unknown page": (REJECTED, True, page([], status=404, order_by="created_at")),
        "another order": (REJECTED, False, page([], status=400, order_by="notes:asc")),
        "two orders": (REJECTED, False, page([], status=400, order_by="created_at,id")),
        "a filter": (REJECTED, False, page([], status=400, lead_id="l-1")),
        "a filter in the usual order": (REJECTED, False, page([], status=400, lead_id="l-1", order_by="created_at")),
        "too many": (NOT_CONCERNED, None, page([], status=429, order_by="created_at")),
        "a server error": (NOT_CONCERNED, None, page([], status=500, order_by="created_at")),
        "no answer": (NOT_CONCERNED, None, page([], status=None, order_by="created_at")),
        "another path": (NOT_CONCERNED, None, answered({}, 404, target=LIST.path.rstrip("/"))),
    },
)
def test_documented_query_is_not_rejected(expected, gates, seen) -> None:
    decision = listing_queries.documented_query_accepted(LIST, seen)
    assert (decided(decision), getattr(decision, "gates", None)) == (expected, gates)


@table(
    "expected, seen",
    {
        "given": (PASS, page(records(1), limit=1)),
        "one": ("answered 400", page([], status=400, limit=1)),
        "from the first on": ("answered 404", page([], status=404, limit=2, offset=0)),
        "none": (NOT_CONCERNED, page([], status=400, limit=0)),
        "the most, which is tried by itself": (NOT_CONCERNED, page([], status=400, limit=250)),
        "beyond what there may be": (NOT_CONCERNED, page([], status=404, limit=2, offset=9)),
        "too many requests": (NOT_CONCERNED, page([], status=429, limit=1)),
        "a server error": (NOT_CONCERNED, page([], status=503, limit=1)),
        "no limit": (NOT_CONCERNED, page([], status=400)),
    },
)
def test_page_is_given(expected, seen) -> None:
    assert decided(listing_pages.page_is_given(LIST, seen)) == expected


def test_two_neighbours_show_what_is_out_of_order() -> None:
    violation = listing_orders.page_is_ordered(LIST, ordered("created_at:asc", "a", "c", "b"))
    assert (violation.expected, violation.observed) == ("created_at ascending", "c before b")


def of(*leads: Any, vendor: Any = "RENTMANAGER", updated: Any = None, number: int = 1) -> dict[str, Any]:
    return {
        "id": f"r-{number}",
        "associated_lead_ids": list(leads) if leads != (None,) else None,
        "integration_vendor": vendor,
        "updated_at": updated,
    }


def param(name: str) -> Any:
    return LIST.query_parameters[name]


@table(
    "parameter, value, good, bad",
    {
        "equality": ("integration_vendor", "YARDI", of(vendor="YARDI"), of(vendor="yardi")),
        "equality with nothing": ("integration_vendor", "YARDI", of(vendor="YARDI"), of(vendor=None)),
        "equality with a number": ("integration_vendor", "7", of(vendor=7), of(vendor=77)),
        "array": ("lead_id", "l-1", of("l-0", "l-1"), of("l-10")),
        "empty array": ("lead_id", "l-1", of("l-1"), of()),
        "no array": ("lead_id", "l-1", of("l-1"), of(None)),
        "at least": ("updated_at_gte", "2024-02", of(updated="2024-02"), of(updated="2024-01")),
        "at most": ("updated_at_lte", "2024-02", of(updated="2024-02"), of(updated="2024-03")),
        "at least, told by another clock": (
            "updated_at_gte",
            "2024-02-02T22:00:00+12:00",
            of(updated="2024-02-02T10:00:00Z"),
            of(updated="2024-02-02T09:59:59Z"),
        ),
        "at most, of nothing": ("updated_at_lte", "2024-02", of(updated="2024-01"), of(updated=None)),
    },
)
def test_record_matches_a_filter(parameter: str, value: str, good, bad) -> None:
    assert listing_queries.matches(good, param(parameter), value)
    assert not listing_queries.matches(bad, param(parameter), value)


MANY = [
    of("l-1", updated="2024-01", number=1),
    of("l-2", updated="2024-02", number=2),
    of("l-1", "l-2", updated="2024-03", number=3),
    of(None, vendor=None, number=4),
]
KNOWN = page(MANY, total=4, more=False)


def chosen(*numbers: int, more: Any = False, **query: Any) -> Exchange:
    return page([MANY[number - 1] for number in numbers], total=len(numbers), more=more, **query)


@table(
    "expected, seen",
    {
        "array": (PASS, chosen(1, 3, lead_id="l-1")),
        "equality": (PASS, chosen(1, 2, 3, integration_vendor="RENTMANAGER")),
        "at least": (PASS, chosen(2, 3, updated_at_gte="2024-02")),
        "at most": (PASS, chosen(1, 2, updated_at_lte="2024-02")),
        "between": (PASS, chosen(2, updated_at_gte="2024-02", updated_at_lte="2024-02")),
        "two that both hold": (PASS, chosen(3, lead_id="l-1", updated_at_gte="2024-02")),
        "none that matches": (PASS, chosen(lead_id="no-such-value")),
        "no filter": (PASS, chosen(1, 2, 3, 4)),
        "a record that was made meanwhile": (
            PASS,
            page([*MANY[::2], of("l-1", number=9)], total=3, more=False, lead_id="l-1"),
        ),
        "one that does not match": ("lead_id not applied", chosen(1, 2, 3, lead_id="l-1")),
        "one without a value": (
            "integration_vendor not applied",
            chosen(1, 2, 3, 4, integration_vendor="RENTMANAGER"),
        ),
        "a bound the wrong way": ("updated_at_gte not applied", chosen(1, 2, updated_at_gte="2024-02")),
        "some for a stranger": ("lead_id not applied", chosen(1, lead_id="no-such-value")),
        "the second of two not applied": (
            "updated_at_gte not applied",
            chosen(1, lead_id="l-1", updated_at_gte="2024-02"),
        ),
        "one left out": ("lead_id leaves records out", chosen(1, lead_id="l-1")),
        "the bound itself left out": ("updated_at_gte leaves records out", chosen(3, updated_at_gte="2024-02")),
        "all left out": ("lead_id leaves records out", chosen(lead_id="l-1")),
        "one left for the next page": (PASS, chosen(1, more=True, lead_id="l-1")),
        "one left for the next page, that is asked for": (PASS, chosen(1, lead_id="l-1", limit=1)),
        "one on the page before": (PASS, chosen(3, lead_id="l-1", limit=1, offset=1)),
        "one that does not match on the second page": (
            "lead_id not applied",
            chosen(2, lead_id="l-1", limit=1, offset=1),
        ),
        "not told whether there is a next page": ("lead_id leaves records out", chosen(1, more=None, lead_id="l-1")),
        "two left out by two": (
            "lead_id and updated_at_gte leaves records out",
            chosen(lead_id="l-1", updated_at_gte="2024-02"),
        ),
        **NO_PAGE,
    },
)
def test_filter_is_as_asked(expected, seen) -> None:
    assert decided(listing_queries.page_is_filtered(KNOWN)(LIST, seen)) == expected


def at(moment: str) -> list[dict[str, Any]]:
    return [of("l-1", updated=moment)]


NOON = "2024-02-02T12:00:00Z"


@table(
    "expected, seen",
    {
        "another value": (True, page([of("l-2")], lead_id="l-1")),
        "another value than one that nobody has": (True, page([of("l-2")], lead_id="no-such-value")),
        "a value that begins with it": (False, page([of("l-1")], lead_id="l-")),
        "the value in the other case": (False, page([of("l-1")], lead_id="L-1")),
        "no value": (False, page([of()], lead_id="l-1")),
        "null": (False, page([of("l-1", vendor=None)], integration_vendor="RENTMANAGER")),
        "a time before the bound": (True, page(at("2024-02-02T11:59:00Z"), updated_at_gte=NOON)),
        "a time after the bound, in another zone": (True, page(at(NOON), updated_at_lte="2024-02-02T23:59:00+12:00")),
        "a time within what is not shown": (False, page(at("2024-02-02T11:59:59.5Z"), updated_at_gte=NOON)),
        "a time without a zone": (False, page(at("2024-02-01T10:00:00"), updated_at_gte=NOON)),
        "records left out": (False, chosen(lead_id="l-1")),
    },
)
def test_filter_gates_where_a_record_is_left_out_by_any_reading(expected, seen) -> None:
    assert listing_queries.page_is_filtered(KNOWN)(LIST, seen).gates is expected


def test_records_that_were_not_shown_are_not_missed() -> None:
    assert listing_queries.page_is_filtered(page([], status=400))(LIST, chosen(1, lead_id="l-1")) is NOT_CONCERNED


@table(
    "count, seen",
    {
        "by the total": (40, page(records(1, 2), total=40)),
        "by what is shown": (2, page(records(1, 2))),
        "by what is shown, of an odd total": (2, page(records(1, 2), total="many")),
        "by what is shown, of too small a total": (2, page(records(1, 2), total=0)),
        "none on no page": (0, page([], status=400)),
    },
)
def test_known_records(count: int, seen) -> None:
    assert listing_pages.known_records(LIST, seen) == count


MADE = {"r-2": "control", "r-3": "notes empty"}


@table(
    "expected, seen",
    {
        "there": (PASS, page(records(1, 2, 3))),
        "one of them": ("record not listed", page(records(1, 3))),
        "nothing there": ("record not listed", page([])),
        **NO_PAGE,
    },
)
def test_records_are_listed(expected, seen) -> None:
    assert decided(listed_records.lists_created(LIST, MADE)(CREATE, seen)) == expected


def test_record_that_is_not_listed_is_reported_by_how_it_was_made() -> None:
    violation = listed_records.lists_created(LIST, MADE)(CREATE, page(records(1, 2)))
    assert violation.observed == "1 of 2 created records are not among the 2 listed; created by: notes empty"


MARK = "m0123456789a"
WRITTEN = {"title": "Visit", "notes": "n", "appointment_time": "10:00:00"}
REFUSED = {"title": "Visit 1f", "notes": "n 1f"}


ODD = ([], {}, True, 7, 1.5, "text", None)


@table("reported", {repr(value): (value,) for value in ODD})
def test_no_check_function_raises_for_what_a_target_may_return(reported) -> None:
    """RESP-01 speaks of what does not fit the schema; every other check has to bear it."""
    query = {"limit": 2, "order_by": "id:desc", "updated_at_gte": "2024-02", "lead_id": "l-1"}
    item = {"id": reported, "updated_at": reported, "associated_lead_ids": reported}
    seen = page([item, {"id": "r-1"}, item], total=reported, more=reported, **query)
    single = (
        listing_pages.page_is_part_of(seen),
        listing_queries.page_is_filtered(seen),
        listing_orders.stretch_of_order_matches(seen),
    )
    of_records = (
        listed_records.lists_created(LIST, MADE),
        listed_records.shows_update_of("r-1", LIST, WRITTEN, MARK),
        listed_records.no_rejected_data_listed(LIST, WRITTEN, REFUSED),
    )
    for check in (listing_pages.page_matches_query, listing_orders.page_is_ordered, *single, *of_records):
        check(LIST, seen)
    all_decided(listing_pages.pages_are_contiguous(LIST, [seen, seen]))
    assert isinstance(listing_pages.known_records(LIST, seen), int)


@table(
    "target, asked",
    {
        "none": ("/v1/appointments/", {}),
        "plain": ("/v1/appointments/?a=1&b=2", {"a": "1", "b": "2"}),
        "encoded": ("/v1/appointments/?a=x%20%26+y", {"a": "x & y"}),
        "empty": ("/v1/appointments/?a=", {"a": ""}),
        "twice": ("/v1/appointments/?a=1&a=2", {"a": "2"}),
    },
)
def test_query_is_read(target: str, asked: dict[str, str]) -> None:
    assert listing_pages.query(exchange(target=target)) == asked


NUMBERED = page([{"id": f"r-{number}", "created_at": f"2024-0{number}"} for number in (3, 2, 1)], total=3, more=False)
BY_AGE = {"order_by": "created_at:asc", "limit": 2}


def oldest(*numbers: int, total: int = 3, day: str = "", **query: Any) -> Exchange:
    results = [{"id": f"r-{number}", "created_at": f"2024-0{number}{day}"} for number in numbers]
    return page(results, total=total, **(BY_AGE | query))


@table(
    "expected, seen",
    {
        "the first of all": (PASS, oldest(1, 2)),
        "the last of all": (PASS, oldest(3, 2, order_by="created_at:desc")),
        "a stretch of another order": ("not the first by created_at", oldest(2, 3)),
        "one out of the middle left out": ("not the first by created_at", oldest(1, 3)),
        "a record was added": (NOT_CONCERNED, oldest(2, 3, total=4)),
        "a record was changed": (NOT_CONCERNED, oldest(2, 3, day="-02")),
        "a later page": (PASS, oldest(2, 3, offset=1)),
        "the first page for a later one": ("another stretch by created_at", oldest(1, 2, offset=1)),
        "a later page of what changes": (NOT_CONCERNED, oldest(1, 2, offset=1, order_by="updated_at:asc")),
        "no order": (NOT_CONCERNED, oldest(2, 3, order_by="")),
        "an order by what nothing has": (NOT_CONCERNED, oldest(2, 3, order_by="notes:asc")),
        **NO_PAGE,
    },
)
def test_start_of_an_order_is_that_of_all(expected, seen) -> None:
    assert decided(listing_orders.stretch_of_order_matches(NUMBERED)(LIST, seen)) == expected


@table(
    "expected, order, numbers",
    {
        "others altogether": (True, "created_at:asc", (3, 4)),
        "one other": (False, "created_at:asc", (1, 3)),
        "in an order that changes": (False, "updated_at:asc", (2, 3)),
        "the newest, of which there may be more by now": (False, "created_at:desc", (1,)),
        "the first page for the second": (True, "created_at:desc&2", (4, 3)),
        "a later page that begins one late": (False, "created_at:asc&1", (3, 4)),
    },
)
def test_start_of_an_order_gates_where_most_are_others(expected, order: str, numbers: tuple[int, ...]) -> None:
    asked, _, offset = order.partition("&")
    field = asked.partition(":")[0]
    by_order = {"limit": 2, "order_by": asked} | ({"offset": int(offset)} if offset else {})
    listed, whole = (
        page([{"id": f"r-{one}", field: f"2024-01-0{one}"} for one in shown], total=4, **query)
        for shown, query in ((numbers, by_order), ((1, 2, 3, 4), {}))
    )
    assert listing_orders.stretch_of_order_matches(whole)(LIST, listed).gates is expected


def test_start_of_an_order_is_compared_only_with_all_records() -> None:
    some = page([{"id": "r-1", "created_at": "2024-01"}], total=3, more=True)
    assert decided(listing_orders.stretch_of_order_matches(some)(LIST, oldest(2, 3))) == NOT_CONCERNED


def test_moments_of_an_order_are_compared_in_whatever_zone() -> None:
    shown = ["2024-01-01T23:00:00-10:00", "2024-01-02T01:00:00-05:00", "2024-01-02T05:00:00+05:45"]
    rows = [{"id": f"r-{number}", "created_at": shown[number]} for number in (2, 1, 0)]
    listed = page(rows[1:], total=3, order_by="created_at:asc", limit=2, offset=1)
    check = listing_orders.stretch_of_order_matches(page(rows, total=3))
    assert decided(check(LIST, listed)) is PASS
    wrong = page(rows[:2], total=3, order_by="created_at:asc", limit=2, offset=1)
    assert decided(check(LIST, wrong)) == "another stretch by created_at"


def at(*numbers: int, **query: Any) -> Exchange:
    return page([{"id": f"r-{one}", "updated_at": f"2024-01-0{one}T00:00:00Z"} for one in numbers], more=False, **query)


FROM_SECOND = {"updated_at_gte": "2024-01-02T00:00:00Z"}
UP_TO_SECOND = {"updated_at_lte": "2024-01-02T00:00:00Z"}


@table(
    "expected, pages_seen",
    {
        "within both": (PASS, [at(2, 3, **FROM_SECOND), at(1, 2, **UP_TO_SECOND)]),
        # What is stored may be later than what is shown, or earlier.
        "within the lower one only": (PASS, [at(2, 3, **FROM_SECOND), at(1, **UP_TO_SECOND)]),
        "within the upper one only": (PASS, [at(3, **FROM_SECOND), at(1, 2, **UP_TO_SECOND)]),
        "within neither": ("updated_at equal to a bound left out", [at(3, **FROM_SECOND), at(1, **UP_TO_SECOND)]),
        "of a part of the page": (NOT_CONCERNED, [at(3, limit=1, **FROM_SECOND), at(1, limit=1, **UP_TO_SECOND)]),
        "of bounds that nothing equals": (NOT_CONCERNED, [at(2, 3, updated_at_gte="2024-01-01T12:00:00Z")]),
        "by another filter": (NOT_CONCERNED, [at(1, property_id="p")]),
    },
)
def test_moment_at_a_bound_is_within_one_of_the_two(expected, pages_seen: list[Exchange]) -> None:
    check = listing_queries.moments_at_bounds_are_found(at(1, 2, 3))
    decisions = [NOT_CONCERNED, *(decision for _, decision in check(LIST, pages_seen))]
    assert decided(decisions[-1]) == expected
    assert not isinstance(decisions[-1], Violation) or decisions[-1].gates


def test_record_that_was_changed_meanwhile_is_missed_at_no_bound() -> None:
    seen = [at(3, **FROM_SECOND), at(1, **UP_TO_SECOND)]
    for after, expected in ((at(1, 2, 3), ["updated_at equal to a bound left out"]), (at(1, 3), [])):
        check = listing_queries.moments_at_bounds_are_found(at(1, 2, 3), after)
        assert [one.kind for _, one in check(LIST, seen) if isinstance(one, Violation)] == expected


def telling(order: Any, order_by: str | None = None) -> Exchange:
    return page_with_meta({"orderBy": order}, **({} if order_by is None else {"order-by": order_by}))


BOTH = "notes:desc,created_at"
NOTES, CREATED = {"field": "notes", "direction": "desc"}, {"field": "created_at", "direction": "asc"}


@table(
    "expected, seen",
    {
        "as asked": (PASS, telling([NOTES, CREATED], order_by=BOTH)),
        "with one that settles equals": (PASS, telling([NOTES, CREATED, NOTES | {"field": "id"}], order_by=BOTH)),
        "the first alone": ("another order-by told", telling([NOTES], order_by=BOTH)),
        "the other way round": (
            "another order-by told",
            telling([NOTES | {"direction": "asc"}], order_by="notes:desc"),
        ),
        "in capitals": (PASS, telling([NOTES | {"direction": "DESC"}], order_by="notes:desc")),
        "none": ("another order-by told", telling([], order_by=BOTH)),
        "in another form": (NOT_CONCERNED, telling(["notes"], order_by=BOTH)),
        "with more than an example shows": (NOT_CONCERNED, telling([NOTES | {"nulls": "last"}], order_by=BOTH)),
        "no order asked for": (NOT_CONCERNED, telling([NOTES])),
        **NO_PAGE,
    },
)
def test_order_told_is_that_asked_for(expected, seen) -> None:
    decision = listing_orders.order_is_told(LIST, seen)
    assert decided(decision) == expected
    assert not isinstance(decision, Violation) or not decision.gates


@table(
    "expected, order",
    {
        "small letters": ("notes not descending", "notes:desc"),
        "capitals": ("notes not descending", "notes:DESC"),
        "a blank after the comma": ("notes not descending", "id, notes:DESC"),
        "a blank before": (PASS, " notes"),
    },
)
def test_order_is_read_however_it_is_spelled(expected, order: str) -> None:
    ascending = page([{"id": "r-1", "notes": "a"}, {"id": "r-1", "notes": "b"}], order_by=order)
    assert decided(listing_orders.page_is_ordered(LIST, ascending)) == expected


def showing(*titles: str | None, **fields: Any) -> Exchange:
    return page([{"id": f"r-{at}", "event_name": title, "notes": None} | fields for at, title in enumerate(titles)])


@table(
    "expected, seen",
    {
        "what was accepted": (PASS, showing("Else", "Visit")),
        "what was refused": ("a refused request acted", showing("Visit", "Visit 1f")),
        "another text that was refused": ("a refused request acted", showing("Visit", notes="n 1f")),
        "what was refused, in another place": (NOT_CONCERNED, showing("Else", type_raw="Visit 1f")),
        "neither": (NOT_CONCERNED, showing("Else", None)),
        "nothing": (NOT_CONCERNED, showing()),
        **NO_PAGE,
    },
)
def test_listing_shows_nothing_refused(expected, seen) -> None:
    assert decided(listed_records.no_rejected_data_listed(LIST, WRITTEN, REFUSED)(CREATE, seen)) == expected


def updated(title: str | None, notes: str | None = None, number: int = 1) -> Exchange:
    return page([{"id": f"r-{number}", "event_name": title, "notes": notes}])


@table(
    "expected, seen",
    {
        "the record": (PASS, updated("Visit")),
        "the record, in part": (PASS, updated("Visit", "else")),
        "another record": ("another record updated", updated("Visit", number=2)),
        "another record, in part": ("another record updated", updated("Else", "n", number=2)),
        "none": (NOT_CONCERNED, updated("Showing")),
        "none, with nothing": (NOT_CONCERNED, updated(None)),
        "both texts": ("a text added to the one before", updated("Visit", f"made {MARK}\nn")),
        "both texts of another record": (
            PASS,
            page([{"id": "r-1", "notes": "n"}, {"id": "r-2", "notes": f"{MARK} n"}]),
        ),
        "the text of the create": (NOT_CONCERNED, updated("Showing", f"made {MARK}")),
        **NO_PAGE,
    },
)
def test_update_is_listed_of_its_record_alone(expected, seen) -> None:
    assert decided(listed_records.shows_update_of("r-1", LIST, WRITTEN, MARK)(CREATE, seen)) == expected
