"""The whole path, as a user runs it: a fault of the target comes out as the requirement that it breaks."""

from pathlib import Path

import pytest

from contracts.mock.api import MockApi
from tests.unit.running import document, run, serving


class AcceptsAnyToken(MockApi):
    def token_is_known(self, _: str) -> bool:
        return True


class CrashesOnTruncatedJson(MockApi):
    def parse(self, body: bytes) -> object:
        if body.count(b"{") > body.count(b"}"):
            raise RuntimeError("unexpected end")
        return super().parse(body)


class NumbersTheCodeOfMissingProperties(MockApi):
    def error_body(self, refusal: object) -> object:
        value = super().error_body(refusal)
        if '"Required"' in str(value).replace("'", '"'):
            value["error"]["code"] = 4001
        return value


class ForgetsMeta(MockApi):
    def write_answer(self, *given: object) -> object:
        value = super().write_answer(*given)
        del value["meta"]
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
        outcome = run(tmp_path, *arguments, environment=environment)
    assert outcome.code == 1, outcome.output
    assert requirement in outcome.named("failure"), outcome.output


def test_conforming_target_keeps_every_must(tmp_path: Path) -> None:
    outcome = run(tmp_path, "--strict")
    assert outcome.code == 0, outcome.output
    assert not outcome.named("failure") | outcome.named("error")


def test_items_are_named_by_requirement_method_and_path(tmp_path: Path) -> None:
    outcome = run(tmp_path, "--operation", "*cancel_lead*", "-k", "ERR-01")
    assert list(outcome.verdicts) == ["ERR-01 POST /v1/events/appointments/leads/cancel/rentmanager"]


def test_workers_share_no_operation(tmp_path: Path) -> None:
    outcome = run(tmp_path, "-n", "2", "--profile", "quick")
    assert outcome.code == 0, outcome.output
