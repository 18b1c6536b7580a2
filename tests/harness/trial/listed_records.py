"""Checks that a listing shows the records that the run created as they were sent, and each of them once."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.checks import listing_agreement, written_records
from contracts.checks.base import per_exchange
from contracts.model.http import Exchange
from contracts.openapi.operation import Operation
from tests.harness.run.sent_records import made_by_mark, sent_by_record
from tests.harness.trial.requirement_test import RequirementTest


def check_listed_records(test: RequirementTest, listing: Operation, pages: Sequence[Exchange]) -> None:
    """Check pages of a listing that were read after all creates that the run has sent so far."""
    resources = test.run.context.resources
    sent = sent_by_record(resources, listing)
    test.check_sequence(per_exchange(written_records.shown_as_sent(listing, sent)), pages)
    for mark, made in made_by_mark(resources, listing).items():
        test.check_sequence(per_exchange(written_records.listed_once(listing, made, mark)), pages)
    of_listing = per_exchange(lambda _, exchange: listing_agreement.times_are_in_order(listing, exchange))
    test.check_sequence(of_listing, pages)
