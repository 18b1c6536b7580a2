"""Which mutation is sent next: accepted requests take each place of a turn of twenty."""

from __future__ import annotations

from dataclasses import replace

from contracts.model.http import Exchange
from strategies.core.body_locations import on_body
from strategies.core.mutation import Mutation
from tests.harness.run.mutation_order import next_in_turn
from tests.support.factories import CANCEL, STATUS, control, exchange, table


def changed(name: str, **changes: object) -> Mutation:
    return Mutation(name, on_body(lambda body: body | changes))


EVENT, INTEGRATION = changed("event", event_id="another"), changed("integration", integration_id="another")
WRONG = changed("wrong", event_id=7)
CUT = Mutation("cut", lambda request: request.with_body((request.body or b"")[:-1]))


def accepted_at(*numbers: int) -> list[Exchange]:
    """Return accepted requests of these numbers, the last of which had another event."""
    own = [replace(exchange(), request=control(), number=number) for number in numbers]
    return [*own[:-1], replace(own[-1], request=EVENT.apply(control()))]


@table(
    "waiting, number, chosen",
    {
        "a place that no accepted request had": ([WRONG, CUT, EVENT], 25, EVENT),
        "a place that one had": ([EVENT, WRONG, CUT], 23, WRONG),
        "a place that one had in this turn": ([EVENT, CUT], 3, CUT),
        "a property whose change was never accepted": ([INTEGRATION, EVENT], 25, EVENT),
        "nothing that is accepted is left": ([WRONG, CUT], 25, WRONG),
        "nothing that is rejected is left": ([EVENT], 23, EVENT),
    },
)
def test_accepted_requests_take_each_place(waiting, number: int, chosen: Mutation) -> None:
    assert next_in_turn(CANCEL, waiting, control(), accepted_at(3, 4), number) is chosen


def test_reads_come_in_their_order() -> None:
    first, second = (Mutation(name, lambda request: request) for name in ("first", "second"))
    assert next_in_turn(STATUS, [first, second], control(STATUS), [], 7) is first
