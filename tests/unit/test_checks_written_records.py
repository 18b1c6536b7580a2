"""JOB-06, LIST-05, HTTP-02: what a listing shows of the run's own records, and whether its pages agree."""

from dataclasses import replace
from typing import Any

from contracts.checks import listing_agreement, written_records
from contracts.checks.written_records import Made, Sent
from contracts.model.http import Exchange
from contracts.model.verdict import NOT_CONCERNED, PASS
from tests.support.factories import CREATE, LIST, all_decided, decided, exchange, table

MARK = "m0123456789a"
OTHER_DAY = "appointment_datetime has another day"
NOTES = f"Tom & Žofie {MARK}"
SENT = {"title": f"Visit {MARK}", "notes": NOTES, "appointment_date": "2099-01-05", "lead_id": "l-1"}


def page(*items: dict[str, Any], total: int | None = None, query: str = "limit=250") -> Exchange:
    body = {"meta": {"total": len(items) if total is None else total, "hasMore": False}, "results": list(items)}
    target = f"{LIST.path}?{query}"
    return exchange(200, body, operation=LIST.id, method="GET", target=target, request_body=None)


def record(number: int = 1, **shown: Any) -> dict[str, Any]:
    usual = {"event_name": SENT["title"], "notes": NOTES, "appointment_datetime": "2099-01-05T00:00:00Z"}
    return {"id": f"r-{number}", "associated_lead_ids": ["l-1"]} | usual | shown


@table(
    "expected, shown",
    {
        "as sent": (PASS, {}),
        "with texts around it": (PASS, {"notes": f"Tour: {NOTES} (lead)"}),
        "with other white space": (PASS, {"notes": NOTES.replace(" ", "\r\n")}),
        "decomposed": (PASS, {"notes": NOTES.replace("Ž", "Z\u030c")}),
        "with a text of its own": (PASS, {"event_name": "Lead Appointment", "notes": None}),
        "with another text of somebody": (PASS, {"notes": "Tom & Zofie"}),
        "escaped": ("notes altered", {"notes": NOTES.replace("&", "&amp;")}),
        "cut": ("notes cut", {"notes": NOTES[:-1]}),
        "in another list": (
            "associated_lead_ids in associated_resident_ids",
            {"associated_lead_ids": None, "associated_resident_ids": ["l-1"]},
        ),
        "in another list, too": (PASS, {"associated_resident_ids": ["l-1"]}),
        "in another case": ("notes altered", {"notes": NOTES.replace("Tom", "TOM")}),
        "in another encoding": ("notes altered", {"notes": NOTES.encode().decode("latin-1")}),
        "the day before, by its time zone": (PASS, {"appointment_datetime": "2099-01-04T23:00:00Z"}),
        "the day before, without a time": (OTHER_DAY, {"appointment_datetime": "2099-01-04"}),
        "the day after, at midnight": (OTHER_DAY, {"appointment_datetime": "2099-01-06T00:00:00.000Z"}),
        "the day after, at midnight elsewhere": (PASS, {"appointment_datetime": "2099-01-06T00:00:00+09:00"}),
        "no day": (PASS, {"appointment_datetime": None}),
        "a day in words": (PASS, {"appointment_datetime": "next week"}),
        "day and month swapped": (OTHER_DAY, {"appointment_datetime": "2099-05-01"}),
        "today": (OTHER_DAY, {"appointment_datetime": "2026-11-27T09:00:00Z"}),
        "another person": ("associated_lead_ids names another", {"associated_lead_ids": ["l-2"]}),
        "several persons": (PASS, {"associated_lead_ids": ["l-2", "l-1"]}),
        "nobody, as all of them": (PASS, {"associated_lead_ids": None}),
        "an odd list": ("associated_lead_ids names another", {"associated_lead_ids": [7, {}]}),
    },
)
def test_record_is_shown_as_sent(expected, shown) -> None:
    check = written_records.shown_as_sent(LIST, {"r-1": Sent(SENT, MARK)})
    assert decided(check(CREATE, page(record(**shown)))) == expected


@table(
    "expected, notes",
    {"same": (PASS, "<b> &amp;"), "escaped": ("x", "&lt;b&gt; &amp;amp;"), "resolved": ("x", "<b> &")},
)
def test_markup_is_compared_without_a_mark_too(expected, notes) -> None:
    check = written_records.shown_as_sent(LIST, {"r-1": Sent({"notes": "<b> &amp;"}, MARK)})
    found = decided(check(CREATE, page(record(notes=notes))))
    assert found == (PASS if expected is PASS else "notes with its markup converted")


def test_person_that_a_record_of_somebody_else_shows_is_lost() -> None:
    check = written_records.shown_as_sent(LIST, {"r-1": Sent(SENT, MARK)})
    seen = page(record(associated_lead_ids=[]), record(2, notes="Tom & Zofie"))
    assert decided(check(CREATE, seen)) == "associated_lead_ids lost"


def test_person_that_other_records_show_is_lost() -> None:
    check = written_records.shown_as_sent(LIST, {"r-1": Sent(SENT, MARK), "r-2": Sent(SENT, MARK)})
    seen = page(record(), record(2, associated_lead_ids=[]))
    assert decided(check(CREATE, seen)) == "associated_lead_ids lost"


