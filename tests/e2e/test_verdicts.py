"""The whole path, as a user runs it: a fault of the target comes out as the requirement that it breaks."""

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.mock.http.api import MockApi
from reports.render.wording import NON_GATING
from tests.support.factories import CANCEL, STATUS, demands
from tests.support.mocks import ForgetsMeta
from tests.support.suite_process import TWO, document, run, serving


class AcceptsAnyToken(MockApi):
    def token_is_known(self, _: str) -> bool:
        return True


class CrashesOnTruncatedJson(MockApi):
    def parse(self, body: bytes) -> object:
        if body.count(b"{") > body.count(b"}"):
            raise RuntimeError("unexpected end")
        return super().parse(body)


class NumbersTheCodeOfMissingProperties(MockApi):
    def error_body(self, refusal: Any) -> Any:
        value = super().error_body(refusal)
        if '"Required"' in str(value).replace("'", '"'):
            value["error"]["code"] = 4001
        return value


@pytest.mark.parametrize(
    ("faulty", "requirement"),
    [
        (AcceptsAnyToken, "AUTH-02"),
        (CrashesOnTruncatedJson, "ERR-04"),
        (NumbersTheCodeOfMissingProperties, "ERR-05"),
        (ForgetsMeta, "RESP-01"),
    ],
)
def test_fault_is_named(tmp_path: Path, faulty: type[MockApi], requirement: str) -> None:
    with serving(faulty(document())) as (arguments, environment):
        finished = run(tmp_path, *TWO, *arguments, environment=environment)
    assert finished.code == 1, finished.output
    assert requirement in finished.named("failure"), finished.output


class TakesAnyTime(MockApi):
    """Does not enforce a pattern that is stated of an applicant's update and inferred of a lead's."""

    def errors(self, *given: Any) -> Any:
        return [error for error in super().errors(*given) if error.validator != "pattern"]


def test_what_is_only_presumed_is_reported_and_gates_with_strict_alone(tmp_path: Path) -> None:
    one = ("--profile", "quick", "--operation", "update_lead*", "-k", "ERR-06", "-rs")
    with serving(TakesAnyTime(document())) as (arguments, environment):
        reported = run(tmp_path, *one, *arguments, environment=environment)
        strict = run(tmp_path, *one, *arguments, "--strict", environment=environment)
        stated = run(tmp_path, *one[:3], "update_applicant*", *one[4:], *arguments, environment=environment)
    assert (reported.code, reported.named("skipped")) == (0, {"ERR-06"}), reported.output
    assert (strict.code, strict.named("failure")) == (1, {"ERR-06"}), strict.output
    assert (stated.code, stated.named("failure")) == (1, {"ERR-06"}), stated.output
    assert [NON_GATING in finished.output for finished in (reported, strict, stated)] == [True, True, False]


def test_conforming_target_keeps_every_must(tmp_path: Path) -> None:
    finished = run(tmp_path, *TWO, "--strict")
    assert finished.code == 0, finished.output
    assert not finished.named("failure") | finished.named("error")


def test_items_are_named_by_requirement_method_and_path(tmp_path: Path) -> None:
    finished = run(tmp_path, "--operation", "*cancel_lead*", "-k", "ERR-01")
    assert list(finished.verdicts) == ["ERR-01 POST /v1/events/appointments/leads/cancel/rentmanager"]


def test_should_that_the_profile_has_no_request_for_is_not_reached(tmp_path: Path) -> None:
    summary = tmp_path / "summary.json"
    chosen = ("--operation", "create_lead*", "-k", "AUTH-06 or JOB-01", "--summary", str(summary))
    finished = run(tmp_path, *chosen, "--profile", "quick")
    assert finished.code == 0, finished.output
    reported = {entry["requirement"]: entry for entry in json.loads(summary.read_text())["results"]}
    assert {name: entry["verdict"] for name, entry in reported.items()} == {"AUTH-06": "not reached", "JOB-01": "held"}
    reason = "it needs more requests than profile quick has to spare: choose a larger one"
    assert reported["AUTH-06"]["text"] == f"not reached in this budget: AUTH-06 {reason}"


def test_workers_share_no_operation(tmp_path: Path) -> None:
    finished = run(tmp_path, *TWO, "-n", "2", "--profile", "quick", "-k", "RESP-01 or JOB-0")
    assert finished.code == 0, finished.output
    cited = [one.id for operation in (CANCEL, STATUS) for one in demands(operation)]
    chosen = [name for name in cited if name == "RESP-01" or name.startswith("JOB-0")]
    assert len(finished.verdicts) == len(chosen)
