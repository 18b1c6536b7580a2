"""What the run's creates sent, as the checks of a listing compare it with the records that are shown."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.checks.written_records import Made, Sent, marked
from contracts.openapi.operation import Operation
from tests.harness.run.created_resources import CreatedResources

ABSENT = str(None)
"""The text of a property that a create left out."""


def sent_by_record(resources: CreatedResources, listing: Operation) -> Mapping[str, Sent]:
    """Return what was sent of each record that a listing may show and that no update changed, by the record's id."""
    names = tuple(listing.listed_as)
    return {
        record.id: Sent(
            {name: text for name, text in zip(names, record.texts, strict=True) if text != ABSENT}, record.mark
        )
        for record in resources.listed_by(listing)
        if record.id and record.texts and not record.changed
    }


def begun_by_record(resources: CreatedResources, listing: Operation) -> Mapping[str, float]:
    """Return when each create was sent, in seconds of a monotonic clock, by the record's id."""
    return {record.id: record.began for record in resources.listed_by(listing) if record.id and record.began}


def made_by_mark(resources: CreatedResources, listing: Operation) -> Mapping[str, Made]:
    """Return what the creates of this run made, or may have made, by the mark in their texts."""
    records = resources.listed_by(listing)
    ids = frozenset(record.id for record in records if record.id)
    made: dict[str, Made] = {}
    for mark in dict.fromkeys(record.mark for record in records if record.mark):
        alike = [record for record in records if record.mark == mark]
        # A job that failed made none, so that a record more is not its.
        open_jobs = sum(record.exists and record.id is None and not record.removed for record in alike)
        unknown = open_jobs + sum(record.lost_responses for record in alike)
        texts = frozenset(marked(mark, record.texts) for record in alike if record.exists)
        made[mark] = Made(texts - {()}, ids, unknown)
    return made


def made_without_mark(resources: CreatedResources, listing: Operation) -> frozenset[str]:
    """Return the ids of the records whose creates had no mark; none if any such create may have made one more."""
    records = [record for record in resources.listed_by(listing) if not record.mark]
    if any(record.lost_responses or (record.exists and record.id is None and not record.removed) for record in records):
        return frozenset()
    return frozenset(record.id for record in records if record.id)
