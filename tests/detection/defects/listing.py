"""A listing that shows too much, too little, or the wrong thing: pages, totals, orders, filters and items."""

# ruff: noqa: ARG002, D102 - a step keeps its parameters, and the mock says what each step does

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta, timezone
from functools import cached_property, partial
from typing import Final, Literal, TypeAlias
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import Job, Record
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Issue, Refusal
from contracts.mock.operations.lists import DESCENDING, Order
from contracts.mock.operations.queries import parse_time
from contracts.mock.operations.zod_issues import custom
from contracts.model.json_value import Json
from contracts.openapi.extensions import COMPARES, FILTERS
from contracts.openapi.operation import Operation
from tests.detection.catalogue import CREATE, LIST, READ, WRITE, defect
from tests.detection.probe import Probe

FEW: Final = 10
USUAL: Final = 100
MOST: Final = 250
OLDEST_FIRST: Final = "order-by=created_at:asc"

Item: TypeAlias = dict[str, Json]

seeded = partial(defect, group="listing", requirement="LIST-01", affects=LIST)
filtering = partial(seeded, requirement="LIST-02")
bounding = partial(seeded, requirement="LIST-03")


def asking(*queries: str) -> Callable[[Probe], object]:
    """Return the observation of these pages."""
    return lambda probe: [probe.page(query).comparable for query in queries]


def by_value(name: str, change: Callable[[str], str] = str, also: str = "") -> Callable[[Probe], object]:
    """Return the observation of a page that is filtered by what the first item has, or by something made of it."""
    return lambda probe: probe.listed_ids(f"{name}={change(probe.listed_records(OLDEST_FIRST)[0][name])}&{also}")


def ending(limit: int) -> Callable[[Probe], object]:
    """Return the observation of the last page, which is full."""

    def look(probe: Probe) -> object:
        total = probe.page("limit=1").json["meta"]["total"]
        return probe.page(f"limit={limit}&offset={total - limit}").comparable

    return look


def walked(query: str, limit: int = 5) -> Callable[[Probe], object]:
    """Return the observation of all pages, one after the other."""
    return lambda probe: [probe.listed_ids(f"{query}&limit={limit}&offset={start}") for start in (0, limit, 2 * limit)]


# Pages


@seeded(observe=asking("limit=2"))
class LimitIsIgnored(MockApi):
    """Every page holds all that there is from the offset on."""

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        return super().page(records, None, offset)


@seeded(observe=asking("limit=2"))
class PageHasOneTooMany(MockApi):
    """A page holds one more than its limit: the one that shows whether there is another page."""

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        return super().page(records, None if limit is None else limit + 1, offset)


@seeded(observe=asking("limit=5&offset=5"))
class LaterPagesHaveOneTooFew(MockApi):
    """Every page but the first one holds one less than its limit."""

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        return super().page(records, limit, offset)[: limit - 1 if limit and offset else None]


@seeded(observe=asking("limit=12"))
class PagesNeverHoldMoreThanTen(MockApi):
    """A page never holds more than ten, whatever limit it reports."""

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        return super().page(records, limit, offset)[:FEW]


@seeded(observe=asking(""))
class LimitIsTenByDefault(MockApi):
    """A page that asks for no limit holds ten."""

    def bound(self, operation: Operation, query: Mapping[str, Json], name: str) -> int | None:
        unasked = operation.listing is not None and name == operation.listing.limit and name not in query
        return FEW if unasked else super().bound(operation, query, name)


@seeded(requirement="LIST-04", observe=asking("limit=250"))
class LimitOf250IsRefused(MockApi):
    """A limit of 250 is refused: the bound is exclusive."""

    def query_issues(self, operation: Operation, read: Mapping[str, Json]) -> list[Issue]:
        issues = super().query_issues(operation, read)
        return issues + [custom("Too big", name) for name in ("limit",) if read.get(name) == MOST]


