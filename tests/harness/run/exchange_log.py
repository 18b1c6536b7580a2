"""Every exchange of one operation's run, in the order sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from http import HTTPStatus

from contracts.checks import listing_queries
from contracts.checks.jobs import job_is_finished
from contracts.model.http import CONTROL, Exchange, Request
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from strategies.core.mutation import Mutation
from tests.harness.http.send_result import SendResult
from tests.harness.http.transport import StrayBytes


def exchange_of(
    result: SendResult,
    request: Request,
    mutation: Mutation,
    operation: Operation,
    *,
    number: int,
    sent_for: str,
    generated: bool = False,
) -> Exchange:
    """Return the exchange that sending a request came to.

    `number` counts the requests of the process; `sent_for` is a phase of the run or the id of a requirement.
    """
    return Exchange(
        operation=operation.id,
        request=request,
        mutation=mutation.name,
        response=result.response,
        fault=result.fault,
        began=result.began,
        elapsed=result.elapsed,
        answered_after=result.answered_after,
        number=number,
        attempts=result.attempts,
        drops=result.drops,
        outages=result.outages,
        mutated_property=mutation.mutated_property,
        faulty_properties=mutation.named,
        issued_token=mutation.issued_token,
        otherwise_invalid=mutation.otherwise_invalid,
        generated=generated,
        fuzzer_only=mutation.fuzzer_only,
        gates=mutation.gates,
        stray=result.stray,
        sent_for=sent_for,
    )


class ExchangeLog:
    """Keeps exchanges, and finds among them what is asked for. Sends nothing."""

    def __init__(self, operation: Operation, document: Document) -> None:
        """Begin with no exchange."""
        self.exchanges: list[Exchange] = []
        self._operation = operation
        self._document = document

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange."""
        self.exchanges.append(exchange)

    def replace(self, old: Exchange, new: Exchange) -> None:
        """Keep `new` in the place of `old`."""
        self.exchanges = [new if one is old else one for one in self.exchanges]

    def drop(self, exchange: Exchange) -> None:
        """Forget an exchange that is no evidence."""
        self.exchanges = [one for one in self.exchanges if one is not exchange]

    def clear(self) -> None:
        """Drop all exchanges, once every requirement was judged by them: a long run needs no more memory."""
        self.exchanges.clear()

    def find(self, request: Request) -> Exchange | None:
        """Return the first exchange of exactly this request, or None."""
        return next((exchange for exchange in self.exchanges if exchange.request == request), None)

    def attribute_stray_bytes(self, stray: StrayBytes, recent: Iterable[Exchange]) -> None:
        """Add bytes that came after an answer to the exchange of that answer, even if another operation sent it.

        `recent` are the last exchanges of the session, the latest first.
        """
        at_fault = next((one for one in recent if one.request == stray.request and not one.stray), None)
        if at_fault is None:
            return
        judged = replace(at_fault, stray=stray.data)
        if at_fault in self.exchanges:
            self.exchanges[self.exchanges.index(at_fault)] = judged
        else:
            self.exchanges.append(judged)

    def succeeded(self, exchange: Exchange) -> bool:
        """Return whether the target answered as it does a good request; 405 where an operation is not supported."""
        if not self._document.operation(exchange.operation).supported:
            return exchange.status == HTTPStatus.METHOD_NOT_ALLOWED
        return exchange.accepted

    def controls(self) -> list[Exchange]:
        """Return the exchanges of unmodified requests, those of other operations included."""
        return [exchange for exchange in self.exchanges if exchange.mutation == CONTROL]

    def accepted_controls(self) -> list[Exchange]:
        """Return the operation's own controls that were accepted."""
        own = (exchange for exchange in self.controls() if exchange.operation == self._operation.id)
        return [exchange for exchange in own if self.succeeded(exchange)]

    def control_requests(self) -> list[Request]:
        """Return the operation's own requests that were accepted as controls, each once."""
        return list(dict.fromkeys(exchange.request for exchange in self.accepted_controls()))

    def shows_end(self, request: Request) -> bool:
        """Return whether this request read the final status of a job."""
        return any(one.request == request and job_is_finished(self._operation, one) for one in self.controls())

    def least_sent(self, requests: Sequence[Request]) -> Request:
        """Return that of these requests whose path was sent the fewest times so far."""
        sent = Counter(tuple(self._operation.path_values(one.request.target).values()) for one in self.exchanges)
        return min(requests, key=lambda one: sent[tuple(self._operation.path_values(one.target).values())])

    def repeatable(self) -> list[Exchange]:
        """Return the first exchange of each accepted control; of a listing also of each other accepted query.

        A query that is repeated shows what fails only when it is asked again: those with filters come first.
        """
        plain = [one for request in self.control_requests() if (one := self.find(request))]
        if self._operation.listing is None:
            return plain
        own = (one for one in self.exchanges if one.operation == self._operation.id and one.accepted)
        queries = {one.request: one for one in own if one.issued_token and not one.is_fuzzer_request}
        others = [one for request, one in queries.items() if request not in self.control_requests()]
        others.sort(key=lambda one: not listing_queries.filters_of(self._operation, one))
        return [one for query in others for one in (query, *plain)] or plain

    @property
    def accepted_control_count(self) -> int:
        """Return how many unmodified requests the target accepted, those of other operations included."""
        return sum(self.succeeded(exchange) for exchange in self.controls())

    def unread_answers(self) -> str:
        """Return a sentence about the answers that the suite's reader gave up on; an empty text for none."""
        limits = [limit for one in self.exchanges if one.response and (limit := one.response.content.limit)]
        if not limits:
            return ""
        answers = "1 answer is" if len(limits) == 1 else f"{len(limits)} answers are"
        found = ", ".join(dict.fromkeys(limits))
        return f"{answers} beyond the limits of the suite's reader ({found}), so that the content was not checked."
