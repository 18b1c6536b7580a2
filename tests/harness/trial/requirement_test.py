"""What a conformance test holds: a requirement, an operation, the edits it may try, and the verdict in the making."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from hypothesis import HealthCheck, Phase, Verbosity, given, reject, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy

from contracts.checks import jobs, listed_records
from contracts.checks.base import Check, SeriesCheck, per_exchange
from contracts.checks.schema import is_clearly_invalid
from contracts.errors import NotApplicable, NotReached
from contracts.model.http import CONTROL, Exchange, Request
from contracts.model.verdict import INTERMITTENT, CheckOutcome, Evidence, Finding, Status, Verdict, Violation
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from contracts.untrusted import strict_json
from strategies.core.mutation import Mutation
from tests.harness.config.access import is_ambiguous_rejection, names_invalid_fields
from tests.harness.http.retry_policy import TIMEOUT_FAULTS
from tests.harness.run.budget import BudgetSpent
from tests.harness.run.jobs import JobResult
from tests.harness.run.operation_run import OperationRun
from tests.harness.trial.deferred import DeferredOutage

CONFIRMATION_RETRIES = 2
"""How often a failing request is sent again: three trials tell `every time` from `now and then`."""
SENT_AGAIN_AT_MOST = 2
"""Problems of one requirement that are sent again; the others stand as seen."""
SHRINKING_REQUESTS = 12
LONGEST_MESSAGE = 300
"""Characters of an exception's own text."""
ROOT = Path(__file__).parents[3]
OURS = tuple(f"{ROOT / folder}{os.sep}" for folder in ("contracts", "strategies", "tests", "reports"))
GENERATED = "generated body"
NO_REQUEST_LEFT = "no request of this profile is left to show it"
NO_VALUE_LEFT = "no known value is left to show it"


class CounterexampleFound(Exception):
    """A generated request breaks the requirement."""


@dataclass(slots=True)
class Occurrence:
    """A problem as it was seen on one exchange: on `seen` of `tried` sendings.

    `gates` is whether it is a problem by what the vendor states, without examples and inferences.
    """

    violation: Violation
    exchange: Exchange
    gates: bool
    seen: int = 1
    tried: int = 1


