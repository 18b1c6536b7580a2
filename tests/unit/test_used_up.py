"""A target may take a value for a while only: then a refusal is about the value, and not about what was edited."""

from collections import Counter
from functools import cached_property

from contracts.checks import http_methods
from contracts.mock.data.state import EVENTS
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Issue, Refusal
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from strategies.core.mutation import Mutation
from tests.harness.trial.requirement_test import RequirementTest
from tests.support.factories import CANCEL, REQUIREMENTS
from tests.support.operation_runs import running

SPACE_AROUND = Mutation("space around", lambda request: request.with_body(b" " + (request.body or b"") + b" "))


class EventsAreTakenTwice(MockApi):
    @cached_property
    def taken(self) -> Counter[str]:
        return Counter()

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        for event in self.sent(operation, value, EVENTS).values():
            self.taken[event] += 1
            if self.taken[event] > 2:
                raise Refusal(409, "conflict", "cancelled before", "unknown-value")
        return super().unknown_values(operation, value)


def test_value_is_used_up_where_the_control_is_rejected_as_well() -> None:
    with running(CANCEL, api=EventsAreTakenTwice) as run:
        request = run.prepare_control()
        assert run.controls.confirm_value_consumed(request, run.send(request, SPACE_AROUND))
        assert run.prepare_control().json()["event_id"] != request.json()["event_id"]


def test_rejection_of_a_used_up_value_is_none_of_the_credentials() -> None:
    spelled = Mutation("scheme in capitals", lambda request: request, issued_token=False)
    with running(CANCEL, api=EventsAreTakenTwice) as run:
        request = run.prepare_control()
        run.controls.confirm_value_consumed(request, run.send(request, spelled))
        assert [one.otherwise_invalid for one in run.exchanges if one.mutation == spelled.name] == [True]


def test_value_is_not_used_up_where_the_control_is_still_accepted() -> None:
    cut = Mutation("cut", lambda request: request.with_body((request.body or b"")[:-1]))
    with running(CANCEL) as run:
        request = run.prepare_control()
        assert not run.controls.confirm_value_consumed(request, run.send(cut.apply(request), cut))
        assert run.prepare_control() == request


def test_mutation_is_tried_again_with_another_value() -> None:
    with running(CANCEL, api=EventsAreTakenTwice) as run:
        trial = RequirementTest(REQUIREMENTS["RESP-08"], run, [SPACE_AROUND], 0, 1)
        for exchange in trial.send_mutations(base=run.prepare_control):
            trial.check_exchange(exchange, http_methods.accepted)
        assert [exchange.accepted for exchange in trial.decided] == [True]


def test_requests_that_must_be_and_that_may_be_rejected_have_events_of_their_own() -> None:
    with running(CANCEL) as run:
        bases = (run.prepare_control, run.prepare_rejection_base, run.prepare_auth_rejection_base)
        events = [base().json()["event_id"] for base in (*bases, run.bases.prepare_ambiguous_base)]
        assert len(set(events)) == len(events)
        assert events == [base().json()["event_id"] for base in (*bases, run.bases.prepare_ambiguous_base)]
