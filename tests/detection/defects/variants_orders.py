"""Conforming variants of the listing: how orders are read and told, and bounds compared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from contracts.mock.http.api import MockApi
from contracts.mock.operations.lists import Order
from contracts.mock.operations.queries import parse_time
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import LIST, variant
from tests.detection.defects.variants_listing import Telling, page
from tests.detection.probe import Probe


def between(probe: Probe, name: str) -> object:
    """Return how many records have the very time of the fourth."""
    moment = probe.listed_records(f"order-by={name}:asc")[3][name]
    return len(probe.listed_ids(f"{name}_gte={moment}&{name}_lte={moment}"))


@variant(affects=LIST, departs_from={"LIST-02"}, observe=lambda probe: between(probe, "updated_at"))
class MomentsAreFinerThanShown(MockApi):
    """Times are stored by the microsecond and shown by the millisecond, so that none is before or at what is shown."""

    def compares(self, how: Literal["gte", "lte"], held: Json, sent: Json) -> bool:
        """Compare what is stored: half a millisecond later."""
        own, bound = parse_time(held), parse_time(sent)
        if own is None or bound is None:
            return False
        own += timedelta(microseconds=500)
        return own >= bound if how == "gte" else own <= bound


@variant(affects=LIST, observe=lambda probe: page(probe, "order-by=created_at:DESC,+updated_at&limit=1"))
class OrdersAreReadLeniently(MockApi):
    """A direction may be in capitals, and blanks may stand around a field."""

    def order(self, operation: Operation, query: Mapping[str, Json]) -> Order:
        """Read it as if it were written as documented."""
        if "order-by" not in query:
            return super().order(operation, query)
        fields = [entry.strip().partition(":") for entry in str(query["order-by"]).split(",")]
        plain = ",".join(f"{field}{colon}{direction.lower()}" for field, colon, direction in fields)
        return super().order(operation, {**query, "order-by": plain})


@variant(affects=LIST, observe=page)
class LastKeyIsTold(Telling):
    """The order that a page names ends with the id, by which equals are ordered."""

    def changed_meta(self, meta: dict[str, Json]) -> dict[str, Json]:
        """Add it."""
        return {**meta, "orderBy": [*meta["orderBy"], {"field": "id", "direction": "asc"}]}
