"""JOB-09: what a cancellation does to what a listing shows: some listings show a cancelled record on, some do not."""

from __future__ import annotations

from typing import Final

from contracts.checks.base import CheckFunction
from contracts.checks.listing_agreement import shows_all
from contracts.checks.listing_pages import items_by_id
from contracts.checks.preview import preview_json
from contracts.checks.record_changes import Changes
from contracts.model.http import Exchange
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import Operation

MIN_ID_CHARACTERS: Final = 16
"""A shorter id may be the next one of a sequence."""


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


def cancelled_keep_their_texts(listing: Operation, changes: Changes) -> CheckFunction:
    """Return the check that no record on a page has lost a text since the page before, by a cancellation alone."""

    def check(_: Operation, exchange: Exchange) -> Decision:
        earlier, found = items_by_id(listing, changes.before), items_by_id(listing, exchange)
        decision: Decision = NOT_CONCERNED
        for record, writes in changes.writes.items():
            updated = writes.updates or writes.earlier or writes.uncertain
            if updated or not writes.cancelled or record not in earlier or record not in found:
                continue
            decision = PASS
            for where in listing.listed_as.values():
                before, now = earlier[record].get(where), found[record].get(where)
                if isinstance(before, str) and before.strip() and now in (None, ""):
                    expected = f"{record} with {where} = {preview_json(before)}, as before"
                    return Violation(f"{where} lost by a cancellation", expected, f"{where} = {preview_json(now)}")
        return decision

    return check


def no_record_is_made_of_its_id(listing: Operation, changes: Changes) -> CheckFunction:
    """Return the check that a page has no record of an id that was made up for a cancellation or an update."""

    def check(_: Operation, exchange: Exchange) -> Decision:
        if not shows_all(listing, changes.before):
            return NOT_CONCERNED
        new = items_by_id(listing, exchange).keys() - items_by_id(listing, changes.before).keys() - changes.created
        named = {record for record in new & changes.named if len(record) >= MIN_ID_CHARACTERS}
        if named:
            return Violation("a record of a made-up id", "no record but those that creates made", min(named))
        return PASS if changes.named else NOT_CONCERNED

    return check