@seeded(recommended=True, observe=asking("limit=0"))
class LimitOfZeroIsTheUsualOne(MockApi):
    """A limit of zero is accepted and taken for none, so that the page holds what it usually does."""

    def bound(self, operation: Operation, query: Mapping[str, Json], name: str) -> int | None:
        number = super().bound(operation, query, name)
        return number or (USUAL if operation.listing is not None and name == operation.listing.limit else number)


@seeded(observe=asking("limit=3&offset=3"))
class OffsetIsIgnored(MockApi):
    """Every page is the first one."""

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        return super().page(records, limit, 0)


@seeded(observe=asking("limit=3&offset=3"))
class PagesOverlap(MockApi):
    """An offset leaves out one less than it says, so that pages overlap: they are counted from one."""

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        return super().page(records, limit, max(0, offset - 1))


@seeded(observe=asking("limit=3&offset=3"))
class PagesLeaveAGap(MockApi):
    """An offset leaves out one more than it says, so that there is a gap between pages."""

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        return super().page(records, limit, offset + 1 if offset else 0)


@seeded(observe=asking("limit=3&offset=3"))
class OffsetCountsPages(MockApi):
    """An offset is taken for the number of the page."""

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        return super().page(records, limit, offset if limit is None else offset * limit)


@seeded(observe=asking("limit=5&offset=3"))
class OffsetIsRoundedToAPage(MockApi):
    """An offset that is no multiple of the limit is rounded down to one."""

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        return super().page(records, limit, offset - offset % limit if limit else offset)


@filtering(recommended=True, observe=walked("order-by=integration_vendor:asc"))
class EqualsAreInNoOrder(MockApi):
    """Items that are equal in what they are ordered by stand in another order on every page, which tears pages."""

    turn = 0

    def ordered(self, operation: Operation, records: list[Record], order: Order) -> list[Record]:
        self.turn += 7
        start = self.turn % max(1, len(records))
        return super().ordered(operation, records[start:] + records[:start], order)


@seeded(
    observe=lambda probe: [
        probe.listed_ids("limit=2"),
        probe.listed_ids("limit=2&offset=2"),
        probe.listed_ids("limit=4"),
    ]
)
class PagesAreCachedByPath(MockApi):
    """A page is cached without a look at its query until something is written."""

    @cached_property
    def cached(self) -> list[Response]:
        return []

    def list_records(self, request: Request, operation: Operation) -> Response:
        response = super().list_records(request, operation)
        self.cached.append(response)
        return Response(self.cached[0].body, media_type="application/json")

    def accept(self, operation: Operation, value: Json) -> Job:
        self.cached.clear()
        return super().accept(operation, value)


# What is reported of a page


class _Told(MockApi):
    """Tells something else of a page."""

    def changed_meta(self, meta: dict[str, Json], page: list[Item], limit: int | None) -> Mapping[str, Json]:
        raise NotImplementedError

    def list_answer(
        self, operation: Operation, page: list[Item], total: int, order: Order, limit: int | None, offset: int
    ) -> Json:
        answer = super().list_answer(operation, page, total, order, limit, offset)
        return {**answer, "meta": {**answer["meta"], **self.changed_meta(answer["meta"], page, limit)}}


@seeded(observe=ending(4))
class MoreIsToldOfAFullLastPage(_Told):
    """hasMore is true for every page that is full, the last one too."""

    def changed_meta(self, meta: dict[str, Json], page: list[Item], limit: int | None) -> Mapping[str, Json]:
        return {"hasMore": len(page) == limit}


@seeded(observe=ending(5))
class MoreIsAlwaysTold(_Told):
    """hasMore is always true."""

    def changed_meta(self, meta: dict[str, Json], page: list[Item], limit: int | None) -> Mapping[str, Json]:
        return {"hasMore": True}


@seeded(observe=asking("limit=5"))
class MoreIsNeverTold(_Told):
    """hasMore is always false."""

    def changed_meta(self, meta: dict[str, Json], page: list[Item], limit: int | None) -> Mapping[str, Json]:
        return {"hasMore": False}


