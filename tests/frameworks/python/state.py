"""What the servers in this folder share: appointments, the jobs that wrote them, the count of requests.

A server keeps to HTTP: it hands over what its framework validated and answers with what it gets back.
"""

import os
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from threading import Lock
from typing import Any

AUDIENCES = {"leads": "lead_id", "applicants": "applicant_id", "residents": "resident_id"}
"""The part of the path that says whose appointment it is, and the property that names the person."""

# The documentation writes \d as ECMAScript does, for digits of ASCII; in Python it stands for those of all scripts.
DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(DATE.pattern + "T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
# Not anchored in the documentation either: a longer text that holds a time fits, too.
TIME = "(?:[01][0-9]|2[0123]):(?:[012345][0-9]):(?:[012345][0-9])"
TITLE_LENGTH = 50

MAX_LIMIT = 250
DEFAULT_LIMIT = 100
DEFAULT_ORDER = "created_at:desc"
MOMENTS = ("updated_at_gte", "updated_at_lte", "last_seen_gte", "last_seen_lte")
FILTERS = {
    "integration_id": "integration_id",
    "integration_vendor": "integration_vendor",
    "property_id": "property_id",
    "location_id": "x_location_id",  # an appointment shows no other id of it
    "lead_id": "associated_lead_ids",
    "applicant_id": "associated_applicant_ids",
    "resident_id": "associated_resident_ids",
    "x_id": "x_id",
    "x_property_id": "x_property_id",
    "x_type_id": "x_type_id",
}
NEEDS = {"x_id": "x_property_id", "x_type_id": "x_property_id", "x_property_id": "integration_id"}
VENDORS = (
    *("APPFOLIO", "BUILDIUM", "ELISEAI", "ENTRATA", "FUNNEL", "KNOCK", "MRI", "PROPERTYWARE", "PROPERTYWARE_REST"),
    *("REALPAGE", "REALPAGE_RPX", "RENTCAFE", "RENTMANAGER", "RENTVINE", "RESMAN", "SAMPLE1", "SAMPLE2", "YARDI"),
    "YARDI_REST",
)
NULLS = dict.fromkeys(("x_leasing_agent_id", "x_type_id", "event_datetime", "notes", "agent_name", "reasons_for_event"))

NOT_SUPPORTED = "Rent Manager does not support querying appointment availability."
WINDOW_SECONDS = 60
RATE_LIMIT = 100_000
"""Told and never reached: a mock that made its callers' tests wait would be of no use to them."""


class InvalidQueryError(Exception):
    """A parameter of the listing that no schema can tell is wrong."""

    def __init__(self, parameter: str, message: str) -> None:
        """Say which parameter, and what is wrong with it."""
        super().__init__(message)
        self.parameter = parameter
        self.message = message


@dataclass
class Job:
    """A queued write. The first read finds it pending, every later one its end."""

    errors: list[str]
    created_record_id: str | None = None
    reads: int = 0


class State:
    """The data of one server; its users and the suite take the same environment variables."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Know one token, one integration and one person of each kind."""
        self._token = environment["PROPEXO_TOKEN"]
        known = ("integration_id", *AUDIENCES.values())
        self._known = {name: environment[f"PROPEXO_{name.upper()}"] for name in known}
        self._appointments: dict[str, dict[str, Any]] = {}
        self._cancelled: set[str] = set()
        self._jobs: dict[str, Job] = {}
        self._lock = Lock()
        self._window, self._used = 0, 0

    def is_issued(self, token: str) -> bool:
        """Compare in constant time, so that the time to refuse tells nothing about the token."""
        return secrets.compare_digest(token.encode(), self._token.encode())

    def create(self, body: Mapping[str, Any]) -> str:
        """Queue a new appointment and return the job's id."""
        if errors := self._strangers(body):
            return self._queue(Job(errors))
        record_id = _new_id()
        with self._lock:
            self._appointments[record_id] = _appointment(record_id, len(self._appointments) + 1, body)
        return self._queue(Job([], record_id))

    def update(self, event_id: str, body: Mapping[str, Any]) -> str:
        """Queue a change and return the job's id; notes that are not sent stay as they are."""
        errors = self._missing(event_id)
        if not errors:
            self._appointments[event_id].update(_shown(body), updated_at=_now(), last_seen=_now())
        return self._queue(Job(errors))

    def cancel(self, body: Mapping[str, Any]) -> str:
        """Queue a cancellation and return the job's id; what was seen once stays listed."""
        errors = self._strangers(body) or self._missing(body["event_id"])
        if not errors:
            self._cancelled.add(body["event_id"])
        return self._queue(Job(errors))

    def write_status(self, job_id: str) -> dict[str, Any] | None:
        """Return what became of a job, or None if there is none of this id."""
        if (job := self._jobs.get(job_id)) is None:
            return None
        job.reads += 1
        if job.reads == 1:
            return {"write_status": "PENDING", "errors": [], "created_record_id": None}
        status = "FAILURE" if job.errors else "SUCCESS"
        return {"write_status": status, "errors": job.errors, "created_record_id": job.created_record_id}

    def page(self, query: Mapping[str, Any]) -> dict[str, Any]:
        """Return the page that a query asks for; its moments are aware datetimes, what was not sent may be None."""
        asked = {name: value for name, value in query.items() if value is not None}
        for name, other in NEEDS.items():
            if name in asked and other not in asked:
                raise InvalidQueryError(other, f"Required beside {name}")
        order = [_ordering(entry) for entry in asked.get("order-by", DEFAULT_ORDER).split(",")]
        offset, limit = asked.get("offset", 0), asked.get("limit", DEFAULT_LIMIT)
        items = [item for item in list(self._appointments.values()) if _is_selected(item, asked)]
        for field, direction in reversed(order):
            items.sort(key=lambda item: (item[field] is None, str(item[field])), reverse=direction == "desc")
        results = items[offset : offset + limit]
        meta = {
            "offset": offset,
            "limit": limit,
            "orderBy": [{"field": field, "direction": direction} for field, direction in order],
            "hasMore": offset + len(results) < len(items),
            "total": len(items),
        }
        return {"meta": meta, "results": results}

    def rate_headers(self) -> dict[str, str]:
        """Count a request and return the headers that tell the limit and what is left of it."""
        with self._lock:
            window = int(time.monotonic() // WINDOW_SECONDS)
            self._window, self._used = window, self._used + 1 if window == self._window else 1
            remaining = max(0, RATE_LIMIT - self._used)
        return {"x-ratelimit-limit": str(RATE_LIMIT), "x-ratelimit-remaining": str(remaining)}

    def _queue(self, job: Job) -> str:
        job_id = _new_id()
        self._jobs[job_id] = job
        return job_id

    def _strangers(self, body: Mapping[str, Any]) -> list[str]:
        return [f"The {name} is unknown." for name, value in self._known.items() if body.get(name, value) != value]

    def _missing(self, event_id: str) -> list[str]:
        found = event_id in self._appointments and event_id not in self._cancelled
        return [] if found else ["The appointment was not found in Rent Manager."]


def is_date(text: str) -> bool:
    """Whether a text is a date or a date-time. The documented pattern admits days that no calendar has."""
    if DATE.fullmatch(text):
        return True
    try:
        return bool(MOMENT.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        return False


def envelope(status: int, message: str, issues: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return the body of an error; its code for 400 is documented, the others follow from the status."""
    code = "invalid_request" if status == HTTPStatus.BAD_REQUEST else HTTPStatus(status).name.lower()
    error = {"code": code, "message": message}
    return {"error": error if issues is None else {**error, "details": {"issues": issues}}}


def _appointment(record_id: str, number: int, body: Mapping[str, Any]) -> dict[str, Any]:
    now = _now()
    return {
        **NULLS,
        **{FILTERS[person]: [body[person]] if person in body else [] for person in AUDIENCES.values()},
        "id": record_id,
        "created_at": now,
        "updated_at": now,
        "last_seen": now,
        "x_id": str(number),
        "x_property_id": "7",
        "x_location_id": "3",
        "type_raw": "Appointment",
        "integration_id": body["integration_id"],
        "integration_vendor": "RENTMANAGER",
        "property_id": "clwi5xiix000008l6ctdgafyh",
        **_shown(body),
    }


def _shown(body: Mapping[str, Any]) -> dict[str, Any]:
    when = f"{body['appointment_date'][:10]}T{body['appointment_time']}"
    shown = {"event_name": body["title"], "appointment_datetime": when}
    return shown if body.get("notes") is None else {**shown, "notes": body["notes"]}


def _ordering(entry: str) -> tuple[str, str]:
    field, _, direction = entry.partition(":")
    if field not in SORTABLE or direction not in {"", "asc", "desc"}:
        raise InvalidQueryError("order-by", "Takes properties of an appointment, each with :asc, :desc or neither")
    return field, direction or "asc"


def _is_selected(item: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    for name, wanted in asked.items():
        if name in FILTERS:
            held = item[FILTERS[name]]
            if wanted not in (held if isinstance(held, list) else [held]):
                return False
        elif name in MOMENTS:
            held = datetime.fromisoformat(item[name[:-4]])
            if held < wanted if name.endswith("_gte") else held > wanted:
                return False
    return True


def _new_id() -> str:
    return f"c{secrets.token_hex(12)}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


ANY = dict.fromkeys(("integration_id", "appointment_date", "appointment_time", "title"), "")
SORTABLE = _appointment("", 0, ANY).keys()
STATE = State(os.environ)
