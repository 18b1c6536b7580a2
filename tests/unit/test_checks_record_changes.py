"""JOB-09: what a listing shows of the records that a run wrote to, beside what it showed before."""

from typing import Any

from contracts.checks import cancelled_records, listing_orders, record_changes
from contracts.checks.record_changes import Changes, RecordWrites
from contracts.model.http import Exchange
from contracts.model.verdict import NOT_CONCERNED, PASS
from tests.support.factories import LIST, UPDATE, decided, exchange, table

CANCELLED = RecordWrites(cancelled=True)
NONE = RecordWrites()
UNCERTAIN = RecordWrites(uncertain=True)


def page(*items: dict[str, Any], total: int | None = None) -> Exchange:
    body = {"meta": {"total": len(items) if total is None else total, "hasMore": False}, "results": list(items)}
    target = f"{LIST.path}?limit=250"
    return exchange(200, body, operation=LIST.id, method="GET", target=target, request_body=None)


def record(name: str = "r-1", **shown: Any) -> dict[str, Any]:
    usual = {"event_name": "Visit", "notes": "Brings a dog", "appointment_datetime": "2099-01-05T00:00:00Z"}
    return {"id": name, "created_at": "2026-01-01T09:00:00.000Z", "associated_lead_ids": ["l-1"]} | usual | shown


def updates(*sent: dict[str, Any], number: int = 1) -> RecordWrites:
    return RecordWrites(updates=sent, numbers=tuple(range(number, number + len(sent))))


@table(
    "expected, writes, shown",
    {
        "as before": (PASS, NONE, {}),
        "another title": ("event_name changed by no write of the record", NONE, {"event_name": "Tour"}),
        "no title": ("event_name changed by no write of the record", NONE, {"event_name": None}),
        "other white space": (PASS, NONE, {"event_name": " Visit\n"}),
        "the day in another form": (PASS, NONE, {"appointment_datetime": "2099-01-05"}),
        "another day": (
            "appointment_datetime changed by no write of the record",
            NONE,
            {"appointment_datetime": "2099-01-06"},
        ),
        "one person more": (PASS, NONE, {"associated_lead_ids": ["l-2", "l-1"]}),
        "nobody": ("associated_lead_ids changed by no write of the record", NONE, {"associated_lead_ids": None}),
        "seen later": (PASS, NONE, {"last_seen": "2026-01-02T09:00:00.000Z"}),
        "as an update before the page sent it": (
            PASS,
            RecordWrites(earlier=({"title": "Tour", "appointment_date": "2099-01-06"},)),
            {"event_name": "Tour", "appointment_datetime": "2099-01-06T00:00:00Z"},
        ),
        "as no update before the page sent it": (
            "event_name changed by no write of the record",
            RecordWrites(earlier=({"title": "Tour"}, {"notes": "Other"})),
            {"event_name": "Other"},
        ),
        "uncertain": (NOT_CONCERNED, UNCERTAIN, {"event_name": "Tour"}),
        "cancelled, and its title says so": (PASS, CANCELLED, {"event_name": "Cancelled: Visit"}),
        "cancelled, and nobody": (
            "associated_lead_ids changed by a cancellation",
            CANCELLED,
            {"associated_lead_ids": []},
        ),
        "updated": (PASS, updates({"title": "Tour"}), {"event_name": "Tour"}),
        "updated, without the notes": (PASS, updates({"title": "Tour"}), {"event_name": "Tour", "notes": None}),
        "updated, and nobody": (
            "associated_lead_ids changed by an update",
            updates({"title": "Tour"}),
            {"associated_lead_ids": None},
        ),
        "cancelled, and created two hours later": (
            "created_at changed by a cancellation",
            CANCELLED,
            {"created_at": "2026-01-01T11:00:00.000Z"},
        ),
        "created at the same time, in another zone and less exactly": (
            PASS,
            CANCELLED,
            {"created_at": "2026-01-01T11:00:00+02:00"},
        ),
        "updated, and newer": (
            "created_at changed by an update",
            updates({"title": "Tour"}),
            {"created_at": "2026-01-02T09:00:00.000Z"},
        ),
    },
)
def test_only_writes_change_records(expected, writes, shown) -> None:
    changes = Changes(page(record()), {"r-1": writes})
    check = record_changes.only_writes_change_records(LIST, changes)
    assert decided(check(UPDATE, page(record(**shown)))) == expected