@seeded(observe=ending(5))
class MoreIsToldByTheLimitAlone(_Told):
    """hasMore compares the limit with the total and leaves out the offset."""

    def changed_meta(self, meta: dict[str, Json], page: list[Item], limit: int | None) -> Mapping[str, Json]:
        return {"hasMore": limit is not None and limit < meta["total"] and bool(page)}


@seeded(requirement="RESP-01", observe=ending(5))
class MoreIsAText(_Told):
    """hasMore is a text where it is false."""

    def changed_meta(self, meta: dict[str, Json], page: list[Item], limit: int | None) -> Mapping[str, Json]:
        return {"hasMore": meta["hasMore"] or "false"}


@seeded(observe=asking("limit=5"))
class TotalIsThatOfThePage(_Told):
    """The total counts the page."""

    def changed_meta(self, meta: dict[str, Json], page: list[Item], limit: int | None) -> Mapping[str, Json]:
        return {"total": len(page)}


@seeded(observe=lambda probe: probe.page(f"lead_id={probe.create_body()['lead_id']}").comparable)
class TotalIsNotFiltered(MockApi):
    """The total counts all records, whatever the filters leave."""

    def list_answer(
        self, operation: Operation, page: list[Item], total: int, order: Order, limit: int | None, offset: int
    ) -> Json:
        return super().list_answer(operation, page, len(self.records()), order, limit, offset)


@seeded(
    affects=LIST + WRITE,
    observe=lambda probe: (
        probe.final_status(probe.write()),
        len(probe.listed_ids()),
        probe.page().json["meta"]["total"],
    ),
)
class CancelledIsCountedAndNotShown(MockApi):
    """Cancelled records are counted in the total and not shown, so that the last pages are short."""

    def list_answer(
        self, operation: Operation, page: list[Item], total: int, order: Order, limit: int | None, offset: int
    ) -> Json:
        shown = [item for item in page if item["id"] not in self.state.removed]
        return super().list_answer(operation, shown, total, order, limit, offset)


@seeded(observe=asking("limit=5"))
class LimitToldIsTheUsualOne(_Told):
    """The reported limit is 100, whatever was asked for."""

    def changed_meta(self, meta: dict[str, Json], page: list[Item], limit: int | None) -> Mapping[str, Json]:
        return {"limit": USUAL}


@seeded(observe=asking("limit=5&offset=5"))
class OffsetToldIsThatOfTheNextPage(_Told):
    """The reported offset is the one to ask for next."""

    def changed_meta(self, meta: dict[str, Json], page: list[Item], limit: int | None) -> Mapping[str, Json]:
        return {"offset": meta["offset"] + len(page)}


@seeded(requirement="RESP-01", observe=asking("", OLDEST_FIRST))
class OrderIsToldOnlyIfAsked(MockApi):
    """The order is left out of the answer where none was asked for."""

    def list_records(self, request: Request, operation: Operation) -> Response:
        self.asked = "order-by" in self.parameters(request)
        return super().list_records(request, operation)

    def list_answer(
        self, operation: Operation, page: list[Item], total: int, order: Order, limit: int | None, offset: int
    ) -> Json:
        answer = super().list_answer(operation, page, total, order, limit, offset)
        kept = {name: reported for name, reported in answer["meta"].items() if self.asked or name != "orderBy"}
        return {**answer, "meta": kept}

    asked = True


@seeded(requirement="RESP-05", observe=asking("limit=5"))
class PageOfManyIs206(MockApi):
    """A page that is not the last one is answered with 206."""

    def list_records(self, request: Request, operation: Operation) -> Response:
        response = super().list_records(request, operation)
        if b'"hasMore":true' in bytes(response.body):
            response.status_code = 206
        return response


# Bounds


