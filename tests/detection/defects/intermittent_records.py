"""Intermittent faults of creates, updates and the listing: each is a trigger and a fault."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from jsonschema import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import Job, Record
from contracts.mock.operations.lists import Order
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import CREATE, LIST, READ, UPDATE, defect
from tests.detection.intermittent_base import (
    EveryNth,
    FirstRepetition,
    HasAlteredEcho,
    Intermittent,
    LongValue,
    NonAsciiBody,
)
from tests.detection.probe import Probe

LONG_TITLE: Final = "t" * 51
BEYOND_ASCII: Final = "Žofie's tour"

seeded = partial(defect, group="intermittent")


# Faults


class IsCreatedWith201(Intermittent):
    """Is answered 201 if it creates."""

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        """Change the status."""
        response = super().write(request, operation, body)
        if self.picked and operation.record:
            response.status_code = 201
        return response


class IsLostOnTheWay(Intermittent):
    """Succeeds as a create without making a record."""

    def accept(self, operation: Operation, value: Json) -> Job:
        """Forget what was made."""
        job = super().accept(operation, value)
        if self.picked and job.record:
            del self.state.records[job.record]
        return job


class IsNotConstrained(Intermittent):
    """Is accepted though a constraint of the schema is broken."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        """Look at types and names only."""
        found = super().errors(operation, value)
        kept = {"type", "required", "x-unknown-properties"}
        return [error for error in found if error.validator in kept] if self.picked else found


class IsShortOfOne(Intermittent):
    """Is a page that lacks its last item."""

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        """Lose it."""
        page = super().page(records, limit, offset)
        return page[:-1] if self.picked else page


class HasOneTooMany(Intermittent):
    """Is a page with the item that was only read to learn whether there is another page."""

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        """Leave it in."""
        return super().page(records, limit + 1 if self.picked and limit else limit, offset)


class HasItsFilterIgnored(Intermittent):
    """Is a page of all records, whatever the filters say."""

    def selected(self, operation: Operation, query: Mapping[str, Json], records: list[Record]) -> list[Record]:
        """Look away."""
        return records if self.picked else super().selected(operation, query, records)


class HasNoOrder(Intermittent):
    """Is a page without a word on its order."""

    def list_answer(
        self,
        operation: Operation,
        page: list[dict[str, Json]],
        total: int,
        order: Order,
        limit: int | None,
        offset: int,
    ) -> Json:
        """Leave it out."""
        answer = super().list_answer(operation, page, total, order, limit, offset)
        if self.picked:
            del answer["meta"]["orderBy"]
        return answer


class LosesItsEvent(Intermittent):
    """Is an update that names no event in its answer."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        """Leave out what is not in the body."""
        answer = super().write_answer(operation, value, job)
        names = operation.path_parameters if self.picked else {}
        return {**answer, "result": {name: sent for name, sent in answer["result"].items() if name not in names}}


# Together


@seeded(
    requirement="RESP-05",
    affects=CREATE,
    observe=lambda probe: [probe.create().status for _ in range(10)],
)
class EveryTenthCreateIs201(EveryNth, IsCreatedWith201):
    """Every tenth request, if it is a create, is answered with 201."""


@seeded(
    requirement="JOB-06",
    affects=CREATE + READ + LIST,
    observe=lambda probe: (probe.create(probe.create_body(title=BEYOND_ASCII)).status, len(probe.listed_ids())),
    recommended=True,
)
class CreateBeyondAsciiIsLost(NonAsciiBody, IsLostOnTheWay):
    """A create with a character that is not ASCII succeeds, and its record is nowhere."""


@seeded(
    requirement="JOB-06",
    affects=CREATE + READ + LIST,
    observe=lambda probe: ([probe.create().status for _ in range(4)], len(probe.listed_ids())),
    recommended=True,
)
class EveryFourthCreateIsLost(EveryNth, IsLostOnTheWay):
    """Every fourth request, if it is a create, succeeds, and its record is nowhere."""

    every = 4


@seeded(
    requirement="ERR-06",
    affects=CREATE,
    observe=lambda probe: [probe.create(probe.create_body(title=LONG_TITLE)).status for _ in range(5)],
)
class EveryFifthBodyIsNotConstrained(EveryNth, IsNotConstrained):
    """Every fifth request is accepted though it breaks a constraint of the schema."""

    every = 5


@seeded(
    requirement="ERR-09",
    affects=CREATE,
    observe=lambda probe: [probe.create(probe.create_body(title=LONG_TITLE)).status for _ in range(2)],
)
class SecondBrokenConstraintPasses(FirstRepetition, IsNotConstrained):
    """A body that breaks a constraint is accepted when it comes the second time, byte by byte."""


@seeded(
    requirement="ERR-06",
    affects=CREATE,
    observe=lambda probe: probe.create(probe.create_body(notes="n" * 65, appointment_time="25:00:00")).comparable,
)
class LongNotesEndValidation(LongValue, IsNotConstrained):
    """A body with a value above 64 characters is accepted though it breaks a constraint of the schema."""


@seeded(
    requirement="RESP-03",
    affects=CREATE + UPDATE,
    observe=lambda probe: probe.create(probe.create_body(notes="n" * 1025)).comparable,
    recommended=True,
)
class Above1024CharactersIsCut(LongValue, HasAlteredEcho):
    """Values come back cut to 1024 characters."""

    characters = 1024

    def changed(self, text: str) -> str:
        """Store them in a column of that width."""
        return text[: self.characters]


@seeded(
    requirement="RESP-03",
    affects=UPDATE,
    observe=lambda probe: [probe.update().comparable for _ in range(10)],
    recommended=True,
)
class EveryTenthUpdateNamesNoEvent(EveryNth, LosesItsEvent):
    """Every tenth request, if it is an update, is answered without the id of the event."""


def pages(probe: Probe, query: str = "limit=5") -> object:
    """Return eight equal pages."""
    return [probe.listed_ids(query) for _ in range(8)]


@seeded(requirement="LIST-01", affects=LIST, observe=pages)
class EveryEighthPageIsShortOfOne(EveryNth, IsShortOfOne):
    """Every eighth request, if it is a page of the listing, lacks its last item."""

    every = 8


@seeded(requirement="LIST-01", affects=LIST, observe=lambda probe: pages(probe, "limit=4"))
class EverySixthPageIsOneTooLong(EveryNth, HasOneTooMany):
    """Every sixth request, if it is a page of the listing with more behind it, has an item more than its limit."""

    every = 6


@seeded(
    requirement="LIST-02",
    affects=LIST,
    observe=lambda probe: pages(probe, f"lead_id={probe.create_body()['lead_id']}"),
)
class EveryFourthFilterIsIgnored(EveryNth, HasItsFilterIgnored):
    """Every fourth request, if it is a page of the listing, holds what its filters should leave out."""

    every = 4


@seeded(
    requirement="RESP-01",
    affects=LIST,
    observe=lambda probe: [probe.page().comparable for _ in range(10)],
)
class EveryTenthPageTellsNoOrder(EveryNth, HasNoOrder):
    """Every tenth request, if it is a page of the listing, is answered without the order, which is required."""