def test_records_of_others_may_change() -> None:
    changes = Changes(page(record(), record("theirs")), {"r-1": NONE})
    check = record_changes.only_writes_change_records(LIST, changes)
    assert check(UPDATE, page(record(), record("theirs", event_name="Tour"))) is PASS
    assert check(UPDATE, page(record("new"))) is NOT_CONCERNED
    assert check(UPDATE, exchange(400)) is NOT_CONCERNED


NEW, OLD = record("new", created_at="2026-02-01T00:00:00Z"), record("old")


@table(
    "expected, before, after",
    {
        "in order": (PASS, [NEW, OLD], [NEW, OLD]),
        "the cancelled one in front": ("created_at not descending", [NEW, OLD], [OLD, NEW]),
        "the cancelled one twice": ("a record twice on a page", [NEW, OLD], [NEW, OLD, OLD]),
        "never in order": (PASS, [OLD, NEW], [OLD, NEW]),
        "always twice, and in order": (PASS, [NEW, OLD, OLD], [NEW, OLD, OLD]),
        "no record": (PASS, [NEW], []),
    },
)
def test_writes_leave_a_page_in_order(expected, before, after) -> None:
    def sorted_page(shown: list[dict[str, Any]]) -> Exchange:
        body = {"meta": {"total": len(shown), "hasMore": False}, "results": shown}
        target = f"{LIST.path}?limit=250&order-by=created_at%3Adesc"
        return exchange(200, body, operation=LIST.id, method="GET", target=target, request_body=None)

    check = listing_orders.page_is_still_ordered(LIST, sorted_page(before))
    assert decided(check(UPDATE, sorted_page(after))) == expected


FIRST, SECOND = {"title": "First", "notes": "A note"}, {"title": "Second", "notes": "Another note"}
SHOWN = {"event_name": "Second", "notes": "Another note"}


@table(
    "expected, first, second",
    {
        "both": (PASS, {"event_name": "First", "notes": "A note"}, SHOWN),
        "neither, yet": (NOT_CONCERNED, {}, {}),
        "the later one is still to come": (PASS, {"event_name": "First", "notes": "A note"}, {}),
        "the earlier one is lost": ("an update is lost", {}, SHOWN),
        "the later one on both": ("an update of another record", SHOWN, SHOWN),
        "the earlier one in texts of the server's own": (PASS, {"event_name": "Lead tour", "notes": "-"}, SHOWN),
        "altered": ("notes altered after an update", {"event_name": "First", "notes": "A"}, SHOWN),
        "converted": ("notes of another type after an update", {"event_name": "First", "notes": 7}, SHOWN),
    },
)
def test_updates_are_shown(expected, first, second) -> None:
    before = page(record(), record("r-2"))
    changes = Changes(before, {"r-1": updates(FIRST), "r-2": updates(SECOND, number=9)})
    check = record_changes.updates_are_shown(LIST, changes)
    seen = page(record(**first), record("r-2", **second))
    assert decided(check(UPDATE, seen)) == expected
    lost = expected in ("an update is lost", "an update of another record")
    assert record_changes.lost_updates(LIST, seen, changes) == [1] * lost


@table(
    "expected, writes, date",
    {
        "the same day": (PASS, {}, "2099-03-04T09:00:00Z"),
        "a day early": ("appointment_datetime has another day after an update", {}, "2099-03-03"),
        "a day early, with no text that shows it": (NOT_CONCERNED, {"title": "Visit"}, "2099-03-03"),
    },
)
def test_day_of_an_update_is_shown(expected, writes, date) -> None:
    sent = {"title": "First", "appointment_date": "2099-03-04"} | writes
    changes = Changes(page(record()), {"r-1": updates(sent)})
    check = record_changes.updates_are_shown(LIST, changes)
    assert decided(check(UPDATE, page(record(event_name=sent["title"], appointment_datetime=date)))) == expected


def test_text_that_the_listing_never_shows_is_not_altered() -> None:
    changes = Changes(page(record()), {"r-1": updates(FIRST)})
    check = record_changes.updates_are_shown(LIST, changes)
    assert check(UPDATE, page(record(event_name="Lead Appointment", notes="A note"))) is PASS