@bounding(observe=asking("limit=251"))
class LimitAbove250Passes(MockApi):
    """A limit above 250 is accepted."""

    def query_issues(self, operation: Operation, read: Mapping[str, Json]) -> list[Issue]:
        return [issue for issue in super().query_issues(operation, read) if issue["code"] != "too_big"]


@bounding(observe=asking("offset=-1"))
class NegativeOffsetIsZero(MockApi):
    """A negative offset is accepted and taken for zero."""

    def query_issues(self, operation: Operation, read: Mapping[str, Json]) -> list[Issue]:
        issues = super().query_issues(operation, read)
        return [issue for issue in issues if (issue["code"], issue["path"]) != ("too_small", ["offset"])]

    def bound(self, operation: Operation, query: Mapping[str, Json], name: str) -> int | None:
        number = super().bound(operation, query, name)
        return None if number is None else max(0, number)


@bounding(observe=asking("limit=-1"))
class NegativeLimitIsNone(MockApi):
    """A negative limit is accepted and taken for no limit at all."""

    def query_issues(self, operation: Operation, read: Mapping[str, Json]) -> list[Issue]:
        issues = super().query_issues(operation, read)
        return [issue for issue in issues if (issue["code"], issue["path"]) != ("too_small", ["limit"])]

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        return super().page(records, None if limit is None or limit < 0 else limit, offset)

    def list_answer(
        self, operation: Operation, page: list[Item], total: int, order: Order, limit: int | None, offset: int
    ) -> Json:
        reported = None if limit is None or limit < 0 else limit
        return super().list_answer(operation, page, total, order, reported, offset)


@bounding(observe=asking("limit=5abc", "offset=2.5"))
class NumbersAreReadUpToTheFirstLetter(MockApi):
    """A limit or an offset is read up to the first character that is no digit."""

    def parameters(self, request: Request) -> dict[str, str]:
        return {
            name: found.group() if name in {"limit", "offset"} and (found := re.match(r"-?\d+", text)) else text
            for name, text in super().parameters(request).items()
        }


@bounding(observe=asking("limit=many"))
class LimitThatIsNoNumberIsIgnored(MockApi):
    """A limit or an offset that is no number is left out of account."""

    def parameters(self, request: Request) -> dict[str, str]:
        return {
            name: text
            for name, text in super().parameters(request).items()
            if name not in {"limit", "offset"} or re.fullmatch(r"-?\d+", text)
        }


@bounding(observe=asking("updated_at_gte=yesterday"))
class BrokenMomentIsIgnored(MockApi):
    """A filter by a moment that is none is left out of account."""

    def parameters(self, request: Request) -> dict[str, str]:
        return {
            name: text
            for name, text in super().parameters(request).items()
            if not name.endswith(("_gte", "_lte")) or parse_time(text)
        }


@bounding(observe=asking("integration_vendor=NOBODY"))
class UnknownVendorPasses(MockApi):
    """A vendor that is not among the listed ones is accepted, and has no records."""

    def query_issues(self, operation: Operation, read: Mapping[str, Json]) -> list[Issue]:
        return [issue for issue in super().query_issues(operation, read) if issue["code"] != "invalid_enum_value"]


@seeded(requirement="RESP-06", observe=asking("updated_at_gte=yesterday"))
class CrashOnABrokenMoment(MockApi):
    """A filter by a moment that is none is answered with 500."""

    def query_issues(self, operation: Operation, read: Mapping[str, Json]) -> list[Issue]:
        for name, sent in read.items():
            if COMPARES in operation.query_parameters[name] and sent is not None and parse_time(sent) is None:
                raise RuntimeError("invalid input syntax for type timestamp")
        return super().query_issues(operation, read)


@seeded(requirement="RESP-06", observe=asking("order-by=nothing:asc"))
class CrashOnAnUnknownOrder(MockApi):
    """An order by a property that there is not is answered with 500."""

    def order(self, operation: Operation, query: Mapping[str, Json]) -> Order:
        try:
            return super().order(operation, query)
        except Refusal as refusal:
            raise RuntimeError("column does not exist") from refusal


