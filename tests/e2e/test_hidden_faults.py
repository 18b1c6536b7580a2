"""Faults that show on a request which is not sent for their sake: the very first one, and one after a refusal."""

from contextlib import suppress
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import Job, Record
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Refusal
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.support.suite_process import TWO, document, run, serving


class FirstPasses(MockApi):
    """Lets the very first request pass without a token."""

    answered = 0

    def authorise(self, request: Request) -> None:
        self.answered += 1
        if self.answered > 1:
            super().authorise(request)


class ActsBeforeItRefuses(MockApi):
    """Refuses what has no token, and does it all the same."""

    def answer(self, request: Request, body: bytes) -> Response:
        try:
            return super().answer(request, body)
        except Refusal as refusal:
            operation, _ = self.route(request)
            if refusal.cause == "credential" and operation.body is not None:
                with suppress(Refusal):
                    self.write(request, operation, body)
            raise


class ListsKinds(ActsBeforeItRefuses):
    """Shows of a record what kind it is, and nothing that somebody wrote."""

    def item(self, operation: Operation, record: Record) -> dict[str, Json]:
        return super().item(operation, record) | {"event_name": "Showing", "notes": None}


def violated(api: MockApi, folder: Path, *more: str) -> set[str]:
    with serving(api) as (arguments, environment):
        return run(folder, *TWO, *arguments, *more, environment=environment).named("failure")


def test_first_request_that_passes_without_a_token_is_judged(tmp_path: Path) -> None:
    assert "AUTH-01" in violated(FirstPasses(document()), tmp_path, "--profile", "quick")


def test_rejected_request_that_was_carried_out_is_noticed(tmp_path: Path) -> None:
    assert "AUTH-12" in violated(ActsBeforeItRefuses(document()), tmp_path)


WRITES = ("--operation", "create_lead_appointment_rentmanager", "--operation", "update_lead_appointment_rentmanager")


def test_rejected_write_that_was_carried_out_is_listed(tmp_path: Path) -> None:
    with serving(ActsBeforeItRefuses(document())) as (arguments, environment):
        reported = run(tmp_path, *WRITES, *arguments, "--strict", environment=environment).verdicts
    assert {result for name, result in reported.items() if name.startswith("AUTH-12")} == {"failure"}
    assert {result for name, result in reported.items() if name.startswith("ERR-15")} == {"passed"}


def test_listing_that_shows_no_write_shows_nothing_of_a_rejected_one(tmp_path: Path) -> None:
    with serving(ListsKinds(document())) as (arguments, environment):
        reported = run(tmp_path, *WRITES, *arguments, "--strict", environment=environment).verdicts
    assert {result for name, result in reported.items() if name.startswith(("AUTH-12", "ERR-15"))} == {"skipped"}


def test_second_run_on_the_same_records_blames_nobody_for_the_first(tmp_path: Path) -> None:
    with serving(MockApi(document())) as (arguments, environment):
        codes = [run(tmp_path, *TWO, *arguments, environment=environment).code for _ in range(2)]
    assert codes == [0, 0]


class UpdatesAreTakenTwice(MockApi):
    """Refuses an update as invalid that it has accepted twice."""

    def accept(self, operation: Operation, value: Json) -> Job:
        accepted = self.__dict__.setdefault("accepted", [])
        if operation.updates_record and accepted.count(value) > 1:
            raise Refusal(400, "invalid_request", "nothing to change", "unknown-value")
        accepted.append(value)
        return super().accept(operation, value)


def test_update_that_is_refused_the_third_time_is_noticed(tmp_path: Path) -> None:
    with serving(UpdatesAreTakenTwice(document())) as (arguments, environment):
        update = ("--operation", "update_lead_appointment_rentmanager")
        assert "RESP-10" in run(tmp_path, *update, *arguments, "--strict", environment=environment).named("failure")
