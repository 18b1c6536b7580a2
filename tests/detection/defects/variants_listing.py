"""Conforming variants of the listing: what is returned with a page, what is rejected, and what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request

from contracts.mock.data.state import EVENT_COUNT, INTEGRATIONS, Record, State
from contracts.mock.http.api import MockApi
from contracts.mock.http.rate_limit import RateLimit
from contracts.mock.http.refusal import Issue, Refusal
from contracts.mock.operations.lists import DESCENDING, Order
from contracts.mock.operations.zod_issues import custom
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.extensions import FILTERS, SUPPLIED_BY
from contracts.openapi.operation import Operation
from tests.detection.catalogue import LIST, READ, WRITE, variant
from tests.detection.probe import Probe

BATCH: Final = 8
FIRST_READS: Final = 12
MOST: Final = 250
NAME: Final = "event_name"


def page(probe: Probe, query: str = "limit=3") -> object:
    """Return the answers to a page."""
    return probe.page(query).comparable


class Telling(MockApi):
    """A mock that changes the meta of a page; no variant by itself."""

    def changed_meta(self, meta: dict[str, Json]) -> dict[str, Json]:
        """Return the changed meta of a page."""
        raise NotImplementedError

    def list_answer(
        self,
        operation: Operation,
        page: list[dict[str, Json]],
        total: int,
        order: Order,
        limit: int | None,
        offset: int,
    ) -> Json:
        """Tell it."""
        answer = super().list_answer(operation, page, total, order, limit, offset)
        return {**answer, "meta": self.changed_meta(answer["meta"])}


@variant(affects=LIST, observe=page)
class TotalsAreNotTold(Telling):
    """hasMore is null and the total absent: counting takes too long."""

    def changed_meta(self, meta: dict[str, Json]) -> dict[str, Json]:
        """Leave one out and the other open."""
        return {**{name: value for name, value in meta.items() if name != "total"}, "hasMore": None}


@variant(affects=LIST, observe=page)
class OnlyTheOrderIsTold(Telling):
    """The meta of a page has nothing but the order, which is all that is required."""

    def changed_meta(self, meta: dict[str, Json]) -> dict[str, Json]:
        """Keep the order."""
        return {"orderBy": meta["orderBy"]}


@variant(affects=LIST, observe=page)
class OrderIsToldInAnotherForm(Telling):
    """The order is given by objects of another form than that of the guide's example."""

    def changed_meta(self, meta: dict[str, Json]) -> dict[str, Json]:
        """Name the column and the way."""
        return {**meta, "orderBy": [{order["field"]: order["direction"]} for order in meta["orderBy"]]}


@variant(affects=LIST, observe=lambda probe: page(probe, ""))
class ThereIsNoUsualOrder(MockApi):
    """Without order-by there is no order, as the guide on paging has it: items stand as they are stored."""

    def order(self, operation: Operation, query: Mapping[str, Json]) -> Order:
        """Take none for none."""
        assert operation.listing is not None, "asked only of listings"
        return super().order(operation, query) if operation.listing.order in query else []


class Collating(MockApi):
    """A mock that compares texts by a collation of its own; no variant by itself.

    Its events are named in different cases, and with signs between the words, so that the collation matters.
    """

    names: Final = ("a unit", "B-unit", "A unit", "b unit", "_c unit", "C unit")

    def key(self, text: str) -> str:
        """Return what is compared in place of a text."""
        raise NotImplementedError

    def item(self, operation: Operation, record: Record) -> dict[str, Json]:
        """Name the event."""
        return {**super().item(operation, record), NAME: self.names[record.number % len(self.names)]}

    def field(self, operation: Operation, record: Record, name: str) -> Json:
        """Select by what is shown."""
        return self.item(operation, record)[name]

    def ordered(self, operation: Operation, records: list[Record], order: Order) -> list[Record]:
        """Sort by the keys of texts."""
        for name, direction in reversed(order):
            held = {record.id: self.field(operation, record, name) for record in records}
            texts = {key: self.key(value) if isinstance(value, str) else "" for key, value in held.items()}
            records = sorted(records, key=lambda one: texts[one.id], reverse=direction == DESCENDING)
        return records


@variant(affects=LIST, observe=lambda probe: [item[NAME] for item in probe.listed_records(f"order-by={NAME}")])
class OrdersIgnoreCase(Collating):
    """Texts are put in order without regard to case, as collations of databases do."""

    def key(self, text: str) -> str:
        """Fold it."""
        return text.casefold()


