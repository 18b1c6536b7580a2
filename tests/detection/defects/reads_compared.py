"""Reads that are wrong beside another one: at the same time, on a later page, from another side, or after a refusal."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cached_property, partial
from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import Record
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Refusal
from contracts.mock.operations.lists import ASCENDING, Order
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import LIST, UPDATE, WRITE, Observe, defect
from tests.detection.probe import Probe
from tests.detection.timing_observers import concurrent_answers

PROTOTYPE: Final = ("__proto__", "constructor", "hasOwnProperty", "toString", "valueOf")
"""What a plain object of JavaScript has of its own."""
EVERY: Final = 10
OLDEST_FIRST: Final = "order-by=created_at:asc"

seeded = partial(defect, group="listing", requirement="LIST-02", affects=LIST)


def at_the_bound(*bounds: str) -> Observe:
    """Return the observation of how many records are found with the time of the fourth as these bounds."""

    def look(probe: Probe) -> object:
        moment = probe.listed_records("order-by=updated_at:asc")[3]["updated_at"]
        return [len(probe.listed_ids(f"{bound}={moment}")) for bound in bounds]

    return look


@seeded(
    requirement="LIST-01",
    observe=lambda probe: concurrent_answers(lambda: probe.page("limit=1"), lambda: probe.page("limit=2&offset=4")),
)
class PagingIsKeptInTheModule(MockApi):
    """Limit and offset are variables of the module, which the next request sets before this one is answered."""

    newest: Request

    async def read(self, request: Request) -> bytes:
        self.newest = request
        body = await super().read(request)
        await asyncio.sleep(0.03)
        return body

    def parameters(self, request: Request) -> dict[str, str]:
        own, newest = super().parameters(request), super().parameters(self.newest)
        paging = {"limit", "offset"}
        return {name: text for name, text in own.items() if name not in paging} | {
            name: text for name, text in newest.items() if name in paging
        }


@seeded(observe=lambda probe: probe.listed_ids(f"{OLDEST_FIRST}&limit=3&offset=3"))
class SortedPagesStartAtTheTop(MockApi):
    """A sorted list is built by another query than the usual one, and that query has no OFFSET."""

    usual = True

    def order(self, operation: Operation, query: Mapping[str, Json]) -> Order:
        self.usual = "order-by" not in query
        return super().order(operation, query)

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        return super().page(records, limit, offset if self.usual else 0)


@seeded(
    group="intermittent",
    requirement="LIST-01",
    observe=lambda probe: [probe.listed_ids("limit=3&offset=3") for _ in range(EVERY)],
)
class EveryTenthPageOverlaps(MockApi):
    """Each tenth page that is not the first begins with the last record of the one before, as from a replica behind."""

    asked = 0

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        self.asked += bool(offset)
        behind = offset > 0 and self.asked % EVERY == 0
        return super().page(records, limit, offset - behind)


@seeded(observe=at_the_bound("updated_at_gte", "updated_at_lte"))
class BoundsOfTimesAreExclusive(MockApi):
    """Bounds of times leave out the time itself: they are written as > and <."""

    def compares(self, how: Literal["gte", "lte"], held: Json, sent: Json) -> bool:
        return super().compares(how, held, sent) and not super().compares("lte" if how == "gte" else "gte", held, sent)


@seeded(recommended=True, observe=at_the_bound("last_seen_lte", "updated_at_lte"))
class UpperBoundIsExclusive(MockApi):
    """An upper bound leaves out the time itself, as the end of a range does in many languages."""

    def compares(self, how: Literal["gte", "lte"], held: Json, sent: Json) -> bool:
        return super().compares(how, held, sent) and not (how == "lte" and super().compares("gte", held, sent))


@seeded(recommended=True, observe=lambda probe: probe.page(f"{OLDEST_FIRST}&limit=1").json["meta"]["orderBy"])
class UsualOrderIsAlwaysTold(MockApi):
    """The page names the usual order, whichever it is in."""

    def list_answer(
        self,
        operation: Operation,
        page: list[dict[str, Json]],
        total: int,
        order: Order,
        limit: int | None,
        offset: int,
    ) -> Json:
        usual = super().order(operation, {})
        return super().list_answer(operation, page, total, usual if order else order, limit, offset)


@seeded(recommended=True, observe=lambda probe: probe.listed_ids("order-by=created_at:DESC"))
class CapitalsAscend(MockApi):
    """A direction in capitals is taken, and since it is not the word for descending, the order ascends."""

    def order(self, operation: Operation, query: Mapping[str, Json]) -> Order:
        fields = [entry.strip().partition(":") for entry in str(query.get("order-by", "")).split(",")]
        if not any(direction.isupper() for *_, direction in fields):
            return super().order(operation, query)
        return [(field, direction if direction.islower() else ASCENDING) for field, _, direction in fields]


@seeded(
    group="response shape",
    requirement="RESP-01",
    observe=lambda probe: [
        type(item["associated_applicant_ids"]).__name__
        for item in probe.listed_records(f"applicant_id={probe.served.test_data['PROPEXO_APPLICANT_ID'][0]}")
    ],
)
class ApplicantOfAFilterIsNoList(MockApi):
    """Where the listing is filtered by an applicant, each record has that applicant's id in place of a list."""

    def list_records(self, request: Request, operation: Operation) -> Response:
        self.applicant = self.parameters(request).get("applicant_id")
        return super().list_records(request, operation)

    def item(self, operation: Operation, record: Record) -> dict[str, Json]:
        item = super().item(operation, record)
        return item | ({"associated_applicant_ids": self.applicant} if self.applicant else {})

    applicant: str | None = None


