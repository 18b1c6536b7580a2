"""One operation's part of a run: its allowance, its controls, and every exchange that it had."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import cycle
from urllib.parse import quote

from contracts.document import Document, Json, Link, Operation, properties
from contracts.errors import Inconclusive, NotApplicable, TargetUnavailable
from contracts.exchange import CONTROL, Exchange, Request
from strategies import bodies, credentials
from strategies.edit import Edit
from tests.harness.client import Client
from tests.harness.settings import TOKEN, Target

RESERVED_SHARE = 30
"""One request in thirty is kept for sending again what failed."""
REPEATS_AT_MOST = 59
"""So many clean trials rule out, at 95 %, a fault in one request of twenty."""
VALUES_KEPT_BACK = 2
"""On a target that takes each value once: the last one is for refusals, one is for the next operation."""
CONTROLS_AT_MOST = 6
"""How many known values are tried before giving up on getting a control accepted."""
UNAUTHORIZED, FORBIDDEN, FIRST_SERVER_ERROR = 401, 403, 500
REFUSALS_OF_THE_TOKEN = 3


class AllowanceSpent(Inconclusive):
    """The operation may send nothing more in this profile."""


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
        allowance: int,
        turns: Iterator[int],
        accepted: dict[str, Exchange],
    ) -> None:
        """Send nothing yet.

        Shared by all operations of a session: `turns` numbers the known values as they are used, `accepted` keeps the
        last accepted control of each operation.
        """
        self.operation = operation
        self.document = document
        self.target = target
        self.client = client
        self.allowance = allowance
        self.exchanges: list[Exchange] = []
        self.spent = 0
        self.reserve = allowance // RESERVED_SHARE
        self.repeatable = True
        self.intermittent: set[str] = set()
        self._opening: Exchange | None = None
        self._refused: Exchange | None = None
        self._turns = turns
        self._accepted = accepted
        self._first_turn: int | None = None
        self._stock: tuple[Edit, ...] = ()
        self._completed = False

    def plan(self, edits: Iterable[Edit]) -> None:
        """Take note of the edits to send before the whole run is judged, for the requirements that judge it."""
        self._stock = tuple(edits)

    def complete(self) -> None:
        """Send, once, what the requirements that judge the whole run count on; then let controls use up what is left.

        Repeated controls are the cheapest evidence against faults that come now and then.
        """
        if self._completed:
            return
        self._completed = True
        with suppress(Inconclusive, NotApplicable):  # then what was sent so far has to do
            self.control()
            self._send_stock()
            repeats = min(self.left - self.reserve, REPEATS_AT_MOST) if self.repeatable else 0
            for _, request in zip(range(repeats), cycle(self.controls()), strict=False):
                self.send(request, CONTROL)

    def _send_stock(self) -> None:
        stock, self._stock = self._stock, ()
        for edit in stock:
            exchange = self.send(edit.apply(self.refusable()), edit)
            crashed = exchange.status is None or exchange.status >= FIRST_SERVER_ERROR
            if crashed or (edit.to_be_accepted and not exchange.accepted):
                for part in edit.parts:
                    self.send(part.apply(self.refusable()), part)

    @property
    def left(self) -> int:
        """Return how many requests may still be sent."""
        return self.allowance - self.spent

    def send(
        self, request: Request, edit: Edit | str, *, operation: Operation | None = None, generated: bool = False
    ) -> Exchange:
        """Send a request of this operation, or of another one that it leads to, and record the exchange."""
        if isinstance(edit, str):
            edit = Edit(edit, lambda unchanged: unchanged)
        if self.left <= 0:
            raise AllowanceSpent(f"The allowance of {self.allowance} requests for {self.operation.id} is spent.")
        before = self.client.sent
        try:
            reply = self.client.send(request, may_send=lambda: self.client.sent - before < self.left)
        finally:
            self.spent += max(1, self.client.sent - before)
        exchange = Exchange(
            operation=(operation or self.operation).id,
            request=request,
            edit=edit.name,
            response=reply.response,
            fault=reply.fault,
            began=reply.began,
            elapsed=reply.elapsed,
            number=self.client.sent,
            attempts=reply.attempts,
            drops=reply.drops,
            outages=reply.outages,
            about=edit.about,
            issued_token=edit.issued_token,
            also_malformed=edit.also_malformed,
            generated=generated,
        )
        self.exchanges.append(exchange)
        self.client.token_honoured |= exchange.accepted and exchange.issued_token
        if exchange.accepted and exchange.edit == CONTROL:
            self._accepted[exchange.operation] = exchange
        return exchange

    def already_sent(self, request: Request) -> Exchange | None:
        """Return what came of exactly this request before, or None."""
        return next((exchange for exchange in self.exchanges if exchange.request == request), None)

    def send_again(self, exchange: Exchange) -> Exchange:
        """Send the request of an exchange once more."""
        again = Edit(
            exchange.edit,
            lambda unchanged: unchanged,
            about=exchange.about,
            issued_token=exchange.issued_token,
            also_malformed=exchange.also_malformed,
        )
        return self.send(
            exchange.request,
            again,
            operation=self.document.operation(exchange.operation),
            generated=exchange.generated,
        )

    def send_together(self, requests: Sequence[tuple[Request, Edit | str]]) -> list[Exchange]:
        """Send requests at the same time, on connections of their own."""
        if self.left < len(requests):
            raise AllowanceSpent(f"The allowance of {self.allowance} requests for {self.operation.id} is spent.")
        before = self.spent
        with ThreadPoolExecutor(len(requests)) as pool:
            exchanges = list(pool.map(lambda pair: self.send(*pair), requests))
        self.spent = before + len(requests)
        return exchanges

    def control(self) -> Exchange:
        """Return the accepted control of this run; `Inconclusive` if the target accepts none.

        The first call sends it, twice, so that a target that takes each value once is known as such.
        """
        if self._opening is None and self._refused is None:
            self._open()
            if self._opening is not None and self.repeatable:
                # The richest requests go out first. Where values are used up they wait: some might use the last one.
                self._send_stock()
        if self._opening is None:
            raise Inconclusive(self._why_not_accepted())
        return self._opening

    @property
    def opening(self) -> Exchange | None:
        """Return the accepted control, or None where there is none yet."""
        return self._opening

    def acceptable(self) -> Request:
        """Return a request that the target has every reason to accept now."""
        opening = self.control()
        return opening.request if self.repeatable else self._next_request()

    def refusable(self) -> Request:
        """Return the request to edit where a refusal is expected: as good as the control, and not used up.

        On a target that takes each value once, the last known value is kept for this, so that a refusal cannot be
        about a value that was spent before.
        """
        opening = self.control()
        return opening.request if self.repeatable else self._request(-1)

    def distinct_requests(self, at_most: int) -> list[Request]:
        """Return control requests with different values that the target knows, as many as there are."""
        if self.operation.body is None:
            return []
        turns = range(max((len(self.target.known[name]) for name in self._variables()), default=1))
        return list(dict.fromkeys(self._body_request(self.operation, turn) for turn in turns))[:at_most]

    @property
    def controls_accepted(self) -> int:
        """Return how many unedited requests the target accepted."""
        return sum(exchange.accepted for exchange in self.exchanges if exchange.edit == CONTROL)

    def follow(self, exchange: Exchange) -> tuple[Operation, Request]:
        """Return the operation that an accepted exchange's link leads to, and the request for it."""
        link = self.operation.links[0]
        following = self.document.operation(link.target)
        return following, self._path_request(following, link, exchange)

    def controls(self) -> list[Request]:
        """Return the requests that were accepted as controls, each once."""
        found = (
            e.request for e in self.exchanges if e.edit == CONTROL and e.accepted and e.operation == self.operation.id
        )
        return list(dict.fromkeys(found))

    def another_control(self) -> Exchange:
        """Send a control with a value that no control of this session had, as far as the target knows any."""
        if self._first_turn is not None:
            turn, self._first_turn = self._first_turn, None
            return self.send(self._request(turn), CONTROL)
        return self.send(self._next_request(), CONTROL)

    def _open(self) -> None:
        if self.operation.secured:
            self._knock()
        for attempt in range(CONTROLS_AT_MOST):
            exchange = self.another_control()
            if exchange.accepted:
                self._opening = exchange
                break
            self._refused = exchange
            refused = exchange.status in (UNAUTHORIZED, FORBIDDEN) and attempt + 1 >= REFUSALS_OF_THE_TOKEN
            if refused and not self.client.token_honoured:
                raise TargetUnavailable(
                    f"{self.target.url} refuses the token in {TOKEN} with {exchange.status}: give one that it issued."
                )
        if self._opening is None:
            return
        again = self.send(self._opening.request, CONTROL)
        self.repeatable = again.accepted or again.response is None or again.response.status >= FIRST_SERVER_ERROR
        if self.operation.leads_here:
            self._open_with_unknown_values()

    def _knock(self) -> None:
        """Send the very first request without credentials: whoever lets the first one pass shows it only now."""
        edit = credentials.none(self.operation)[0]
        if self.operation.body is not None:
            self._first_turn = next(self._turns)
            self.send(edit.apply(self._body_request(self.operation, self._first_turn)), edit)

    def _open_with_unknown_values(self) -> None:
        """Get a second id to work with, from a write that can come to nothing: its end is told in other words."""
        source = self.document.operation(self.operation.leads_here[0][0])
        for edit in bodies.unknown_values(source)[::-1][:1]:
            write = self.send(edit.apply(self._body_request(source, 0)), edit, operation=source)
            if write.accepted:
                self.send(self._path_request(self.operation, self.operation.leads_here[0][1], write), CONTROL)

    def _why_not_accepted(self) -> str:
        refused = self._refused
        body = refused.response.body[:120].decode(errors="replace") if refused and refused.response else ""
        answer = f"{refused.outcome} {body}".strip() if refused else "nothing"
        return (
            f"No control was accepted: {self.operation.label} answered {answer}. "
            f"Give values that it can act on in {', '.join(self._variables()) or 'the environment'}."
        )

    def _variables(self) -> list[str]:
        bodies = [self.document.operation(source).body for source, _ in self.operation.leads_here] or [
            self.operation.body
        ]
        return sorted(
            {s["x-supplied-by"] for body in bodies for _, s in properties(body or {}) if "x-supplied-by" in s}
        )

    def _next_request(self) -> Request:
        turn = next(self._turns)
        fewest = min((len(self.target.known[name]) for name in self._variables() if name in self._several()), default=0)
        if not self.repeatable and turn >= fewest - VALUES_KEPT_BACK:
            raise NotApplicable(f"the target takes each value once: give more of them in {', '.join(self._several())}")
        return self._request(turn)

    def _several(self) -> list[str]:
        """Return the variables that hold more than one value."""
        return [name for name in self._variables() if len(self.target.known[name]) > 1]

    def _request(self, turn: int) -> Request:
        if self.operation.leads_here:
            source_id, link = self.operation.leads_here[0]
            source = self.document.operation(source_id)
            write = self.send(self._body_request(source, turn), CONTROL, operation=source)
            # Where the known values are used up, an id that another operation's run was given does as well.
            return self._path_request(self.operation, link, write if write.accepted else self._accepted.get(source_id))
        return self._body_request(self.operation, turn)

    def _path_request(self, operation: Operation, link: Link, exchange: Exchange | None) -> Request:
        value = link.follow(exchange.response.json()) if exchange and exchange.response else None
        path = operation.path.replace(
            f"{{{link.parameter}}}", quote(str(value if value is not None else "none"), safe="")
        )
        return Request(operation.method, path, self._headers(operation))

    def _body_request(self, operation: Operation, turn: int) -> Request:
        request = Request(operation.method, operation.path, self._headers(operation))
        if operation.body is None:
            return request
        return request.with_json(accepted_body(operation.body, self.target.known, turn))

    def _headers(self, operation: Operation) -> tuple[tuple[str, str], ...]:
        headers = [("Accept", "application/json"), ("Accept-Encoding", "gzip"), ("User-Agent", "propexo-conformance")]
        if operation.secured:
            headers.append(("Authorization", f"Bearer {self.target.token}"))
        if operation.body is not None:
            headers.append(("Content-Type", "application/json"))
        return tuple(headers)


def accepted_body(schema: Json, known: Mapping[str, tuple[str, ...]], turn: int) -> Json:
    """Return the smallest body that the schema admits, with values that the target knows, the `turn`-th of each."""
    return {
        name: _value(keywords, known, turn)
        for name, keywords in properties(schema)
        if name in schema.get("required", ())
    }


def _value(schema: Json, known: Mapping[str, tuple[str, ...]], turn: int) -> Json:
    values = known.get(schema.get("x-supplied-by", ""), ())
    if values:
        return values[turn % len(values)]
    for source in ("example", "default", "const"):
        if source in schema:
            return schema[source]
    if "enum" in schema:
        return schema["enum"][0]
    makers: dict[str, Callable[[], Json]] = {
        "integer": lambda: max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1),
        "number": lambda: schema.get("minimum", 1),
        "boolean": lambda: True,
        "array": list,
        "object": lambda: accepted_body(schema, known, turn),
    }
    return makers.get(schema.get("type", "string"), lambda: "x" * schema.get("minLength", 1))()
