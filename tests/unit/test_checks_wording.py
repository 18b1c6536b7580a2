"""What a check says it observed is fit for a reader: what is not there is said not to be there."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from itertools import product
from pkgutil import iter_modules

import pytest

import contracts.checks
from contracts.checks import authentication, errors, http_methods
from contracts.checks.base import CheckFunction
from contracts.model.http import Exchange
from contracts.model.json_value import Json
from contracts.model.verdict import Violation
from tests.support.factories import CANCEL, LIST, STATUS, exchange, refusal, table

BODIES: tuple[Json, ...] = (b"", b"<html>", b"null", {}, [], {"error": None}, {"error": {}}, {"results": [{}, {}]})
STATUSES = (None, 200, 204, 302, 400, 401, 404, 405, 429, 500)
SENT = (
    {},
    {"method": "TRACE"},
    {"authorization": ()},
    {"mutation": "event_id missing", "mutated_property": "event_id"},
)


def check_functions() -> Iterator[tuple[str, CheckFunction]]:
    """Yield every check function of one exchange that takes no other argument."""
    for module in (
        import_module(f"contracts.checks.{found.name}") for found in iter_modules(contracts.checks.__path__)
    ):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            signature = inspect.signature(function)
            if function.__module__ == module.__name__ and signature.return_annotation == "Decision":
                yield name, function


def test_check_functions_are_found() -> None:
    assert {"success_is_200", "rejection_is_401", "page_matches_query"} <= {name for name, _ in check_functions()}


def bare_answers() -> Iterator[Exchange]:
    """Yield answers that lack what there could be of headers and bodies."""
    for operation, status, body, sent in product((CANCEL, LIST, STATUS), STATUSES, BODIES, SENT):
        for issued in (True, False):
            fields = {"operation": operation.id, "target": operation.path, "method": operation.method} | sent
            fault = "no answer" if status is None else None
            yield exchange(status, body, {"content-type": None}, issued_token=issued, fault=fault, **fields)


@pytest.mark.parametrize(
    "check", [check for _, check in check_functions()], ids=[name for name, _ in check_functions()]
)
def test_nothing_is_observed_to_be_none(check: CheckFunction) -> None:
    for one in bare_answers():
        for operation in (CANCEL, LIST, STATUS):
            if operation.id == one.operation and isinstance(decision := check(operation, one), Violation):
                assert "None" not in f"{decision.expected} {decision.observed}"


@table(
    "check, answer, observed",
    {
        "405 without Allow": (http_methods.other_method_rejected, exchange(405, method="PUT"), "no such header: Allow"),
        "405 with another Allow": (
            http_methods.other_method_rejected,
            exchange(405, method="PUT", headers={"allow": "GET"}),
            "Allow: GET",
        ),
        "401 without a challenge": (
            authentication.rejection_is_401,
            refusal(401, headers={"www-authenticate": None}),
            "no such header: WWW-Authenticate",
        ),
        "401 with another challenge": (
            authentication.rejection_is_401,
            refusal(401, headers={"www-authenticate": "Basic"}),
            "WWW-Authenticate: Basic",
        ),
        "400 without a type": (
            errors.error_matches_envelope,
            exchange(400, headers={"content-type": None}),
            'no such header: Content-Type; {"error": {"code": "invalid_request", "message": "invalid request"}}',
        ),
    },
)
def test_header_that_is_not_there_is_said_not_to_be_there(
    check: CheckFunction, answer: Exchange, observed: str
) -> None:
    decision = check(CANCEL, answer)
    assert isinstance(decision, Violation)
    assert decision.observed == observed