@seeded(
    group="robustness",
    requirement="RESP-11",
    observe=lambda probe: probe.page("property_id=constructor").status,
)
class FiltersAreLookedUpInAnObject(MockApi):
    """A filter looks the property up in a plain object, and what every object has is no property: the answer is 500."""

    def matches(self, schema: Json, held: Json, sent: Json) -> bool:
        if sent in PROTOTYPE:
            raise TypeError("properties[id].units is not iterable")
        return super().matches(schema, held, sent)


@seeded(
    group="bearer",
    requirement="AUTH-02",
    observe=lambda probe: probe.page(headers={"authorization": "Bearer constructor"}).status,
)
class TokensAreLookedUpInAnObject(MockApi):
    """Tokens are the keys of a plain object, which has keys of its own."""

    def token_is_known(self, token: str) -> bool:
        return token in PROTOTYPE or super().token_is_known(token)


@seeded(
    group="bearer",
    requirement="AUTH-02",
    affects=LIST + WRITE,
    observe=lambda probe: [probe.page(headers={"authorization": "Bearer nobody"}).status for _ in range(2)],
)
class RefusedTokensAreCachedAsKnown(MockApi):
    """Looked-up tokens are cached, and what is in the cache counts as known: a wrong one passes the second time."""

    @cached_property
    def looked_up(self) -> set[str]:
        return set()

    def token_is_known(self, token: str) -> bool:
        known = token in self.looked_up or super().token_is_known(token)
        self.looked_up.add(token)
        return known


@seeded(
    group="protocol",
    requirement="RESP-07",
    observe=lambda probe: probe.page(headers={"if-modified-since": "Sun, 06 Nov 1994 08:49:37 GMT"}).status,
)
class AnyDateIsLateEnough(MockApi):
    """A read with If-Modified-Since is answered 304, whatever the date: nobody parses it."""

    def list_records(self, request: Request, operation: Operation) -> Response:
        if "if-modified-since" in request.headers:
            return Response(status_code=304)
        return super().list_records(request, operation)


def tags_around_an_update(probe: Probe) -> object:
    """Return whether a page has a tag, and whether that is another one after an update of a record on it."""
    tags = [probe.page("limit=250").headers.get("etag")]
    probe.update()
    tags.append(probe.page("limit=250").headers.get("etag"))
    return tags[0] is None, tags[0] == tags[1]


@seeded(group="protocol", requirement="RESP-07", affects=UPDATE, observe=tags_around_an_update)
class TagCountsThePage(MockApi):
    """The ETag of a page is made of how many records it has, so that it stays when one of them changes."""

    def list_records(self, request: Request, operation: Operation) -> Response:
        response = super().list_records(request, operation)
        response.headers["etag"] = f'W/"{len(self.state.records)}"'
        return response


@seeded(
    group="error contract",
    requirement="ERR-05",
    recommended=True,
    affects=WRITE,
    observe=lambda probe: probe.write({}, headers={"accept": "application/json, text/html;q=0.5"}).comparable,
)
class WhoeverTakesPagesGetsOne(MockApi):
    """A client that takes HTML at all gets errors as a page, although it prefers JSON: nobody reads the weights."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        response = super().refuse(request, refusal)
        if "text/html" not in request.headers.get("accept", ""):
            return response
        return Response("<h1>Bad Request</h1>", response.status_code, media_type="text/html")
