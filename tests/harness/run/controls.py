"""Which requests the target accepts.

A *control* is an unmodified request that the target accepted. Some targets accept the same write again, others take
each value once; which of the two this one does is learnt from the repeat of the first control, before any mutation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import unquote_to_bytes

from contracts.errors import CouldNotTell, NotApplicable
from contracts.model.http import CONTROL, Exchange, Request
from contracts.openapi.operation import Operation
from contracts.untrusted.strict_json import as_utf8
from tests.harness.config.access import ALLOW_WRITES, how_to_supply
from tests.harness.run.context import RunContext
from tests.harness.run.exchange_log import ExchangeLog
from tests.harness.run.id_finder import IdFinder
from tests.harness.run.jobs import JobReader
from tests.harness.run.path_ids import id_variables
from tests.harness.run.rejection_reason import made_up_values_text, reason_of, used_values_text, values_in
from tests.harness.run.request_factory import RequestFactory
from tests.harness.run.sender import Sender
from tests.harness.run.write_guard import withheld_reason

VALUES_NOT_FOR_CONTROLS: Final = 2
"""On a target that takes each value once: the last one is for rejections, one is for the next operation."""
MAX_VALUES: Final = 4
"""Values that one request is tried with, where the target rejects them in a control, too."""
VALUE_REJECTED: Final = frozenset({400, 404, 409, 410, 422})
"""Statuses that reject a request whose value is not accepted any more."""


class ControlProvider:
    """Knows the accepted controls of one operation, and gives the request to send next.

    Methods named `prepare_…` return a request to send next. Where the values of a status operation are used up, they
    send a write first, to have a new job to read. The set-up fills `first`, `rejected`, `replayable` and `setup_error`
    in. `missing_settings` are the variables without which no control can be made.
    """

    def __init__(
        self,
        operation: Operation,
        context: RunContext,
        sender: Sender,
        requests: RequestFactory,
        log: ExchangeLog,
        jobs: JobReader,
        ids: IdFinder,
        missing_settings: tuple[str, ...],
    ) -> None:
        """Send nothing yet."""
        self.missing_settings = missing_settings
        self.first: Exchange | None = None
        self.rejected: Exchange | None = None
        self.replayable = True
        self.setup_error: CouldNotTell | None = None
        self.first_index: int | None = None
        self._operation = operation
        self._context = context
        self._sender = sender
        self._requests = requests
        self._log = log
        self._jobs = jobs
        self._ids = ids

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
        return self.replayable_control() if self.replayable else self._next_request()

    def replayable_control(self) -> Request:
        """Return the first control; in turn with the read of a second job, once both jobs were read to their ends."""
        first = self.control().request
        return self._log.least_sent([first, *filter(self._log.shows_end, self._log.control_requests()[:2])])

    def send_next(self) -> Exchange:
        """Send a control with a value that no control of this session had, as far as more values are known."""
        if self.first_index is not None:
            index, self.first_index = self.first_index, None
            return self._sender.send(self.prepare_request_at(index), CONTROL)
        return self._sender.send(self._next_request(), CONTROL)

    def send_good(self) -> Exchange | None:
        """Send a request that the target has every reason to accept; None where it rejects the values themselves."""
        for _ in range(MAX_VALUES):
            request = self.prepare_control()
            exchange = self._sender.send(request, CONTROL)
            if not self.confirm_value_rejected(request, exchange):
                return exchange
        return None

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

    def confirm_value_rejected(self, request: Request, rejected: Exchange) -> bool:
        """Return whether a request as good as the control was rejected for its value alone.

        Sends the request as it was before any mutation to find out. Some targets take each value for a while: until the
        job has ended, or is forgotten. From here on every control gets a value of its own, which another operation may
        be for (an event of a resident, say). This rejection is about no credentials.
        """
        possible = self._operation.supported and rejected.status in VALUE_REJECTED and self.first is not None
        accepted = self.first is not None and (request == self.first.request or self._log.shows_end(request))
        if not possible or (self.replayable and not accepted):
            return False
        if self._sender.send(request, CONTROL).status not in VALUE_REJECTED:
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
        sent = b"".join(part for one in accepted for part in (as_utf8(one.body or b""), one.target.encode()))
        from_forms = unquote_to_bytes(sent.replace(b"+", b" "))
        return any(text in sent or text in from_forms for text in distinctive)

    def multi_valued(self) -> list[str]:
        """Return the variables of the operation that hold more than one value."""
        return [name for name in self._variables() if len(self._requests.test_data.get(name, ())) > 1]

    def request_at(self, index: int) -> Request:
        """Return the operation's request with the values at this index."""
        index = self._context.values.clamp(index, self.scarcest_count())
        return self._requests.request_for(self._operation, index=index)

    def _next_request(self) -> Request:
        index = self._next_index()
        if not self.replayable and index >= self.scarcest_count() - VALUES_NOT_FOR_CONTROLS:
            raise NotApplicable(
                f"the target accepts each value only once: set more of them in {', '.join(self.multi_valued())}"
            )
        return self.prepare_request_at(index)

    def _next_index(self) -> int:
        """Return the next index whose values no cancellation of this run named, or else simply the next one.

        Where values come round again, a cancelled record may not be there any more for other writes.
        """
        values, names = self._context.values, self.multi_valued()
        first = index = values.next_index()
        for _ in range(self.scarcest_count()):
            at = values.clamp(index, self.scarcest_count())
            held = [self._requests.test_data[name][at] for name in names]
            if not any(map(self._context.ledger.is_cancelled, held)):
                return index
            index = values.next_index()
        return first

    def prepare_request_at(self, index: int) -> Request:
        """Return the request with the values at this index; for a status operation, send a write whose job it reads."""
        if not self._operation.job_status:
            return self.request_at(index)
        source, link = self._jobs.sources()[0]
        index = self._context.values.clamp(index, self.scarcest_count())
        write = self._sender.send(self._requests.request_for(source, index=index), CONTROL, operation=source)
        # Where the known values are used up, an id that another operation's run was given does as well.
        accepted = write if write.accepted else self._context.accepted.get(source.id)
        return self._requests.status_request(self._operation, link, accepted)

    def scarcest_count(self) -> int:
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