def test_nothing_is_said_of_others_records_or_of_no_page() -> None:
    check = written_records.shown_as_sent(LIST, {"r-1": Sent(SENT, MARK)})
    assert check(CREATE, page(record(2, notes=NOTES.upper()))) is NOT_CONCERNED
    assert check(CREATE, exchange(400)) is NOT_CONCERNED


TEXTS = frozenset({(SENT["title"], NOTES)})


@table(
    "expected, ids, unknown, records",
    {
        "one of one": (PASS, 1, 0, 1),
        "two of two": (PASS, 2, 0, 2),
        "one of two": (PASS, 2, 0, 1),
        "one whose id is not known yet": (PASS, 1, 1, 2),
        "none": (NOT_CONCERNED, 1, 0, 0),
        "two of one": ("more records than creates", 1, 0, 2),
        "three of two": ("more records than creates", 1, 1, 3),
    },
)
def test_create_makes_one_record(expected, ids, unknown, records) -> None:
    made = Made(TEXTS, frozenset(f"r-{number}" for number in range(ids)), unknown)
    others = record(9, event_name="Visit", notes="Somebody's")
    seen = page(others, *(record(number) for number in range(records)))
    assert decided(written_records.listed_once(LIST, made, MARK)(CREATE, seen)) == expected


def test_texts_of_rejected_creates_are_counted_by_nobody() -> None:
    seen = page(record(), record(2, notes=f"{NOTES} 1f"))
    made = Made(TEXTS, frozenset({"r-1"}), 0)
    assert written_records.listed_once(LIST, made, MARK)(CREATE, seen) is PASS


AT, SOON, LATER = "2026-01-05T10:00:00.000Z", "2026-01-05T10:00:30.000Z", "2026-01-05T10:05:00.000Z"


@table(
    "expected, others",
    {
        "none": (PASS, []),
        "a double": ("more records than creates", [record(2, created_at=SOON)]),
        "another of the run": (PASS, [record(3, created_at=SOON)]),
        "one with other notes": (PASS, [record(2, created_at=SOON, notes=f"{NOTES} 1f")]),
        "one of another person": (PASS, [record(2, created_at=SOON, associated_lead_ids=["l-2"])]),
        "one of another time": (PASS, [record(2, created_at=LATER)]),
        "one of an unknown time": (PASS, [record(2)]),
    },
)
def test_create_without_a_mark_has_no_double(expected, others) -> None:
    check = written_records.listed_once_as_shown(LIST, {"r-1"}, {"r-1", "r-3"})
    assert decided(check(CREATE, page(record(created_at=AT), *others))) == expected


def test_record_that_shows_little_may_have_a_double_of_somebody_else() -> None:
    little = {"event_name": "Visit", "notes": None, "appointment_datetime": None, "created_at": AT}
    check = written_records.listed_once_as_shown(LIST, {"r-1"}, {"r-1"})
    assert check(CREATE, page(record(**little), record(2, **little))) is NOT_CONCERNED


@table(
    "expected, seen",
    {
        "nothing with the mark": (PASS, page(record(notes="n", event_name="v"))),
        "a record with it": ("a record all the same", page(record(event_name="v"))),
        "no page": (NOT_CONCERNED, exchange(400)),
    },
)
def test_operation_that_is_not_supported_makes_nothing(expected, seen) -> None:
    assert decided(written_records.nothing_listed_with(LIST, MARK)(CREATE, seen)) == expected


EARLY, LATE = "2026-01-05T10:00:00.000Z", "2026-01-05T10:00:30.000Z"


@table(
    "expected, times",
    {
        "in order": (PASS, {"created_at": EARLY, "updated_at": LATE, "last_seen": LATE}),
        "at once": (PASS, {"created_at": EARLY, "updated_at": EARLY}),
        "by two clocks": (PASS, {"created_at": LATE, "updated_at": EARLY}),
        "changed first": ("updated_at before created_at", {"created_at": LATE, "updated_at": "2026-01-05T05:00:00Z"}),
        "seen first": ("last_seen before created_at", {"created_at": LATE, "last_seen": "2025-12-31T00:00:00Z"}),
        "in two zones": (PASS, {"created_at": "2026-01-05T11:00:00+01:00", "updated_at": EARLY}),
        "without a zone": (NOT_CONCERNED, {"created_at": LATE, "updated_at": "2026-01-05T05:00:00"}),
        "no times": (NOT_CONCERNED, {"created_at": None, "updated_at": 7}),
    },
)
def test_times_are_in_order(expected, times) -> None:
    assert decided(listing_agreement.times_are_in_order(LIST, page(record(**times)))) == expected


def some(*numbers: int, query: str = "limit=250", total: int | None = None) -> Exchange:
    return page(*({"id": f"r-{number}"} for number in numbers), query=query, total=total)


VANISHED, LOST = "records vanished", "records lost on a repeated query"
FILTERED = "lead_id=l-1"


