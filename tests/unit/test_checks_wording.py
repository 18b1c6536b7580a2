"""What a check says it observed is fit for a reader: what is not there is said not to be there."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import product

import pytest

from contracts.checks import Check, authentication, errors, listing, protocol, response
from contracts.model.http import Exchange
from contracts.model.json_value import Json
from contracts.model.verdict import Violation
from tests.support.factories import CANCEL, LIST, STATUS, exchange, refusal, table

BODIES: tuple[Json, ...] = (b"", b"<html>", b"null", {}, [], {"error": None}, {"error": {}}, {"results": [{}, {}]})
STATUSES = (None, 200, 204, 302, 400, 401, 404, 405, 429, 500)
SENT = ({}, {"method": "TRACE"}, {"authorization": ()}, {"mutation": "event_id missing", "about": "event_id"})


def checks() -> Iterator[tuple[str, Check]]:
    """Yield every check of one exchange that needs nothing else."""
    for module in (authentication, errors, listing, protocol, response):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            signature = inspect.signature(function)
            if function.__module__ == module.__name__ and signature.return_annotation == "Judgement":
                yield name, function


def bare_answers() -> Iterator[Exchange]:
    """Yield answers that lack what there could be of headers and bodies."""
    for operation, status, body, sent in product((CANCEL, LIST, STATUS), STATUSES, BODIES, SENT):
        for issued in (True, False):
            fields = {"operation": operation.id, "target": operation.path, "method": operation.method} | sent
            fault = "no answer" if status is None else None
            yield exchange(status, body, {"content-type": None}, issued_token=issued, fault=fault, **fields)


@pytest.mark.parametrize("check", [check for _, check in checks()], ids=[name for name, _ in checks()])
def test_nothing_is_observed_to_be_none(check: Check) -> None:
    for one in bare_answers():
        for operation in (CANCEL, LIST, STATUS):
            if operation.id == one.operation and isinstance(outcome_of_check := check(operation, one), Violation):
                assert "None" not in f"{outcome_of_check.expected} {outcome_of_check.observed}"


@table(
    "check, answer, observed",
    {
        "405 without Allow": (protocol.method_refused, exchange(405, method="PUT"), "no such header: Allow"),
        "405 with another Allow": (
            protocol.method_refused,
            exchange(405, method="PUT", headers={"allow": "GET"}),
            "Allow: GET",
        ),
        "401 without a challenge": (
            authentication.refusal_is_401,
            refusal(401, headers={"www-authenticate": None}),
            "no such header: WWW-Authenticate",
        ),
        "401 with another challenge": (
            authentication.refusal_is_401,
            refusal(401, headers={"www-authenticate": "Basic"}),
            "WWW-Authenticate: Basic",
        ),
        "400 without a type": (
            errors.error_has_the_envelope,
            exchange(400, headers={"content-type": None}),
            'no such header: Content-Type; {"error": {"code": "invalid_request", "message": "invalid request"}}',
        ),
    },
)
def test_header_that_is_not_there_is_said_not_to_be_there(check: Check, answer: Exchange, observed: str) -> None:
    outcome_of_check = check(CANCEL, answer)
    assert isinstance(outcome_of_check, Violation)
    assert outcome_of_check.observed == observed