@table(
    "writes",
    {
        "cancelled": (RecordWrites((FIRST,), (1,), cancelled=True),),
        "perhaps updated again": (RecordWrites((FIRST,), (1,), uncertain=True),),
    },
)
def test_nothing_is_lost_of_what_is(writes) -> None:
    changes = Changes(page(record(), record("r-2")), {"r-1": writes, "r-2": updates(SECOND, number=9)})
    check = record_changes.updates_are_shown(LIST, changes)
    assert check(UPDATE, page(record(), record("r-2", **SHOWN))) is PASS


LATER = "2026-01-02T09:00:00.000Z"


@table(
    "expected, added",
    {
        "nothing": (PASS, ()),
        "a copy": ("a copy of a record", (record("r-9", created_at=LATER),)),
        "a copy of the update": (
            "a copy of a record",
            (record("r-9", created_at=LATER, event_name="Another title", notes="Another note"),),
        ),
        "older": (PASS, (record("r-9"),)),
        "created by the run": (PASS, (record("r-8", created_at=LATER),)),
        "perhaps created by the run": (PASS, (record("r-9", created_at=LATER, agent="x", notes="Brings a dog m1"),)),
        "of somebody else": (PASS, (record("r-9", created_at=LATER, notes="Brings a cat"),)),
    },
)
def test_no_record_is_added(expected, added) -> None:
    sent = {"title": "Another title", "notes": "Another note"}
    before = page(record(event_name="Visit with a friend", notes="Brings a dog"))
    changes = Changes(before, {"r-1": updates(sent)}, created=frozenset({"r-8"}), marks=frozenset({"m1"}))
    check = record_changes.no_record_is_added(LIST, changes)
    found = [one | {"event_name": "Visit with a friend"} if one["event_name"] == "Visit" else one for one in added]
    assert decided(check(UPDATE, page(*found, record()))) == expected


def test_record_with_the_same_texts_may_be_that_of_another_process() -> None:
    before = page(record(event_name="Visit with a friend", notes="Brings a dog"))
    changes = Changes(before, {"r-1": NONE}, shared=True)
    copy = record("r-9", created_at=LATER, event_name="Visit with a friend", notes="Brings a dog")
    check = record_changes.no_record_is_added(LIST, changes)
    assert check(UPDATE, page(copy, record())) is NOT_CONCERNED
    assert check(UPDATE, page(record())) is PASS


def test_short_texts_may_be_those_of_others() -> None:
    changes = Changes(page(record(event_name="Tour", notes="-")), {"r-1": NONE})
    check = record_changes.no_record_is_added(LIST, changes)
    assert check(UPDATE, page(record("r-9", created_at=LATER, event_name="Tour", notes="-"))) is PASS


def test_update_that_sends_what_is_there_is_not_lost() -> None:
    before = page(record(event_name="First", notes="A note"), record("r-2"))
    changes = Changes(before, {"r-1": updates(FIRST), "r-2": updates(SECOND, number=9)})
    seen = page(record(event_name="First", notes="A note"), record("r-2", **SHOWN))
    assert record_changes.updates_are_shown(LIST, changes)(UPDATE, seen) is PASS
    assert record_changes.lost_updates(LIST, seen, changes) == []


def test_update_is_not_lost_where_the_listing_shows_other_texts() -> None:
    before = page(record(event_name="Showing"), record("r-2", event_name="Showing"))
    later = {"title": "Second", "appointment_date": "9999-99-99"}
    changes = Changes(before, {"r-1": updates({"title": "First"}), "r-2": updates(later, number=9)})
    seen = page(record(event_name="Showing"), record("r-2", event_name="Showing", appointment_datetime="9999-99-99"))
    assert record_changes.updates_are_shown(LIST, changes)(UPDATE, seen) is PASS
    assert record_changes.lost_updates(LIST, seen, changes) == []


@table(
    "expected, gone, writes",
    {
        "a cancelled one is gone": (True, True, CANCELLED),
        "a cancelled one is listed": (False, False, CANCELLED),
        "another one is gone": (False, True, NONE),
    },
)
def test_listing_may_hide_what_was_cancelled(expected, writes, *, gone: bool) -> None:
    changes = Changes(page(record(), record("r-2")), {"r-1": writes})
    shown = page(record("r-2")) if gone else page(record(), record("r-2"))
    assert cancelled_records.hides_cancelled(LIST, shown, changes) is expected


