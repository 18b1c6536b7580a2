"""Which request each mutation is applied to, and which of the results must not be sent."""

from __future__ import annotations

import uuid

from contracts.model.http import Request
from contracts.openapi.operation import Operation
from strategies.body import string_payloads
from strategies.core.mutation import Mutation
from strategies.safety import may_hit_foreign_ids
from tests.harness.run.context import RunContext
from tests.harness.run.controls import ControlProvider
from tests.harness.run.listing_probe import ListingProbe
from tests.harness.run.request_factory import RequestFactory
from tests.harness.run.write_guard import WriteGuard

CREDENTIALS, MALFORMED, UPDATED, AMBIGUOUS = "credentials", "malformed", "updated", "ambiguous"
AMBIGUOUS_CREDENTIALS = "ambiguous credentials"
"""Purposes of requests whose texts carry a tag, so that a listing shows which of them had an effect."""


class MutationBases:
    """Gives the request to apply a mutation to: an accepted control, or one as good with a value of its own.

    Where no control can be made, every base is a request with `placeholder_ids`, which belong to nobody. `spare_record`
    is the id of a record that the set-up created for rejections alone.
    """

    def __init__(
        self,
        operation: Operation,
        context: RunContext,
        requests: RequestFactory,
        controls: ControlProvider,
        listing: ListingProbe,
        writes: WriteGuard,
        placeholder_ids: tuple[str, ...],
    ) -> None:
        """Send nothing yet."""
        self.placeholder_ids = placeholder_ids
        self.spare_record: str | None = None
        self._operation = operation
        self._context = context
        self._requests = requests
        self._controls = controls
        self._listing = listing
        self._writes = writes
        self._reserved_indices: dict[str, int | None] = {}
        purposes = (CREDENTIALS, MALFORMED, UPDATED, AMBIGUOUS, AMBIGUOUS_CREDENTIALS)
        self._tags = {purpose: uuid.uuid4().hex[:8] for purpose in purposes}

    def prepare_rejection_base(self) -> Request:
        """Return the request to make malformed: as good as the control, with a value that no accepted request has."""
        return self._placeholder_request() if self._controls.missing_settings else self._reserved_request(MALFORMED)

    def prepare_auth_rejection_base(self) -> Request:
        """Return the request to take the credentials from: as good as the control, with a value of its own."""
        if not self._controls.missing_settings:
            return self._reserved_request(CREDENTIALS)
        return self._writes.harmless(self._operation, self._placeholder_request())

    def prepare_ambiguous_base(self) -> Request:
        """Return the request to modify where a careful target may accept or reject the result.

        It holds nothing that is reserved for certain rejections: their side effects can still be seen then. What the
        operation may use up has a value of its own, which tells of rejections if no such request was accepted.
        """
        if self._controls.missing_settings or not self._controls.replayable:
            return self.prepare_rejection_base()
        unused = self.unused_value_request(AMBIGUOUS) if self._operation.consumes_value else None
        return self.tagged(unused or self._controls.control().request, AMBIGUOUS)

    def prepare_ambiguous_auth_base(self) -> Request:
        """Return the request whose credentials to modify where a careful target may accept the result.

        What comes of it is not taken for an effect of a malformed request.
        """
        if self._controls.missing_settings or not self._controls.replayable:
            return self.prepare_auth_rejection_base()
        return self.tagged(self._controls.control().request, AMBIGUOUS_CREDENTIALS)

    def prepare_base_for_any_response(self) -> Request:
        """Return the request to modify for requirements that check all exchanges, whether it is accepted or not."""
        return self._controls.replayable_control() if self._controls.replayable else self.prepare_rejection_base()

    def unused_value_request(self, purpose: str) -> Request | None:
        """Return a request with a known value that no request of the session had before, or None."""
        if self.spare_record is not None:
            overrides = self._requests.id_params_for(self._operation, self.spare_record)
            return self._requests.request_for(self._operation, overrides)
        index = self._reserved_index(purpose)
        return None if index is None else self._controls.request_at(index)

    def tagged(self, request: Request, purpose: str, operation: Operation | None = None) -> Request:
        """Return a request whose texts carry the purpose's tag, where a listing shows such texts.

        `operation` is the one that the request is for, if it is not the run's own.
        """
        if self._listing.operation is None:
            return request
        shows = self._listing.operation.listed_as
        return string_payloads.with_mark(operation or self._operation, shows, self._tags[purpose]).apply(request)

    def must_not_send(self, mutation: Mutation, base: Request, modified: Request) -> bool:
        """Return whether a modified request may act on what others own, or in a way that nobody can undo."""
        ids_unknown = bool(self._controls.missing_settings)
        foreign = may_hit_foreign_ids(self._operation, base, modified, ids_unknown=ids_unknown)
        return foreign or self._writes.withholds(self._operation, modified, mutation)

    def _placeholder_request(self) -> Request:
        """Return a request whose values are nobody's; with the issued token it is only ever sent to be rejected."""
        self._controls.require_set_up()
        return self._controls.request_at(0)

    def _reserved_request(self, purpose: str) -> Request:
        """Return a request with a known value that no other request of the session has, where there are enough.

        So a rejection cannot be about a value that was used before, and what the value does at the end of the run shows
        whether a rejected request had an effect on it.
        """
        first = self._controls.control()
        if not self._controls.replayable and self._controls.scarcest_count():
            return self._controls.prepare_request_at(-1)
        return self.tagged(self.unused_value_request(purpose) or first.request, purpose)

    def _reserved_index(self, purpose: str) -> int | None:
        values = self._controls.scarcest_count()
        if values and purpose not in self._reserved_indices:
            if self._operation.consumes_value:
                self._reserved_indices[purpose] = self._context.values.reserve(values)
            elif self._operation.updates_record:
                self._reserved_indices[purpose] = self._context.values.reserve_shared(values)
        return self._reserved_indices.get(purpose)