@variant(affects=LIST, observe=lambda probe: [item[NAME] for item in probe.listed_records(f"order-by={NAME}")])
class OrdersLookAtLettersAndDigits(Collating):
    """Texts are put in order by their letters and digits alone, as localeCompare and ICU do at first."""

    def key(self, text: str) -> str:
        """Leave out all else."""
        return "".join(filter(str.isalnum, text.casefold()))


# What is refused


@variant(affects=LIST, departs_from={"LIST-03"}, observe=lambda probe: page(probe, "limit=251"))
class LimitsAreClamped(MockApi):
    """A limit above 250 is taken for 250, and one below zero, as an offset below zero, for zero."""

    def query(self, request: Request, operation: Operation) -> dict[str, Json]:
        """Tell the page what is done."""
        read = super().query(request, operation)
        listing = operation.listing
        if listing is None:
            return read
        bounds = {name: read[name] for name in (listing.limit, listing.offset) if isinstance(read.get(name), int)}
        most = {listing.limit: MOST}
        return {**read, **{name: max(0, min(sent, most.get(name, sent))) for name, sent in bounds.items()}}

    def query_issues(self, operation: Operation, read: Mapping[str, Json]) -> list[Issue]:
        """Let numbers pass."""
        return [issue for issue in super().query_issues(operation, read) if issue.get("type") != "number"]


@variant(affects=LIST, departs_from={"LIST-04"}, observe=lambda probe: page(probe, "limit=0"))
class LimitOfZeroIsRefused(MockApi):
    """A limit of zero is refused with 400: the parameter's description begins with 1."""

    def query_issues(self, operation: Operation, read: Mapping[str, Json]) -> list[Issue]:
        """Follow the description."""
        issues = super().query_issues(operation, read)
        name = operation.listing.limit if operation.listing else ""
        return [*issues, custom("Number must be greater than or equal to 1", name)] if read.get(name) == 0 else issues


@variant(affects=LIST, departs_from={"LIST-02", "LIST-03"}, observe=lambda probe: page(probe, "order-by=nothing:asc"))
class UnknownOrdersAreIgnored(MockApi):
    """An order by a property, or in a direction, that there is not is left out of account."""

    def order(self, operation: Operation, query: Mapping[str, Json]) -> Order:
        """Take the usual one."""
        try:
            return super().order(operation, query)
        except Refusal:
            return super().order(operation, {})


@variant(
    affects=LIST,
    departs_from={"LIST-02", "LIST-04"},
    observe=lambda probe: page(probe, "integration_vendor=RENTMANAGER"),
)
class FiltersNeedTheIntegration(MockApi):
    """A filter without integration_id is refused with 400."""

    def needs(self, operation: Operation, read: Mapping[str, Json]) -> list[Issue]:
        """Look for the integration beside any filter."""
        schemas = operation.query_parameters
        integrations = [name for name, schema in schemas.items() if schema.get(SUPPLIED_BY) == INTEGRATIONS]
        filters = [name for name in read if FILTERS in schemas[name]]
        missing = [name for name in integrations if read.get(name) is None]
        return super().needs(operation, read) + [custom("Required", name) for name in missing if filters]


@variant(affects=LIST, departs_from={"LIST-02", "LIST-04"}, observe=lambda probe: page(probe, "lead_id=nobody"))
class FiltersByStrangersAreInvalid(MockApi):
    """A filter by somebody, or an integration, that is not known is refused with 400, in place of an empty page."""

    def query_issues(self, operation: Operation, read: Mapping[str, Json]) -> list[Issue]:
        """Look them up."""
        variables = {name: schema.get(SUPPLIED_BY) for name, schema in operation.query_parameters.items()}
        return super().query_issues(operation, read) + [
            custom(f"Unknown {name}", name)
            for name, sent in read.items()
            if variables[name] in self.state.supplied and sent not in self.state.values(str(variables[name]))
        ]


@variant(affects=LIST, observe=lambda probe: page(probe, "nothing=1"))
class UnknownParametersAreRefused(MockApi):
    """A parameter that is not documented is refused with 400."""

    def query(self, request: Request, operation: Operation) -> dict[str, Json]:
        """Compare the names."""
        unknown = [name for name in self.parameters(request) if name not in operation.query_parameters]
        if operation.listing and unknown:
            raise Refusal.invalid("query", [custom("Unrecognized parameter", name) for name in unknown])
        return super().query(request, operation)


# What is shown


@variant(affects=LIST, observe=page)
class ItemsSayMore(MockApi):
    """Items have properties that the document does not list, as they once had in an example of the vendor's."""

    def item(self, operation: Operation, record: Record) -> dict[str, Json]:
        """Add some."""
        item = super().item(operation, record)
        return {**item, "appointment_duration_minutes": 30, "attendees": [], "raw": {"EventID": record.number}}


