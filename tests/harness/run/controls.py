"""Which requests the target accepts, and which request each mutation is applied to.

A *control* is an unmodified request that the target accepted. Some targets accept the same write again, others take
each value once; which of the two this one does is learnt from the repeat of the first control, before any mutation.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Final

from contracts.errors import CouldNotTell, NotApplicable
from contracts.model.http import CONTROL, Exchange, Request
from contracts.openapi.operation import Operation
from contracts.untrusted.strict_json import as_utf8
from strategies.body import string_payloads
from strategies.core.mutation import Mutation
from strategies.safety import may_hit_foreign_ids
from tests.harness.config.access import ALLOW_WRITES, how_to_supply
from tests.harness.run.context import RunContext
from tests.harness.run.exchange_log import ExchangeLog
from tests.harness.run.id_finder import IdFinder
from tests.harness.run.jobs import JobReader
from tests.harness.run.listing_probe import ListingProbe
from tests.harness.run.path_ids import id_variables
from tests.harness.run.rejection_reason import made_up_values_text, reason_of, used_values_text, values_in
from tests.harness.run.request_factory import RequestFactory
from tests.harness.run.sender import Sender
from tests.harness.run.write_guard import WriteGuard, withheld_reason

VALUES_NOT_FOR_CONTROLS: Final = 2
"""On a target that takes each value once: the last one is for rejections, one is for the next operation."""
CREDENTIALS, MALFORMED, UPDATED, AMBIGUOUS = "credentials", "malformed", "updated", "ambiguous"
AMBIGUOUS_CREDENTIALS = "ambiguous credentials"
"""Purposes of requests whose texts carry a tag, so that a listing shows which of them had an effect."""
VALUE_REJECTED: Final = frozenset({400, 404, 409, 410, 422})
"""Statuses that reject a request whose value is not accepted any more."""


class ControlProvider:
    """Knows the accepted controls of one operation, and gives the request to send next, or to apply a mutation to.

    Methods named `prepare_…` return a request to send next. Where the values of a status operation are used up, they
    send a write first, to have a new job to read. The set-up fills `first`, `rejected`, `replayable` and `setup_error`
    in. `missing_settings` are the variables without which no control can be made; then every base is a request with
    `placeholder_ids`, which belong to nobody.
    """

    def __init__(
        self,
        operation: Operation,
        context: RunContext,
        sender: Sender,
        requests: RequestFactory,
        log: ExchangeLog,
        jobs: JobReader,
        listing: ListingProbe,
        writes: WriteGuard,
        ids: IdFinder,
        missing_settings: tuple[str, ...],
        placeholder_ids: tuple[str, ...],
    ) -> None:
        """Send nothing yet."""
        self.missing_settings = missing_settings
        self.placeholder_ids = placeholder_ids
        self.first: Exchange | None = None
        self.rejected: Exchange | None = None
        self.replayable = True
        self.setup_error: CouldNotTell | None = None
        self.first_index: int | None = None
        self.spare_record: str | None = None
        self._operation = operation
        self._context = context
        self._sender = sender
        self._requests = requests
        self._log = log
        self._jobs = jobs
        self._listing = listing
        self._writes = writes
        self._ids = ids
        self._reserved_indices: dict[str, int | None] = {}
        purposes = (CREDENTIALS, MALFORMED, UPDATED, AMBIGUOUS, AMBIGUOUS_CREDENTIALS)
        self._tags = {purpose: uuid.uuid4().hex[:8] for purpose in purposes}

    def control(self) -> Exchange:
        """Return the first accepted control.

        Raises CouldNotTell if the set-up failed or no control was accepted, NotApplicable if none may be sent.
        """
        if self.missing_settings:
            if ALLOW_WRITES in self.missing_settings:
                raise NotApplicable(withheld_reason(self._operation))
            raise CouldNotTell(f"No control request can be made: {how_to_supply(self.missing_settings)}.")
        self.require_set_up()
        assert self.first is not None, "required above"
        return self.first

    def require_set_up(self) -> None:
        """Raise CouldNotTell if the set-up failed, or if it could have had a control accepted and had none."""
        if self.setup_error is not None:
            raise self.setup_error
        if not self.missing_settings and self.first is None:
            raise CouldNotTell(self._rejection_text())

    def prepare_control(self) -> Request:
        """Return a request that the target has every reason to accept now."""
        first = self.control()
        return first.request if self.replayable else self._next_request()

    def prepare_rejection_base(self) -> Request:
        """Return the request to make malformed: as good as the control, with a value that no accepted request has."""
        return self._placeholder_request() if self.missing_settings else self._reserved_request(MALFORMED)

    def prepare_auth_rejection_base(self) -> Request:
        """Return the request to take the credentials from: as good as the control, with a value of its own."""
        if not self.missing_settings:
            return self._reserved_request(CREDENTIALS)
        return self._writes.harmless(self._operation, self._placeholder_request())

    def prepare_ambiguous_base(self) -> Request:
        """Return the request to modify where a careful target may accept or reject the result.

        It holds nothing that is reserved for certain rejections: their side effects can still be seen then. What the
        operation may use up has a value of its own, which tells of rejections if no such request was accepted.
        """
        if self.missing_settings or not self.replayable:
            return self.prepare_rejection_base()
        unused = self.unused_value_request(AMBIGUOUS) if self._operation.consumes_value else None
        return self.tagged(unused or self.control().request, AMBIGUOUS)

    def prepare_ambiguous_auth_base(self) -> Request:
        """Return the request whose credentials to modify where a careful target may accept the result.

        What comes of it is not taken for an effect of a malformed request.
        """
        if self.missing_settings or not self.replayable:
            return self.prepare_auth_rejection_base()
        return self.tagged(self.control().request, AMBIGUOUS_CREDENTIALS)

    def prepare_base_for_any_response(self) -> Request:
        """Return the request to modify for requirements that check all exchanges, whether it is accepted or not."""
        return self.control().request if self.replayable else self.prepare_rejection_base()

    def unused_value_request(self, purpose: str) -> Request | None:
        """Return a request with a known value that no request of the session had before, or None."""
        if self.spare_record is not None:
            overrides = self._requests.id_params_for(self._operation, self.spare_record)
            return self._requests.request_for(self._operation, overrides)
        index = self._reserved_index(purpose)
        return None if index is None else self.request_at(index)

    def tagged(self, request: Request, purpose: str, operation: Operation | None = None) -> Request:
        """Return a request whose texts carry the purpose's tag, where a listing shows such texts.

        `operation` is the one that the request is for, if it is not the run's own.
        """
        if self._listing.operation is None:
            return request
        shows = self._listing.operation.listed_as
        return string_payloads.with_mark(operation or self._operation, shows, self._tags[purpose]).apply(request)

    def send_next(self) -> Exchange:
        """Send a control with a value that no control of this session had, as far as more values are known."""
        if self.first_index is not None:
            index, self.first_index = self.first_index, None
            return self._sender.send(self._request(index), CONTROL)
        return self._sender.send(self._next_request(), CONTROL)

    def send_second(self) -> list[Request]:
        """Return two accepted controls; the second is sent now if there is only one and more values are known."""
        self.control()
        if len(self._log.control_requests()) == 1 and self.multi_valued():
            self.send_next()
        return self._log.control_requests()[:2]

    def first_pair(self) -> tuple[Exchange, Exchange]:
        """Return the first control and its accepted repeat. Raises NotApplicable if there is no such pair."""
        first = self.control()
        pair = [exchange for exchange in self._log.accepted_controls() if exchange.request == first.request][:2]
        if len(pair) < 2:  # noqa: PLR2004 - a pair
            raise NotApplicable("the target accepts each value only once")
        return pair[0], pair[1]

    def further_writes(self) -> list[Exchange]:
        """Return the accepted writes of the operation itself, but for the first two controls."""
        pair = self.first_pair()
        own = (e for e in self._log.exchanges if e.operation == self._operation.id and e.accepted)
        return [exchange for exchange in own if exchange not in pair]

    def confirm_value_consumed(self, request: Request, rejected: Exchange) -> bool:
        """Return whether a request as good as the control was rejected because its value is not accepted any more.

        Sends the control to find out. Some targets take each value for a while: until the job has ended, or is
        forgotten. From here on every control gets a value of its own, and this rejection is about no credentials.
        """
        control = None if self.first is None else self.first.request
        possible = self.replayable and self._operation.supported and rejected.status in VALUE_REJECTED
        if not possible or request != control or self._sender.send(control, CONTROL).status not in VALUE_REJECTED:
            return False
        self.replayable = False
        self._log.replace(rejected, replace(rejected, otherwise_invalid=True))
        return True

    def was_accepted_with(self, request: Request) -> bool:
        """Return whether any accepted request holds a value that this one has and the first control has not.

        One that was answered by a crash, or by nothing, may have been accepted as well.
        """
        control_values, own = ({*self._values_of(one)} for one in (self.control().request, request))
        distinctive = [value.encode(errors="backslashreplace") for value in own - control_values]
        accepted = (e.request for e in self._log.exchanges if e.accepted or e.crashed)
        return any(
            text in as_utf8(sent.body or b"") + sent.target.encode() for sent in accepted for text in distinctive
        )

    def must_not_send(self, mutation: Mutation, base: Request, modified: Request) -> bool:
        """Return whether a modified request may act on what others own, or in a way that nobody can undo."""
        foreign = may_hit_foreign_ids(self._operation, base, modified, ids_unknown=bool(self.missing_settings))
        return foreign or self._writes.withholds(self._operation, modified, mutation)

    def multi_valued(self) -> list[str]:
        """Return the variables of the operation that hold more than one value."""
        return [name for name in self._variables() if len(self._requests.test_data.get(name, ())) > 1]

    def request_at(self, index: int) -> Request:
        """Return the operation's request with the values at this index."""
        index = self._context.values.clamp(index, self._scarcest_count())
        return self._requests.request_for(self._operation, index=index)

    def _placeholder_request(self) -> Request:
        """Return a request whose values are nobody's; with the issued token it is only ever sent to be rejected."""
        self.require_set_up()
        return self.request_at(0)

    def _reserved_request(self, purpose: str) -> Request:
        """Return a request with a known value that no other request of the session has, where there are enough.

        So a rejection cannot be about a value that was used before, and what the value does at the end of the run shows
        whether a rejected request had an effect on it.
        """
        first = self.control()
        if not self.replayable and self._scarcest_count():
            return self._request(-1)
        return self.tagged(self.unused_value_request(purpose) or first.request, purpose)

    def _reserved_index(self, purpose: str) -> int | None:
        values = self._scarcest_count()
        if values and purpose not in self._reserved_indices:
            if self._operation.consumes_value:
                self._reserved_indices[purpose] = self._context.values.reserve(values)
            elif self._operation.updates_record:
                self._reserved_indices[purpose] = self._context.values.reserve_shared(values)
        return self._reserved_indices.get(purpose)

    def _next_request(self) -> Request:
        index = self._context.values.next_index()
        if not self.replayable and index >= self._scarcest_count() - VALUES_NOT_FOR_CONTROLS:
            raise NotApplicable(
                f"the target accepts each value only once: set more of them in {', '.join(self.multi_valued())}"
            )
        return self._request(index)

    def _request(self, index: int) -> Request:
        """Return the request with the values at this index; for a status operation, send a write whose job it reads."""
        if not self._operation.job_status:
            return self.request_at(index)
        source, link = self._jobs.sources()[0]
        index = self._context.values.clamp(index, self._scarcest_count())
        write = self._sender.send(self._requests.request_for(source, index=index), CONTROL, operation=source)
        # Where the known values are used up, an id that another operation's run was given does as well.
        accepted = write if write.accepted else self._context.accepted.get(source.id)
        return self._requests.status_request(self._operation, link, accepted)

    def _scarcest_count(self) -> int:
        """Return how many values the variable has that has the fewest of several; 0 where none has several."""
        return min((len(self._requests.test_data[name]) for name in self.multi_valued()), default=0)

    def _variables(self) -> list[str]:
        if self._operation.job_status:
            return sorted({name for source, _ in self._jobs.sources() for name in source.supplied_by.values()})
        return sorted({*self._operation.supplied_by.values(), *id_variables(self._operation).values()})

    def _values_of(self, request: Request) -> list[str]:
        body = request.json() if request.body else {}
        held = body.values() if isinstance(body, dict) else ()
        values = (*self._operation.path_values(request.target).values(), *held)
        return [value for value in values if isinstance(value, str)]

    def _rejection_text(self) -> str:
        """Return why no control was accepted: the target's reason, and which values the controls had."""
        if self._operation.job_status and any(one.accepted and self._jobs.lacks_id(one) for one in self._log.exchanges):
            return "The response to an accepted write holds no id of a job: mend that first (RESP-01)."
        controls = [exchange for exchange in self._log.controls() if not self._log.succeeded(exchange)]
        # A status can only be read of a write that was accepted: the reason stands in the answer to that write.
        rejected = ([one for one in controls if one.operation != self._operation.id] or controls)[-1]
        operation = self._context.document.operation(rejected.operation)
        used = {name: values_in(controls, self._requests.test_data.get(name, ())) for name in self._variables()}
        advice = " ".join(self._ids.unknown) or used_values_text(used)
        advice = advice or made_up_values_text(operation, rejected, self._variables())
        answered = f"{operation.label} answered {rejected.status_or_fault}"
        return f"No control was accepted: {reason_of(rejected)} ({answered}). {advice}"