@seeded(requirement="RESP-11", observe=asking("limit=1&offset=9223372036854775808"))
class CrashOnAnOffsetBeyond64Bits(MockApi):
    """An offset beyond 64 bits is answered with 500."""

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        if offset.bit_length() > 63:  # noqa: PLR2004 - without the sign
            raise RuntimeError("bigint out of range")
        return super().page(records, limit, offset)


@seeded(requirement="ERR-05", observe=asking("limit=-1"))
class RefusedQueryHasNoEnvelope(MockApi):
    """A query is refused with a list of errors outside the envelope."""

    def error_body(self, refusal: Refusal) -> Json:
        return {"errors": refusal.issues} if refusal.cause == "query" else super().error_body(refusal)


# Orders


@filtering(observe=asking("order-by=updated_at:asc"))
class OrderIsIgnored(MockApi):
    """Items stand in the order in which they were created, whatever was asked for."""

    def ordered(self, operation: Operation, records: list[Record], order: Order) -> list[Record]:
        return records


@filtering(observe=asking("order-by=updated_at:desc"))
class DescendingIsAscending(MockApi):
    """Items stand in ascending order where the descending one was asked for by another field than the usual one."""

    def ordered(self, operation: Operation, records: list[Record], order: Order) -> list[Record]:
        return super().ordered(
            operation, records, [(field, way if field == "created_at" else "asc") for field, way in order]
        )


@filtering(observe=asking("order-by=created_at"))
class NoDirectionIsDescending(MockApi):
    """An order without a direction is taken for a descending one."""

    def order(self, operation: Operation, query: Mapping[str, Json]) -> Order:
        asked = str(query.get("order-by", "")).split(",")
        order = super().order(operation, query)
        if "order-by" not in query:
            return order
        return [(field, way if ":" in sent else DESCENDING) for (field, way), sent in zip(order, asked, strict=True)]


@filtering(observe=asking("order-by=property_id:asc,created_at:desc"))
class SecondFieldIsIgnored(MockApi):
    """Of several fields to order by only the first one counts."""

    def ordered(self, operation: Operation, records: list[Record], order: Order) -> list[Record]:
        return super().ordered(operation, records, order[:1])


@filtering(observe=asking("order-by=property_id:asc,created_at:desc"))
class LastFieldCountsMost(MockApi):
    """Of several fields to order by the last one counts most: each sorts what the one before has sorted."""

    def ordered(self, operation: Operation, records: list[Record], order: Order) -> list[Record]:
        return super().ordered(operation, records, order[::-1])


@filtering(observe=asking("order-by=property_id:asc,created_at:desc"))
class DirectionOfTheFirstIsThatOfAll(MockApi):
    """Of several directions the first one counts for all fields."""

    def ordered(self, operation: Operation, records: list[Record], order: Order) -> list[Record]:
        return super().ordered(operation, records, [(field, order[0][1]) for field, _ in order])


@filtering(observe=walked("order-by=updated_at:asc"))
class OnlyThePageIsOrdered(MockApi):
    """Each page is ordered by itself, after it was cut out of what is not."""

    asked: tuple[Operation, Order] | None = None

    def ordered(self, operation: Operation, records: list[Record], order: Order) -> list[Record]:
        self.asked = (operation, order)
        return records

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        page = super().page(records, limit, offset)
        return super().ordered(self.asked[0], page, self.asked[1]) if self.asked else page


# Filters


@filtering(observe=by_value("property_id"))
class FiltersAreIgnored(MockApi):
    """Filters are left out of account."""

    def selected(self, operation: Operation, query: Mapping[str, Json], records: list[Record]) -> list[Record]:
        return records


