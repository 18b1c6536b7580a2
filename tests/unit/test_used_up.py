"""A target may take a value for a while only: then a refusal is about the value, and not about what was edited."""

import json
from collections import Counter
from dataclasses import replace
from functools import cached_property
from urllib.parse import parse_qsl, urlencode

import pytest
from starlette.requests import Request

from contracts.checks import http_methods
from contracts.mock.data.state import EVENTS, Job
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Issue, Refusal
from contracts.model.http import CONTROL
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from strategies.body import json_syntax
from strategies.core.mutation import Mutation
from tests.harness.trial.requirement_test import RequirementTest
from tests.support.factories import CANCEL, REQUIREMENTS, STATUS, table
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
        assert run.controls.confirm_value_rejected(request, run.send(request, SPACE_AROUND))
        assert run.prepare_control().json()["event_id"] != request.json()["event_id"]


def test_rejection_of_a_used_up_value_is_none_of_the_credentials() -> None:
    spelled = Mutation("scheme in capitals", lambda request: request, issued_token=False)
    with running(CANCEL, api=EventsAreTakenTwice) as run:
        request = run.prepare_control()
        run.controls.confirm_value_rejected(request, run.send(request, spelled))
        assert [one.otherwise_invalid for one in run.exchanges if one.mutation == spelled.name] == [True]


def test_value_is_not_used_up_where_the_control_is_still_accepted() -> None:
    cut = Mutation("cut", lambda request: request.with_body((request.body or b"")[:-1]))
    with running(CANCEL) as run:
        request = run.prepare_control()
        assert not run.controls.confirm_value_rejected(request, run.send(cut.apply(request), cut))
        assert run.prepare_control() == request


def test_mutation_is_tried_again_with_another_value() -> None:
    with running(CANCEL, api=EventsAreTakenTwice) as run:
        trial = RequirementTest(REQUIREMENTS["RESP-08"], run, [SPACE_AROUND], 0, 1)
        for exchange in trial.send_mutations(base=run.prepare_control):
            trial.check_exchange(exchange, http_methods.accepted)
        assert [exchange.accepted for exchange in trial.decided] == [True]


def test_parts_of_a_mutation_are_tried_with_another_value_as_well() -> None:
    class MediaTypesInSmallLetters(EventsAreTakenTwice):
        def media_type_is_json(self, request: Request) -> bool:
            return request.headers["content-type"].islower()

    whole = json_syntax.equivalent_bodies(CANCEL)[0]
    with running(CANCEL, api=MediaTypesInSmallLetters) as run:
        run.send(run.prepare_control(), "once more")
        trial = RequirementTest(REQUIREMENTS["RESP-08"], run, [whole], 0, 1)
        for exchange in trial.send_mutations(base=run.prepare_control):
            trial.check_exchange(exchange, http_methods.accepted)
        assert [one.exchange.mutation for one in trial.occurrences] == ["media type in capitals", "charset=UTF-8"]


class EventsAreOfOneKind(MockApi):
    """Takes each event once, and of two known events one."""

    @cached_property
    def taken(self) -> set[Json]:
        return set()

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        for event in self.sent(operation, value, EVENTS).values():
            if event in self.taken or self.state.records[event].number % 2:
                raise Refusal(404, "not_found", "not one of these", "unknown-value")
            self.taken.add(event)
        return super().unknown_values(operation, value)


def test_value_of_another_kind_is_no_reason_to_blame_the_mutation() -> None:
    spaces = [replace(SPACE_AROUND, name=f"space {number}") for number in range(3)]
    with running(CANCEL, api=EventsAreOfOneKind) as run:
        trial = RequirementTest(REQUIREMENTS["RESP-08"], run, spaces, 0, 1)
        for exchange in trial.send_mutations(base=run.prepare_control):
            trial.check_exchange(exchange, http_methods.accepted)
        assert [exchange.accepted for exchange in trial.decided] == [True] * len(trial.decided)
        assert trial.decided


def test_mutation_that_a_fresh_value_is_rejected_for_is_blamed() -> None:
    class TakesOnceAndNoSpaces(EventsAreTakenTwice):
        def parse(self, body: bytes) -> Json:
            if body.startswith(b" "):
                raise ValueError("space")
            return super().parse(body)

    with running(CANCEL, api=TakesOnceAndNoSpaces) as run:
        run.send(run.prepare_control(), "once more")
        trial = RequirementTest(REQUIREMENTS["RESP-08"], run, [SPACE_AROUND], 0, 1)
        for exchange in trial.send_mutations(base=run.prepare_control):
            trial.check_exchange(exchange, http_methods.accepted)
        assert [one.violation.kind for one in trial.occurrences] == ["answered 400"]


def test_next_good_request_is_none_whose_value_is_of_another_kind() -> None:
    with running(CANCEL, api=EventsAreOfOneKind) as run:
        good = run.controls.send_good()
        assert good is None or good.accepted


def test_cancelled_records_are_not_given_to_other_writes_while_there_are_others() -> None:
    with running(CANCEL) as run:
        named = [run.controls.send_next().request.json()["event_id"] for _ in range(2)]
        run.context.values.__init__()  # the values come round again
        assert run.controls.send_next().request.json()["event_id"] not in named


def test_text_of_an_accepted_form_was_accepted() -> None:
    class TakesForms(MockApi):
        def parse(self, body: bytes) -> Json:
            return dict(parse_qsl(body.decode())) if b"=" in body[:20] else super().parse(body)

    with running(CANCEL, api=TakesForms) as run:
        base = run.prepare_control()
        other = base.with_body(json.dumps(base.json() | {"event_id": "a text & more"}).encode())
        assert not run.controls.was_accepted_with(other)
        run.send(base.with_body(urlencode(other.json()).encode()), "form fields")
        assert run.controls.was_accepted_with(other)


def test_requests_that_must_be_and_that_may_be_rejected_have_events_of_their_own() -> None:
    with running(CANCEL) as run:
        bases = (run.prepare_control, run.prepare_rejection_base, run.prepare_auth_rejection_base)
        events = [base().json()["event_id"] for base in (*bases, run.bases.prepare_ambiguous_base)]
        assert len(set(events)) == len(events)
        assert events == [base().json()["event_id"] for base in (*bases, run.bases.prepare_ambiguous_base)]


class EveryThirdReadIsUnknown(MockApi):
    """Does not know a job now and then."""

    def find_job(self, job_id: str) -> Job | None:
        self.reads = self.__dict__.get("reads", 0) + 1
        return super().find_job(job_id) if self.reads != 2 else None


class JobsAreToldOnce(MockApi):
    def find_job(self, job_id: str) -> Job | None:
        return self.state.jobs.pop(job_id, None)


@table("replayable, api", {"now and then": (True, EveryThirdReadIsUnknown), "once": (False, JobsAreToldOnce)})
def test_read_that_is_unknown_once_more_is_one_that_may_come_once(replayable, api) -> None:
    with running(STATUS, api=api) as run:
        assert run.controls.replayable is replayable


@pytest.mark.parametrize("fuzzer_only", [True, False])
def test_read_of_the_job_of_what_only_a_fuzzer_writes_is_excused(*, fuzzer_only: bool) -> None:
    """A server that took a NUL character may fail where it carries the write out: the read shows it."""
    odd = Mutation("odd", lambda request: request, fuzzer_only=fuzzer_only)
    with running(CANCEL) as run:
        write = run.send(run.prepare_control(), odd)
        status, request = run.jobs.request_for(write)
        assert run.send(request, CONTROL, operation=status).excuses_the_target is fuzzer_only