@dataclass(slots=True)
class RequirementTest:
    """One requirement being tried on one operation.

    A test sends edits of a control and has each exchange judged. `sends` is the number of requests beside the edits
    that this profile allows it.
    """

    requirement: Requirement
    run: OperationRun
    mutations: Sequence[Mutation]
    extra_requests: int
    random_seed: int
    decided: list[Exchange] = field(default_factory=list)
    occurrences: list[Occurrence] = field(default_factory=list)
    observations: list[str] = field(default_factory=list)
    unclear: list[Exchange] = field(default_factory=list)
    """Refusals that may be about values that were made up, where no control can be made."""
    _parts: dict[int, list[tuple[Mutation, Callable[[], Request]]]] = field(default_factory=dict)

    @property
    def operation(self) -> Operation:
        """Return the operation on trial."""
        return self.run.operation

    @property
    def gates(self) -> bool:
        """Return whether the requirement can fail the run: only by what the vendor states of the operation."""
        return self.requirement.gates and self.requirement.applies(self.operation.stated_only)

    @property
    def document(self) -> Document:
        """Return the document that the operation is from."""
        return self.run.document

    def send_mutations(self, of: Callable[[], Request]) -> Iterator[Exchange]:
        """Send each planned edit of the request that `of` gives, in order; of the next one where a value is used up."""
        for mutation in self.mutations:
            request = of()
            if self.run.budget.left <= 0 and self.decided:
                return
            exchange = self._send_edit(mutation, request, of)
            if exchange and self.run.controls.confirm_value_consumed(request, exchange):
                exchange = self._send_edit(mutation, of(), of)
            if exchange:
                yield exchange

    def send_rejected_mutations(self, of: Callable[[], Request]) -> Iterator[Exchange]:
        """Send each planned edit of the request that `of` gives, or of one in its place that may as well be accepted.

        The value that `of` keeps for refusals stays untouched: it shows at the end whether refusals did something.
        """
        for mutation in self.mutations:
            request = of()
            if self.run.budget.left <= 0 and self.decided:
                return
            sure = self._is_refused_beyond_doubt(mutation, mutation.apply(request))
            base = of if sure else self.run.controls.ambiguous_base
            if exchange := self._send_edit(mutation, request if sure else base(), base):
                yield exchange

    def _is_refused_beyond_doubt(self, mutation: Mutation, changed: Request) -> bool:
        """Return whether every careful target refuses what the edit made, for its credentials or for its body."""
        if not (self.gates and mutation.gates):
            return False
        if not mutation.issued_token or self.operation.body is None:
            return True
        content = strict_json.read(changed.body or b"")
        return not content.strict or is_clearly_invalid(self.operation, content.value)

    def _send_edit(self, mutation: Mutation, request: Request, of: Callable[[], Request]) -> Exchange | None:
        changed = mutation.apply(request)
        if changed == request or self.run.controls.may_hit_foreign_ids(request, changed):
            return None  # the edit makes no sense of this control, or may do something to others
        sent = self.run.log.find(changed)
        exchange = sent if sent and sent.mutation == mutation.name else self.run.send(changed, mutation)
        self._parts[id(exchange)] = [(part, of) for part in mutation.parts]
        return exchange

    def judge(self, exchange: Exchange, check: Check) -> None:
        """Have an exchange judged, once; where it shows a problem, send its request again to see how often it does."""
        if any(one is exchange for one in self.decided):
            return
        outcome_of_check = check(self.operation, exchange)
        if outcome_of_check is None:
            return
        if self._without_a_cause(exchange):
            self.unclear.append(exchange)
            return
        self.decided.append(exchange)
        if not isinstance(outcome_of_check, Violation):
            return
        before = len(self.occurrences)
        for part, of in self._parts.get(id(exchange), ()):
            if self.run.budget.spare <= 0:
                break
            request = of()
            changed = part.apply(request)
            if changed != request and not self.run.controls.may_hit_foreign_ids(request, changed):
                self.judge(self.run.send(changed, part), check)
        if len(self.occurrences) > before:
            return  # the parts at fault speak for the whole
        by_what_is_stated = self.gates and exchange.gates and _gates(check(self.operation.stated_only, exchange))
        occurrence = Occurrence(outcome_of_check, exchange, by_what_is_stated)
        # What was seen counts, also where the target goes away before it is seen again.
        self.occurrences.append(occurrence)
        confirmed = exchange.fault in TIMEOUT_FAULTS  # by the client, which sent it twice
        if len(self.occurrences) <= SENT_AGAIN_AT_MOST and not confirmed:
            self._send_again(occurrence, check)

    def check_all_exchanges(self, check: SeriesCheck) -> None:
        """Have every exchange of the run judged. Nothing is sent again."""
        self.run.finish_traffic()
        # What may be refused for its made-up values tells nothing of credentials; of its own form any refusal does.
        told = [one for one in self.run.exchanges if one.issued_token or not self._without_a_cause(one)]
        self.check_sequence(check, told)

    def check_sequence(self, check: SeriesCheck, exchanges: Sequence[Exchange]) -> None:
        """Have exchanges judged together. Nothing is sent again."""
        told = list(check(self.operation, exchanges))
        decided = [(exchange, outcome_of_check) for exchange, outcome_of_check in told if outcome_of_check is not None]
        firm: set[int] = set()
        if self.gates and any(isinstance(outcome_of_check, Violation) for _, outcome_of_check in decided):
            again = check(self.operation.stated_only, exchanges)
            firm = {
                id(exchange)
                for exchange, outcome_of_check in again
                if _gates(outcome_of_check) and not exchange.excuses_the_target
            }
        self.decided += [exchange for exchange, _ in decided]
        for exchange, outcome_of_check in decided:
            if isinstance(outcome_of_check, Violation):
                alike = [found for other, found in decided if other.mutation == exchange.mutation]
                seen = sum(isinstance(found, Violation) and found.kind == outcome_of_check.kind for found in alike)
                self.occurrences.append(Occurrence(outcome_of_check, exchange, id(exchange) in firm, seen, len(alike)))

    def check_no_side_effects(self, of: Callable[[], Request]) -> None:
        """Have it judged whether what was refused with the request that `of` gives did something all the same.

        What may be used up shows it in a job: the request itself is sent, unedited, and its job is compared with that
        of a control that came a second time: ending like that one, while a new value ends otherwise, shows that it was
        not the first. What was made or changed shows in the listing: texts that no accepted request held.
        """
        self.run.finish_traffic()
        try:
            if self.run.listing.operation is None:
                self._judge_untouched(of)
            else:
                self._judge_unlisted(self.run.listing.operation, of)
        except BudgetSpent as spent:
            raise NotReached(str(spent)) from None
        if not self.decided:
            shown = (
                "the job did not end in time"
                if self.run.listing.operation is None
                else "the listing does not show what was written"
            )
            raise NotApplicable(shown)

    def _judge_untouched(self, of: Callable[[], Request]) -> None:
        opening, repeat = self.run.controls.first_pair()
        request = of()
        if self.extra_requests == 0:
            raise NotReached(NO_REQUEST_LEFT)
        if request == opening.request:
            raise NotApplicable(NO_VALUE_LEFT)
        if self.run.controls.was_accepted_with(request):
            raise NotApplicable("the target accepted one of the requests that were made to be refused")
        first = self.run.jobs.read_to_end(opening)
        if not first.over:
            raise NotApplicable("jobs do not end in time")
        second = self.run.jobs.read_to_end(repeat)
        if first.fails:
            raise NotApplicable("the job of the first accepted request failed: the known values may be used up by now")
        if not second.fails:
            raise NotApplicable("the ends of jobs do not tell a first request from a second one")
        check = jobs.no_side_effect(second.status, second.exchange)
        write = self.run.send(request, CONTROL)
        if not write.accepted:
            raise NotApplicable("the value that was kept for this is not accepted")
        end = self.run.jobs.read_to_end(write)
        if isinstance(check(self.operation, end.exchange), Violation) and self._end_of_new_record().fails:
            raise NotApplicable("jobs fail now and then")
        self.check_sequence(per_exchange(check), [end.exchange])

    def _judge_unlisted(self, lister: Operation, of: Callable[[], Request]) -> None:
        request, control = of(), self.run.control().request
        accepted, refused = (one.json() for one in (control, request))
        marked = {name: text for name, text in refused.items() if text != accepted.get(name)}
        same_record = self.operation.updates_record and request.target == control.target
        page = self.run.listing.read() if self.extra_requests else self.run.listing.last
        if not marked or same_record:
            raise NotApplicable(NO_VALUE_LEFT)
        if page is None:
            raise NotReached(NO_REQUEST_LEFT)
        if self.run.controls.was_accepted_with(request):
            raise NotApplicable("the target accepted one of the requests that were made to be refused")
        plain = {name: accepted[name] for name in marked}
        self.check_sequence(per_exchange(listed_records.no_rejected_data_listed(lister, plain, marked)), [page])

    def _end_of_new_record(self) -> JobResult:
        request = self.run.controls.unused_value_request(self.requirement.id)
        write = None if request is None else self.run.send(request, CONTROL)
        if write is None or not write.accepted:
            raise NotApplicable("no known value is left to compare with")
        return self.run.jobs.read_to_end(write)

    def search(self, requests: SearchStrategy[Request], check: Check) -> None:
        """Let Hypothesis look for a request that breaks the requirement, and make it small.

        Sends `sends` requests at most while nothing is found, and `SHRINKING_REQUESTS` more to shrink what is. What
        was sent before is remembered, so that shrinking an intermittent fault cannot contradict itself.
        """
        known: dict[Request, tuple[Exchange, CheckOutcome]] = {}
        stop_at = [self.extra_requests]
        absence = DeferredOutage(reject)

        def attempt(request: Request) -> None:
            if request not in known:
                if len(known) >= stop_at[0] or self.run.budget.left <= CONFIRMATION_RETRIES:
                    return
                exchange = absence.send(lambda: self.run.send(request, GENERATED, generated=True))
                known[request] = exchange, check(self.operation, exchange)
            exchange, outcome_of_check = known[request]
            if isinstance(outcome_of_check, Violation):
                # To make a silence small would take two deadlines each time.
                more = 0 if exchange.fault in TIMEOUT_FAULTS else SHRINKING_REQUESTS
                stop_at[0] = min(stop_at[0], len(known)) + more
                raise CounterexampleFound(request)

        quiet = settings(
            max_examples=max(self.extra_requests, 1),
            phases=(Phase.generate, Phase.shrink),
            database=None,
            deadline=None,
            derandomize=False,
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
        )
        smallest: Request | None = None
        try:
            seed(self.random_seed)(quiet(given(requests)(attempt)))()
        except CounterexampleFound as breach:
            smallest = breach.args[0]
        except Unsatisfiable:
            pass  # the schema admits everything, or nothing
        for exchange, outcome_of_check in known.values():
            if outcome_of_check is not None and not isinstance(outcome_of_check, Violation):
                self.decided.append(exchange)
        if smallest is not None:
            self.judge(known[smallest][0], check)
        absence.tell()

    def verdict(self) -> Verdict:
        """Return what the trial came to."""
        evidence = Evidence.of(self.decided, self.run.log.accepted_control_count)
        findings = tuple(self._findings())
        if findings:
            status = Status.VIOLATED if any(finding.gates for finding in findings) else Status.NOT_MET
            reason = f"expected {findings[0].violation.expected}, observed {findings[0].violation.observed}"
        elif any(not exchange.issued_token for exchange in self.unclear):
            status, reason = Status.INCONCLUSIVE, self._passed_the_door()
        elif not self.decided:
            unread = self.unread_answers()
            status, reason = Status.INCONCLUSIVE, f"No request reached the decision.{f' {unread}' if unread else ''}"
        elif self.run.log.accepted_control_count == 0 and not self._needs_no_control():
            status, reason = Status.INCONCLUSIVE, "No control was accepted beside what was refused."
        else:
            status, reason = Status.HELD, ""
        return self._verdict(status, reason, evidence, findings)

    def unread_answers(self) -> str:
        """Return a sentence about the answers that the suite's reader gave up on; an empty text for none."""
        limits = [limit for one in self.run.exchanges if one.response and (limit := one.response.content.limit)]
        if not limits:
            return ""
        answers = "1 answer is" if len(limits) == 1 else f"{len(limits)} answers are"
        return f"{answers} beyond what the suite reads ({', '.join(dict.fromkeys(limits))}), and not judged by content."

    def _without_a_cause(self, exchange: Exchange) -> bool:
        """Return whether a request may as well have been refused for values that were made up."""
        return bool(self.run.missing_settings) and is_ambiguous_rejection(
            self.operation, exchange, self.run.controls.placeholder_ids
        )

    def _passed_the_door(self) -> str:
        first = next(exchange for exchange in self.unclear if not exchange.issued_token)
        return (
            f"{first.mutation} was answered {first.outcome}, which speaks of something else than credentials: "
            "only beside an accepted request could be told whether they were refused."
        )

    def _needs_no_control(self) -> bool:
        """Return whether what was decided needs no accepted twin, on an operation of which no control can be made."""
        if not self.run.missing_settings:
            return False
        if self.requirement.covers_all_exchanges or all(one.status != HTTPStatus.BAD_REQUEST for one in self.decided):
            return True
        return names_invalid_fields(self.operation, self.run.exchanges)

    @property
    def beyond_access(self) -> bool:
        """Return whether every answer may be about values that were made up, and nothing else kept a verdict away."""
        return (
            not self.decided
            and bool(self.unclear)
            and all(one.issued_token and one.status == HTTPStatus.BAD_REQUEST for one in self.unclear)
        )

    def early_verdict(self, status: Status, reason: str) -> Verdict:
        """Return the verdict of a trial that ended early: what was found so far counts, or else `status` stands."""
        found = self.verdict()
        return found if found.findings else self._verdict(status, reason, found.evidence, ())

    def failed(self, failure: Exception) -> Verdict:
        """Return the verdict of a trial in which the suite itself failed: what was found before counts."""
        frames = traceback.extract_tb(failure.__traceback__)
        ours = [frame for frame in frames if frame.filename.startswith(OURS)]
        place = ours[-1]  # this very package called the test
        reason = (
            f"The suite itself failed here, which says nothing about the target: {type(failure).__name__} at "
            f"{Path(place.filename).relative_to(ROOT)}:{place.lineno}: "
            f"{' '.join(str(failure).split())[:LONGEST_MESSAGE]}. "
            "Please report this sentence with the requirement and the operation."
        )
        with suppress(Exception):
            return self.early_verdict(Status.INTERNAL_ERROR, reason)
        return self._verdict(Status.INTERNAL_ERROR, reason, Evidence.of((), 0), ())

    def _verdict(self, status: Status, reason: str, evidence: Evidence, findings: tuple[Finding, ...]) -> Verdict:
        return Verdict(
            self.requirement.id, self.operation.id, status, reason, evidence, findings, tuple(self.observations)
        )

    def _findings(self) -> Iterator[Finding]:
        kinds = dict.fromkeys(occurrence.violation.kind for occurrence in self.occurrences)
        for kind in kinds:
            alike = [occurrence for occurrence in self.occurrences if occurrence.violation.kind == kind]
            firm = [occurrence for occurrence in alike if occurrence.gates] or alike
            named = [occurrence for occurrence in firm if not occurrence.exchange.generated]
            shown = (named or firm)[0]
            if any(occurrence.seen < occurrence.tried for occurrence in alike):
                self.run.intermittent.add(kind)
            confirmed = any(occurrence.seen == occurrence.tried > 1 for occurrence in alike)
            steady = confirmed or kind not in self.run.intermittent
            yield Finding(
                requirement=self.requirement.id,
                operation=self.operation.id,
                mutation=shown.exchange.mutation if steady else INTERMITTENT,
                violation=shown.violation,
                exchange=shown.exchange,
                seen=shown.seen,
                tried=shown.tried,
                mutations=tuple(dict.fromkeys(occurrence.exchange.mutation for occurrence in alike)),
                gates=shown.gates,
            )

    def _send_again(self, occurrence: Occurrence, check: Check) -> None:
        for _ in range(CONFIRMATION_RETRIES):
            if self.run.budget.confirmations <= 0 or self.run.budget.left <= 0:
                return
            self.run.budget.confirmations -= 1
            exchange = self.run.send_again(occurrence.exchange)
            outcome_of_check = check(self.operation, exchange)
            occurrence.tried += 1
            occurrence.seen += (
                isinstance(outcome_of_check, Violation) and outcome_of_check.kind == occurrence.violation.kind
            )


def _gates(outcome_of_check: CheckOutcome) -> bool:
    """Return whether this is a problem that fails the run, where its requirement does."""
    return isinstance(outcome_of_check, Violation) and outcome_of_check.gates