@filtering(observe=lambda probe: probe.listed_ids(f"lead_id={probe.create_body()['lead_id']}"))
class FilterByPersonIsIgnored(MockApi):
    """A filter by a person is left out of account, and no other one is."""

    def matches(self, schema: Json, held: Json, sent: Json) -> bool:
        return schema[FILTERS].startswith("associated_") or super().matches(schema, held, sent)


@filtering(observe=lambda probe: by_value("property_id", also=f"lead_id={probe.create_body()['lead_id']}")(probe))
class OneFilterIsEnough(MockApi):
    """An item is listed that one of several filters lets pass."""

    def selected(self, operation: Operation, query: Mapping[str, Json], records: list[Record]) -> list[Record]:
        asked = [name for name in query if FILTERS in operation.query_parameters[name]]
        passed = [super(OneFilterIsEnough, self).selected(operation, {name: query[name]}, records) for name in asked]
        return [record for record in records if not passed or any(record in some for some in passed)]


@filtering(observe=lambda probe: by_value("property_id", also=f"lead_id={probe.create_body()['lead_id']}")(probe))
class OnlyTheLastFilterCounts(MockApi):
    """Of several filters only the last one counts."""

    def selected(self, operation: Operation, query: Mapping[str, Json], records: list[Record]) -> list[Record]:
        schemas = operation.query_parameters
        asked = [name for name in query if FILTERS in schemas[name]]
        return super().selected(operation, {name: query[name] for name in asked[-1:]}, records)


@filtering(recommended=True, observe=by_value("property_id", lambda text: text[:10]))
class FilterMatchesTheStart(MockApi):
    """A filter lets pass what begins with its value."""

    def matches(self, schema: Json, held: Json, sent: Json) -> bool:
        begins = isinstance(held, str) and COMPARES not in schema and held.startswith(str(sent))
        return begins or super().matches(schema, held, sent)


@filtering(recommended=True, observe=by_value("property_id", str.upper))
class FilterIgnoresCase(MockApi):
    """A filter lets pass what differs from its value in case alone."""

    def matches(self, schema: Json, held: Json, sent: Json) -> bool:
        alike = isinstance(held, str) and COMPARES not in schema and held.lower() == str(sent).lower()
        return alike or super().matches(schema, held, sent)


@filtering(observe=lambda probe: walked(f"lead_id={probe.create_body()['lead_id']}", 2)(probe))
class OnlyTheFirstPageIsFiltered(MockApi):
    """Filters are left out of account from the second page on."""

    def selected(self, operation: Operation, query: Mapping[str, Json], records: list[Record]) -> list[Record]:
        return records if query.get("offset") else super().selected(operation, query, records)


@filtering(observe=lambda probe: probe.listed_ids(f"limit=2&lead_id={probe.create_body()['lead_id']}"))
class FiltersComeAfterPaging(MockApi):
    """A page is cut out of all records and filtered then, so that it holds less than there is."""

    asked: tuple[Operation, Mapping[str, Json]] | None = None

    def selected(self, operation: Operation, query: Mapping[str, Json], records: list[Record]) -> list[Record]:
        self.asked = (operation, query)
        return records

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        page = super().page(records, limit, offset)
        return super().selected(*self.asked, page) if self.asked else page


def between(probe: Probe) -> object:
    """Return how many records are left between the moments of the ninth one and of the twelfth."""
    moments = sorted(item["updated_at"] for item in probe.listed_records())[8:12:3]
    return [len(probe.listed_ids(f"updated_at_gte={lower}&updated_at_lte={upper}")) for lower, upper in [moments]]


@filtering(observe=between)
class FieldHasRoomForOneCondition(MockApi):
    """What is asked of a field is kept under its name, so that of two bounds the one that comes first is forgotten."""

    def selected(self, operation: Operation, query: Mapping[str, Json], records: list[Record]) -> list[Record]:
        last = {operation.query_parameters[name].get(FILTERS, name): name for name in query}
        kept = {name: sent for name, sent in query.items() if name in last.values()}
        return super().selected(operation, kept, records)