@table(
    "expected, seen",
    {
        "the same": ([PASS], [some(1, 2), some(1, 2)]),
        "one more": ([PASS], [some(1, 2), some(1, 2, 3)]),
        "one gone": ([VANISHED], [some(1, 2), some(2)]),
        "the oldest gone for a new one": ([VANISHED], [some(1, 2), some(2, 3)]),
        "two pages": ([], [some(1, 2, query="limit=2"), some(3, 4, query="limit=2&offset=2")]),
        "the first page, of more": ([PASS], [some(1, 2, total=9), some(1, 2, total=9)]),
        "the newest of many": ([PASS], [some(1, 2, total=9), some(2, 3, total=9)]),
        "a query that finds nothing more": ([LOST], [some(1, query=FILTERED), some(query=FILTERED)]),
        "half of a query gone": ([LOST], [some(1, 2, 3, 4, query=FILTERED), some(1, 2, query=FILTERED)]),
        "one of a query gone": ([PASS], [some(1, 2, 3, query=FILTERED), some(1, 2, query=FILTERED)]),
        "other records": ([PASS], [some(1, 2, query=FILTERED), some(3, 4, query=FILTERED)]),
        "another query": ([], [some(1, 2, query=FILTERED), some(query="lead_id=l-2")]),
        "a refusal": ([], [some(1, 2), exchange(400)]),
    },
)
def test_pages_lose_no_record(expected, seen) -> None:
    in_turn = [replace(one, began=float(turn)) for turn, one in enumerate(seen)]
    found = [decided(decision) for _, decision in listing_agreement.pages_lose_no_record(LIST, in_turn)]
    assert [one for one in found if one is not None] == expected


@table("query", {"all records": ("limit=250",), "a filter": (FILTERED,)})
def test_reads_at_the_same_time_come_in_any_order(query: str) -> None:
    together = [some(1, 2, 3, query=query), some(1, query=query)]
    assert [decision for _, decision in listing_agreement.pages_lose_no_record(LIST, together)] == [NOT_CONCERNED] * 2


ODD = ([], {}, True, 7, 1.5, "text", None)


@table("value", {repr(value): (value,) for value in ODD})
def test_no_check_raises_for_what_a_target_may_return(value) -> None:
    odd = page(dict.fromkeys(("id", "notes", "created_at", "updated_at", "appointment_datetime"), value))
    for check in (
        written_records.shown_as_sent(LIST, {str(value): Sent(SENT, MARK)}),
        written_records.listed_once(LIST, Made(TEXTS, frozenset(), 0), MARK),
        written_records.nothing_listed_with(LIST, MARK),
        written_records.listed_once_as_shown(LIST, {str(value)}, set()),
    ):
        check(LIST, odd)
    listing_agreement.times_are_in_order(LIST, odd)
    all_decided(listing_agreement.pages_lose_no_record(LIST, [odd, odd]))


LONG = "A text of more than twenty characters"


@table(
    "expected, notes",
    {
        "whole": (PASS, f"{LONG} "),
        "cut": ("notes cut", LONG[:25]),
        "cut to a few words": (PASS, LONG[:6]),
        "without the blank at its end": (PASS, LONG.rstrip()),
        "with dots": (PASS, f"{LONG[:25]}..."),
    },
)
def test_text_without_a_mark_is_not_cut(expected, notes) -> None:
    check = written_records.shown_as_sent(LIST, {"r-1": Sent({"notes": f"{LONG} "}, MARK)})
    assert decided(check(CREATE, page(record(notes=notes)))) == expected


def dated(date: str | None, created: str | None) -> Exchange:
    seen = page(record(created_at=created))
    headers = (*seen.response.headers, *((("Date", date),) if date else ()))
    return replace(seen, response=replace(seen.response, headers=headers), began=3700.0)


DATE = "Fri, 27 Nov 2026 09:00:00 GMT"


@table(
    "expected, date, created",
    {
        "when it was made": (PASS, DATE, "2026-11-27T08:00:00.000Z"),
        "in another zone": (PASS, DATE, "2026-11-27T03:00:00-05:00"),
        "later than the create was sent": (PASS, DATE, "2026-11-27T08:59:00Z"),
        "hours before": ("created_at is not when it was made", DATE, "2026-11-27T03:00:00Z"),
        "hours after": ("created_at is not when it was made", DATE, "2026-11-27T13:00:00Z"),
        "without a zone": (NOT_CONCERNED, DATE, "2026-11-27T03:00:00"),
        "without a time": (NOT_CONCERNED, DATE, None),
        "without a Date header": (NOT_CONCERNED, None, "2026-11-27T03:00:00Z"),
        "with an odd Date header": (NOT_CONCERNED, "today", "2026-11-27T03:00:00Z"),
    },
)
def test_new_record_was_created_when_the_run_made_it(expected, date, created) -> None:
    check = listing_agreement.new_records_are_new(LIST, {"r-1": 100.0})
    assert decided(check(CREATE, dated(date, created))) == expected


def test_time_of_records_of_others_is_not_compared() -> None:
    check = listing_agreement.new_records_are_new(LIST, {"r-2": 100.0})
    assert check(CREATE, dated(DATE, "2026-11-27T03:00:00Z")) is NOT_CONCERNED
