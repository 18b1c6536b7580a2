"""Reads the records that an operation writes to, as a listing shows them before its first write and after its last."""

from __future__ import annotations

from contextlib import suppress

from contracts.checks.listing_pages import items
from contracts.checks.record_changes import Changes
from contracts.errors import CouldNotTell
from contracts.model.http import Exchange
from contracts.openapi.operation import Operation
from tests.harness.run.context import RunContext
from tests.harness.run.exchange_log import ExchangeLog
from tests.harness.run.listing_probe import ListingProbe
from tests.harness.run.relations import creator_for
from tests.harness.run.sent_records import made_by_mark


class Snapshots:
    """Two pages of the newest records. What no write of this process changed meanwhile is read once for both.

    `between` are pages that were read in the middle of the run. `differs_from_creates` is set once a page was found to
    differ from what creates sent. A listing that the run does not test may not exist: what is answered in place of it
    is no evidence.
    """

    def __init__(self, operation: Operation, context: RunContext, probe: ListingProbe, log: ExchangeLog) -> None:
        """Send nothing yet."""
        self.before: Exchange | None = None
        self.between: list[Exchange] = []
        self.differs_from_creates = False
        self._operation = operation
        self._context = context
        self._probe = probe
        self._log = log

    @property
    def listing(self) -> Operation | None:
        """Return the operation that lists the records, or None."""
        return self._probe.operation

    def read_before(self) -> None:
        """Read the records, unless a page of an earlier operation shows them as they are."""
        if self.listing is None:
            return
        known = self._context.snapshots.get(self.listing.id)
        if known is not None and known.number > self._context.ledger.last_write:
            self.before = known
        else:
            with suppress(CouldNotTell):
                self.before = self._kept(self._probe.read())

    def read_between(self) -> None:
        """Read the records in the middle of the run: what writes did to them shows sooner than at its end."""
        if self.before is not None and (page := self._kept(self._probe.read_current())) is not None:
            self.between.append(page)

    def read_after(self, *, again: bool = False) -> Exchange | None:
        """Return a page that was read after all writes so far; None if the listing shows none."""
        return self._kept(self._probe.read() if again else self._probe.read_current())

    def changes(self) -> Changes | None:
        """Return what is known of the run's own records since the page before; None without such a page."""
        if self.before is None or self.listing is None:
            return None
        context = self._context
        created = context.resources.listed_by(self.listing)
        ids = frozenset(record.id for record in created if record.id)
        # Others of the user's records another process of the suite may write to at the same time.
        given = [record for record in self._given() if not context.shared or context.ledger.wrote_to(record)]
        return Changes(
            before=self.before,
            writes=context.ledger.since(self.before.number, {*ids, *given}),
            created=ids,
            named=context.ledger.named() - ids - frozenset(self._given()),
            marks=frozenset(made_by_mark(context.resources, self.listing)),
            shared=context.shared or any(one.exists and one.id is None and not one.mark for one in created),
        )

    def _given(self) -> tuple[str, ...]:
        """Return the ids of the records that the user gave the run to write to."""
        found: list[str] = []
        for operation in self._context.document.operations:
            if creation := creator_for(self._context.document, operation):
                found += self._context.target.known.get(operation.supplied_by[creation[1].name], ())
        return tuple(found)

    def _kept(self, page: Exchange) -> Exchange | None:
        assert self.listing is not None, "asked only where there is a listing"
        if items(self.listing, page) is not None:
            self._context.snapshots[self.listing.id] = page
            return page
        if self.listing.id not in self._context.selected:
            self._log.drop(page)
        return None