@filtering(observe=asking(f"{OLDEST_FIRST}&limit=4"))
class OrderIsThatOfEachPage(MockApi):
    """What is asked for as an order is done to the page, which is cut out of the newest records as ever."""

    wanted: tuple[Operation, Order] | None = None

    def ordered(self, operation: Operation, records: list[Record], order: Order) -> list[Record]:
        self.wanted = operation, order
        return super().ordered(operation, records, [("created_at", DESCENDING)])

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        page = super().page(records, limit, offset)
        return super().ordered(self.wanted[0], page, self.wanted[1]) if self.wanted else page


@filtering(observe=lambda probe: probe.listed_ids("lead_id=nobody"))
class FilterThatFindsNothingFindsAll(MockApi):
    """A filter that nothing passes is left out of account."""

    def selected(self, operation: Operation, query: Mapping[str, Json], records: list[Record]) -> list[Record]:
        return super().selected(operation, query, records) or records


@filtering(recommended=True, observe=lambda probe: probe.page("lead_id=nobody").comparable)
class NothingFoundIs404(MockApi):
    """A listing of which the filters leave nothing is answered with 404."""

    def list_answer(
        self, operation: Operation, page: list[Item], total: int, order: Order, limit: int | None, offset: int
    ) -> Json:
        if not total:
            raise self.not_found("route")
        return super().list_answer(operation, page, total, order, limit, offset)


def since(name: str) -> Callable[[Probe], object]:
    """Return the observation of what a bound leaves that is the first item's own moment."""
    return lambda probe: probe.listed_ids(f"{name}={probe.listed_records(OLDEST_FIRST)[0][name.rpartition('_')[0]]}")


@filtering(recommended=True, observe=since("updated_at_gte"))
class NotBeforeIsAfter(MockApi):
    """A filter for what is not before a moment leaves out what is of that very moment."""

    def compares(self, how: Literal["gte", "lte"], held: Json, sent: Json) -> bool:
        return super().compares(how, held, sent) and (how == "lte" or parse_time(held) != parse_time(sent))


@filtering(observe=since("last_seen_lte"))
class NotAfterIsNotBefore(MockApi):
    """A filter for what is not after a moment selects what is not before it."""

    def compares(self, how: Literal["gte", "lte"], held: Json, sent: Json) -> bool:
        return super().compares("gte", held, sent)


@filtering(observe=since("last_seen_gte"))
class SeenIsComparedWithUpdated(MockApi):
    """What is asked by when a record was last seen is answered by when it was updated."""

    def field(self, operation: Operation, record: Record, name: str) -> Json:
        return super().field(operation, record, "updated_at" if name == "last_seen" else name)


def from_elsewhere(probe: Probe) -> object:
    """Return what a bound leaves that is a second before the first item's own moment, with another time zone."""
    updated = parse_time(probe.listed_records(OLDEST_FIRST)[0]["updated_at"])
    assert updated is not None, "the mock returns moments"
    asked = (updated - timedelta(seconds=1)).astimezone(timezone(timedelta(hours=5)))
    return probe.listed_ids(f"updated_at_gte={quote(asked.isoformat())}")


@filtering(observe=from_elsewhere)
class MomentsAreComparedAsText(MockApi):
    """Moments are compared as texts, so that one with another time zone is off by hours."""

    def compares(self, how: Literal["gte", "lte"], held: Json, sent: Json) -> bool:
        return bool(held >= sent) if how == "gte" else bool(held <= sent)


# Items


class _Shown(MockApi):
    """Shows an item in another way."""

    def show(self, item: Item, record: Record) -> Item:
        raise NotImplementedError

    def item(self, operation: Operation, record: Record) -> Item:
        return self.show(super().item(operation, record), record)


shown = partial(seeded, requirement="RESP-01", observe=asking(""))