@variant(
    affects=LIST + WRITE + READ, observe=lambda probe: (probe.final_status(probe.write()), len(probe.listed_ids()))
)
class CancelledEventsAreNotListed(MockApi):
    """An event that was cancelled is not listed any more."""

    def records(self) -> list[Record]:
        """Leave out what was removed."""
        return [record for record in super().records() if not record.removed]


@variant(affects=LIST, observe=lambda probe: [len(probe.listed_ids()) for _ in range(3)][1:])
class OthersMakeAppointmentsMeanwhile(MockApi):
    """After the first read of the listing there is one more appointment, made by somebody else, older than the rest."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start before the first read."""
        super().__init__(document, state=state, limit=limit)
        self._reads = 0

    def records(self) -> list[Record]:
        """Synchronise after the first read."""
        self._reads += 1
        if self._reads == 2:  # noqa: PLR2004 - the second
            sent = next(iter(self.state.records.values())).sent
            then = datetime(2024, 2, 1, 10, tzinfo=UTC)
            self.state.add_record(self.state.new_id(), sent, then, then, then)
        return super().records()


@variant(affects=LIST, observe=lambda probe: len({str(ids) for ids in [probe.listed_ids() for _ in range(20)]}) > 1)
class OthersMakeNewAppointmentsUncounted(MockApi):
    """After a while each third read has a new appointment of somebody else, which the total does not have for long."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start before the first read."""
        super().__init__(document, state=state, limit=limit)
        self._reads, self._counted = 0, 0

    def records(self) -> list[Record]:
        """Add one now and then."""
        self._reads += 1
        if self._reads > FIRST_READS and self._reads % 3 == 0:
            now = datetime.now(UTC)
            self.state.add_record(self.state.new_id(), {"title": "Office"}, now, now, now)
        return super().records()

    def list_answer(
        self,
        operation: Operation,
        page: list[dict[str, Json]],
        total: int,
        order: Order,
        limit: int | None,
        offset: int,
    ) -> Json:
        """Tell what was counted before, as far as the page does not know better."""
        self._counted = self._counted if self._counted and self._reads % 20 else total
        end = offset + len(page)
        told = total if end >= total or limit is None or self._counted <= end else self._counted
        return super().list_answer(operation, page, told, order, limit, offset)


@variant(affects=LIST, observe=page)
class MomentsHaveAnOffset(MockApi):
    """Moments are given with an offset of zero in place of a Z, and with microseconds."""

    def item(self, operation: Operation, record: Record) -> dict[str, Json]:
        """Spell them another way."""
        item = super().item(operation, record)
        moments = {name for name, held in item.items() if isinstance(held, str) and held.endswith("Z")}
        return {name: f"{held[:-1]}000+00:00" if name in moments else held for name, held in item.items()}


@variant(affects=LIST, observe=page)
class NobodyIsAnEmptyList(MockApi):
    """Where nobody is associated there is an empty list in place of null."""

    def item(self, operation: Operation, record: Record) -> dict[str, Json]:
        """Look for lists."""
        item = super().item(operation, record)
        return {name: [] if name.startswith("associated_") and held is None else held for name, held in item.items()}


@variant(affects=LIST, observe=page)
class LittleIsKnownOfAnEvent(MockApi):
    """Of an item everything is null that may be."""

    def item(self, operation: Operation, record: Record) -> dict[str, Json]:
        """Keep what is always filled."""
        filled = {"id", "created_at", "updated_at", "integration_id", "integration_vendor"}
        return {name: held if name in filled else None for name, held in super().item(operation, record).items()}

    def field(self, operation: Operation, record: Record, name: str) -> Json:
        """Select by what is shown."""
        return self.item(operation, record)[name]


@variant(affects=LIST, observe=lambda probe: (page(probe), len(probe.listed_ids())))
class ThereIsNothingYet(MockApi):
    """The listing is empty: no integration has been synchronised."""

    def records(self) -> list[Record]:
        """Show what was made since."""
        return [record for record in super().records() if record.id not in self.state.events]


@variant(affects=LIST, departs_from={"LIST-01", "LIST-02"}, observe=lambda probe: page(probe, "limit=8"))
class EqualsComeInAnyOrder(MockApi):
    """The first records were synchronised eight at a time, and those of one time come in another order each time."""

    turn = 0

    def records(self) -> list[Record]:
        """Give the first ones the time of their batch, and begin with another one each time."""
        found = super().records()
        for record in found[:EVENT_COUNT]:
            record.created = record.updated = found[record.number // BATCH * BATCH].created
        self.turn += 7
        start = self.turn % max(1, len(found))
        return found[start:] + found[:start]
