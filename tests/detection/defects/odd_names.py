"""Values that are taken from elsewhere than from the property: another spelling, another object, another id."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

import re
from typing import Final

from contracts.mock.data.state import Job
from contracts.mock.http.api import MockApi
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import READ, WRITE, defect

EVENT: Final = "event_id"


def _moved(body: dict[str, Json], name: str) -> dict[str, Json]:
    return {name if key == EVENT else key: value for key, value in body.items()}


def _without(body: dict[str, Json], name: str) -> dict[str, Json]:
    return {key: value for key, value in body.items() if key != name}


@defect(
    group="validation",
    requirement="ERR-14",
    affects=WRITE,
    observe=lambda probe: probe.write(_moved(probe.valid_body(), "eventId")).status,
)
class CamelCaseNamesAreTaken(MockApi):
    """A property is taken under its name in camel case as well, as the clients in JavaScript send it."""

    def normalise(self, operation: Operation, value: Json) -> Json:  # noqa: ARG002 - the step has it
        if not isinstance(value, dict):
            return value
        return {re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name): sent for name, sent in value.items()}


@defect(
    group="validation",
    requirement="ERR-01",
    affects=WRITE,
    observe=lambda probe: [
        probe.write(one).status for one in (probe.valid_body(), _without(probe.valid_body(), EVENT))
    ],
)
class MissingEventIsTheOneBefore(MockApi):
    """An event that is missing is that of the request before, if this one was good: its object is used again."""

    before: str | None = None

    def normalise(self, operation: Operation, value: Json) -> Json:
        before, self.before = self.before, None
        takes_one = EVENT in (operation.body or {}).get("properties", {})
        return {EVENT: before, **value} if before and takes_one and isinstance(value, dict) else value

    def accept(self, operation: Operation, value: Json) -> Job:
        self.before = value.get(EVENT)
        return super().accept(operation, value)


@defect(
    group="state and jobs",
    requirement="JOB-05",
    affects=READ,
    observe=lambda probe: [probe.queue_job(), probe.status("%").status][1:],
)
class JobIsLookedUpByAPattern(MockApi):
    """The id of a job is compared with LIKE, so that a percent sign finds somebody's job."""

    def find_job(self, job_id: str) -> Job | None:
        wanted = re.compile(".*".join(map(re.escape, job_id.split("%"))))
        return next((job for known, job in self.state.jobs.items() if wanted.fullmatch(known)), None)