@shown()
class ResultsAreAnObject(MockApi):
    """The results are an object, with the ids as names."""

    def list_answer(
        self, operation: Operation, page: list[Item], total: int, order: Order, limit: int | None, offset: int
    ) -> Json:
        answer = super().list_answer(operation, page, total, order, limit, offset)
        return {**answer, "results": {item["id"]: item for item in page}}


@shown(observe=asking("lead_id=nobody"))
class NoResultsAreNull(MockApi):
    """The results are null where there are none."""

    def list_answer(
        self, operation: Operation, page: list[Item], total: int, order: Order, limit: int | None, offset: int
    ) -> Json:
        answer = super().list_answer(operation, page, total, order, limit, offset)
        return {**answer, "results": page or None}


@shown()
class EmptyNotesAreLeftOut(_Shown):
    """An item without notes has no such property, in place of one that is null."""

    def show(self, item: Item, record: Record) -> Item:
        return {name: held for name, held in item.items() if name != "notes" or held is not None}


@shown()
class AssociatedIdIsAText(_Shown):
    """The ids of associated persons are a text where there is one, and a list where there are more."""

    def show(self, item: Item, record: Record) -> Item:
        return {name: held[0] if isinstance(held, list) and len(held) == 1 else held for name, held in item.items()}


@shown(
    affects=CREATE + READ + LIST,
    observe=lambda probe: type(probe.listed_record(probe.created_id())["created_at"]).__name__,
)
class MomentOfANewRecordIsANumber(_Shown):
    """What was created is listed with its moment as a number until it is synchronised."""

    def show(self, item: Item, record: Record) -> Item:
        created = parse_time(item["created_at"])
        fresh = record.id not in self.state.events and created is not None
        return {**item, "created_at": int(created.timestamp())} if fresh and created else item


@shown()
class VendorOfSomeIsInSmallLetters(_Shown):
    """The vendor of every fourth record is in small letters, as an older import wrote it."""

    def show(self, item: Item, record: Record) -> Item:
        old = record.number % 4 == 1
        return {**item, "integration_vendor": item["integration_vendor"].lower()} if old else item


@shown()
class IdsAreNumbersForSome(_Shown):
    """The upstream id of the last record is a number."""

    def show(self, item: Item, record: Record) -> Item:
        last = record.number == len(self.state.records) - 1
        return {**item, "x_id": int(item["x_id"])} if last else item


# Who may see it


def unknown(probe: Probe, authorization: str | None) -> object:
    """Return the reported status of a page with such credentials, after one with good ones."""
    return probe.page().status, probe.page(headers={"authorization": authorization}).status


@seeded(group="bearer", requirement="AUTH-01", observe=lambda probe: unknown(probe, None))
class ListingNeedsNoToken(MockApi):
    """The listing is shown to everybody."""

    def authorise(self, request: Request) -> None:
        if not self.route(request)[0].listing:
            super().authorise(request)


@seeded(group="bearer", requirement="AUTH-02", observe=lambda probe: unknown(probe, "Bearer nobody"))
class ListingTakesAnyToken(MockApi):
    """The listing is shown to everybody who has some bearer token."""

    def authorise(self, request: Request) -> None:
        if not (self.route(request)[0].listing and self.credential(request)):
            super().authorise(request)


@seeded(group="bearer", requirement="AUTH-01", observe=lambda probe: unknown(probe, None))
class CachedPageNeedsNoToken(MockApi):
    """A page that was shown before is shown again without a token, out of a cache in front of the check."""

    @cached_property
    def cached(self) -> dict[str, bytes]:
        return {}

    def answer(self, request: Request, body: bytes) -> Response:
        try:
            response = super().answer(request, body)
        except Refusal as refusal:
            if refusal.cause != "credential" or str(request.url) not in self.cached:
                raise
            return Response(self.cached[str(request.url)], media_type="application/json")
        if self.route(request)[0].listing:
            self.cached[str(request.url)] = bytes(response.body)
        return response
