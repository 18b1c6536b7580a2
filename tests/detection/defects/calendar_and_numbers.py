"""Days, times, numbers and long ids, read by code that knows only their usual form."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from starlette.responses import HTMLResponse, Response

from contracts.mock.data.state import Job
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Refusal
from contracts.mock.operations.zod_issues import custom
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import BOTH, CREATE, READ, UPDATE, defect, variant
from tests.detection.defects.forms_and_parts import DATE, RefusesDates
from tests.detection.probe import Probe

TIME: Final = "appointment_time"
DURATION: Final = "appointment_duration_minutes"
COLUMN_LENGTH: Final = 255
LONG_ID: Final = "j" * 600


def without_time(probe: Probe) -> int:
    """Return the status of an update that has a time in its date alone."""
    body = probe.update_body(**{DATE: "2099-03-04T08:15:00Z"})
    return probe.update({name: sent for name, sent in body.items() if name != TIME}).status


@defect(group="validation", requirement="ERR-01", affects=UPDATE, observe=without_time)
class HourOfTheDateIsTheTime(MockApi):
    """An update without a time takes the hour and the minute of its date, where that has them."""

    def normalise(self, operation: Operation, value: Json) -> Json:
        body = super().normalise(operation, value)
        if not (operation.updates_record and isinstance(body, dict)) or TIME in body:
            return body
        clock = re.search(r"T(\d\d:\d\d)", str(body.get(DATE)))
        return {**body, TIME: f"{clock[1]}:00"} if clock else body


@defect(
    group="constraints",
    requirement="ERR-16",
    recommended=True,
    affects=CREATE + UPDATE,
    observe=lambda probe: [
        probe.create(probe.create_body(**{DATE: "2099-10-31"})).status,
        probe.update(probe.update_body(**{DATE: "2099-10-31"})).status,
    ],
)
class MonthsHaveThirtyDays(RefusesDates):
    """The 31st of any month is refused, and the 30th of each is taken."""

    def refuses(self, sent: str) -> bool:
        return sent[8:10] == "31"


@defect(
    group="robustness",
    requirement="RESP-06",
    affects=CREATE,
    observe=lambda probe: probe.create(probe.create_body(**{DURATION: 45.0})).status,
)
class DurationWithAPointCrashes(MockApi):
    """A duration that is written with a point is whole to the validator, and no index of the table of lengths."""

    def accept(self, operation: Operation, value: Json) -> Job:
        if isinstance(value.get(DURATION), float):
            raise TypeError("list indices must be integers or slices, not float")
        return super().accept(operation, value)


@defect(
    group="error contract",
    requirement="ERR-05",
    affects=READ,
    observe=lambda probe: probe.status(LONG_ID).comparable,
)
class LongJobIdsMeetThePageOfAProxy(MockApi):
    """The status of a job whose id is longer than a column gets a 400 that is the page of a proxy."""

    def job_status(self, operation: Operation, parameters: Mapping[str, str]) -> Response:
        if any(len(sent) > COLUMN_LENGTH for sent in parameters.values()):
            return HTMLResponse("<h1>400 Bad Request</h1>", 400)
        return super().job_status(operation, parameters)


@variant(affects=BOTH, observe=lambda probe: probe.status(LONG_ID).status)
class LongJobIdsAreInvalid(MockApi):
    """The status of a job whose id is longer than a column gets a 400 with the documented error."""

    def job_status(self, operation: Operation, parameters: Mapping[str, str]) -> Response:
        """Refuse what cannot be an id."""
        issue = custom("String must contain at most 255 characters", "root_job_id")
        if any(len(sent) > COLUMN_LENGTH for sent in parameters.values()):
            raise Refusal.invalid("schema", [issue])
        return super().job_status(operation, parameters)
