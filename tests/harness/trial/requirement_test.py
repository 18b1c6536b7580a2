"""One requirement tested on one operation: sends its mutations, and collects what its checks decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from contracts.checks.base import CheckFunction, SeriesCheckFunction
from contracts.checks.schema import is_clearly_invalid
from contracts.model.http import Exchange, Request
from contracts.model.verdict import Violation
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from contracts.untrusted import strict_json
from strategies.core.mutation import Mutation
from tests.harness.config.access import is_ambiguous_rejection
from tests.harness.http.retry_policy import TIMEOUT_FAULTS
from tests.harness.run.budget import BudgetSpent
from tests.harness.run.controls import MAX_VALUES
from tests.harness.run.operation_run import OperationRun
from tests.harness.trial.combined_faults import has_several_faults, names_each_fault, names_fault, next_single_fault
from tests.harness.trial.findings import Occurrence, is_gating

CONFIRMATION_RETRIES: Final = 2
"""How often a violating request is sent again: three sends tell a steady fault from an intermittent one."""
Base: TypeAlias = Callable[[Mutation], Request]
"""Returns the request to change by a mutation."""
MAX_OPEN_PARTS: Final = 8
"""Parts of rejected requests that one requirement sends alone, for a target that does not name what it rejects."""
MAX_CONFIRMED: Final = 2
"""Violations of one requirement that are confirmed by sending again; the others stand as seen. Where each may create a
record, or use one up, parts of a mutation that show no more than so many are tried."""


@dataclass(slots=True)
class RequirementTest:
    """One requirement being tested on one operation.

    A conformance test sends `mutations`, and `extra_requests` more at most, and has the exchanges checked. `decided`
    are the exchanges that a check passed or found in violation, `unclear` the rejections that may be due to placeholder
    values where no control can be made, `dependencies` the tests on the same operation that ran before because the
    requirement depends on theirs. `underfunded`: mutations that it needs did not fit into the budget. `sends`: how
    often each request is sent, until it shows a violation.
    """

    requirement: Requirement
    run: OperationRun
    mutations: Sequence[Mutation]
    extra_requests: int
    random_seed: int
    underfunded: bool = False
    sends: int = 1
    decided: list[Exchange] = field(default_factory=list)
    occurrences: list[Occurrence] = field(default_factory=list)
    observations: list[str] = field(default_factory=list)
    unclear: list[Exchange] = field(default_factory=list)
    dependencies: list[RequirementTest] = field(default_factory=list)
    _asked_for_mutations: bool = False
    _of_good_requests: bool = False
    _made_mutation: bool = False
    _open_parts: int = 0
    _combined: dict[int, tuple[Mutation, Base]] = field(default_factory=dict)

    @property
    def operation(self) -> Operation:
        """Return the operation under test."""
        return self.run.operation

    @property
    def gates(self) -> bool:
        """Return whether the requirement can fail the run: only by what the vendor states of the operation."""
        return self.requirement.gates and self.requirement.applies(self.operation.stated_only)

    @property
    def document(self) -> Document:
        """Return the document that the operation is from."""
        return self.run.document

    def send_mutations(self, base: Callable[[], Request]) -> Iterator[Exchange]:
        """Send each planned mutation of the request that `base` returns, and yield its exchange.

        Where the target turns out to reject the value of a request, its mutation is sent again with the next one.
        """
        self._asked_for_mutations = self._of_good_requests = True
        for mutation in self.mutations:
            if self.run.budget.available <= 0 and self.decided:
                return
            if exchange := self._send_with_values(mutation, lambda _: base()):
                yield exchange

    def send_rejected_mutations(self, base: Callable[[], Request]) -> Iterator[Exchange]:
        """Send each planned mutation of the request that `base` returns, and yield its exchange.

        Where a careful target may accept the result, another request is mutated: the value that `base` reserves for
        rejections stays unused, and shows at the end whether rejected requests had side effects. A target that names
        only the first of several faults is sent one of them at a time.
        """
        self._asked_for_mutations = True
        bases = self.run.bases
        about_credentials = self.requirement.id.startswith("AUTH")
        ambiguous = bases.prepare_ambiguous_auth_base if about_credentials else bases.prepare_ambiguous_base

        def base_of(mutation: Mutation) -> Request:
            request = base()
            certain = self._is_certain_rejection(mutation, mutation.apply(request))
            return request if certain else ambiguous()

        for planned in self.mutations:
            mutation = (
                next_single_fault(planned, self.mutations, self.run.exchanges)
                if self.run.names_first_fault_only
                else planned
            )
            request = base_of(mutation)
            if self.run.budget.available <= 0 and self.decided:
                return
            if exchange := self._send_mutation(mutation, request, base_of):
                yield exchange

    def check_exchange(self, exchange: Exchange, check: CheckFunction) -> None:
        """Check an exchange, once; if it is a violation, send the request again to see whether it always is.

        Where the mutation has parts, these are sent and checked as well: violations of the parts stand for the whole.
        So they are where a rejection of the whole does not name all properties that it should be about.
        """
        if any(one is exchange for one in self.decided):
            return
        decision = check(self.operation, exchange)
        if decision is None:
            return
        if self.is_ambiguous(exchange):
            self.unclear.append(exchange)
            return
        self.decided.append(exchange)
        if not isinstance(decision, Violation):
            if self._leaves_parts_open(exchange) and self._open_parts < MAX_OPEN_PARTS:
                self._check_parts(exchange, check)
            self._send_until_violated(exchange, check)
            return
        before = len(self.occurrences)
        self._check_parts(exchange, check)
        if len(self.occurrences) > before:
            return
        self._add(self._occurrence(decision, exchange, check), check)

    def check_all_exchanges(self, check: SeriesCheckFunction) -> None:
        """Finish the operation's traffic, then check every exchange of its run. Nothing is sent again."""
        self.run.finish_traffic()
        # A rejection that may be due to placeholder values says nothing of credentials; its own form any rejection has.
        clear = [one for one in self.run.exchanges if one.issued_token or not self.is_ambiguous(one)]
        self.check_sequence(check, clear)

    def check_sequence(
        self, check: SeriesCheckFunction, exchanges: Sequence[Exchange], of: Operation | None = None
    ) -> None:
        """Check exchanges together; `of` is their operation, if it is not the one under test. Nothing is sent again."""
        operation = of or self.operation
        outcomes = list(check(operation, exchanges))
        decided = [(exchange, decision) for exchange, decision in outcomes if decision is not None]
        gating: set[int] = set()
        may_gate = self.gates and self.requirement.applies(operation.stated_only)
        if may_gate and any(isinstance(decision, Violation) for _, decision in decided):
            by_what_is_stated = check(operation.stated_only, exchanges)
            gating = {
                id(exchange)
                for exchange, decision in by_what_is_stated
                if is_gating(decision) and not exchange.excuses_the_target
            }
        self.decided += [exchange for exchange, _ in decided]
        for exchange, decision in decided:
            if isinstance(decision, Violation):
                alike = [other for one, other in decided if one.mutation == exchange.mutation]
                seen = sum(isinstance(other, Violation) and other.kind == decision.kind for other in alike)
                presumed = self.requirement.gates and decision.gates and not exchange.excuses_the_target
                gates = id(exchange) in gating
                self.occurrences.append(Occurrence(decision, exchange, gates, seen, len(alike), presumed))

    def is_ambiguous(self, exchange: Exchange) -> bool:
        """Return whether a request may as well have been rejected for its placeholder values."""
        placeholder_ids = self.run.bases.placeholder_ids
        return bool(placeholder_ids) and is_ambiguous_rejection(self.operation, exchange, placeholder_ids)

    @property
    def has_no_mutation(self) -> bool:
        """Return whether none of the requirement's mutations can be made of this operation's requests."""
        return self._asked_for_mutations and not self._made_mutation and not self.underfunded

    def _is_certain_rejection(self, mutation: Mutation, modified: Request) -> bool:
        """Return whether every careful target rejects the modified request, for its credentials or for its body."""
        if not (self.gates and mutation.gates):
            return False
        if not mutation.issued_token or self.operation.body is None:
            return True
        content = strict_json.read(modified.body or b"")
        return not content.strict or is_clearly_invalid(self.operation, content.value)

    def _send_with_values(self, mutation: Mutation, base: Base) -> Exchange | None:
        """Return the exchange of a mutation; None if it must not be sent, or the target rejects each value as it is."""
        for _ in range(MAX_VALUES):
            request = base(mutation)
            exchange = self._send_mutation(mutation, request, base)
            if exchange is None or not self._of_good_requests:
                return exchange
            if not self.run.controls.confirm_value_rejected(request, exchange):
                return exchange
        return None

    def _send_mutation(self, mutation: Mutation, request: Request, base: Base) -> Exchange | None:
        """Return the exchange of a modified request, which may have been sent before; None if it must not be sent."""
        modified = mutation.apply(request)
        if modified == request:
            return None  # the mutation does not apply to this request
        self._made_mutation = True
        if self.run.bases.must_not_send(mutation, request, modified):
            return None  # it may have an effect on others
        sent = self.run.log.find(modified)
        exchange = sent if sent and sent.mutation == mutation.name else self.run.send(modified, mutation)
        self._combined[id(exchange)] = mutation, base
        return exchange

    def _leaves_parts_open(self, exchange: Exchange) -> bool:
        """Return whether a rejection does not tell of each part of its mutation that it would be rejected alone."""
        mutation, _ = self._combined.get(id(exchange), (None, None))
        if mutation is None or not mutation.named:
            return False
        return not names_each_fault(exchange, mutation.named, self.run.exchanges)

    def _check_parts(self, exchange: Exchange, check: CheckFunction) -> None:
        """Send the parts of an exchange's mutation, each by itself, and check what comes of them."""
        if combined := self._combined.get(id(exchange)):
            with suppress(BudgetSpent):  # then the whole stands for its parts
                self._check_each_part(exchange, check, *combined)

    def _check_each_part(self, exchange: Exchange, check: CheckFunction, mutation: Mutation, base: Base) -> None:
        # A part that is accepted may create a record, whose cancellation costs more than the part.
        kept = self.run.budget.spare // 2 if self.operation.record else 0
        unnamed = [part for part in mutation.parts if not names_fault(exchange, part, self.run.exchanges)]
        before = len(self.occurrences)
        names_one = has_several_faults(mutation) and len(unnamed) >= len(mutation.parts) - 1 and not exchange.accepted
        for part in unnamed:
            if self.run.budget.spare <= kept:
                # What was left out is open: the next faults go one at a time.
                self.run.names_first_fault_only |= names_one
                return
            if self._parts_are_dear and self._found_enough(before):
                return
            if not exchange.accepted and self._open_parts >= MAX_OPEN_PARTS:
                return
            if sent := self._send_with_values(part, base):
                self._open_parts += not exchange.accepted
                self.check_exchange(sent, check)
                self.run.names_first_fault_only |= names_one and not sent.accepted

    @property
    def _parts_are_dear(self) -> bool:
        """Return whether a part that is accepted makes a record, or uses one up."""
        return self.operation.record is not None or self.operation.consumes_value

    def _found_enough(self, before: int) -> bool:
        """Return whether the parts tried so far show a violation that gates, or as many as are confirmed."""
        found = self.occurrences[before:]
        return len(found) >= MAX_CONFIRMED or any(occurrence.gates for occurrence in found)

    def _occurrence(self, violation: Violation, exchange: Exchange, check: CheckFunction) -> Occurrence:
        presumed = self.requirement.gates and exchange.gates and is_gating(violation)
        gates = self.gates and exchange.gates and is_gating(check(self.operation.stated_only, exchange))
        return Occurrence(violation, exchange, gates, gates_if_stated=presumed)

    def _add(self, occurrence: Occurrence, check: CheckFunction) -> None:
        # What was seen counts, also where the target goes away before it is seen again.
        self.occurrences.append(occurrence)
        confirmed = occurrence.exchange.fault in TIMEOUT_FAULTS  # by the client, which sent it twice
        if len(self.occurrences) <= MAX_CONFIRMED and not confirmed:
            self._confirm(occurrence, check)

    def _send_until_violated(self, exchange: Exchange, check: CheckFunction) -> None:
        """Send the request of an exchange that a check passed as often as is planned, until it shows a violation."""
        if self._of_good_requests and not self.run.controls.replayable:
            return  # the target takes its value once
        for tried in range(2, self.sends + 1):
            if self.run.budget.available <= 0:
                return
            again = self.run.send_again(exchange)
            decision = check(self.operation, again)
            if isinstance(decision, Violation):
                occurrence = self._occurrence(decision, again, check)
                occurrence.tried = tried
                self._add(occurrence, check)
                return

    def _confirm(self, occurrence: Occurrence, check: CheckFunction) -> None:
        """Send the request of a violation again, and count how often it violates."""
        for _ in range(CONFIRMATION_RETRIES):
            if self.run.budget.confirmations <= 0 or self.run.budget.available <= 0:
                return
            self.run.budget.confirmations -= 1
            decision = check(self.operation, self.run.send_again(occurrence.exchange))
            occurrence.tried += 1
            occurrence.seen += isinstance(decision, Violation) and decision.kind == occurrence.violation.kind
