"""One operation's part of a run, phase by phase.

1. `set_up` sends an unauthenticated probe, the first control and its repeat.
2. `send_shared_mutations` sends, once, the first mutations of the requirements that check all exchanges.
3. Each requirement that judges its own exchanges sends its own mutations, and is judged.
4. `finish_traffic` sends their other mutations, and repeats controls with what is left of the budget.
5. The requirements that check all exchanges are judged.
6. The session cancels what was created.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import cycle
from typing import Final

from contracts.errors import CouldNotTell, NotApplicable
from contracts.model.http import Exchange, Request
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from strategies.core.mutation import Mutation, Priority
from strategies.safety import unissued_id
from tests.harness.config.access import ALLOW_WRITES
from tests.harness.config.settings import Target
from tests.harness.http.client import Client
from tests.harness.run.budget import Budget, TooManyUnanswered
from tests.harness.run.context import RunContext, RunPlan
from tests.harness.run.controls import ControlProvider
from tests.harness.run.exchange_log import ExchangeLog
from tests.harness.run.id_finder import IdFinder
from tests.harness.run.jobs import JobReader
from tests.harness.run.listing_probe import ListingProbe
from tests.harness.run.mutation_bases import MutationBases
from tests.harness.run.mutation_order import next_in_turn
from tests.harness.run.path_ids import id_variables
from tests.harness.run.relations import listing_for, listing_of_writes, missing_settings
from tests.harness.run.request_factory import RequestFactory
from tests.harness.run.sender import Sender
from tests.harness.run.set_up import SetUp
from tests.harness.run.snapshots import Snapshots
from tests.harness.run.token_guard import SET_UP, TokenGuard
from tests.harness.run.update_targets import UpdateTargets
from tests.harness.run.write_guard import WriteGuard

SHARED_MUTATIONS: Final = "shared mutations"
REPEATED_CONTROLS: Final = "repeated controls"
REPEATS_AGAINST_RARE_FAULTS: Final = 59
"""59 requests without a fault rule out, with 95 % confidence, a fault in one request of twenty."""


class OperationRun:
    """What the requirements of one operation send with, and what they judge.

    Requests are sent by phases and by methods that begin with a verb (`send…`, `read…`, `wait…`, `prepare…`), never by
    a property or a method that is named like a value.
    """

    def __init__(self, operation: Operation, context: RunContext, budget: int, plan: RunPlan) -> None:
        """Send nothing yet; `budget` is the number of requests that the operation may send."""
        self.operation = operation
        self.plan = plan
        self.context = context
        self.budget = Budget(budget, operation.id)
        self.budget.reserve(plan.reserved)
        self.log = ExchangeLog(operation, context.document)
        missing = tuple(missing_settings(context.document, operation, context.target))
        in_path = id_variables(operation).values() if ALLOW_WRITES in missing else ()
        names = tuple(dict.fromkeys((*missing, *in_path)))
        placeholder_ids = tuple(unissued_id() for _ in names)
        placeholders = {name: (value,) for name, value in zip(names, placeholder_ids, strict=True)}
        test_data = {**context.target.known, **placeholders}
        self.requests = RequestFactory(context.document, context.target, test_data, context.resources)
        guard = TokenGuard(operation, context, self.budget)
        self.writes = WriteGuard(context.document, context.target, placeholder_ids)
        self.sender = Sender(operation, context, self.budget, self.log, self.requests, guard, self.writes)
        self.jobs = JobReader(operation, context, self.sender, self.requests, self.log, self.budget)
        lists = listing_for(context.document, operation)
        self.listing = ListingProbe(lists, self.sender, self.requests, self.log)
        ids = IdFinder(operation, context, self.sender, self.requests)
        self.controls = ControlProvider(
            operation,
            context,
            self.sender,
            self.requests,
            self.log,
            self.jobs,
            ids,
            missing,
        )
        self.bases = MutationBases(
            operation, context, self.requests, self.controls, self.listing, self.writes, placeholder_ids
        )
        self._update_targets = UpdateTargets(operation, context, self.requests)
        listed_by = listing_of_writes(context.document, operation)
        self.snapshots = Snapshots(
            operation, context, ListingProbe(listed_by, self.sender, self.requests, self.log), self.log
        )
        self._setup = SetUp(
            operation,
            context,
            self.sender,
            self.requests,
            self.log,
            self.jobs,
            self.controls,
            self.bases,
            guard,
            self.writes,
            ids,
            self.snapshots,
        )
        self.names_first_fault_only = False
        """Learnt when a rejection left out faults for which the target rejects a request alone."""
        self._set_up_done = False
        self._unsent_shared_mutations = plan.shared_mutations
        self._finished = False

    @property
    def document(self) -> Document:
        """Return the document that the operation is from."""
        return self.context.document

    @property
    def target(self) -> Target:
        """Return the target of the run."""
        return self.context.target

    @property
    def client(self) -> Client:
        """Return the session's client."""
        return self.context.client

    @property
    def exchanges(self) -> list[Exchange]:
        """Return every exchange so far, in the order sent."""
        return self.log.exchanges

    @property
    def exchanges_of_session(self) -> list[Exchange]:
        """Return every exchange so far; for a status operation also the reads of jobs that the runs of writes sent."""
        others = (one for one in self.context.job_reads if one.operation == self.operation.id)
        return [*others, *self.log.exchanges]

    @property
    def unauthenticated_probe(self) -> Exchange | None:
        """Return the exchange of the very first request, which has no credentials; None if none was sent."""
        return self._setup.unauthenticated_probe

    @property
    def missing_settings(self) -> tuple[str, ...]:
        """Return the variables that are missing for an accepted control."""
        return self.controls.missing_settings

    def set_up(self) -> None:
        """Send, once, what every operation begins with; a CouldNotTell is raised later, where a control is needed."""
        if self._set_up_done:
            return
        with self._sending_for(SET_UP):
            try:
                self._setup.run()
            except CouldNotTell as error:
                self.controls.setup_error = error
        self._set_up_done = True

    def begin_requirement(self, requirement: Requirement) -> None:
        """Let a requirement use the requests that were reserved for it, or else those that are spare."""
        self.budget.begin(requirement)
        self.sender.sent_for = requirement.id

    def send_shared_mutations(self) -> None:
        """Send, once, the first mutations of the requirements that check all exchanges.

        `finish_traffic` sends the others, which show less than the own mutations of other requirements. Where the
        target accepts each value only once, it sends all of them: some might use the last one.
        """
        if self.controls.replayable and self.controls.first is not None and self.controls.setup_error is None:
            self._send_shared_mutations(Priority.FIRST)

    def finish_traffic(self) -> None:
        """Send, once, what the requirements that check all exchanges rely on; then repeat controls.

        Repeated controls are the cheapest evidence against intermittent faults.
        """
        if self._finished:
            return
        self._finished = True
        if self.missing_settings:
            return
        with suppress(CouldNotTell, NotApplicable):  # then what was sent so far has to do
            self.controls.control()
            self._send_shared_mutations(Priority.LAST)
            if not (self.plan.repeats_controls and self.controls.replayable) or self.operation.record:
                return
            left = self.budget.left - self.budget.confirmations - self.plan.reserved_for_all_exchanges
            repeats = min(left, REPEATS_AGAINST_RARE_FAULTS)
            with self._sending_for(REPEATED_CONTROLS):
                for _, exchange in zip(range(repeats), cycle(self.log.repeatable()), strict=False):
                    self.send_again(exchange)

    def send(
        self, request: Request, mutation: Mutation | str, *, operation: Operation | None = None, generated: bool = False
    ) -> Exchange:
        """Send a request of this operation, or of another one that it leads to, and record the exchange."""
        return self.sender.send(request, mutation, operation=operation, generated=generated)

    def send_again(self, exchange: Exchange) -> Exchange:
        """Send the request of an exchange once more."""
        return self.sender.send_again(exchange)

    def send_together(self, requests: Sequence[tuple[Request, Mutation | str]]) -> list[Exchange]:
        """Send requests at the same time, on connections of their own."""
        return self.sender.send_together(requests)

    def control(self) -> Exchange:
        """Return the first accepted control. Raises CouldNotTell if there is none."""
        return self.controls.control()

    def prepare_control(self) -> Request:
        """Return a request that the target has every reason to accept now."""
        return self.controls.prepare_control()

    def prepare_rejection_base(self) -> Request:
        """Return the request to make malformed."""
        return self.bases.prepare_rejection_base()

    def prepare_auth_rejection_base(self) -> Request:
        """Return the request whose credentials are to be removed or replaced."""
        return self.bases.prepare_auth_rejection_base()

    def release(self) -> None:
        """Drop the exchanges, once every requirement was judged by them."""
        self.log.clear()

    @contextmanager
    def _sending_for(self, phase: str) -> Iterator[None]:
        before, self.sender.sent_for = self.sender.sent_for, phase
        try:
            yield
        finally:
            self.sender.sent_for = before

    def _send_shared_mutations(self, last: Priority) -> None:
        """Send those that were not sent yet, up to a priority."""
        due = [mutation for mutation in self._unsent_shared_mutations if mutation.priority <= last]
        if not due:
            return
        self._unsent_shared_mutations = tuple(one for one in self._unsent_shared_mutations if one.priority > last)
        with suppress(TooManyUnanswered), self._sending_for(SHARED_MUTATIONS):
            self._send_each(self._spread(due) if last is Priority.LAST else due)
        self.budget.forgive_unanswered()

    def _spread(self, mutations: Sequence[Mutation]) -> Iterator[Mutation]:
        """Yield the mutations so that accepted requests have numbers that none had yet, counted in turns of twenty.

        A fault of each twentieth request, as of one server of several, then shows on a request that is accepted, too.
        """
        base = self.bases.prepare_base_for_any_response()
        waiting = list(mutations)
        while waiting:
            own = [one for one in self.log.exchanges if one.operation == self.operation.id and one.accepted]
            chosen = next_in_turn(self.operation, waiting, base, own, self.client.sent + 1)
            waiting.remove(chosen)
            yield chosen

    def _send_each(self, mutations: Iterable[Mutation]) -> None:
        for mutation in mutations:
            exchange = self._send_modified(mutation)
            if exchange is None:
                continue
            if exchange.crashed or (mutation.expects_success and not exchange.accepted):
                for part in mutation.parts:
                    if self.budget.spare <= self.plan.reserved_for_all_exchanges:
                        break
                    self._send_modified(part)

    def _send_modified(self, mutation: Mutation) -> Exchange | None:
        """Send a base with the mutation applied; None if this changes nothing, or could reach what is others'."""
        plain = self.bases.prepare_base_for_any_response()
        base = self._update_targets.next_base(plain) if self.controls.replayable else plain
        modified = mutation.apply(base)
        if modified == base or self.bases.must_not_send(mutation, base, modified):
            return None
        exchange = self.send(modified, mutation)
        names_the_record = modified.target == base.target
        if base == plain or not (names_the_record and self._update_targets.is_in_doubt(mutation, exchange)):
            return exchange
        again = self.send(mutation.apply(plain), mutation)
        if again.accepted:
            self._update_targets.stop()
        return again
