"""One operation's part of a run: its allowance, its controls, and every exchange that it had."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from itertools import cycle
from urllib.parse import unquote_to_bytes

from contracts.checks import jobs
from contracts.checks.preview import preview
from contracts.errors import Inconclusive, NotApplicable, TargetUnavailable
from contracts.model.http import CONTROL, Exchange, Request
from contracts.model.json_value import Json, get_path
from contracts.openapi.document import Document
from contracts.openapi.operation import Link, Operation
from contracts.requirements import Requirement
from strategies.body import bodies, constraints, string_payloads
from strategies.core.mutation import Mutation
from strategies.request import credentials, methods
from strategies.request.listing import newest
from strategies.safety import may_hit_foreign_ids, nobodys_id
from tests.harness.config.access import TOKEN, Access, access_with
from tests.harness.config.settings import Target
from tests.harness.http.client import Client
from tests.harness.http.intermediary import page_of
from tests.harness.http.retry_policy import SILENCES
from tests.harness.http.send_result import SendResult, TargetDown
from tests.harness.http.transport import Stray
from tests.harness.run import polling
from tests.harness.run.created_record import Record, record_id
from tests.harness.run.created_resources import CreatedResources
from tests.harness.run.interruption import defer_sigint
from tests.harness.run.request_factory import (
    ValueAllocator,
    absent,
    creator_for,
    job_sources,
    lacking,
    listing_for,
    request_for,
)

RESERVED_SHARE = 30
"""One request in thirty is kept for sending again what failed."""
REPEATS_AT_MOST = 59
"""So many clean trials rule out, at 95 %, a fault in one request of twenty."""
VALUES_KEPT_BACK = 2
"""On a target that takes each value once: the last one is for refusals, one is for the next operation."""
CONTROLS_AT_MOST = 6
"""How many known values are tried before giving up on getting a control accepted."""
RECORDS_TO_START_WITH = 3
"""Made where an operation works on records and the user named none: one to edit or to refuse, and two to tell apart."""
READS_OF_A_JOB = 6
SILENCES_AT_MOST = 2
"""Requests of one requirement that may come to nothing: each takes two deadlines, and the third shows nothing new."""
CREDENTIALS, MALFORMED, UPDATED, OPEN = "credentials", "malformed", "updated", "open"
"""What requests are refused for, or do, whose texts are to be found again."""
UNAUTHORIZED, FORBIDDEN, NOT_ALLOWED, FIRST_SERVER_ERROR = 401, 403, 405, 500
OF_A_VALUE = frozenset({400, 404, 409, 410, 422})
"""What a request is refused with whose value is not taken any more."""
REFUSALS_OF_THE_TOKEN = 3
REFUSALS_THAT_END_A_TOKEN = 2
"""Of a request that was accepted: one alone may be a fault that comes now and then."""


class AllowanceSpent(Inconclusive):
    """The operation may send nothing more in this profile."""


class SilencesSpent(AllowanceSpent):
    """The target lets one request after the other of a requirement wait in vain."""


@dataclass(frozen=True, slots=True)
class JobResult:
    """The last read of a job, by the operation `status`."""

    status: Operation
    exchange: Exchange

    @property
    def over(self) -> bool:
        """Return whether the job was seen to end."""
        return jobs.job_is_finished(self.status, self.exchange)

    @property
    def fails(self) -> bool:
        """Return whether the job ended in failure."""
        return jobs.job_has_failed(self.status, self.exchange)


class OperationRun:
    """Sends for one operation within an allowance, and keeps what came of it, in the order sent.

    A *control* is a request that the target accepted. Some targets accept the same write again, others take each
    value once; which of the two this one does is learnt from the second control, before any edit is tried.
    """

    def __init__(
        self,
        operation: Operation,
        document: Document,
        target: Target,
        client: Client,
        budget: int,
        selected: Collection[str],
        turns: ValueAllocator,
        accepted: dict[str, Exchange],
        jobs: list[Request],
        records: CreatedResources,
        on_exchange: Callable[[Exchange], None] = lambda _: None,
    ) -> None:
        """Send nothing yet. `selected` are the ids of the operations that the session tests.

        Shared by all operations of a session: `turns` numbers the known values as they are used, `accepted` keeps the
        last accepted control of each operation, `jobs` how to read the status of every job, `records` what was created
        and is not cancelled yet. `heard` gets each exchange. `knock` will be the very first request, which has no
        credentials.
        """
        self.operation = operation
        self.document = document
        self.target = target
        self.client = client
        self.budget = budget
        self.selected = selected
        self.exchanges: list[Exchange] = []
        self.spent = 0
        self.reserve = budget // RESERVED_SHARE
        self.replayable = True
        self.intermittent: set[str] = set()
        self.unauthenticated_probe: Exchange | None = None
        self._opening: Exchange | None = None
        self._refused: Exchange | None = None
        self._setup_error: Inconclusive | None = None
        self.records = records
        self._heard = on_exchange
        self.lacking = tuple(lacking(document, operation, target))
        self.made_up = tuple(nobodys_id() for _ in self.lacking)
        stand_ins = {name: (value,) for name, value in zip(self.lacking, self.made_up, strict=True)}
        self.known = {**target.known, **stand_ins}
        self._made: list[Record] = []
        self._turns = turns
        self._accepted = accepted
        self._jobs = jobs
        self._first_turn: int | None = None
        self._places: dict[str, int | None] = {}
        self._spare: str | None = None
        self._marks = {purpose: uuid.uuid4().hex[:8] for purpose in (CREDENTIALS, MALFORMED, UPDATED, OPEN)}
        self.lister = listing_for(document, operation)
        self._shared_mutations: tuple[Mutation, ...] = ()
        self._completed = False
        self._opened_without_values = False
        self._kept = 0
        self._reserved: dict[str, int] = {}
        self._gives_way = False
        self._silences = 0
        self._observed: list[str] = []

    def plan(self, mutations: Iterable[Mutation], kept: int = 0, reserved: Mapping[str, int] | None = None) -> None:
        """Take note of the edits to send before the whole run is judged, for the requirements that judge it.

        `kept` requests are left for what these requirements send at the end. `reserved` are the requests that each
        gating requirement is still going to send: what only narrows a finding down may not use them up.
        """
        self._shared_mutations, self._kept, self._reserved = tuple(mutations), kept, dict(reserved or {})

    def begin_requirement(self, requirement: Requirement) -> None:
        """Take note that a requirement is tried now: it uses what was reserved for it, or else what is to spare."""
        self._reserved.pop(requirement.id, None)
        self._gives_way = not requirement.gates and requirement.judges == "own"
        self._silences = 0

    @property
    def spare(self) -> int:
        """Return how many requests may be sent that no gating requirement is waiting for."""
        return self.left - sum(self._reserved.values())

    def complete(self) -> None:
        """Send, once, what the requirements that judge the whole run count on; then let controls use up what is left.

        Repeated controls are the cheapest evidence against faults that come now and then.
        """
        if self._completed:
            return
        self._completed = True
        if self.lacking:
            self._open_without_values()
            return
        with suppress(Inconclusive, NotApplicable):  # then what was sent so far has to do
            self.control()
            self._send_stock()
            repeats = min(self.left - self.reserve - self._kept, REPEATS_AT_MOST)
            if not self.replayable or self.operation.record:
                repeats = 0
            for _, request in zip(range(repeats), cycle(self.controls()), strict=False):
                self.send(request, CONTROL)

    def may_hit_foreign_ids(self, control: Request, changed: Request) -> bool:
        """Return whether a changed control may name something that is neither the user's nor the run's."""
        return may_hit_foreign_ids(self.operation, control, changed, ids_unknown=bool(self.lacking))

    def _send_stock(self) -> None:
        shared_mutations, self._shared_mutations = self._shared_mutations, ()
        with suppress(SilencesSpent):
            self._send_each(shared_mutations)
        self._silences = 0  # of edits that are no requirement's own

    def _send_each(self, mutations: Iterable[Mutation]) -> None:
        for mutation in mutations:
            request = self.control_any_outcome()
            changed = mutation.apply(request)
            if changed == request or self.may_hit_foreign_ids(request, changed):
                continue  # the edit makes no sense of this control, or may do something to others
            exchange = self.send(changed, mutation)
            crashed = exchange.status is None or exchange.status >= FIRST_SERVER_ERROR
            if crashed or (mutation.expects_success and not exchange.accepted):
                for part in mutation.parts:
                    if self.spare <= 0:
                        break
                    request = self.control_any_outcome()
                    if not self.may_hit_foreign_ids(request, changed := part.apply(request)):
                        self.send(changed, part)

    @property
    def left(self) -> int:
        """Return how many requests may still be sent; to cancel what was created is part of the allowance."""
        return self.budget - self.spent - sum(record.cleanup_cost for record in self._made)

    def send(
        self, request: Request, mutation: Mutation | str, *, operation: Operation | None = None, generated: bool = False
    ) -> Exchange:
        """Send a request of this operation, or of another one that it leads to, and record the exchange."""
        if isinstance(mutation, str):
            mutation = Mutation(mutation, lambda unchanged: unchanged)
        if (self.spare if self._gives_way else self.left) <= 0:
            raise AllowanceSpent(f"The budget of {self.budget} requests for {self.operation.id} is spent.")
        if self._silences >= SILENCES_AT_MOST:
            raise SilencesSpent(f"{self._silences} requests got no answer, each time twice: no more of them are sent.")
        creates = (operation or self.operation).record is not None
        # What nobody knows of cannot be cancelled again: Ctrl-C waits until a create's answer was noted.
        with defer_sigint(lambda: self.client.idle) if creates else nullcontext():
            return self._send(request, mutation, operation or self.operation, generated=generated)

    def _send(self, request: Request, mutation: Mutation, operation: Operation, *, generated: bool) -> Exchange:
        # What is sent again because of the way there costs nobody a verdict.
        self.spent += 1
        begun = self.records.begin(operation, request) if operation.record else None
        try:
            reply = self.client.send(request)
        except TargetUnavailable as away:
            if isinstance(away, TargetDown) and away.reply is not None:
                exchange = self._record(away.reply, request, mutation, operation, generated=generated)
                self.records.observe(exchange, begun, away.reply.lost)
                self.client.last.in_flight.append(exchange)
                self._heard(exchange)
            elif begun is not None:
                self.records.note_not_sent(begun)
            raise
        exchange = self._record(reply, request, mutation, operation, generated=generated)
        self._note_connection(exchange, reply, operation)
        if record := self.records.observe(exchange, begun, reply.lost):
            self._made.append(record)
        if exchange.accepted and operation.job_link:
            with suppress(Inconclusive):  # an id that no request can hold
                self._jobs.append(self.follow(exchange)[1])
        self.client.token_honoured |= exchange.accepted and exchange.issued_token
        if self.taken(exchange) and exchange.mutation == CONTROL:
            self._accepted[exchange.operation] = exchange
        self._heard(exchange)
        if exchange.status == UNAUTHORIZED and exchange.issued_token and self.client.token_honoured:
            self._require_token()
        return exchange

    def _note_connection(self, exchange: Exchange, reply: SendResult, operation: Operation) -> None:
        """Take note of what sending a request showed of the target beside its answer."""
        self._silences += exchange.fault in SILENCES
        self.client.last.recent.append(exchange)
        for stray in self.client.strays():
            self._blame_earlier(stray)
        if exchange.response is not None:
            self.client.last.answered = exchange
        if reply.falls and exchange.response is not None:
            self._observed.append(
                f"the target went away once while a request to {operation.label} ({exchange.mutation}) was in flight, "
                "and answered it when it was back"
            )

    def _exchange(
        self, reply: SendResult, request: Request, mutation: Mutation, operation: Operation, *, generated: bool
    ) -> Exchange:
        return Exchange(
            operation=operation.id,
            request=request,
            mutation=mutation.name,
            response=reply.response,
            fault=reply.fault,
            began=reply.began,
            elapsed=reply.elapsed,
            number=self.client.sent,
            attempts=reply.attempts,
            drops=reply.drops,
            outages=reply.outages,
            about=mutation.about,
            issued_token=mutation.issued_token,
            also_malformed=mutation.also_malformed,
            generated=generated,
            fuzzing=mutation.fuzzing,
            gates=mutation.gates,
            stray=reply.stray,
        )

    def _record(
        self, reply: SendResult, request: Request, mutation: Mutation, operation: Operation, *, generated: bool
    ) -> Exchange:
        """Keep what sending a request came to."""
        exchange = self._exchange(reply, request, mutation, operation, generated=generated)
        self.exchanges.append(exchange)
        return exchange

    def _blame_earlier(self, stray: Stray) -> None:
        """Keep bytes that came after an answer with its exchange, were it one of an operation that ran before."""
        recent = reversed(self.client.last.recent)
        at_fault = next((one for one in recent if one.request == stray.request and not one.stray), None)
        if at_fault is None:
            return
        judged = replace(at_fault, stray=stray.data)
        if at_fault in self.exchanges:
            self.exchanges[self.exchanges.index(at_fault)] = judged
        else:
            self.exchanges.append(judged)

    def observations(self) -> list[str]:
        """Return, once, what the target did beside answering."""
        observed, self._observed = self._observed, []
        return observed

    def _require_application(self, *answered: Exchange | None) -> None:
        """Raise where the first answers, with and without credentials, are a page that any other path gets as well.

        Only where they are web pages or redirects, all alike, one more request of the run is spent on this.
        """
        seen = [exchange for exchange in answered if exchange is not None]
        pages = {page_of(exchange.request, exchange.response) for exchange in seen}
        page = pages.pop()
        if pages or page is None:
            return
        probe = self.client.unknown_path or self._ask_unknown_path(seen[-1])
        if page_of(probe.request, probe.response) != page:
            self.client.own_pages.add(page)
        else:
            with_token = any(exchange.issued_token for exchange in seen)
            otherwise = f" If nothing is in front, the token in {TOKEN} is refused everywhere." if with_token else ""
            raise TargetUnavailable(
                f"Something in front of {self.target.url} answers in its place: {self.operation.label} and a path that "
                f"the API does not have both get {page.name}, which tells nothing of the application. "
                f"Let the suite pass there, or test the application directly.{otherwise}"
            )

    def _ask_unknown_path(self, like: Exchange) -> Exchange:
        """Ask, with the credentials of an exchange, for a path next to the API's own that it does not have."""
        first = self.operation.path.split("/")[1]
        headers = tuple(pair for pair in like.request.headers if pair[0].lower() != "content-type")
        request = Request("GET", f"/{first}/{nobodys_id()}", headers)
        mutation = Mutation(
            "a path that the API does not have", lambda unchanged: unchanged, issued_token=like.issued_token
        )
        self.spent += 1
        reply = self.client.send(request)
        self.client.unknown_path = probe = self._exchange(reply, request, mutation, self.operation, generated=False)
        self._heard(probe)
        return probe

    def _require_token(self) -> None:
        """Raise where what was accepted before is now refused for its token as well: then that is over."""
        harmless = [e.request for e in self._accepted.values() if not self.document.operation(e.operation).record]
        for request in (harmless or self._jobs)[-1:] * REFUSALS_THAT_END_A_TOKEN:
            self.spent += 1
            answer = self.client.send(request).response
            if answer is None or answer.status != UNAUTHORIZED:
                return
        if harmless or self._jobs:
            raise TargetUnavailable(
                f"{self.target.url} no longer takes the token in {TOKEN}, which it took before: give a new one."
            )

    def release(self) -> None:
        """Let go of what was exchanged, once every requirement was judged by it: a long run needs no more memory."""
        self.exchanges.clear()

    def already_sent(self, request: Request) -> Exchange | None:
        """Return what came of exactly this request before, or None."""
        return next((exchange for exchange in self.exchanges if exchange.request == request), None)

    def send_again(self, exchange: Exchange) -> Exchange:
        """Send the request of an exchange once more."""
        again = Mutation(
            exchange.mutation,
            lambda unchanged: unchanged,
            about=exchange.about,
            issued_token=exchange.issued_token,
            also_malformed=exchange.also_malformed,
            gates=exchange.gates,
            fuzzing=exchange.fuzzing,
        )
        return self.send(
            exchange.request,
            again,
            operation=self.document.operation(exchange.operation),
            generated=exchange.generated,
        )

    def send_together(self, requests: Sequence[tuple[Request, Mutation | str]]) -> list[Exchange]:
        """Send requests at the same time, on connections of their own."""
        if self.left < len(requests):
            raise AllowanceSpent(f"The budget of {self.budget} requests for {self.operation.id} is spent.")
        before = self.spent
        pool = ThreadPoolExecutor(len(requests))
        try:
            exchanges = list(pool.map(lambda pair: self.send(*pair), requests))
        except KeyboardInterrupt:
            self.client.give_up("The run was ended.")  # those that wait need not
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # what is under way has its own deadline
        self.spent = before + len(requests)
        return exchanges

    def control(self) -> Exchange:
        """Return the accepted control of this run; `Inconclusive` if the target accepts none.

        The first call sends it, twice, so that a target that takes each value once is known as such.
        """
        if self._setup_error is not None:
            raise self._setup_error
        if self._opening is None and self._refused is None:
            try:
                self._open()
            except Inconclusive as hindrance:
                self._setup_error = hindrance
                raise
            if self._opening is not None and self.replayable:
                # The richest requests go out first. Where values are used up they wait: some might use the last one.
                self._send_stock()
        if self._opening is None:
            raise Inconclusive(self._why_not_accepted())
        return self._opening

    def begin(self) -> None:
        """Send what every operation begins with: a request without credentials, and a control where one can be made."""
        if self.lacking:
            self._open_without_values()
        else:
            self.control()

    @property
    def opening(self) -> Exchange | None:
        """Return the accepted control, or None where there is none yet."""
        return self._opening

    def next_control(self) -> Request:
        """Return a request that the target has every reason to accept now."""
        opening = self.control()
        return opening.request if self.replayable else self._next_request()

    def has_used_up(self, request: Request, refused: Exchange) -> bool:
        """Return whether a request as good as the control was refused because, by now, the control is refused as well.

        Some targets take each value for a while: until the job has ended, or is forgotten. From here on every request
        that is to be accepted gets a value of its own, and nobody is to take this refusal for one of the credentials.
        """
        control = None if self._opening is None else self._opening.request
        may_be = self.replayable and self.operation.supported and refused.status in OF_A_VALUE
        if not may_be or request != control or self.send(control, CONTROL).status not in OF_A_VALUE:
            return False
        self.replayable = False
        self.exchanges = [replace(one, also_malformed=True) if one is refused else one for one in self.exchanges]
        return True

    def control_any_outcome(self) -> Request:
        """Return the request to change where the target may accept or refuse what comes of it."""
        return self.control().request if self.replayable else self.rejection_base()

    def rejection_base(self) -> Request:
        """Return the request to make malformed: as good as the control, with a value that no accepted request has."""
        return self._placeholder_request() if self.lacking else self._kept_back(MALFORMED)

    def auth_rejection_base(self) -> Request:
        """Return the request to take the credentials from: as good as the control, with a value of its own."""
        return self._placeholder_request() if self.lacking else self._kept_back(CREDENTIALS)

    def in_doubt(self) -> Request:
        """Return the request to change where a careful target may accept what comes of it.

        It holds nothing that is kept for refusals: what these do in secret can still be told then.
        """
        if self.lacking or not self.replayable:
            return self.rejection_base()
        return self.marked(self.control().request, OPEN)

    def untouched(self, purpose: str) -> Request | None:
        """Return a request with a known value that no request of the session had before, or None."""
        if self._spare is not None:
            return self.request_for(self.operation, self.about(self.operation, self._spare))
        place = self._place(purpose)
        return None if place is None else self._plain_request(place)

    def _kept_back(self, purpose: str) -> Request:
        """Return a request with a known value that no other request of the session has, where there are enough.

        So a refusal cannot be about a value that was spent before, and what the value does at the end of the run shows
        whether a refusal did something to it.
        """
        opening = self.control()
        if not self.replayable and self._scarcest_count():
            return self._request(-1)
        return self.marked(self.untouched(purpose) or opening.request, purpose)

    def marked(self, request: Request, purpose: str, operation: Operation | None = None) -> Request:
        """Return a request with texts that no other one has, where a listing may show who put them there.

        `operation` is the one that it is for, if that is not the run's own.
        """
        if self.lister is None:
            return request
        return string_payloads.with_mark(
            operation or self.operation, self.lister.listed_as, self._marks[purpose]
        ).apply(request)

    def _place(self, purpose: str) -> int | None:
        if self._scarcest_count() and purpose not in self._places:
            if self.operation.consumes_value:
                self._places[purpose] = self._turns.keep(self._scarcest_count())
            elif self.operation.updates_record:
                self._places[purpose] = self._turns.keep_one(self._scarcest_count())
        return self._places.get(purpose)

    def first_two(self) -> tuple[Exchange, Exchange]:
        """Return the accepted control and its accepted repeat; `NotApplicable` where there is no such pair."""
        opening = self.control()
        pair = [exchange for exchange in self.accepted_controls() if exchange.request == opening.request][:2]
        if len(pair) < 2:  # noqa: PLR2004 - a pair
            raise NotApplicable("the target takes each value once")
        return pair[0], pair[1]

    def end_of(self, write: Exchange, at_most: int = READS_OF_A_JOB) -> JobResult:
        """Return the end of an accepted write's job: as read before, or read now."""
        status, request = self.follow(write)
        read = (e for e in self.exchanges if e.request == request and jobs.job_is_finished(status, e))
        return JobResult(
            status, next(read, None) or polling.until_final(self, request, at_most=at_most, operation=status)
        )

    def other_writes(self) -> list[Exchange]:
        """Return the accepted writes of the operation itself, but for the first two controls."""
        first_two = self.first_two()
        return [e for e in self.exchanges if e.operation == self.operation.id and e.accepted and e not in first_two]

    def created_id(self, end: JobResult) -> str | None:
        """Return the id of a record that the end of a job tells, or None."""
        return record_id(end.status, end.exchange.response.json()) if end.exchange.response else None

    def was_accepted_with(self, request: Request) -> bool:
        """Return whether a request was accepted that holds a value which this one has and the first control has not."""
        known, own = ({*self._values_of(one)} for one in (self.control().request, request))
        telling = [value.encode(errors="backslashreplace") for value in own - known]
        accepted = (e.request for e in self.exchanges if e.accepted)
        return any(text in (sent.body or b"") + sent.target.encode() for sent in accepted for text in telling)

    def _values_of(self, request: Request) -> list[str]:
        body = request.json() if request.body else {}
        values = [
            *self.operation.path_values(request.target).values(),
            *(body.values() if isinstance(body, dict) else ()),
        ]
        return [value for value in values if isinstance(value, str)]

    def read_listing(self) -> Exchange:
        """Return the newest records, read now."""
        assert self.lister is not None, "asked only of operations whose records are listed"
        newest_first = newest(self.lister)
        return self.send(newest_first.apply(self.request_for(self.lister)), newest_first, operation=self.lister)

    @property
    def listed(self) -> Exchange | None:
        """Return the newest records as they were read last, or None where they were not."""
        read = (e for e in reversed(self.exchanges) if self.lister and e.operation == self.lister.id and e.accepted)
        return next(read, None)

    def reads_of_jobs(self) -> list[Exchange]:
        """Return what this run was told of jobs that the session's writes were given."""
        given = frozenset(self._jobs)
        return [exchange for exchange in self.exchanges if exchange.mutation == CONTROL and exchange.request in given]

    def job_requests(self, at_most: int) -> list[Request]:
        """Return requests for the status of jobs that the session's writes were given: odd ids, then a spread."""
        found = dict.fromkeys(self._jobs)
        odd = sorted(found, key=lambda request: -sum(not character.isalnum() for character in request.target))
        chosen = dict.fromkeys(odd[: at_most // 4])
        rest = [request for request in found if request not in chosen]
        step = max(1, len(rest) // max(1, at_most - len(chosen)))
        return [*chosen, *rest[::step]][:at_most]

    def taken(self, exchange: Exchange) -> bool:
        """Return whether the target did with a request what it does with a good one."""
        if not self.document.operation(exchange.operation).supported:
            return exchange.status == NOT_ALLOWED
        return exchange.accepted

    def two_controls(self) -> list[Request]:
        """Return two accepted controls; the second is sent now where there is only one and more values are known."""
        self.control()
        if len(self.controls()) == 1 and self._multi_valued():
            self.another_control()
        return self.controls()[:2]

    @property
    def controls_accepted(self) -> int:
        """Return how many unedited requests the target accepted."""
        return sum(self.taken(exchange) for exchange in self.exchanges if exchange.mutation == CONTROL)

    def follow(self, exchange: Exchange) -> tuple[Operation, Request]:
        """Return the operation that tells the status of an accepted write's job, and the request for it."""
        link = self.document.operation(exchange.operation).job_link
        assert link is not None, "asked only of operations that queue jobs"
        status = self.document.operation(link.target)
        return status, self._status_request(status, link, exchange)

    def accepted_controls(self) -> list[Exchange]:
        """Return the controls of the operation itself that were accepted."""
        mine = (e for e in self.exchanges if e.mutation == CONTROL and e.operation == self.operation.id)
        return [exchange for exchange in mine if self.taken(exchange)]

    def controls(self) -> list[Request]:
        """Return the requests that were accepted as controls, each once."""
        return list(dict.fromkeys(exchange.request for exchange in self.accepted_controls()))

    def another_control(self) -> Exchange:
        """Send a control with a value that no control of this session had, as far as the target knows any."""
        if self._first_turn is not None:
            turn, self._first_turn = self._first_turn, None
            return self.send(self._request(turn), CONTROL)
        return self.send(self._next_request(), CONTROL)

    def first_write_again(self) -> None:
        """Send the first write again that queued a job to tell of, for a second one about its record; not a create."""
        source, _ = self._source()
        first = next((e for e in self.exchanges if e.operation == source.id and e.accepted), None)
        if first is not None and not source.record:
            self.send(first.request, CONTROL, operation=source)

    def read_failing_job(self) -> Exchange | None:
        """Read the job of a write that can come to nothing: its end is told in other words. None if it is refused."""
        source, _ = self._source()
        in_path = methods.unknown_ids(source) if source.path_parameters else []
        return self._job_of([*string_payloads.unknown_values(source)[::-1], *in_path])

    def read_minimal_write_job(self) -> Exchange | None:
        """Read the job of a write that holds only what is required; None where it is refused, or where all is."""
        return self._job_of([constraints.nothing_optional(self._source()[0])])

    def _job_of(self, mutations: Sequence[Mutation]) -> Exchange | None:
        """Read the job of a write to which the first of the edits was done; None if there is no such job."""
        source, link = self._source()
        for mutation in mutations[:1]:
            request = self.request_for(source)
            changed = mutation.apply(request)
            if changed == request or may_hit_foreign_ids(source, request, changed):
                break
            write = self.send(changed, mutation, operation=source)
            if write.accepted:
                return self.send(self._status_request(self.operation, link, write), CONTROL)
        return None

    def request_for(self, operation: Operation, given: Mapping[str, Json] | None = None) -> Request:
        """Return a good request for an operation, with what is given for its path and body."""
        return self._request_for(operation, given=given)

    def _request_for(self, operation: Operation, turn: int = 0, given: Mapping[str, Json] | None = None) -> Request:
        """Return a good request; what it creates carries a mark, by which a listing shows whose it is."""
        request = request_for(operation, self.target, self.known, turn, given)
        if operation.record is None:
            return request
        shows = self.document.operation(operation.record.listed_by).listed_as
        return string_payloads.with_mark(operation, shows, self.records.mark_of(operation)).apply(request)

    def about(self, operation: Operation, record: str) -> Mapping[str, Json]:
        """Return what makes a request for an operation one about this record."""
        made = creator_for(self.document, operation)
        return {made[1].name: record} if made else {}

    def _new_records(self, creator: Operation, number: int) -> list[str]:
        """Create records for this operation to work on, and return their ids; their jobs run side by side."""
        writes = []
        for _ in range(number):
            write = self.send(self.request_for(creator), CONTROL, operation=creator)
            if not write.accepted:
                raise Inconclusive(f"No record could be created to work on: {creator.label} answered {write.outcome}.")
            writes.append(write)
        return [self.record_of(write) for write in writes]

    def record_of(self, write: Exchange) -> str:
        """Follow the job of a write that creates to its end, and return the id of the record."""
        status, request = self.follow(write)
        end = polling.until_final(self, request, at_most=READS_OF_A_JOB, operation=status)
        for pause in polling.backoff(self.target):
            made = self.records.for_job(request)
            if made is None or made.id is not None or made.removed:
                break
            pause()  # the id may be told a moment after the end
            end = self.send(request, CONTROL, operation=status)
        if made is None or made.id is None:
            told = end.response.body[:200].decode(errors="replace") if end.response else end.outcome
            raise NotApplicable(f"the job of {write.operation} told no id of a record: {told}")
        return made.id

    def _ensure_resources(self) -> None:
        """Create records to work on where the user named none."""
        made = creator_for(self.document, self.operation)
        if made is None:
            return
        variable = self.operation.supplied_by[made[1].name]
        if variable not in self.known and not absent(self.document, self.operation, self.known):
            try:
                records = self._new_records(made[0], RECORDS_TO_START_WITH)
            except NotApplicable as absent_record:
                raise Inconclusive(f"No record could be created to work on: {absent_record}.") from None
            self._spare = records.pop() if self.operation.updates_record else None
            self.known[variable] = tuple(records)

    def _placeholder_request(self) -> Request:
        """Return a request whose values are nobody's; with the issued token it is only ever sent to be refused."""
        self._open_without_values()
        return self._plain_request(0)

    def _open_without_values(self) -> None:
        """Send, once, what has to be refused for its credentials and, with a token, what has to be for anything else.

        `Inconclusive`, now and ever after, if the target answers both as if it were down.
        """
        if self._setup_error is not None:
            raise self._setup_error
        if self._opened_without_values:
            return
        self._opened_without_values = True
        plain = self._plain_request(0)
        bare = credentials.none(self.operation)[0]
        self.unauthenticated_probe = self.send(bare.apply(plain), bare)
        seen = [self.unauthenticated_probe]
        if access_with(self.lacking) is Access.NONE:
            self._require_application(self.unauthenticated_probe)
        else:
            seen.append(self._probe_token(plain))
        if all(exchange.status is None or exchange.status >= FIRST_SERVER_ERROR for exchange in seen):
            self._setup_error = Inconclusive(f"{self.operation.label} answers {seen[-1].outcome} to everything.")
            raise self._setup_error

    def _probe_token(self, plain: Request) -> Exchange:
        """Send what has to be refused, but not for its credentials; `TargetUnavailable` if it is refused for these."""
        to_refuse = Mutation("an id that was made up", lambda unchanged: unchanged)
        if self.operation.body is not None:
            to_refuse = [*bodies.missing(self.operation), *bodies.not_objects(self.operation)][0]
        for _ in range(REFUSALS_OF_THE_TOKEN):
            exchange = self.send(to_refuse.apply(plain), to_refuse)
            self._require_application(self.unauthenticated_probe, exchange)
            if exchange.status not in (UNAUTHORIZED, FORBIDDEN):
                self.client.token_honoured |= exchange.response is not None
                return exchange
        if self.client.token_honoured:
            return exchange
        raise self._token_refused(exchange)

    def _open(self) -> None:
        if self.lacking:
            raise Inconclusive(f"No control can be made: set {' and '.join(self.lacking)}.")
        self._ensure_resources()
        if self.operation.secured:
            self._knock()
        for attempt in range(CONTROLS_AT_MOST):
            exchange = self.another_control()
            self._require_application(self.unauthenticated_probe, exchange)
            if self.taken(exchange):
                self._opening = exchange
                break
            self._refused = exchange
            refused = exchange.status in (UNAUTHORIZED, FORBIDDEN) and attempt + 1 >= REFUSALS_OF_THE_TOKEN
            if refused and not self.client.token_honoured:
                raise self._token_refused(exchange)
        if self._opening is None:
            return
        again = self.send(self._opening.request, CONTROL)
        self.replayable = self.taken(again) or again.response is None or again.response.status >= FIRST_SERVER_ERROR
        if self.operation.job_status:
            self.read_failing_job()

    def _token_refused(self, exchange: Exchange) -> TargetUnavailable:
        return TargetUnavailable(
            f"{self.target.url} refuses the token in {TOKEN} with {exchange.status}: give one that it issued."
        )

    def _knock(self) -> None:
        """Send the very first request without credentials: whoever lets the first one pass shows it only now.

        It has the value that is kept for such requests: what becomes of the first control says that values are fresh.
        """
        mutation = credentials.none(self.operation)[0]
        if not self.operation.job_status:
            self._first_turn = self._turns.next() if self._multi_valued() else 0
            request = self.untouched(CREDENTIALS) or self._plain_request(self._first_turn)
            self.unauthenticated_probe = self.send(mutation.apply(self.marked(request, CREDENTIALS)), mutation)

    def _why_not_accepted(self) -> str:
        """Return what the target says against the controls, first of all its reason, and which values they had."""
        controls = [
            exchange for exchange in self.exchanges if exchange.mutation == CONTROL and not self.taken(exchange)
        ]
        # A status can only be read of a write that was accepted: the reason stands in the answer to that write.
        writes = [exchange for exchange in controls if exchange.operation != self.operation.id]
        refused = (writes or controls)[-1]
        used = [
            f"{name}={', '.join(values)}" for name in self._variables() if (values := self._values_in(name, controls))
        ]
        advice = f"The values used were {'; '.join(used)}: give others that the target can act on."
        if not used:
            advice = f"Give values that it can act on in {', '.join(self._variables()) or 'the environment'}."
        answered = f"{self.document.operation(refused.operation).label} answered {refused.outcome}"
        return f"No control was accepted: {_reason(refused)} ({answered}). {advice}"

    def _values_in(self, name: str, exchanges: Iterable[Exchange]) -> list[str]:
        """Return the values of a variable that stand in these requests."""
        sent = [(one.request.body or b"") + unquote_to_bytes(one.request.target) for one in exchanges]
        return [value for value in self.known.get(name, ()) if any(value.encode() in text for text in sent)]

    def _variables(self) -> list[str]:
        if self.operation.job_status:
            return sorted({name for source, _ in self._sources() for name in source.supplied_by.values()})
        return sorted(set(self.operation.supplied_by.values()))

    def _sources(self) -> list[tuple[Operation, Link]]:
        return list(job_sources(self.document, self.operation, self.known, self.selected))

    def _source(self) -> tuple[Operation, Link]:
        return self._sources()[0]

    def _next_request(self) -> Request:
        turn = self._turns.next()
        if not self.replayable and turn >= self._scarcest_count() - VALUES_KEPT_BACK:
            raise NotApplicable(
                f"the target takes each value once: give more of them in {', '.join(self._multi_valued())}"
            )
        return self._request(turn)

    def _scarcest_count(self) -> int:
        """Return how many values the variable has that has the fewest of several; 0 where none has several."""
        return min((len(self.known[name]) for name in self._multi_valued()), default=0)

    def _multi_valued(self) -> list[str]:
        """Return the variables that hold more than one value."""
        return [name for name in self._variables() if len(self.known.get(name, ())) > 1]

    def _request(self, turn: int) -> Request:
        if not self.operation.job_status:
            return self._plain_request(turn)
        source, link = self._source()
        write = self.send(
            self._request_for(source, self._turns.among(turn, self._scarcest_count())),
            CONTROL,
            operation=source,
        )
        # Where the known values are used up, an id that another operation's run was given does as well.
        return self._status_request(self.operation, link, write if write.accepted else self._accepted.get(source.id))

    def _plain_request(self, turn: int) -> Request:
        turn = self._turns.among(turn, self._scarcest_count())
        return self._request_for(self.operation, turn)

    def _status_request(self, status: Operation, link: Link, write: Exchange | None) -> Request:
        job = link.follow(write.response.json()) if write and write.response else None
        return request_for(status, self.target, self.known, given={link.name: str(job if job is not None else "none")})


def _reason(refused: Exchange) -> str:
    """Return the reason that the target gives for a refusal: its error message, or the text of its answer."""
    if refused.response is None:
        return refused.outcome
    error = get_path(refused.response.json(), ("error",))
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return preview(refused.response.body) or "no reason given"
    details = {name: value for name, value in error.items() if name not in ("code", "message")}
    told = f"{error['message']} {json.dumps(details, ensure_ascii=False)}" if details else error["message"]
    return preview(told.encode(errors="replace"))
