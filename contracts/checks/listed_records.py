"""JOB-06, ERR-15 and AUTH-12: what a listing shows of the records that a run created, updated, or failed to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from contracts.checks.base import CheckFunction
from contracts.checks.listing_pages import items
from contracts.checks.preview import plain, preview_json
from contracts.model.http import Exchange
from contracts.model.json_value import Json
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import Operation

Texts: TypeAlias = Mapping[str, str]
"""Strings of a write, by the names of its body's properties."""


def lists_created(listing: Operation, records: Mapping[str, str]) -> CheckFunction:
    """Return the check that a page of the operation `listing` contains these records (JOB-06).

    `records` maps each id to the mutation that created the record.
    """

    def check(_: Operation, exchange: Exchange) -> Decision:
        page = items(listing, exchange)
        if page is None or listing.listing is None:
            return NOT_CONCERNED
        listed = [item.get(listing.listing.id) for item in page]
        missing = [mutation for record, mutation in records.items() if record not in listed]
        if not missing:
            return PASS
        count = f"{len(missing)} of {len(records)} created records"
        observed = f"{count} are not among the {len(page)} listed; created by: {', '.join(missing)}"
        return Violation("record not listed", "every created record among the newest", observed)

    return check


def shows_update_of(record: str, listing: Operation, texts: Texts, mark: str) -> CheckFunction:
    """Return the check that a page of `listing` shows the texts of an update on this record only (JOB-06).

    They replace those of its create, which held `mark`. Not concerned if no record has them: a listing may lag behind
    by a day.
    """

    def check(_: Operation, exchange: Exchange) -> Decision:
        page = items(listing, exchange)
        if page is None or listing.listing is None:
            return NOT_CONCERNED
        for item in (item for item in page if item.get(listing.listing.id) == record):
            shown = {name: str(item.get(listing.listed_as.get(name, ""))) for name in texts}
            if both := [name for name, text in shown.items() if texts[name] in text and mark in text]:
                observed = f"{record} with {listing.listed_as[both[0]]} = {shown[both[0]]!r}"
                return Violation("a text added to the one before", "the text of the update alone", observed)
        updated = [item.get(listing.listing.id) for item in page if _texts_shown(listing, item, texts)]
        if others := [found for found in updated if found != record]:
            observed = f"a change of {others[0] or 'a record without an id'}"
            return Violation("another record updated", f"a change of {record} alone", observed)
        return PASS if updated else NOT_CONCERNED

    return check


def no_rejected_data_listed(listing: Operation, accepted: Texts, rejected: Texts) -> CheckFunction:
    """Return the check that no record on a page of `listing` has a text of rejected requests only (ERR-15, AUTH-12).

    Not concerned if none has an accepted text either: which property shows which is presumed, not documented.
    """

    def check(_: Operation, exchange: Exchange) -> Decision:
        page = items(listing, exchange)
        if page is None or listing.listing is None:
            return NOT_CONCERNED
        for item in page:
            if names := _texts_shown(listing, item, rejected):
                in_listing = f"{listing.listed_as[names[0]]} = {preview_json(rejected[names[0]])}"
                observed = f"{plain(item.get(listing.listing.id))} with {in_listing}"
                return Violation(
                    "a refused request acted", "no record with a text that only rejected requests contained", observed
                )
        return PASS if any(_texts_shown(listing, item, accepted) for item in page) else NOT_CONCERNED

    return check


def _texts_shown(listing: Operation, item: Mapping[str, Json], texts: Texts) -> list[str]:
    """Return the names of the texts that an item has in the property that presumably shows them."""
    names = listing.listed_as
    return [name for name, text in texts.items() if name in names and item.get(names[name]) == text]