def removed(number: int) -> RecordWrites:
    return RecordWrites(cancelled=True, removed=number)


@table(
    "expected, listed, writes",
    {
        "all are listed": (PASS, ["r-1", "r-2"], {"r-1": removed(1), "r-2": removed(2)}),
        "the later one is gone": (
            "some cancelled records are gone",
            ["r-1"],
            {"r-1": removed(1), "r-2": removed(2)},
        ),
        "the earlier one is gone, as after a while": (PASS, ["r-2"], {"r-1": removed(1), "r-2": removed(2)}),
        "both are gone": (NOT_CONCERNED, [], {"r-1": removed(1), "r-2": removed(2)}),
        "one is gone whose cancellation failed": (PASS, ["r-1"], {"r-1": removed(1), "r-2": CANCELLED}),
        "one is there whose cancellation failed": (NOT_CONCERNED, ["r-1"], {"r-1": CANCELLED, "r-2": removed(2)}),
    },
)
def test_cancelled_records_are_listed_alike(expected, listed, writes) -> None:
    changes = Changes(page(record("r-1"), record("r-2")), writes)
    seen = page(record("r-3"), *(record(name) for name in listed))
    assert decided(cancelled_records.cancelled_are_listed_alike(LIST, changes)(UPDATE, seen)) == expected


def test_page_that_does_not_show_all_says_nothing_of_those_that_are_gone() -> None:
    changes = Changes(page(record("r-1"), record("r-2")), {"r-1": removed(1), "r-2": removed(2)})
    part = page(record("r-1"), total=7)
    assert cancelled_records.cancelled_are_listed_alike(LIST, changes)(UPDATE, part) is NOT_CONCERNED


@table(
    "expected, writes, shown",
    {
        "as before": (PASS, CANCELLED, {}),
        "its notes are gone": ("notes lost by a cancellation", CANCELLED, {"notes": None}),
        "its title is empty": ("event_name lost by a cancellation", CANCELLED, {"event_name": ""}),
        "its title says so": (PASS, CANCELLED, {"event_name": "Cancelled"}),
        "updated, too": (NOT_CONCERNED, RecordWrites(({"notes": ""},), (1,), cancelled=True), {"notes": ""}),
        "updated before the page": (NOT_CONCERNED, RecordWrites(cancelled=True, earlier=({},)), {"notes": None}),
        "perhaps not cancelled": (NOT_CONCERNED, RecordWrites(cancelled=True, uncertain=True), {"notes": None}),
        "not cancelled": (NOT_CONCERNED, NONE, {"notes": None}),
    },
)
def test_cancelled_record_keeps_its_texts(expected, writes, shown) -> None:
    changes = Changes(page(record()), {"r-1": writes})
    assert (
        decided(cancelled_records.cancelled_keep_their_texts(LIST, changes)(UPDATE, page(record(**shown)))) == expected
    )


MADE_UP = "c0123456789abcdefghijklm"


@table(
    "expected, listed, changes",
    {
        "none of them": (PASS, ["r-1"], {"named": {MADE_UP}}),
        "one of them": ("a record of a made-up id", ["r-1", MADE_UP], {"named": {MADE_UP}}),
        "one that a create made": (PASS, ["r-1", MADE_UP], {"named": {MADE_UP}, "created": {MADE_UP}}),
        "the next number": (PASS, ["r-1", "8"], {"named": {"8"}}),
        "nothing was made up": (NOT_CONCERNED, ["r-1", MADE_UP], {}),
    },
)
def test_no_record_is_made_of_its_id(expected, listed, changes) -> None:
    known = Changes(page(record()), {}, **{name: frozenset(ids) for name, ids in changes.items()})
    seen = page(*(record(name) for name in listed))
    assert decided(cancelled_records.no_record_is_made_of_its_id(LIST, known)(UPDATE, seen)) == expected


def test_record_that_was_on_another_page_is_not_made() -> None:
    known = Changes(page(record(), total=7), {}, named=frozenset({MADE_UP}))
    seen = page(record(), record(MADE_UP))
    assert cancelled_records.no_record_is_made_of_its_id(LIST, known)(UPDATE, seen) is NOT_CONCERNED
