"""JOB-09: whether a listing treats all records alike that a run cancelled: some show them on, some do not."""

from __future__ import annotations

from contracts.checks.base import CheckFunction
from contracts.checks.listing_agreement import shows_all
from contracts.checks.record_changes import Changes, items_by_id
from contracts.model.http import Exchange
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import Operation


def hides_cancelled(listing: Operation, exchange: Exchange, changes: Changes) -> bool:
    """Return whether a record is gone from a page that the run cancelled, as some listings have it (LIST-05)."""
    gone = items_by_id(listing, changes.before).keys() - items_by_id(listing, exchange).keys()
    return any(changes.writes[record].cancelled for record in gone & changes.writes.keys())


def cancelled_are_listed_alike(listing: Operation, changes: Changes) -> CheckFunction:
    """Return the check that a page of all records lacks no cancelled one while it has one that was cancelled before.

    Where cancelled records leave a listing after a while, those that were cancelled first leave it first.
    """

    def check(_: Operation, exchange: Exchange) -> Decision:
        if not shows_all(listing, exchange):
            return NOT_CONCERNED
        earlier, found = items_by_id(listing, changes.before), items_by_id(listing, exchange)
        removed = {record: writes.removed for record, writes in changes.writes.items() if writes.removed}
        shown = min((number for record, number in removed.items() if record in found), default=None)
        gone = [record for record, number in removed.items() if record in earlier.keys() - found.keys()]
        if shown is None or not removed.keys() & earlier.keys():
            return NOT_CONCERNED
        if hidden := [record for record in gone if removed[record] > shown]:
            kept = next(record for record, number in removed.items() if number == shown)
            observed = f"{hidden[0]} is gone, and {kept} is there, which was cancelled before"
            return Violation("some cancelled records are gone", "cancelled records that are listed alike", observed)
        return PASS

    return check
