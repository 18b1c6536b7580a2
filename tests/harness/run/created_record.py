"""One record that a create made or may have made at the target, and how ids are read from answers and requests."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from contracts.model.http import Request
from contracts.model.json_value import Json, resolve_pointer
from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties

REQUESTS_PER_RECORD = 3
"""Requests that an accepted create leads to: two reads of its job, and the cancellation.

The read of the cancellation's job comes on top: it is not part of what the run is to find out.
"""
MAX_ID_CHARACTERS = 1000
"""A longer text is not taken for an id: the create counts like one whose answer holds no job."""
MAX_TEXT_CHARACTERS: Final = 20_000
"""Of a longer text, a listing is not expected to show the whole."""
NOT_YET: Final = "is not cancelled yet"


@dataclass(slots=True)
class Record:
    """What a create makes, or may have made.

    `job` is the id of its job, `id` that of the record, set once the job's status holds it. `removed` is true once
    nothing is left of it. `lost_responses` counts sends whose answers do not say whether a record was made. `refused`
    says that the target answered the create with a client error. `cancellations` maps the jobs of accepted
    cancellations to whether each failed, None while that is unknown. `failure` says what kept the record from being
    cancelled. `mark` stands in the texts of the request, and is empty where the request has no text to hold it.
    `texts` are the values of the request that a listing shows, in the order of the listing's properties. `shared` are
    the values of the request by the names of properties that the cancellation's body has, too. `changed` says
    that an update of the record was accepted. `began` is when its create was sent, in seconds of a monotonic clock; 0
    where it was found in a listing.
    """

    creator: Operation
    job: str | None
    id: str | None = None
    removed: bool = False
    lost_responses: int = 0
    refused: bool = False
    cancellations: dict[str, bool | None] = field(default_factory=dict)
    failure: str = ""
    mark: str = ""
    texts: tuple[str, ...] = field(default=(), repr=False)
    shared: Mapping[str, Json] = field(default_factory=dict, repr=False)
    changed: bool = False
    began: float = 0.0
    key: tuple[str, str, int] = ("", "", 0)

    def note_request(self, request: Request, lister: Operation, cancel: Operation) -> None:
        """Note what its create, which is about to be sent, says of it."""
        sent, taken = body_properties(request), dict(properties(cancel.body or {}))
        self.began = time.monotonic()
        self.mark = self.mark if holds_text(request, self.mark) else ""
        self.texts = tuple(str(sent.get(name))[:MAX_TEXT_CHARACTERS] for name in lister.listed_as)
        self.shared = {name: value for name, value in sent.items() if name in taken}

    @property
    def exists(self) -> bool:
        """Return whether a job or a listing of the target shows that the record was made."""
        return self.job is not None or self.id is not None

    @property
    def open(self) -> bool:
        """Return whether a later run has to look for this record."""
        return bool(self.lost_responses) or not self.removed

    @property
    def name(self) -> str:
        """Return the ids by which a person can find and cancel the record."""
        return f"{f'record {self.id}' if self.id else f'job {self.job}'} of {self.creator.id}"

    @property
    def report_line(self) -> str:
        """Return a sentence, without its full stop, that says why the record is left."""
        return f"{self.name} could not be cancelled: {self.failure}" if self.failure else f"{self.name} {NOT_YET}"

    @property
    def cleanup_cost(self) -> int:
        """Return how many requests it still takes to cancel the record."""
        if self.removed or not self.exists or self.unconfirmed:
            return 0
        return REQUESTS_PER_RECORD if self.id is None else 1

    @property
    def unconfirmed(self) -> list[str]:
        """Return the jobs of its cancellations whose result is unknown."""
        return [job for job, failed in self.cancellations.items() if failed is None]


def record_id(status: Operation, answer: Json) -> str | None:
    """Return the id of the record that a job's status holds, or None."""
    return None if status.job_status is None else id_text(resolve_pointer(answer, status.job_status.record))


def job_id(operation: Operation, answer: Json) -> str | None:
    """Return the id of the job that an answer to a write holds, or None."""
    return None if operation.job_link is None else id_text(operation.job_link.follow(answer))


def id_text(value: Json) -> str | None:
    """Return an id, which may be a number, as the text that stands in requests; None if the value is not an id."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    return text if 0 < len(text) <= MAX_ID_CHARACTERS and text.isprintable() else None


def body_properties(request: Request) -> Mapping[str, Json]:
    """Return the properties of a JSON object in the request body; none if the body is anything else."""
    try:
        body = request.json()
    except ValueError:
        return {}
    return body if isinstance(body, Mapping) else {}


def holds_text(request: Request, text: str) -> bool:
    """Return whether a text stands in the body, as it is or escaped in a JSON string."""
    if text.encode() in (request.body or b""):
        return True
    return any(text in value for value in body_properties(request).values() if isinstance(value, str))


def differ_in_a_value(one: Request, other: Request) -> bool:
    """Return whether two bodies have different values of a property that both have: they ask for different records."""
    values, others = body_properties(one), body_properties(other)
    return any(value != others[name] for name, value in values.items() if name in others)
